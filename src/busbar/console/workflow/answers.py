"""What was answered in earlier tasks, in the words of their forms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from busbar.kit.periods import CHINA
from busbar.workflow.definition.elements import Definition
from busbar.workflow.forms import FormField
from busbar.workflow.models import TaskAttachment, TaskState, TaskTransfer, UserTask


@dataclass(frozen=True)
class Answer:
    """A field's label with its value in words, or its small table, or its files."""

    label: str
    text: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    files: tuple[TaskAttachment, ...] = ()


@dataclass(frozen=True)
class TaskRecord:
    """A task with what was answered in it and how it changed hands."""

    task: UserTask
    outcome: str
    answers: tuple[Answer, ...]
    transfers: tuple[TaskTransfer, ...] = ()


def record_of(
    task: UserTask, definition: Definition, transfers: Sequence[TaskTransfer] = ()
) -> TaskRecord:
    """The task's record; its form is that of the version on which the process runs now."""
    form = definition.forms.get(task.form)
    files = _files_by_field(task)
    # What a return leaves is its reason, which stands beside the task.
    asked = form.fields if form and task.state != TaskState.RETURNED else ()
    answers = [_answer(one, task, files) for one in asked]
    return TaskRecord(
        task=task,
        outcome=_outcome(task, definition),
        answers=tuple(answer for answer in answers if answer is not None),
        transfers=tuple(row for row in transfers if row.task_id == task.pk),
    )


def _outcome(task: UserTask, definition: Definition) -> str:
    form = definition.forms.get(task.form)
    decided = form.field("outcome") if form else None
    labels = dict(decided.choices) if decided else {}
    return labels.get(task.outcome, "") if task.outcome else ""


def _files_by_field(task: UserTask) -> dict[str, tuple[TaskAttachment, ...]]:
    found: dict[str, tuple[TaskAttachment, ...]] = {}
    for file in task.attachments.all():
        found[file.field] = (*found.get(file.field, ()), file)
    return found


def _answer(
    one: FormField, task: UserTask, files: Mapping[str, tuple[TaskAttachment, ...]]
) -> Answer | None:
    if one.kind == "files":
        return Answer(one.label, files=files[one.name]) if one.name in files else None
    value, labels = task.data.get(one.name), task.labels
    if value is None or value in ("", []):
        return None
    if one.kind == "table":
        known = [(c, labels.get(f"{one.name}.{c.name}", {})) for c in one.columns]
        rows = tuple(
            tuple(_words(c, row.get(c.name), names) for c, names in known) for row in value
        )
        return Answer(one.label, columns=tuple(_heading(c) for c in one.columns), rows=rows)
    return Answer(one.label, _words(one, value, labels.get(one.name, {})))


def _heading(one: FormField) -> str:
    return f"{one.label}（{one.unit}）" if one.unit else one.label


def _words(one: FormField, value: Any, names: Mapping[str, str]) -> str:
    if value is None or value == "":
        return ""
    if one.kind == "yes_no":
        return _("是") if value else _("否")
    if one.kind in {"choice", "choices"}:
        labels = {**dict(one.choices), **names}
        parts = value if isinstance(value, list) else [value]
        return "、".join(labels.get(str(part), str(part)) for part in parts)
    if one.kind == "datetime":
        return _moment(str(value))
    return f"{value} {one.unit}" if one.unit else str(value)


def _moment(text: str) -> str:
    try:
        return f"{dt.datetime.fromisoformat(text).astimezone(CHINA):%Y-%m-%d %H:%M}"
    except ValueError:
        return text
