"""How tasks and what happens to them look to a program."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ninja import Schema

from busbar.workflow.models import (
    Consultation,
    TaskAttachment,
    TaskState,
    TaskTransfer,
    TransferKind,
    UserTask,
)


class PersonOut(Schema):
    """An employee, by staff number and name."""

    number: str
    name: str


class TaskOut(Schema):
    """任务."""

    id: int
    title: str
    element: str
    state: TaskState
    stage: int
    role: str
    party: str
    unit_code: str
    owner: PersonOut | None
    process_id: int
    process_key: str
    process_name: str
    subject_type: str
    subject_id: int
    subject_label: str
    created_at: dt.datetime
    due_at: dt.datetime | None
    is_late: bool
    completed_at: dt.datetime | None
    completed_by: str
    outcome: str


class StepOut(Schema):
    """A task within its process, with its answer."""

    id: int
    element: str
    title: str
    state: TaskState
    stage: int
    role: str
    unit_code: str
    owner: PersonOut | None
    outcome: str
    reason: str
    data: dict[str, Any]
    created_at: dt.datetime
    due_at: dt.datetime | None
    clock_id: int | None
    done_at: dt.datetime | None
    completed_at: dt.datetime | None
    completed_by: str

    @staticmethod
    def resolve_unit_code(task: UserTask) -> str:
        """Code of the unit that does it."""
        return task.unit.code


class AttachmentOut(Schema):
    """A file that came with a task."""

    id: int
    task_id: int
    field: str
    title: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    uploaded_at: dt.datetime
    uploaded_by: str


class TransferOut(Schema):
    """A change of hands."""

    kind: TransferKind
    from_owner: PersonOut | None
    to_owner: PersonOut | None
    reason: str
    at: dt.datetime
    by: str


class ConsultationOut(Schema):
    """An opinion asked for, and given."""

    id: int
    task_id: int
    asked: PersonOut
    question: str
    asked_at: dt.datetime
    asked_by: str
    answer: str
    answered_at: dt.datetime | None


class FormFileOut(Schema):
    """A field of a form that is answered with files."""

    name: str
    label: str
    required: bool
    help: str


class RequiredWhenOut(Schema):
    """A field that is required in certain cases."""

    name: str
    label: str
    condition: str


class FormOut(Schema):
    """表单: `data_schema` is what `data` must look like; files come beside it."""

    name: str
    title: str
    help: str
    data_schema: dict[str, Any]
    files: list[FormFileOut]
    required_when: list[RequiredWhenOut]


class TaskDetailOut(TaskOut):
    """A task with its form and what one may do with it."""

    form: FormOut
    help: str
    reason: str
    data: dict[str, Any]
    labels: dict[str, dict[str, str]]
    clock_id: int | None
    may_act: bool
    why_not: str
    may_claim: bool
    may_return: bool
    silent_outcome: str
    transfers: list[TransferOut]
    consultations: list[ConsultationOut]
    attachments: list[AttachmentOut]


def task_of(task: UserTask, at: dt.datetime) -> dict[str, Any]:
    """The task as it stands at the moment; its unit, owner and process are at hand."""
    instance = task.instance
    names = (
        "id", "title", "element", "state", "stage", "role", "party", "owner", "created_at",
        "due_at", "completed_at", "completed_by", "outcome",
    )  # fmt: skip
    return {
        **{name: getattr(task, name) for name in names},
        "unit_code": task.unit.code,
        "process_id": instance.pk,
        "process_key": instance.definition.key,
        "process_name": instance.definition.name,
        "subject_type": instance.subject_type,
        "subject_id": instance.subject_id,
        "subject_label": instance.subject_label,
        "is_late": task.is_late(at),
    }


def list_transfers(task: UserTask) -> list[TaskTransfer]:
    """Its changes of hands in order. One query."""
    rows = TaskTransfer.objects.filter(task=task).select_related("from_owner", "to_owner")
    return list(rows.order_by("at", "pk"))


def list_asked(task: UserTask) -> list[Consultation]:
    """The opinions asked for on it, in order. One query."""
    rows = Consultation.objects.filter(task=task).select_related("asked")
    return list(rows.order_by("asked_at", "pk"))


def list_attachments(task: UserTask) -> list[TaskAttachment]:
    """Its files. One query."""
    return list(TaskAttachment.objects.filter(task=task).order_by("field", "pk"))
