"""Who leads a customer, and the handing over of customers from one manager to another (U7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from busbar.access.models import Employee, Role
from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.models import AccountTeamMember, Customer, TeamRole
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.handing import Passing, list_movers
from busbar.key_accounts.models import Handover, HandoverItem, HandoverState
from busbar.key_accounts.queries import qualifications
from busbar.key_accounts.queries.qualifications import Requirements
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

_NAMED = 5
"""Customers that a refusal names; the others are counted."""


class UnableToAssign(Refusal):
    """The customer cannot be this person's."""


class UnableToHandOver(Refusal):
    """The customers cannot pass so."""


@transaction.atomic
def assign_manager(
    *, customer_number: str, employee_number: str, role: TeamRole, by: Viewer, at: dt.datetime
) -> AccountTeamMember:
    """Make somebody A角 or B角; an A角 needs the certificate that the customer's grade asks."""
    by.require(Permission.ASSIGN_CUSTOMERS)
    journal_operations.take_turn()
    customer = Customer.objects.visible_to(by).filter(number=customer_number).first()
    if customer is None:
        raise UnableToAssign(
            "没有客户 %(customer_number)s，或不在您的可见范围内", customer_number=customer_number
        )
    employee = _manager(employee_number, by, UnableToAssign)
    if role == TeamRole.LEAD:
        _require_qualified(employee, [customer], at, UnableToAssign)
    row = {"customer": customer.number, "employee": employee.number, "role": role}
    customers_operations.store_team(rows=[row], by=by, at=at).require(UnableToAssign)
    return AccountTeamMember.objects.get(customer=customer, employee=employee)


@dataclass
class _Plan:
    """What passes: items to be written, what the new team rows are, who leaves."""

    items: list[HandoverItem] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)
    leave: list[Customer] = field(default_factory=list)


@transaction.atomic
def hand_over(
    *,
    from_number: str,
    to_number: str,
    customers: Sequence[str] | None,
    reason: str,
    until: dt.date | None,
    by: Viewer,
    at: dt.datetime,
) -> Handover:
    """一键移交: all (None) or some customers pass, with open tasks, orders and what rooms lent.

    With `until` somebody stands in up to and with that day: the one who is away stays on the
    team as a member, and a later handover gives everything back.
    """
    by.require(Permission.ASSIGN_CUSTOMERS)
    journal_operations.take_turn()
    giver = Employee.objects.select_related("unit", "user").filter(number=from_number).first()
    if giver is None or not by.covers(giver.unit.path):
        raise UnableToHandOver(
            "没有工号 %(from_number)s，或不在您的管辖范围之内", from_number=from_number
        )
    taker = _manager(to_number, by, UnableToHandOver)
    _check(giver, taker, reason, until, at)
    members = _members(giver, customers)
    led = [member.customer for member in members if member.role == TeamRole.LEAD]
    _require_qualified(taker, led, at, UnableToHandOver)
    handover = Handover(
        from_employee=giver, to_employee=taker, reason=reason.strip()[:300], until=until
    )
    plan = _plan(members, taker, keep=until is not None)
    return _carry_out(handover, plan, by, at)


@transaction.atomic
def return_handover(*, number: str, reason: str, by: Viewer, at: dt.datetime) -> Handover:
    """Give back what a handover took, by another handover; each is on the team as before."""
    by.require(Permission.ASSIGN_CUSTOMERS)
    journal_operations.take_turn()
    rows = Handover.objects.select_for_update(of=("self",)).visible_to(by)
    before: Handover | None = (
        rows.select_related("from_employee__user", "to_employee__user")
        .filter(number=number)
        .first()
    )
    if before is None:
        raise UnableToHandOver("没有移交单 %(number)s，或不在您的可见范围内", number=number)
    if before.state != HandoverState.STANDS:
        raise UnableToHandOver("移交单 %(number)s 已交还", number=number)
    if not reason.strip():
        raise UnableToHandOver("请写明交还的原因")
    giver, taker = before.to_employee, before.from_employee
    if not taker.user.is_active:
        raise UnableToHandOver("%(taker)s已离岗，不能交还，请另行移交", taker=taker.name)
    items = list(before.items.select_related("customer").order_by("customer_id"))
    led = [item.customer for item in items if item.role == TeamRole.LEAD]
    _require_qualified(taker, led, at, UnableToHandOver)
    plan = _plan_of_return(items, giver, taker)
    handover = Handover(
        from_employee=giver, to_employee=taker, reason=reason.strip()[:300], returns=before
    )
    before.state = HandoverState.RETURNED
    before.save(update_fields=["state"])
    return _carry_out(handover, plan, by, at)


def return_due_handovers(*, at: dt.datetime) -> int:
    """Give back every stand-in whose last day has passed; how many. Safe to run twice.

    One that is refused (the certificate ran out meanwhile) stands until somebody looks.
    """
    due = Handover.objects.filter(state=HandoverState.STANDS, until__lt=local_date(at))
    returned = 0
    for number in list(due.order_by("until", "pk").values_list("number", flat=True)):
        try:
            return_handover(number=number, reason="临时代管到期", by=SYSTEM_VIEWER, at=at)
        except UnableToHandOver:
            continue
        returned += 1
    return returned


def _manager(number: str, by: Viewer, refusal: type[Refusal]) -> Employee:
    """Somebody of the branch: whoever is of another, the unit above both gives a customer."""
    people = Employee.objects.select_related("unit", "user")
    employee = people.filter(number=number).first()
    if employee is None or not is_manager(employee):
        raise refusal("工号 %(number)s 不是在岗的大客户经理", number=number)
    if not by.covers(employee.unit.path):
        raise refusal("工号 %(number)s 不在您的管辖范围之内", number=number)
    return employee


def is_manager(employee: Employee) -> bool:
    """Whether somebody is an account manager in office; `user` is read."""
    return bool(employee.user.is_active and Role.ACCOUNT_MANAGER in employee.roles)


def _require_qualified(
    employee: Employee, customers: Sequence[Customer], at: dt.datetime, refusal: type[Refusal]
) -> None:
    """Refuse, with the customers and the certificate they need, an A角 who lacks it."""
    on = local_date(at)
    needed = qualifications.get_requirements(on=on)
    rank = qualifications.map_ranks([employee.pk], needed, on=on).get(employee.pk, 0)
    lacking = [c for c in customers if needed.rank_for(c.importance) > rank]
    if lacking:
        raise unqualified(refusal, employee, lacking, needed)


def unqualified(
    refusal: type[Refusal], employee: Employee, customers: Sequence[Customer], needed: Requirements
) -> Refusal:
    """The refusal that names the customers which ask for a certificate the person lacks."""
    named = "、".join(
        f"{c.name}（{c.get_importance_display()}，须{needed.name_for(c.importance)}）"
        for c in customers[:_NAMED]
    )
    more = f"等 {len(customers)} 户" if len(customers) > _NAMED else ""
    return refusal(
        "%(employee)s没有担任A角所需的有效资格：%(named)s%(more)s",
        employee=employee.name,
        named=named,
        more=more,
    )


def _check(
    giver: Employee, taker: Employee, reason: str, until: dt.date | None, at: dt.datetime
) -> None:
    if giver.pk == taker.pk:
        raise UnableToHandOver("移出人与接收人是同一人")
    if not reason.strip():
        raise UnableToHandOver("请写明移交的原因")
    if until is not None and until < local_date(at):
        raise UnableToHandOver("代管截止日 %(until)s 已过", until=until)


def _members(giver: Employee, numbers: Sequence[str] | None) -> list[AccountTeamMember]:
    members = AccountTeamMember.objects.filter(employee=giver).exclude(role=TeamRole.MEMBER)
    if numbers is not None:
        members = members.filter(customer__number__in=list(numbers))
    found = list(members.select_related("customer").order_by("customer_id"))
    missing = set(numbers or ()) - {member.customer.number for member in found}
    if missing:
        named = "、".join(sorted(missing)[:_NAMED])
        raise UnableToHandOver(
            "%(giver)s不是这些客户的A角或B角：%(named)s", giver=giver.name, named=named
        )
    if not found:
        raise UnableToHandOver("%(giver)s没有可移交的客户", giver=giver.name)
    return found


def _plan(members: Sequence[AccountTeamMember], taker: Employee, *, keep: bool) -> _Plan:
    customers = [member.customer_id for member in members]
    standing = AccountTeamMember.objects.filter(employee=taker, customer__in=customers)
    before = dict(standing.values_list("customer_id", "role"))
    plan = _Plan()
    for member in members:
        role_before = before.get(member.customer_id, "")
        item = HandoverItem(customer=member.customer, role=member.role, role_before=role_before)
        plan.items.append(item)
        if role_before != TeamRole.LEAD:
            plan.rows.append(_row(member.customer, taker, member.role))
        if keep:
            plan.rows.append(_row(member.customer, member.employee, TeamRole.MEMBER))
        else:
            plan.leave.append(member.customer)
    return plan


def _plan_of_return(items: Sequence[HandoverItem], giver: Employee, taker: Employee) -> _Plan:
    plan = _Plan()
    for item in items:
        plan.items.append(HandoverItem(customer=item.customer, role=item.role, role_before=""))
        plan.rows.append(_row(item.customer, taker, item.role))
        if item.role_before:
            plan.rows.append(_row(item.customer, giver, item.role_before))
        else:
            plan.leave.append(item.customer)
    return plan


def _row(customer: Customer, employee: Employee, role: str) -> dict[str, object]:
    return {"customer": customer.number, "employee": employee.number, "role": role}


def _carry_out(handover: Handover, plan: _Plan, by: Viewer, at: dt.datetime) -> Handover:
    # A team's place that is to be free must be so before somebody takes it.
    entitled = by.entitled()
    ordered = sorted(plan.rows, key=lambda row: row["role"] == TeamRole.LEAD)
    outcome = customers_operations.store_team(rows=ordered, by=entitled, at=at)
    outcome.require(UnableToHandOver)
    for customer in plan.leave:
        customers_operations.remove_team_member(
            customer=customer, employee=handover.from_employee, by=entitled, at=at
        )
    handover.number = _next_number(handover.from_employee.unit.code, local_date(at))
    handover.at, handover.by_name = at, by.name
    passing = Passing(
        from_employee=handover.from_employee,
        to_employee=handover.to_employee,
        customer_ids=tuple(item.customer.pk for item in plan.items),
        reason=f"客户移交 {handover.number}：{handover.reason}",
        by=by,
        at=at,
    )
    handover.moved = sum(mover(passing) for mover in list_movers())
    handover.save(force_insert=True)
    for item in plan.items:
        item.handover = handover
    HandoverItem.objects.bulk_create(plan.items)
    _record(handover, plan, by, at)
    return handover


def _record(handover: Handover, plan: _Plan, by: Viewer, at: dt.datetime) -> None:
    giver, taker = handover.from_employee, handover.to_employee
    happening = Happening(
        event="key_accounts.handover.made",
        subject_type="key_accounts.handover",
        subject_id=handover.pk,
        subject_label=f"{handover.number} {giver.name} → {taker.name}",
        unit_path=giver.unit.path,
        changes={
            "number": handover.number,
            "owner": [giver.name, taker.name],
            "customers": [item.customer.number for item in plan.items],
            "until": handover.until,
            "moved": handover.moved,
        },
        reason=handover.reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _next_number(code: str, on: dt.date) -> str:
    """`YJ`, unit, day, a serial of the unit's day."""
    prefix = f"YJ-{code}-{on:%y%m%d}-"
    return f"{prefix}{Handover.objects.filter(number__startswith=prefix).count() + 1:03d}"
