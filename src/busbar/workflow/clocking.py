"""The clocks of tasks: started when a task opens, stopped when it ends; and who holds the matter.

A task's clock is about the task. Where the subject itself already runs a clock of that code
(a domain room started it by its event), the task is tied to that one and leaves it running.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from busbar.access.models import Role
from busbar.clocks import operations as clocks_operations
from busbar.clocks.models import Clock
from busbar.clocks.subjects import Party, Subject
from busbar.journal.operations import Actor
from busbar.workflow.models import ProcessInstance, UserTask

TASK = "workflow.task"
"""Subject type of the clocks that this room starts."""


def subject_of(instance: ProcessInstance) -> Subject:
    """What the process is about, as the clocks know it."""
    return Subject(
        type=instance.subject_type,
        id=instance.subject_id,
        label=instance.subject_label,
        customer_id=instance.customer_id,
        unit_id=instance.unit_id,
    )


def start(
    task: UserTask, instance: ProcessInstance, code: str, *, actor: Actor, at: dt.datetime
) -> Clock:
    """The task's clock: the subject's own of this code if it runs, otherwise a new one."""
    subject = subject_of(instance)
    running: Clock | None = (
        Clock.objects.about(subject.type, subject.id).open().filter(code=code).first()
    )
    if running is not None:
        return running
    about = Subject(
        type=TASK,
        id=task.pk,
        label=f"{instance.subject_label} {task.title}".strip()[:200],
        customer_id=instance.customer_id,
        unit_id=task.unit_id,
    )
    facts: Mapping[str, Any] = instance.facts
    return clocks_operations.start_clock(
        code=code, subject=about, actor=actor, at=at, owner_id=task.owner_id, facts=facts
    )


def stop(task: UserTask, *, actor: Actor, at: dt.datetime) -> None:
    """The task was done; a clock of the subject goes on."""
    clock = _own_open_clock(task)
    if clock is not None:
        clocks_operations.stop_clock(clock_id=clock.pk, actor=actor, at=at)


def cancel(task: UserTask, reason: str, *, actor: Actor, at: dt.datetime) -> None:
    """The task was taken away undone."""
    clock = _own_open_clock(task)
    if clock is not None:
        clocks_operations.cancel_clock(clock_id=clock.pk, reason=reason, actor=actor, at=at)


def _own_open_clock(task: UserTask) -> Clock | None:
    if task.clock_id is None:
        return None
    return Clock.objects.about(TASK, task.pk).open().filter(pk=task.clock_id).first()


def hold(task: UserTask, instance: ProcessInstance, *, at: dt.datetime) -> None:
    """From now on the matter is in the hands of the task's party."""
    clocks_operations.open_holding(
        subject=subject_of(instance), party=_party(task, instance), key=_key(task), at=at
    )


def let_go(task: UserTask, instance: ProcessInstance, *, at: dt.datetime) -> None:
    """The party has done its part."""
    clocks_operations.close_holding(subject=subject_of(instance), key=_key(task), at=at)


def _party(task: UserTask, instance: ProcessInstance) -> Party:
    if task.party == "customer":
        return Party(kind="customer", name="客户")
    if task.party == "outside":
        return Party(kind="outside", name=task.title)
    post = str(Role(task.role).label)
    return Party(
        kind="department",
        unit_id=task.unit_id,
        post=post,
        employee_id=task.owner_id,
        name=task.unit.name,
    )


def _key(task: UserTask) -> str:
    return f"workflow.task#{task.pk}"
