"""Gathering the sheet: about thirty queries, however much the customer has (R70, R79, U5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from busbar.access import queries as access_queries
from busbar.access.visibility import Viewer
from busbar.billing import insights, savings
from busbar.billing.explained_months import explain_months
from busbar.billing.models import Bill
from busbar.connections.queries import works as works_queries
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer, CustomerAccount, TeamRole
from busbar.customers.queries import CustomerFile, GroupNode
from busbar.key_accounts import queries
from busbar.key_accounts.models import Category, DepartmentOrder
from busbar.key_accounts.queries import orders as orders_queries
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.visit_sheet.facts import (
    GroupMember,
    OpenMatter,
    Peak,
    SheetMonth,
    SheetOutage,
    VisitSheet,
)
from busbar.kit.periods import local_date
from busbar.outages.models import AffectedPoint
from busbar.payments.models import Receivable, in_yuan
from busbar.service_desk import queries as desk_queries
from busbar.supply import queries as supply_queries
from busbar.supply.models import Agreement
from busbar.workflow.models import UserTask

_YEAR = dt.timedelta(days=365)
_MOST = 8
"""Of each list: a sheet to take along is read at the door."""


def gather_visit_sheet(viewer: Viewer, number: str, *, at: dt.datetime) -> VisitSheet:
    """The customer's sheet as of a moment, as far as the viewer sees it.

    Customer.DoesNotExist where the customer may not be seen. Whoever sees only some of its
    accounts gets sums over these (`is_whole` False).
    """
    file = customers_queries.get_customer_file(viewer, number)
    customer, today = file.customer, local_date(at)
    ids = [account.pk for account in file.accounts]
    seen = UserTask.objects.visible_to(viewer).open().filter(customer_id=customer.pk)
    return VisitSheet(
        customer=customer,
        company=access_queries.company_of(customer.unit).name,
        at=at,
        is_whole=file.is_whole,
        team=tuple(_team(file)),
        contacts=tuple(sorted(file.contacts, key=lambda c: not c.is_primary)),
        standing=_standing(viewer, customer),
        accounts=sum(account.status == "active" for account in file.accounts),
        capacity_kva=supply_queries.map_capacity_kva(viewer, [customer.pk]).get(customer.pk),
        months=_months(viewer, ids),
        group=_group(viewer, file),
        peaks=_peaks(viewer, file.accounts, today),
        outages=_outages(viewer, customer, at),
        matters=tuple(_task(task, at) for task in _soonest(seen)),
        orders=_orders(viewer, customer),
        promises=_promises(viewer, customer, at),
        kept=_kept(viewer, customer, at),
        complaints=_complaints(viewer, customer),
        hazards=_hazards(viewer, customer, today),
        satisfaction=_satisfaction(viewer, customer),
        overdue_yuan=_overdue(viewer, ids, today),
        savings=tuple(savings.list_customer_savings(viewer, customer.pk)[:_MOST]),
        studied=_unstudied(viewer, customer),
        measures=_measures(viewer, customer, today),
    )


def _team(file: CustomerFile) -> Iterator[tuple[str, str]]:
    for member in sorted(file.team, key=lambda m: TeamRole.values.index(m.role)):
        yield str(member.get_role_display()), member.employee.name


def _standing(viewer: Viewer, customer: Customer) -> tuple[str, ...]:
    run = recognition_queries.get_latest_run()
    row = recognition_queries.get_recognition(viewer, customer.pk, run) if run else None
    if row is None:
        return ()
    flags = {
        Category.ECONOMIC: row.is_economic,
        Category.IMPORTANT: row.is_important,
        Category.POTENTIAL: row.is_potential,
    }
    return tuple(str(category.label) for category, holds in flags.items() if holds)


def _months(viewer: Viewer, account_ids: Sequence[int]) -> tuple[SheetMonth, ...]:
    return tuple(
        SheetMonth(
            month.month, month.energy_kwh, month.amount, month.average_price, month.change,
            month.effects, month.joined,
        )
        for month in explain_months(viewer, account_ids)
    )  # fmt: skip


def _group(viewer: Viewer, file: CustomerFile) -> tuple[GroupMember, ...]:
    if file.group_tree is None:
        return ()
    nodes = list(_flattened(file.group_tree, 0))
    month = insights.get_latest_month()
    ids = [member.pk for node, _depth in nodes for member in node.customers]
    sums = insights.map_month_sums(viewer, customer_ids=ids, months=[month]) if month else {}
    return tuple(
        GroupMember(
            node.group.name,
            depth,
            member.name,
            member.number,
            sums[member.pk][month].amount if month and month in sums.get(member.pk, {}) else None,
        )
        for node, depth in nodes
        for member in node.customers
    )


def _flattened(node: GroupNode, depth: int) -> Iterator[tuple[GroupNode, int]]:
    yield node, depth
    for child in node.children:
        yield from _flattened(child, depth + 1)


def _peaks(viewer: Viewer, accounts: Sequence[CustomerAccount], today: dt.date) -> tuple[Peak, ...]:
    """Of the newest bills, the largest first."""
    ids = [account.pk for account in accounts]
    month = insights.get_latest_month()
    bills = Bill.objects.visible_to(viewer).current().filter(account__in=ids, month=month or "")
    contracts = {
        agreement.account_id: agreement.contract_capacity_kva
        for agreement in Agreement.objects.filter(
            Q(valid_until=None) | Q(valid_until__gt=today),
            account__in=ids,
            valid_from__lte=today,
        )
    }
    return tuple(
        Peak(
            bill.account.number, bill.month, bill.max_demand_kw, bill.max_demand_at,
            contracts.get(bill.account_id),
        )
        for bill in bills.select_related("account").defer("facts", "quantities").order_by(
            "-max_demand_kw"
        )[:_MOST]
    )  # fmt: skip


def _outages(viewer: Viewer, customer: Customer, at: dt.datetime) -> tuple[SheetOutage, ...]:
    touched = AffectedPoint.objects.visible_to(viewer).filter(
        account__customer=customer, outage__begun_at__gt=at - _YEAR, outage__begun_at__lte=at
    )
    stops = {point.outage_id: point.outage for point in touched.select_related("outage")}
    begun = sorted(stops.values(), key=lambda stop: stop.begun_at, reverse=True)
    return tuple(
        SheetOutage(
            stop.number, str(stop.get_kind_display()), stop.reason, stop.begun_at, stop.restored_at
        )
        for stop in begun
    )


def _soonest(tasks: Any) -> list[UserTask]:
    chosen = tasks.select_related("instance", "unit", "owner").order_by("sort_at", "id")
    return list(chosen[:_MOST])


def _task(task: UserTask, at: dt.datetime) -> OpenMatter:
    return OpenMatter(
        title=task.title,
        about=task.instance.subject_label,
        who=task.owner.name if task.owner else task.unit.name,
        due_at=task.due_at,
        is_late=task.due_at is not None and task.due_at < at,
        url=("process_page", task.instance_id),
    )


def _orders(viewer: Viewer, customer: Customer) -> tuple[OpenMatter, ...]:
    wanted = orders_queries.OrderFilter(customer_id=customer.pk, only_open=True)
    return tuple(
        _order(order) for order in orders_queries.list_orders(viewer, narrowed=wanted)[:_MOST]
    )


def _order(order: DepartmentOrder) -> OpenMatter:
    state = str(order.get_state_display())
    return OpenMatter(order.title, state, order.holder.name, None, is_late=False,
                      url=("order", order.number))  # fmt: skip


def _promises(viewer: Viewer, customer: Customer, at: dt.datetime) -> tuple[OpenMatter, ...]:
    rows = desk_queries.list_promises(viewer, state="open", customer_id=customer.pk)
    return tuple(
        OpenMatter(
            title=row.text,
            about=row.made_to,
            who=row.owner.name,
            due_at=row.clock.due_at if row.clock else None,
            is_late=row.is_late(at),
            url=("promise", row.pk),
        )
        for row in rows[:_MOST]
    )


def _kept(viewer: Viewer, customer: Customer, at: dt.datetime) -> str:
    rate = desk_queries.kept_rate(viewer, at=at, customer_id=customer.pk)
    return f"{rate.in_time}/{rate.due}" if rate.due else ""


def _complaints(viewer: Viewer, customer: Customer) -> tuple[OpenMatter, ...]:
    rows = desk_queries.list_complaints(viewer, state="open", customer_id=customer.pk)
    return tuple(
        OpenMatter(
            title=row.text[:120],
            about=str(row.get_state_display()),
            who=row.owner.name,
            due_at=None,
            is_late=False,
            url=("complaint", row.number),
        )
        for row in rows[:_MOST]
    )


def _hazards(viewer: Viewer, customer: Customer, today: dt.date) -> tuple[OpenMatter, ...]:
    """Findings of inspections that the customer has yet to put right."""
    rows = works_queries.list_open_findings(viewer)
    mine = rows.filter(inspection__application__customer=customer)
    return tuple(
        OpenMatter(
            row.description,
            row.clause,
            str(row.get_severity_display()),
            row.rectify_by,
            is_late=row.rectify_by < today,
            url=("application", row.inspection.application.number),
        )
        for row in mine[:_MOST]
    )


def _satisfaction(viewer: Viewer, customer: Customer) -> tuple[Decimal, Decimal, Decimal] | None:
    row = desk_queries.find_score(viewer, customer.pk)
    return (row.score, row.low, row.high) if row else None


def _overdue(viewer: Viewer, account_ids: Sequence[int], today: dt.date) -> Decimal:
    rows = Receivable.objects.visible_to(viewer).filter(
        account__in=account_ids, open_fen__gt=0, due_on__lt=today
    )
    return in_yuan(rows.aggregate(fen=Sum("open_fen"))["fen"] or 0)


def _unstudied(viewer: Viewer, customer: Customer) -> tuple[str, ...]:
    studies = savings.list_customer_studies(viewer, customer.pk)
    return tuple(f"{s.account.number}：{s.refusal}" for s in studies if s.refusal)[:_MOST]


def _measures(viewer: Viewer, customer: Customer, today: dt.date) -> tuple[OpenMatter, ...]:
    rows = queries.list_due_measures(
        viewer, on=today, customer_id=customer.pk, ahead_days=_YEAR.days
    )
    return tuple(
        OpenMatter(
            row.text,
            f"{row.progress_percent}%",
            row.owner.name,
            row.due_on,
            is_late=row.due_on < today,
            url=("plan", row.plan_id),
        )
        for row in rows.order_by("due_on", "pk")[:_MOST]
    )
