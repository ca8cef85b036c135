"""A task changes hands: claimed, put back, handed over."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.models import Employee
from busbar.access.visibility import NotPermitted, Viewer
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.workflow import people
from busbar.workflow.models import (
    SupervisionKind,
    TaskState,
    TaskTransfer,
    TransferKind,
    UserTask,
)
from busbar.workflow.operations import advancing
from busbar.workflow.operations.advancing import Move
from busbar.workflow.operations.completing import require_open


class UnableToClaimTask(Refusal):
    """Somebody else has it, or it is done."""


class UnableToReleaseTask(Refusal):
    """Nobody has it, or it is done."""


class UnableToHandOverTask(Refusal):
    """It cannot go to that person, or no reason was given."""


@transaction.atomic
def claim_task(*, task_id: int, viewer: Viewer, at: dt.datetime) -> UserTask:
    """Take a task of one's unit and role upon oneself."""
    move, task = _lock(task_id, viewer, at, UnableToClaimTask)
    employee = Employee.objects.filter(pk=viewer.employee_id or 0).first()
    if employee is None or not viewer.covers(task.unit.path):
        raise UnableToClaimTask("没有这个任务，或不在您的管辖范围之内")
    if task.owner_id == employee.pk:
        raise UnableToClaimTask("任务“%(title)s”已在您名下", title=task.title)
    if task.owner is not None:
        raise UnableToClaimTask(
            "任务“%(title)s”已由%(owner)s领取", title=task.title, owner=task.owner.name
        )
    people.require_belongs(task, employee)
    _give(move, task, employee, TransferKind.CLAIMED, "")
    return task


@transaction.atomic
def release_task(*, task_id: int, viewer: Viewer, at: dt.datetime, reason: str = "") -> UserTask:
    """Put a task back for anybody of its unit and role."""
    move, task = _lock(task_id, viewer, at, UnableToReleaseTask)
    people.require_acting(task, viewer)
    if task.owner_id is None:
        raise UnableToReleaseTask("任务“%(title)s”没有人领取", title=task.title)
    _give(move, task, None, TransferKind.RELEASED, reason)
    return task


@transaction.atomic
def hand_over_task(
    *, task_id: int, to_employee_id: int, reason: str, viewer: Viewer, at: dt.datetime
) -> UserTask:
    """Give a task to a colleague of its unit and role, with the reason; the clock runs on."""
    if not reason.strip():
        raise UnableToHandOverTask("请写明转办的原因")
    move, task = _lock(task_id, viewer, at, UnableToHandOverTask)
    acting = people.require_acting(task, viewer)
    employee = Employee.objects.filter(pk=to_employee_id, user__is_active=True).first()
    if employee is None:
        raise UnableToHandOverTask("没有这个在岗的职员")
    if employee.pk == task.owner_id:
        raise UnableToHandOverTask(
            "任务“%(title)s”已在%(employee)s名下", title=task.title, employee=employee.name
        )
    try:
        people.require_belongs(task, employee)
    except NotPermitted as refusal:
        raise UnableToHandOverTask.saying(refusal) from refusal
    _give(move, task, employee, TransferKind.HANDED_OVER, reason.strip())
    if acting.for_another:
        advancing.find(SupervisionKind.PROXY, task, move, f"{viewer.name}代为转办给{employee.name}")
    return task


def _lock(
    task_id: int, viewer: Viewer, at: dt.datetime, refusal: type[Refusal]
) -> tuple[Move, UserTask]:
    try:
        move, task = advancing.lock_for_task(task_id, actor=viewer.actor, at=at)
    except advancing.NoSuchProcess as none:
        raise refusal("没有这个任务，或不在您的管辖范围之内") from none
    require_open(task, refusal)
    return move, task


def _give(
    move: Move, task: UserTask, owner: Employee | None, kind: TransferKind, reason: str
) -> None:
    TaskTransfer.objects.create(
        task=task,
        kind=kind,
        from_owner=task.owner,
        to_owner=owner,
        reason=reason[:500],
        at=move.at,
        by=move.actor.name,
    )
    before, task.owner = task.owner, owner
    task.state = TaskState.CLAIMED if owner else TaskState.OPEN
    task.claimed_at = move.at if owner else None
    task.save(update_fields=["owner", "state", "claimed_at"])
    journal_operations.record(
        happening=advancing.happening(
            move.instance,
            f"workflow.task.{kind}",
            task,
            reason=reason,
            changes={
                "owner": [before.name if before else "", owner.name if owner else ""],
                "owner_id": owner.pk if owner else None,
            },
        ),
        actor=move.actor,
        at=move.at,
    )
