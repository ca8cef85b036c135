"""Consultation, scheme design, testing and maintenance by order (R11)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.connections.models.orders import OrderState, ServiceOrder, ServiceOrderKind
from busbar.connections.numbering import next_serial
from busbar.connections.recording import record_about
from busbar.customers.models import Customer, CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA, local_date

SERVICE_ORDER = "connections.service_order"
_LISTED = {ServiceOrderKind.TESTING, ServiceOrderKind.MAINTENANCE}
ITEM_FIELDS = ("item", "value", "limit", "verdict")


class UnableToOrderService(Refusal):
    """The service cannot be ordered so."""


class UnableToDoServiceOrder(Refusal):
    """The service cannot be reported so."""


@transaction.atomic
def order_service(
    *,
    kind: ServiceOrderKind | str,
    customer: Customer,
    topic: str,
    request: str,
    account: CustomerAccount | None = None,
    unit: OrganizationUnit | None = None,
    planned_on: dt.date | None = None,
    by: Viewer,
    at: dt.datetime,
) -> ServiceOrder:
    """Take a customer's wish down; the unit that does it is the customer's own unless named."""
    by.require(Permission.HANDLE_CHANGES)
    known = Customer.objects.visible_to(by).select_related("unit").filter(pk=customer.pk).first()
    if known is None:
        raise UnableToOrderService("该客户不在您的管辖范围内")
    if account is not None and account.customer_id != known.pk:
        raise UnableToOrderService("户号 %(number)s 不属于该客户", number=account.number)
    if not topic.strip() or not request.strip():
        raise UnableToOrderService("请填写主题和客户的要求")
    office = unit or known.unit
    day = f"{at.astimezone(CHINA):%y%m%d}"
    serial = next_serial(f"order:FW:{office.code}:{day}")
    order = ServiceOrder.objects.create(
        number=f"FW{office.code}-{day}-{serial:04d}",
        kind=kind,
        customer=known,
        account=account,
        unit=office,
        officer_id=by.employee_id,
        topic=topic.strip(),
        request=request.strip(),
        ordered_at=at,
        planned_on=planned_on,
    )
    _record("ordered", order, by, at, changes={"kind": order.kind, "topic": order.topic})
    return order


@transaction.atomic
def do_service_order(
    *,
    order_id: int,
    result: str,
    items: Sequence[Mapping[str, str]] = (),
    next_due_on: dt.date | None = None,
    by: Viewer,
    at: dt.datetime,
) -> ServiceOrder:
    """Report what was answered, designed, measured or maintained.

    A test and a maintenance list their items with value, limit and verdict; a maintenance says
    when the next is due.
    """
    order = _open(order_id, by)
    kind = ServiceOrderKind(order.kind)
    if not result.strip():
        raise UnableToDoServiceOrder("请填写办理结果")
    if kind in _LISTED and not items:
        raise UnableToDoServiceOrder("%(label)s应逐项填写结果", label=kind.label)
    _check_items(items)
    if next_due_on is not None and next_due_on <= local_date(at):
        raise UnableToDoServiceOrder("下次维护日期应晚于今天")
    order.state, order.result = OrderState.DONE, result.strip()
    order.items = [dict(item) for item in items]
    order.next_due_on, order.done_at, order.done_by = next_due_on, at, by.name
    order.save()
    _record("done", order, by, at, changes={"items": len(items), "next_due_on": next_due_on})
    return order


@transaction.atomic
def publish_answer(*, order_id: int, by: Viewer, at: dt.datetime) -> ServiceOrder:
    """Put a consultation's question and answer into the knowledge base."""
    by.require(Permission.HANDLE_CHANGES)
    order = _held(order_id, by)
    if order.kind != ServiceOrderKind.CONSULTATION or order.state != OrderState.DONE:
        raise UnableToDoServiceOrder("只有已答复的咨询可以收入知识库")
    if order.is_published:
        raise UnableToDoServiceOrder("%(number)s 已收入知识库", number=order.number)
    order.is_published = True
    order.save(update_fields=["is_published"])
    _record("published", order, by, at)
    return order


@transaction.atomic
def cancel_service_order(
    *, order_id: int, reason: str, by: Viewer, at: dt.datetime
) -> ServiceOrder:
    """The customer needs it no more."""
    order = _open(order_id, by)
    if not reason.strip():
        raise UnableToDoServiceOrder("请写明取消原因")
    order.state = OrderState.CANCELLED
    order.save(update_fields=["state"])
    _record("cancelled", order, by, at, reason=reason.strip())
    return order


def _check_items(items: Sequence[Mapping[str, str]]) -> None:
    for place, item in enumerate(items, 1):
        if set(item) - set(ITEM_FIELDS):
            extra = "、".join(sorted(set(item) - set(ITEM_FIELDS)))
            raise UnableToDoServiceOrder(
                "第 %(place)s 项有多余的内容：%(extra)s", place=place, extra=extra
            )
        if not str(item.get("item", "")).strip() or not str(item.get("verdict", "")).strip():
            raise UnableToDoServiceOrder("第 %(place)s 项应有项目和结论", place=place)


def _open(order_id: int, by: Viewer) -> ServiceOrder:
    by.require(Permission.HANDLE_CHANGES)
    order = _held(order_id, by)
    if order.state != OrderState.OPEN:
        raise UnableToDoServiceOrder(
            "工单 %(number)s 已是“%(state)s”", number=order.number, state=order.get_state_display()
        )
    return order


def _held(order_id: int, by: Viewer) -> ServiceOrder:
    if not ServiceOrder.objects.visible_to(by).filter(pk=order_id).exists():
        raise UnableToDoServiceOrder("没有这张工单，或不在您的管辖范围内")
    journal_operations.take_turn()
    held = ServiceOrder.objects.select_for_update(of=("self",))
    order: ServiceOrder = held.select_related("customer", "unit").get(pk=order_id)
    return order


def _record(
    verb: str,
    order: ServiceOrder,
    by: Viewer,
    at: dt.datetime,
    *,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    subject = Subject(
        type=SERVICE_ORDER,
        id=order.pk,
        label=str(order),
        customer_id=order.customer_id,
        unit_id=order.unit_id,
    )
    record_about(
        event=f"connections.service_order.{verb}",
        subject=subject,
        unit_path=order.unit.path,
        facts={"order_kind": order.kind},
        actor=by.actor,
        at=at,
        changes=changes,
        reason=reason,
    )
