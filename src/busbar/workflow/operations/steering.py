"""What moves a process besides its tasks: messages, moments that come, an end before its time."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from busbar.clocks.models import ClockState
from busbar.journal.operations import SYSTEM, Actor
from busbar.kit.errors import Refusal
from busbar.workflow import engine, forms
from busbar.workflow.library import get_definition
from busbar.workflow.models import (
    InstanceState,
    ProcessInstance,
    ProcessWait,
    SupervisionFinding,
    SupervisionKind,
    UserTask,
)
from busbar.workflow.moments import FAR_FUTURE, spoken
from busbar.workflow.operations import advancing
from busbar.workflow.operations.completing import consent_silently

_BATCH = 500
_log = logging.getLogger(__name__)


class UnableToReceiveMessage(Refusal):
    """The process does not wait for this."""


class UnableToCancelProcess(Refusal):
    """The process has ended, or no reason was given."""


@transaction.atomic
def receive_message(
    *, instance_id: int, message: str, payload: Mapping[str, Any], actor: Actor, at: dt.datetime
) -> ProcessInstance:
    """Deliver a message (or signal) that the process waits for; the payload becomes facts.

    UnableToReceiveMessage where nothing waits for it, as when it comes a second time.
    """
    move = advancing.lock([instance_id], actor=actor, at=at)
    move.course.facts.update(forms.comparable(payload))
    if not engine.deliver(move.course, message, move.serve):
        raise UnableToReceiveMessage("流程现在不等待“%(message)s”", message=message)
    move.tell("message.received", message=message, payload=forms.comparable(payload))
    advancing.settle(move)
    return move.instance


def release_waits(*, at: dt.datetime) -> int:
    """Send by themselves the messages whose moment has come; how many were sent.

    Each in a transaction of its own: safe to run twice, and a failing one holds up no other.
    """
    due = ProcessWait.objects.filter(due_at__lte=at, instance__state=InstanceState.RUNNING)
    due = due.select_related("instance").defer("instance__state_blob", "instance__facts")
    return sum(_release(wait, at) for wait in list(due.order_by("due_at", "pk")))


def _release(wait: ProcessWait, at: dt.datetime) -> bool:
    if _stands_still(wait):
        return False
    try:
        receive_message(
            instance_id=wait.instance_id, message=wait.message, payload={}, actor=SYSTEM, at=at
        )
    except UnableToReceiveMessage:
        return False  # another worker was quicker
    except Refusal as refusal:
        _log.warning("process %s: %s not sent: %s", wait.instance_id, wait.message, refusal)
        return False
    return True


def _stands_still(wait: ProcessWait) -> bool:
    """Whether it waits for the limit of a task whose clock is paused."""
    spec = get_definition(wait.instance.version_id).waits.get(wait.element)
    if spec is None or not spec.after_limit:
        return False
    tasks = UserTask.objects.open().filter(instance=wait.instance_id, element=spec.attached_to)
    return tasks.filter(clock__state=ClockState.PAUSED).exists()


@transaction.atomic
def cancel_process(
    *, instance_id: int, reason: str, actor: Actor, at: dt.datetime
) -> ProcessInstance:
    """End a running process before its time: open tasks are withdrawn, their clocks cancelled.

    Who may decides the caller: the room whose matter it is, or the screen.
    """
    if not reason.strip():
        raise UnableToCancelProcess("请写明终止的原因")
    move = advancing.lock([instance_id], actor=actor, at=at)
    instance = move.instance
    if instance.state != InstanceState.RUNNING:
        raise UnableToCancelProcess(
            "流程已于 %(ended_at)s %(state)s",
            ended_at=spoken(instance.ended_at),
            state=instance.get_state_display(),
        )
    move.tell("process.cancelled", reason=reason.strip())
    for task in UserTask.objects.open().filter(instance=instance).select_related("unit"):
        advancing.withdraw(move, task, f"流程终止：{reason.strip()}"[:500])
    instance.state, instance.ended_at = InstanceState.CANCELLED, at
    instance.end_reason = reason.strip()[:500]
    move.course.workflow.cancel()
    move.tasks_before = {}
    advancing.settle(move)
    return instance


def take_silence_as_consent(*, at: dt.datetime) -> int:
    """Complete the tasks whose limit passed and whose definition takes silence for an answer.

    How many there were; each in a transaction of its own, safe to run twice, and one that is
    refused holds up no other.
    """
    waiting = UserTask.objects.open().filter(due_at__lt=at).exclude(silent="")
    ids = list(waiting.order_by("due_at", "pk").values_list("pk", flat=True))
    return sum(_consent(task_id, at) for task_id in ids)


def _consent(task_id: int, at: dt.datetime) -> bool:
    try:
        return consent_silently(task_id=task_id, at=at)
    except Refusal as refusal:
        _log.warning("task %s: silence not taken as consent: %s", task_id, refusal)
        return False


@transaction.atomic
def sync_due_times(*, clock_ids: list[int] | None = None) -> int:
    """Bring tasks' due times in line with their clocks, after a pause or a changed calendar."""
    tasks = UserTask.objects.open().filter(clock__isnull=False).exclude(due_at=F("clock__due_at"))
    if clock_ids is not None:
        tasks = tasks.filter(clock__in=clock_ids)
    moved = list(tasks.select_related("clock"))
    for task in moved:
        task.due_at = task.clock.due_at
        task.sort_at = task.due_at or FAR_FUTURE
        waits = ProcessWait.objects.filter(instance_id=task.instance_id, due_at__isnull=False)
        waits.filter(element__in=_bound_to(task)).update(due_at=task.due_at)
    UserTask.objects.bulk_update(moved, ["due_at", "sort_at"], batch_size=_BATCH)
    return len(moved)


def _bound_to(task: UserTask) -> list[str]:
    waits = get_definition(task.instance.version_id).waits.values()
    return [w.element for w in waits if w.after_limit and w.attached_to == task.element]


@transaction.atomic
def note_late_tasks(*, at: dt.datetime) -> int:
    """Show supervision the open tasks whose clock has run out, once each; how many are new.

    A paused clock is not late.
    """
    late = UserTask.objects.open().filter(due_at__lt=at, clock__state="running")
    fresh = late.exclude(findings__kind=SupervisionKind.LATE).select_related("owner")
    findings = [
        SupervisionFinding(
            kind=SupervisionKind.LATE,
            instance_id=task.instance_id,
            task=task,
            unit_id=task.unit_id,
            customer_id=task.customer_id,
            person=task.owner.name if task.owner else "",
            note=f"应于 {spoken(task.due_at)} 前办理，尚未办理",
            found_at=at,
        )
        for task in fresh.order_by("pk")[:_BATCH]
    ]
    SupervisionFinding.objects.bulk_create(findings, ignore_conflicts=True)
    return len(findings)
