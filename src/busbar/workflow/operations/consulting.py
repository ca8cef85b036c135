"""Asking a colleague, answering, and the conversation of a process."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.models import Employee
from busbar.access.visibility import NotPermitted, Viewer
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.workflow import people
from busbar.workflow.models import Consultation, ProcessComment, ProcessInstance, UserTask
from busbar.workflow.operations import advancing
from busbar.workflow.operations.completing import require_open

MAX_COMMENT = 5000


class UnableToConsult(Refusal):
    """The question or the answer cannot be taken."""


class UnableToComment(Refusal):
    """The comment cannot be taken."""


@transaction.atomic
def consult_on_task(
    *, task_id: int, employee_id: int, question: str, viewer: Viewer, at: dt.datetime
) -> Consultation:
    """Ask a colleague of any unit for an opinion; the task and its clock stay as they are."""
    journal_operations.take_turn()
    rows = UserTask.objects.select_for_update(of=("self",))
    task = rows.select_related("unit", "owner", "instance__unit").filter(pk=task_id).first()
    if task is None:
        raise UnableToConsult("没有这个任务，或不在您的管辖范围之内")
    people.require_acting(task, viewer)
    require_open(task, UnableToConsult)
    asked = Employee.objects.filter(pk=employee_id, user__is_active=True).first()
    if asked is None or asked.pk == viewer.employee_id:
        raise UnableToConsult("请选一位在岗的同事征求意见")
    if not question.strip():
        raise UnableToConsult("请写明要征求意见的问题")
    consultation = Consultation.objects.create(
        task=task,
        asked=asked,
        unit_id=asked.unit_id,
        question=question.strip()[:1000],
        asked_at=at,
        asked_by=viewer.name,
    )
    changes = {"consultation_id": consultation.pk, "asked_id": asked.pk, "asked": asked.name}
    _tell("consultation.asked", task, changes, viewer, at)
    return consultation


@transaction.atomic
def answer_consultation(
    *, consultation_id: int, answer: str, viewer: Viewer, at: dt.datetime
) -> Consultation:
    """Answer what one was asked; once, and only the person asked."""
    journal_operations.take_turn()
    rows = Consultation.objects.select_for_update(of=("self",))
    found: Consultation | None = (
        rows.select_related("task__instance__unit", "asked").filter(pk=consultation_id).first()
    )
    if found is None or not (viewer.is_employee(found.asked_id) or viewer.sees_all):
        raise NotPermitted("没有向您征求这个意见")
    if found.answered_at is not None:
        raise UnableToConsult("这个意见已经答复")
    if not answer.strip():
        raise UnableToConsult("请写明意见")
    found.answer, found.answered_at = answer.strip(), at
    found.save(update_fields=["answer", "answered_at"])
    _tell("consultation.answered", found.task, {"consultation_id": found.pk}, viewer, at)
    return found


@transaction.atomic
def comment_on_process(
    *, instance_id: int, text: str, viewer: Viewer, at: dt.datetime
) -> ProcessComment:
    """Say something in the conversation of a process that one sees."""
    visible = ProcessInstance.objects.visible_to(viewer).select_related("unit")
    instance = visible.filter(pk=instance_id).first()
    if instance is None:
        raise UnableToComment("没有这个流程，或不在您的管辖范围之内")
    said = text.strip()
    if not said or len(said) > MAX_COMMENT:
        raise UnableToComment(
            "请写 1 至 %(max_comment)s 个字，现有 %(count)s 个",
            max_comment=MAX_COMMENT,
            count=len(said),
        )
    comment = ProcessComment.objects.create(
        instance=instance,
        text=said,
        written_at=at,
        written_by=viewer.name,
        written_by_id=viewer.user_id,
    )
    journal_operations.record(
        happening=advancing.happening(
            instance, "workflow.process.commented", changes={"comment_id": comment.pk}
        ),
        actor=viewer.actor,
        at=at,
    )
    return comment


def _tell(
    event: str, task: UserTask, changes: dict[str, object], viewer: Viewer, at: dt.datetime
) -> None:
    journal_operations.record(
        happening=advancing.happening(task.instance, f"workflow.{event}", task, changes=changes),
        actor=viewer.actor,
        at=at,
    )
