"""A manager orders another department: covered by a mandate, or refused with who could (R75)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from busbar.access import queries as access_queries
from busbar.access.mandating import OrderAsked, objections
from busbar.access.models import Employee, Mandate, OrderKind, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer
from busbar.journal import operations as journal_operations
from busbar.key_accounts.models import DepartmentOrder, OrderStage
from busbar.key_accounts.operations.ground import KEY, UnableToOrder, note, subject_of
from busbar.key_accounts.queries import ordering
from busbar.key_accounts.queries.ordering import OrderTerms
from busbar.kit.errors import Listing, Phrase, Reasons
from busbar.kit.periods import local_date
from busbar.kit.phrases import as_typed
from busbar.workflow import operations as workflow_operations


@dataclass(frozen=True)
class OrderDraft:
    """What is ordered; amount in yuan and hours only where the kind asks for them."""

    kind: str
    title: str
    details: str
    amount_yuan: Decimal | None = None
    hours: Decimal | None = None


@dataclass(frozen=True)
class _Parties:
    """Who asks whom for which customer, by which mandate and within which clocks."""

    customer: Customer
    person: Employee
    mandate: Mandate
    department: OrganizationUnit
    terms: OrderTerms


@transaction.atomic
def send_order(
    *, customer_number: str, draft: OrderDraft, by: Viewer, at: dt.datetime
) -> DepartmentOrder:
    """Put an order straight on the work list of the department that the mandate names.

    UnableToOrder says which limit it passes and who could order it.
    """
    by.require(Permission.ORDER_DEPARTMENTS)
    journal_operations.take_turn()
    person = access_queries.get_employee_of(by)
    customer = Customer.objects.visible_to(by).select_related("unit").filter(number=customer_number)
    found: Customer | None = customer.first()
    if person is None or found is None:
        raise UnableToOrder(
            "没有客户 %(customer_number)s，或不在您的可见范围内", customer_number=customer_number
        )
    kind = _checked_kind(draft, on=local_date(at))
    mandate = _covering(by, found, draft, on=local_date(at))
    department = ordering.find_department(mandate, found)
    if department.pk == person.unit_id:
        raise UnableToOrder(
            "%(department)s就是您自己的部门，请直接办理", department=department.name
        )
    if not ordering.list_superiors(mandate, department):
        raise UnableToOrder(
            "授权“%(mandate)s”的升级阶梯上没有在岗人员，请先维护组织机构", mandate=mandate.name
        )
    terms = ordering.get_terms(
        mandate, receiver=person.unit, department=department, on=local_date(at)
    )
    order = _create(draft, kind, _Parties(found, person, mandate, department, terms), at)
    _begin(order, person, terms, by, at)
    return order


def _checked_kind(draft: OrderDraft, *, on: dt.date) -> OrderKind:
    kinds = {kind.code: kind for kind in access_queries.list_order_kinds(on=on)}
    if draft.kind not in kinds:
        known = Listing(f"{kind.code}（{kind.name}）" for kind in kinds.values())
        raise UnableToOrder("没有指令种类“%(kind)s”；已有：%(known)s", kind=draft.kind, known=known)
    kind = kinds[draft.kind]
    if not draft.title.strip() or not draft.details.strip():
        raise UnableToOrder("请写明指令的事由和要求")
    for asks, value, name in (
        (kind.asks_amount, draft.amount_yuan, _("金额")),
        (kind.asks_hours, draft.hours, _("时长")),
    ):
        if asks and (value is None or value <= 0):
            raise UnableToOrder("“%(kind)s”须写明涉及%(name)s，应大于零", kind=kind.name, name=name)
        if not asks and value is not None:
            raise UnableToOrder("“%(kind)s”不涉及%(name)s，请留空", kind=kind.name, name=name)
    return kind


def _covering(by: Viewer, customer: Customer, draft: OrderDraft, *, on: dt.date) -> Mandate:
    """The mandate that covers it; otherwise refused with every limit and who could."""
    asked = OrderAsked(
        draft.amount_yuan,
        draft.hours,
        customer.importance,
        ordering.is_own_customer(by, customer),
    )
    held = access_queries.list_held_mandates(by, on=on)
    mine = [mandate for mandate in held if mandate.order_kind == draft.kind]
    said = []
    for mandate in mine:
        against = objections(
            access_queries.limits_of(mandate), asked, grade_names=ordering.GRADE_NAMES
        )
        if not against:
            return mandate
        said.append(
            UnableToOrder("授权“%(mandate)s”%(against)s", mandate=mandate.name, against=against)
        )
    why = Reasons(said) or UnableToOrder("您没有下达这种指令的授权")
    could = ordering.list_who_could(draft.kind, asked, customer.unit.path, on=on)
    raise UnableToOrder(
        "%(why)s。可以下达的：%(could)s",
        why=why,
        could=Listing(could) if could else UnableToOrder("没有，须先调整授权"),
    )


def _create(
    draft: OrderDraft, kind: OrderKind, parties: _Parties, at: dt.datetime
) -> DepartmentOrder:
    person, department = parties.person, parties.department
    return DepartmentOrder.objects.create(
        number=_next_number(person.unit.code, local_date(at)),
        customer=parties.customer,
        kind=kind.code,
        kind_name=kind.name,
        title=draft.title.strip()[:100],
        details=draft.details.strip()[:2000],
        amount_yuan=draft.amount_yuan,
        hours=draft.hours,
        mandate=parties.mandate,
        agreement=parties.terms.agreement,
        ordered_by=person,
        unit=person.unit,
        department=department,
        holder=department,
        department_role=parties.mandate.department_role,
        ordered_at=at,
    )


def _begin(
    order: DepartmentOrder, person: Employee, terms: OrderTerms, by: Viewer, at: dt.datetime
) -> None:
    facts = {
        "department": order.department_id,
        "department_role": order.department_role,
        "manager": person.pk,
        "manager_unit": order.unit_id,
        "manager_role": order.mandate.holder_role,
        "reply_limit": terms.reply.code,
        "work_limit": terms.work.code,
        "rung": 0,
    }
    unit = order.unit.name
    note(
        order, "key_accounts.order.sent", _told(order, terms), actor=by.actor, unit_name=unit, at=at
    )
    instance = workflow_operations.start_process(
        key=KEY, subject=subject_of(order), facts=facts, actor=by.actor, at=at
    )
    order.process_id = instance.pk
    order.save(update_fields=["process_id"])


def _told(order: DepartmentOrder, terms: OrderTerms) -> Phrase:
    """To whom what was given, by which mandate and agreement."""
    facts = {
        "department": order.department.name,
        "title": order.title,
        "mandate": order.mandate.name,
    }
    if terms.agreement is None:
        return Phrase("下达给%(department)s：%(title)s（依据授权“%(mandate)s”）", **facts)
    return Phrase(
        "下达给%(department)s：%(title)s（依据授权“%(mandate)s”，内部服务协议 %(agreement)s）",
        **facts,
        agreement=terms.agreement.number,
    )


@transaction.atomic
def withdraw_order(*, number: str, reason: str, by: Viewer, at: dt.datetime) -> DepartmentOrder:
    """The one who ordered takes it back before it is done; it counts in no measure."""
    by.require(Permission.ORDER_DEPARTMENTS)
    journal_operations.take_turn()
    rows = DepartmentOrder.objects.select_for_update(of=("self",)).visible_to(by)
    order: DepartmentOrder | None = (
        rows.select_related("customer", "unit", "department").filter(number=number).first()
    )
    if order is None:
        raise UnableToOrder("没有指令 %(number)s，或不在您的可见范围内", number=number)
    if not by.is_employee(order.ordered_by_id) and not by.sees_all:
        raise UnableToOrder("只有下达人可以撤回指令")
    if order.is_closed:
        raise UnableToOrder(
            "%(number)s 已是“%(state)s”，不能撤回", number=number, state=order.get_state_display()
        )
    if not reason.strip():
        raise UnableToOrder("请写明撤回的原因")
    if order.process_id is not None:
        workflow_operations.cancel_process(
            instance_id=order.process_id,
            reason=f"撤回指令：{reason.strip()}",
            actor=by.actor,
            at=at,
        )
    order.state, order.closed_at = OrderStage.DROPPED, at
    order.save(update_fields=["state", "closed_at"])
    note(
        order,
        "key_accounts.order.dropped",
        as_typed(reason.strip()),
        actor=by.actor,
        unit_name=order.unit.name,
        at=at,
    )
    return order


def _next_number(code: str, on: dt.date) -> str:
    """`ZL`, unit, day, a serial of the unit's day."""
    prefix = f"ZL-{code}-{on:%y%m%d}-"
    return f"{prefix}{DepartmentOrder.objects.filter(number__startswith=prefix).count() + 1:03d}"
