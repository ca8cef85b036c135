"""What every step of an order shares: the locked order, its line, the journal entry."""

from __future__ import annotations

import datetime as dt
from typing import Any

from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening
from busbar.key_accounts.models import DepartmentOrder, OrderStep
from busbar.kit.errors import Phrase, Refusal

ORDER = "key_accounts.order"
KEY = "department_order"


class UnableToOrder(Refusal):
    """The order cannot be given, or does not stand where this step begins."""


def subject_of(order: DepartmentOrder) -> Subject:
    """The order as clocks and processes name it."""
    label = f"{order.number} {order.customer.name} {order.title}"[:200]
    return Subject(ORDER, order.pk, label, order.customer_id, unit_id=order.unit_id)


def lock_order(order_id: int, *states: str) -> DepartmentOrder:
    """The order as it stands, held; refused where it is in none of the states."""
    journal_operations.take_turn()
    rows = DepartmentOrder.objects.select_for_update(of=("self",))
    related = ("customer", "unit", "department", "holder", "mandate", "ordered_by")
    order: DepartmentOrder | None = rows.select_related(*related).filter(pk=order_id).first()
    if order is None:
        raise UnableToOrder("没有这条指令")
    if states and order.state not in states:
        raise UnableToOrder(
            "%(number)s 现在是“%(state)s”，不能办理这一步",
            number=order.number,
            state=order.get_state_display(),
        )
    return order


def note(
    order: DepartmentOrder,
    event: str,
    text: Phrase,
    *,
    actor: Actor,
    unit_name: str,
    at: dt.datetime,
    **changes: Any,
) -> None:
    """A line of the order's course and one journal entry."""
    OrderStep.objects.create(
        order=order,
        kind=event.rsplit(".", 1)[-1],
        at=at,
        by_name=actor.name,
        unit_name=unit_name,
        text=text,
    )
    happening = Happening(
        event=event,
        subject_type=ORDER,
        subject_id=order.pk,
        subject_label=f"{order.number} {order.title}"[:200],
        customer_id=order.customer_id,
        unit_path=order.unit.path,
        changes={
            "state": order.state,
            "department": order.department.name,
            "kind": order.kind,
            **changes,
        },
        reason=str(text)[:300],
    )
    journal_operations.record(happening=happening, actor=actor, at=at)


def place_of(viewer: Viewer, order: DepartmentOrder) -> str:
    """The name under which a step stands: who holds it, or who ordered it."""
    return order.unit.name if viewer.is_employee(order.ordered_by_id) else order.holder.name
