"""One step of a process: locked, moved by the engine, written back whole.

Every operation that moves a process locks its instance row first, so two of them never see the
same state; `settle` then brings tasks, waits, clocks and journal in line with the engine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening
from busbar.kit.errors import Refusal
from busbar.workflow import clocking, engine, forms, people, registry
from busbar.workflow.definition.elements import Definition, Step, Wait
from busbar.workflow.engine import Course
from busbar.workflow.library import get_definition
from busbar.workflow.models import (
    InstanceState,
    ProcessInstance,
    ProcessWait,
    SupervisionFinding,
    SupervisionKind,
    TaskState,
    UserTask,
)
from busbar.workflow.moments import FAR_FUTURE, moment_of

PROCESS = "workflow.process"
"""Subject type of the room's journal entries."""


class NoSuchProcess(Refusal):
    """There is no such process, it has ended, or somebody moved it in between."""


@dataclass
class Move:
    """A locked process and everything that the step will write."""

    instance: ProcessInstance
    definition: Definition
    course: Course
    actor: Actor
    at: dt.datetime
    happenings: list[Happening] = field(default_factory=list)
    tasks_before: dict[UUID, str] = field(default_factory=dict)
    waits_before: set[tuple[UUID, str]] = field(default_factory=set)

    def serve(self, element: str) -> None:
        """Run the registered service of an element; what it returns becomes fact."""
        name = self.definition.services[element]
        service = registry.get_service(name)
        if service is None:
            raise NoSuchProcess(
                "没有登记服务“%(name)s”，流程停在“%(element)s”", name=name, element=element
            )
        call = registry.ServiceCall(
            instance=self.instance, facts=dict(self.course.facts), actor=self.actor, at=self.at
        )
        self.course.facts.update(forms.comparable(service(call) or {}))

    def tell(
        self, event: str, task: UserTask | None = None, reason: str = "", **changes: Any
    ) -> None:
        """Note what happened; the journal is written once, at the end of the step."""
        self.happenings.append(
            happening(self.instance, f"workflow.{event}", task, reason=reason, changes=changes)
        )


def happening(
    instance: ProcessInstance,
    event: str,
    task: UserTask | None = None,
    *,
    reason: str = "",
    changes: Mapping[str, Any] | None = None,
) -> Happening:
    """An entry about the process, with the task it concerns among the changes."""
    facts: dict[str, Any] = {
        "subject_type": instance.subject_type,
        "subject_id": instance.subject_id,
    }
    if task is not None:
        facts |= {"task_id": task.pk, "element": task.element, "title": task.title}
    return Happening(
        event=event,
        subject_type=PROCESS,
        subject_id=instance.pk,
        subject_label=instance.subject_label,
        customer_id=instance.customer_id,
        unit_path=instance.unit.path,
        changes=facts | dict(changes or {}),
        reason=reason,
    )


def lock(instances: Iterable[int] | Any, *, actor: Actor, at: dt.datetime) -> Move:
    """Lock the one process (an id, or a subquery of it) and bring it into memory. Two queries.

    The turn to write comes before the row, since handlers record before they hold further rows.
    """
    journal_operations.take_turn()
    rows = ProcessInstance.objects.select_for_update(of=("self",)).select_related("unit")
    instance = rows.filter(pk__in=instances).first()
    if instance is None:
        raise NoSuchProcess("没有这个流程")
    definition = get_definition(instance.version_id)
    course = engine.restore(definition, instance.state_blob, instance.facts)
    return Move(
        instance=instance,
        definition=definition,
        course=course,
        actor=actor,
        at=at,
        tasks_before=course.open_tasks(),
        waits_before=course.open_waits(),
    )


def lock_for_task(task_id: int, *, actor: Actor, at: dt.datetime) -> tuple[Move, UserTask]:
    """Lock the process of a task, then read the task as it is now. Two queries."""
    holder = UserTask.objects.filter(pk=task_id).values("instance_id")
    move = lock(holder, actor=actor, at=at)
    task = UserTask.objects.select_related("unit", "owner").get(pk=task_id)
    task.instance = move.instance
    return move, task


def settle(move: Move) -> None:
    """Write the step: tasks gone and come, waits, the instance, the journal."""
    now = move.course.open_tasks()
    gone = [task_id for task_id in move.tasks_before if task_id not in now]
    _withdraw(move, gone)
    _open(move, {t: e for t, e in now.items() if t not in move.tasks_before})
    _settle_waits(move)
    _keep(move, now)
    journal_operations.record_many(happenings=move.happenings, actor=move.actor, at=move.at)


def _withdraw(move: Move, gone: list[UUID]) -> None:
    """Tasks that the process left although nobody did them: an event interrupted them."""
    if not gone:
        return
    rows = UserTask.objects.open().filter(instance=move.instance, spiff_id__in=gone)
    for task in rows.select_related("unit"):
        withdraw(move, task, "流程事件中断了这一步")
        find(SupervisionKind.SKIPPED, task, move, "流程事件中断了这一步，未办理即越过")


def withdraw(move: Move, task: UserTask, reason: str) -> None:
    """Take an open task away undone, with its clock and holding."""
    task.state, task.completed_at, task.reason = TaskState.WITHDRAWN, move.at, reason
    task.save(update_fields=["state", "completed_at", "reason"])
    clocking.cancel(task, reason, actor=move.actor, at=move.at)
    clocking.let_go(task, move.instance, at=move.at)
    move.tell("task.withdrawn", task, reason=reason)


def _open(move: Move, come: Mapping[UUID, str]) -> None:
    """Rows, holdings and clocks of the tasks that the process has reached."""
    if not come:
        return
    steps = {task_id: move.definition.steps[element] for task_id, element in come.items()}
    posts = people.resolve_posts(move.instance.unit, steps.values(), move.course.facts)
    rows = [_row(move, task_id, step, posts[step.element]) for task_id, step in steps.items()]
    for task, step in zip(UserTask.objects.bulk_create(rows), steps.values(), strict=True):
        code = _limit_code(move, step)
        if code:
            _wind_up(move, task, code)
        clocking.hold(task, move.instance, at=move.at)
        move.tell("task.opened", task, role=task.role, unit_id=task.unit_id, due_at=task.due_at)
    _invite(move, rows)


def _invite(move: Move, tasks: list[UserTask]) -> None:
    """Whoever has to act must see what about."""
    invite = registry.get_invitation(move.instance.subject_type)
    if invite is not None:
        invite(move.instance.subject_id, {task.unit_id: task.title for task in tasks}, move.at)


def _row(move: Move, task_id: UUID, step: Step, post: people.Post) -> UserTask:
    return UserTask(
        instance=move.instance,
        spiff_id=task_id,
        element=step.element,
        title=step.title,
        stage=step.stage,
        role=post.role,
        party=step.party,
        unit=post.unit,
        owner=post.owner,
        state=TaskState.CLAIMED if post.owner else TaskState.OPEN,
        claimed_at=move.at if post.owner else None,
        customer_id=move.instance.customer_id,
        form=step.form,
        silent=step.silent,
        created_at=move.at,
        sort_at=FAR_FUTURE,
    )


def _limit_code(move: Move, step: Step) -> str:
    """The code of the step's limit; `=fact` takes it from the facts, and none is no limit."""
    if not step.limit.startswith("="):
        return step.limit
    return str(move.course.facts.get(step.limit[1:]) or "")


def _wind_up(move: Move, task: UserTask, code: str) -> None:
    clock = clocking.start(task, move.instance, code, actor=move.actor, at=move.at)
    task.clock, task.due_at, task.sort_at = clock, clock.due_at, clock.due_at
    task.save(update_fields=["clock", "due_at", "sort_at"])


def _settle_waits(move: Move) -> None:
    now = move.course.open_waits()
    for wait_id, element in move.waits_before - now:
        ProcessWait.objects.filter(
            instance=move.instance, spiff_id=wait_id, element=element
        ).delete()
    come = sorted(now - move.waits_before, key=lambda wait: wait[1])
    if come:
        ProcessWait.objects.bulk_create(
            _wait(move, wait_id, move.definition.waits[element]) for wait_id, element in come
        )


def _wait(move: Move, wait_id: UUID, wait: Wait) -> ProcessWait:
    due = moment_of(move.course.facts.get(wait.until)) if wait.until else None
    if wait.after_limit:
        rows = UserTask.objects.open().filter(instance=move.instance, element=wait.attached_to)
        due = rows.values_list("due_at", flat=True).first()
    return ProcessWait(
        instance=move.instance,
        spiff_id=wait_id,
        element=wait.element,
        title=wait.title,
        message=wait.message,
        opened_at=move.at,
        due_at=due,
    )


def _keep(move: Move, open_tasks: Mapping[UUID, str]) -> None:
    """Write the instance; a step that another one overtook from within is refused."""
    instance = move.instance
    stages = [move.definition.steps[element].stage for element in open_tasks.values()]
    instance.stage = max(stages, default=0) or instance.stage
    if move.course.is_finished and instance.state == InstanceState.RUNNING:
        instance.state, instance.ended_at = InstanceState.COMPLETED, move.at
        move.tell("process.completed")
    before, instance.revision = instance.revision, instance.revision + 1
    instance.facts, instance.state_blob = move.course.facts, engine.dump(move.course)
    names = [
        "version_id",
        "state",
        "stage",
        "ended_at",
        "end_reason",
        "facts",
        "state_blob",
        "revision",
    ]
    written = ProcessInstance.objects.filter(pk=instance.pk, revision=before).update(
        **{name: getattr(instance, name) for name in names}
    )
    if written != 1:
        raise NoSuchProcess("流程在这一步之内被另一步改动，请检查处理程序")


def find(kind: SupervisionKind, task: UserTask, move: Move, note: str) -> None:
    """Show it to supervision, once a kind and task."""
    SupervisionFinding.objects.bulk_create(
        [
            SupervisionFinding(
                kind=kind,
                instance_id=task.instance_id,
                task=task,
                unit_id=task.unit_id,
                customer_id=task.customer_id,
                person=move.actor.name,
                note=note[:600],
                found_at=move.at,
            )
        ],
        ignore_conflicts=True,
    )
