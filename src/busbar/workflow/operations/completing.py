"""Doing a task: the form is checked, the handler acts, the process moves on, all or nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.kit.errors import Refusal
from busbar.workflow import clocking, engine, forms, offering, people, registry
from busbar.workflow.definition.elements import RETURNED, Step
from busbar.workflow.models import SupervisionKind, TaskAttachment, TaskState, UserTask
from busbar.workflow.moments import spoken
from busbar.workflow.operations import advancing, attaching
from busbar.workflow.operations.advancing import Move
from busbar.workflow.operations.attaching import CheckedFile, FileUpload


class UnableToCompleteTask(Refusal):
    """The task is no longer to be done, or what is said of it cannot be so."""


class UnableToReturnTask(Refusal):
    """The definition knows no way back from here, or no reason was given."""


@dataclass(frozen=True)
class _Doing:
    """When the work was done, if not now, and why it is recorded later."""

    done_at: dt.datetime | None
    reason: str


def complete_task(
    *,
    task_id: int,
    data: Mapping[str, Any],
    files: Sequence[FileUpload] = (),
    viewer: Viewer,
    at: dt.datetime,
    done_at: dt.datetime | None = None,
    reason: str = "",
) -> UserTask:
    """Answer a task with its form and move the process on.

    `done_at` says that the work was done earlier than it is recorded; that takes a `reason` and
    is shown to supervision, and the clock runs to `at` all the same. UnableToCompleteTask where
    somebody was quicker; UnableToAcceptForm for bad fields; NotPermitted where it is another's;
    whatever the handler refuses. Nothing has changed then.
    """
    kept = attaching.keep_files(files)
    return _complete(task_id, data, kept, viewer, at, _Doing(done_at, reason.strip()))


@transaction.atomic
def _complete(
    task_id: int,
    data: Mapping[str, Any],
    files: Sequence[CheckedFile],
    viewer: Viewer,
    at: dt.datetime,
    doing: _Doing,
) -> UserTask:
    move, task, acting = _take_up(task_id, viewer, at)
    step = move.definition.steps[task.element]
    asking = registry.Asking(move.instance, viewer, at)
    form = offering.offer(move.definition.forms[step.form], asking)
    counts = Counter(file.field for file in files)
    values = forms.check(form, data, facts=move.course.facts, files=counts)
    task.done_at, task.reason = _when(task, at, doing), doing.reason[:500]
    if acting.employee_id and task.owner_id is None and not acting.for_another:
        task.owner_id = acting.employee_id
    task.labels = offering.labels_of(form, values)
    attached = attaching.attach(task, files, by=viewer.name, at=at)
    _answer(move, task, step, values, attached, viewer)
    _close(move, task, TaskState.COMPLETED, viewer)
    move.tell(
        "task.completed", task, reason=doing.reason, outcome=task.outcome, done_at=task.done_at
    )
    if task.done_at < at:
        note = f"实际完成 {spoken(task.done_at)}，补录于 {spoken(at)}：{doing.reason}"
        advancing.find(SupervisionKind.BACK_DATED, task, move, note)
    if acting.for_another:
        move.happenings[-1].changes["proxy"] = True
        advancing.find(SupervisionKind.PROXY, task, move, f"{viewer.name}代{_whose(task)}办理")
    _on(move, task)
    return task


@transaction.atomic
def return_task(*, task_id: int, reason: str, viewer: Viewer, at: dt.datetime) -> UserTask:
    """Send the matter back along the definition's own return path, with the reason.

    UnableToReturnTask where the step has none. Supervision sees every return.
    """
    if not reason.strip():
        raise UnableToReturnTask("请写明退回的原因")
    move, task, acting = _take_up(task_id, viewer, at)
    if not move.definition.steps[task.element].returns:
        raise UnableToReturnTask("任务“%(title)s”在流程中没有退回的流向", title=task.title)
    task.outcome, task.reason, task.done_at = RETURNED, reason.strip()[:500], at
    task.data = {"outcome": RETURNED, "reason": task.reason}
    _learn(move, task, {"outcome": RETURNED, "return_reason": task.reason})
    _close(move, task, TaskState.RETURNED, viewer)
    move.tell("task.returned", task, reason=task.reason, proxy=acting.for_another)
    advancing.find(SupervisionKind.RETURNED, task, move, task.reason)
    if acting.for_another:
        advancing.find(SupervisionKind.PROXY, task, move, f"{viewer.name}代{_whose(task)}退回")
    _on(move, task)
    return task


def consent_silently(*, task_id: int, at: dt.datetime) -> bool:
    """Take the outcome that the definition gives to silence, if the limit has truly passed."""
    with transaction.atomic():
        move, task = advancing.lock_for_task(task_id, actor=SYSTEM_VIEWER.actor, at=at)
        clock = task.clock
        if not (task.is_open and task.silent and clock and clock.is_open and clock.is_late(at)):
            return False
        step = move.definition.steps[task.element]
        task.done_at, task.reason = at, "期限内未答复"
        _answer(move, task, step, {"outcome": task.silent}, (), SYSTEM_VIEWER)
        _close(move, task, TaskState.SILENT, SYSTEM_VIEWER)
        move.tell("task.consented_by_silence", task, outcome=task.outcome, due_at=task.due_at)
        note = f"期限 {spoken(task.due_at)} 内未答复，视同“{_outcome_words(move, step)}”"
        advancing.find(SupervisionKind.SILENT, task, move, note)
        _on(move, task)
        return True


def _outcome_words(move: Move, step: Step) -> str:
    """What silence amounts to, as the step's form words it."""
    field = move.definition.forms[step.form].field("outcome")
    return dict(field.choices).get(step.silent, step.silent) if field else step.silent


def _take_up(task_id: int, viewer: Viewer, at: dt.datetime) -> tuple[Move, UserTask, people.Acting]:
    try:
        move, task = advancing.lock_for_task(task_id, actor=viewer.actor, at=at)
    except advancing.NoSuchProcess as none:
        raise UnableToCompleteTask("没有这个任务，或不在您的管辖范围之内") from none
    acting = people.require_acting(task, viewer)
    require_open(task, UnableToCompleteTask)
    if at < task.created_at:
        raise UnableToCompleteTask(
            "录入时间 %(at)s 早于任务下达时间 %(created_at)s",
            at=spoken(at),
            created_at=spoken(task.created_at),
        )
    return move, task, acting


def require_open(task: UserTask, refusal: type[Refusal]) -> None:
    """Refuse whoever comes second, with who was quicker."""
    if task.is_open:
        return
    if task.state == TaskState.WITHDRAWN:
        raise refusal(
            "任务“%(title)s”已于 %(at)s 撤销：%(reason)s",
            title=task.title,
            at=spoken(task.completed_at),
            reason=task.reason,
        )
    raise refusal(
        "任务“%(title)s”已由%(who)s于 %(at)s 办理",
        title=task.title,
        who=task.completed_by,
        at=spoken(task.completed_at),
    )


def _when(task: UserTask, at: dt.datetime, doing: _Doing) -> dt.datetime:
    done_at = doing.done_at
    if done_at is None or done_at == at:
        return at
    if done_at > at:
        raise UnableToCompleteTask(
            "完成时间 %(done_at)s 在将来，应不晚于 %(at)s", done_at=spoken(done_at), at=spoken(at)
        )
    if done_at < task.created_at:
        raise UnableToCompleteTask(
            "完成时间 %(done_at)s 早于任务下达时间 %(created_at)s",
            done_at=spoken(done_at),
            created_at=spoken(task.created_at),
        )
    if not doing.reason:
        raise UnableToCompleteTask("完成时间早于录入时间的，请写明补录的原因")
    return done_at


def _answer(
    move: Move,
    task: UserTask,
    step: Step,
    values: Mapping[str, Any],
    files: tuple[TaskAttachment, ...],
    viewer: Viewer,
) -> None:
    """The answer becomes data of the task and facts of the process; the handler carries it out."""
    task.outcome = str(values.get("outcome") or "")
    task.data = {**forms.comparable(values), **_named(files)}
    move.instance.facts = move.course.facts
    learned: Mapping[str, Any] = {}
    if step.handler:
        handler = registry.get_task_handler(step.handler)
        if handler is None:
            raise UnableToCompleteTask(
                "没有登记处理程序“%(handler)s”，请联系系统管理员", handler=step.handler
            )
        completion = registry.TaskCompletion(
            task=task, instance=move.instance, data=values, files=files, viewer=viewer, at=move.at
        )
        learned = handler(completion) or {}
    kept = {name: value for name, value in task.data.items() if name not in _named(files)}
    _learn(move, task, {**kept, "outcome": task.outcome})
    move.course.facts.update(forms.comparable(learned))


def _named(files: Sequence[TaskAttachment]) -> dict[str, list[int]]:
    named: dict[str, list[int]] = {}
    for file in files:
        named.setdefault(file.field, []).append(file.pk)
    return named


def _learn(move: Move, task: UserTask, values: Mapping[str, Any]) -> None:
    """`x` as fact `x`, and single values as `<element>_x` too, where several tasks answer alike."""
    move.course.facts.update(values)
    single = {n: v for n, v in values.items() if not isinstance(v, list | dict)}
    move.course.facts.update({f"{task.element}_{name}": v for name, v in single.items()})


def _close(move: Move, task: UserTask, state: TaskState, viewer: Viewer) -> None:
    task.state, task.completed_at = state, move.at
    task.completed_by, task.completed_by_id = viewer.name, viewer.user_id
    task.save(
        update_fields=[
            "state",
            "owner",
            "outcome",
            "data",
            "labels",
            "reason",
            "completed_at",
            "completed_by",
            "completed_by_id",
            "done_at",
        ]
    )
    clocking.stop(task, actor=move.actor, at=move.at)
    clocking.let_go(task, move.instance, at=move.at)
    if task.is_late(move.at) and state != TaskState.SILENT:
        note = f"应于 {spoken(task.due_at)} 前办理，实际 {spoken(move.at)}"
        advancing.find(SupervisionKind.LATE, task, move, note)


def _on(move: Move, task: UserTask) -> None:
    move.tasks_before.pop(task.spiff_id, None)
    engine.finish_task(move.course, task.spiff_id, move.serve)
    advancing.settle(move)


def _whose(task: UserTask) -> str:
    return task.owner.name if task.owner else task.unit.name
