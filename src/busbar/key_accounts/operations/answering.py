"""What becomes of an order: taken on or refused, done, confirmed; or it climbs (R75, R76).

Each is carried out by the process that reached the step; the workflow has checked who acts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.db import transaction

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.journal.operations import Actor
from busbar.key_accounts.models import (
    DepartmentOrder,
    OrderStage,
    RatingSide,
    RefusalReason,
)
from busbar.key_accounts.models.dated import valid_on
from busbar.key_accounts.operations.ground import UnableToOrder, lock_order, note, place_of
from busbar.key_accounts.operations.rating import add_rating
from busbar.key_accounts.queries import ordering
from busbar.key_accounts.queries.ordering import Superior
from busbar.kit.errors import Phrase
from busbar.kit.periods import local_date
from busbar.kit.phrases import as_typed
from busbar.workflow.models import TaskTransfer, TransferKind


@transaction.atomic
def accept_order(
    *, order_id: int, remark: str, is_late: bool, by: Viewer, at: dt.datetime
) -> DepartmentOrder:
    """The department takes the order on."""
    order = lock_order(order_id, OrderStage.SENT)
    order.state, order.replied_at = OrderStage.WORKING, at
    order.reply_late = bool(order.reply_late) or is_late
    order.save(update_fields=["state", "replied_at", "reply_late"])
    note(
        order,
        "key_accounts.order.accepted",
        as_typed(remark) if remark else Phrase("接办"),
        actor=by.actor,
        unit_name=place_of(by, order),
        at=at,
    )
    return order


@transaction.atomic
def refuse_order(
    *, order_id: int, reason: str, remark: str, is_late: bool, by: Viewer, at: dt.datetime
) -> DepartmentOrder:
    """The department refuses, with a reason of the catalogue and its own words."""
    order = lock_order(order_id, OrderStage.SENT)
    known = RefusalReason.objects.filter(valid_on(local_date(at)), code=reason).first()
    if known is None:
        raise UnableToOrder("请从拒绝理由目录中选择一项")
    if not remark.strip():
        raise UnableToOrder("拒绝须写明说明")
    order.state, order.replied_at, order.refusal = OrderStage.REFUSED, at, known.name
    order.reply_late, order.holder = is_late, order.unit
    order.save(update_fields=["state", "replied_at", "refusal", "reply_late", "holder"])
    words = Phrase("拒绝：%(reason)s。%(remark)s", reason=known.name, remark=remark.strip())
    name = order.department.name
    note(
        order,
        "key_accounts.order.refused",
        words,
        actor=by.actor,
        unit_name=name,
        at=at,
        refusal=known.name,
    )
    return order


@transaction.atomic
def report_order(
    *, order_id: int, result: str, is_late: bool, by: Viewer, at: dt.datetime
) -> DepartmentOrder:
    """The department says what it did; whoever ordered it confirms or sends it back."""
    order = lock_order(order_id, OrderStage.WORKING)
    if not result.strip():
        raise UnableToOrder("请写明办理结果")
    order.state, order.result, order.holder = (
        OrderStage.REPORTED,
        result.strip()[:2000],
        order.unit,
    )
    order.reported_at = order.reported_at or at
    order.work_late = bool(order.work_late) or is_late
    order.handed_on = order.handed_on or _was_handed_on(order)
    order.save(update_fields=["state", "result", "holder", "reported_at", "work_late", "handed_on"])
    note(
        order,
        "key_accounts.order.reported",
        as_typed(order.result),
        actor=by.actor,
        unit_name=order.department.name,
        at=at,
    )
    return order


@transaction.atomic
def close_order(
    *,
    order_id: int,
    solved: bool,
    remark: str,
    score: int,
    word: str,
    by: Viewer,
    at: dt.datetime,
) -> DepartmentOrder:
    """The manager verified with the customer and says whether it is solved, and rates."""
    order = lock_order(order_id, OrderStage.REPORTED)
    if not remark.strip():
        raise UnableToOrder("请写明怎样向客户核实、客户怎么说")
    order.state, order.closed_at = (
        OrderStage.SOLVED if solved else OrderStage.PASSED_ON,
        at,
    )
    order.save(update_fields=["state", "closed_at"])
    event = "key_accounts.order.solved" if solved else "key_accounts.order.passed_on"
    note(order, event, as_typed(remark.strip()), actor=by.actor, unit_name=order.unit.name, at=at)
    add_rating(order, RatingSide.RECEIVER, score, word, by=by, at=at)
    return order


@transaction.atomic
def reopen_order(*, order_id: int, remark: str, by: Viewer, at: dt.datetime) -> DepartmentOrder:
    """The manager sends it back to be done again."""
    order = lock_order(order_id, OrderStage.REPORTED)
    if not remark.strip():
        raise UnableToOrder("请写明还有什么没有解决")
    order.state, order.holder = OrderStage.WORKING, order.department
    order.reopened += 1
    order.save(update_fields=["state", "holder", "reopened"])
    note(
        order,
        "key_accounts.order.reopened",
        as_typed(remark.strip()),
        actor=by.actor,
        unit_name=order.unit.name,
        at=at,
    )
    return order


@transaction.atomic
def take_refusal(*, order_id: int, remark: str, by: Viewer, at: dt.datetime) -> DepartmentOrder:
    """The manager lives with the refusal: the customer was told, nothing was solved."""
    order = lock_order(order_id, OrderStage.REFUSED)
    order.state, order.closed_at = OrderStage.PASSED_ON, at
    order.save(update_fields=["state", "closed_at"])
    note(
        order,
        "key_accounts.order.passed_on",
        as_typed(remark),
        actor=by.actor,
        unit_name=order.unit.name,
        at=at,
    )
    return order


@transaction.atomic
def appeal_refusal(*, order_id: int, remark: str, by: Viewer, at: dt.datetime) -> DepartmentOrder:
    """The manager brings the refusal before the superior; the climb follows at once."""
    order = lock_order(order_id, OrderStage.REFUSED)
    note(
        order,
        "key_accounts.order.appealed",
        as_typed(remark),
        actor=by.actor,
        unit_name=order.unit.name,
        at=at,
    )
    return order


@transaction.atomic
def climb_order(*, order_id: int, rung: int, actor: Actor, at: dt.datetime) -> Superior:
    """Give the order to the next superior of its ladder that somebody holds; nobody asked.

    On the highest rung it stays, its clock running out or not: nobody is above.
    """
    order = lock_order(
        order_id,
        OrderStage.SENT,
        OrderStage.WORKING,
        OrderStage.CLIMBED,
        OrderStage.REFUSED,
    )
    superiors = ordering.list_superiors(order.mandate, order.department)
    if not superiors:
        raise UnableToOrder("%(number)s 的升级阶梯上没有在岗人员", number=order.number)
    superior = next((found for found in superiors if found.rung > rung), superiors[-1])
    why = _why_it_climbs(order)
    order.state, order.holder = OrderStage.CLIMBED, superior.unit
    order.climbs += 1
    order.save(update_fields=["state", "holder", "climbs", "reply_late", "work_late"])
    note(
        order,
        "key_accounts.order.climbed",
        Phrase("%(why)s，升级到%(unit)s", why=why, unit=superior.unit.name),
        actor=actor,
        unit_name=order.department.name,
        at=at,
        rung=superior.rung,
    )
    return replace(superior, is_highest=superior == superiors[-1])


def _why_it_climbs(order: DepartmentOrder) -> Phrase:
    if order.state == OrderStage.SENT:
        order.reply_late = True
        return Phrase("%(unit)s逾期未接办", unit=order.department.name)
    if order.state == OrderStage.WORKING:
        order.work_late = True
        return Phrase("%(unit)s逾期未办结", unit=order.department.name)
    if order.state == OrderStage.REFUSED:
        return Phrase("%(unit)s拒绝，经理提请裁定", unit=order.department.name)
    return Phrase("%(unit)s逾期未裁定", unit=order.holder.name)


@transaction.atomic
def instruct_department(
    *, order_id: int, remark: str, by: Viewer, at: dt.datetime
) -> DepartmentOrder:
    """The superior makes the department do it; its clock runs anew."""
    order = lock_order(order_id, OrderStage.CLIMBED)
    superior = order.holder.name
    order.state, order.holder = OrderStage.WORKING, order.department
    order.replied_at = order.replied_at or at
    order.save(update_fields=["state", "holder", "replied_at"])
    note(
        order,
        "key_accounts.order.instructed",
        as_typed(remark),
        actor=by.actor,
        unit_name=superior,
        at=at,
    )
    return order


@transaction.atomic
def answer_as_superior(
    *, order_id: int, remark: str, by: Viewer, at: dt.datetime
) -> DepartmentOrder:
    """The superior answers in the department's stead; the manager confirms as ever."""
    order = lock_order(order_id, OrderStage.CLIMBED)
    superior = order.holder.name
    order.state, order.result, order.holder = (
        OrderStage.REPORTED,
        remark[:2000],
        order.unit,
    )
    order.reported_at = order.reported_at or at
    order.save(update_fields=["state", "result", "holder", "reported_at"])
    note(
        order,
        "key_accounts.order.answered",
        as_typed(remark),
        actor=by.actor,
        unit_name=superior,
        at=at,
    )
    return order


def _was_handed_on(order: DepartmentOrder) -> bool:
    """Whether the department passed its task from hand to hand."""
    moved = TaskTransfer.objects.visible_to(SYSTEM_VIEWER).filter(
        task__instance_id=order.process_id or 0,
        task__unit_id=order.department_id,
        kind=TransferKind.HANDED_OVER,
    )
    return bool(moved.exists())
