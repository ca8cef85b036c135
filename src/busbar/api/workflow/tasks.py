"""Work lists, and everything that may be done with a task."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import FileResponse, HttpRequest
from ninja import Body, File, Form, Router
from ninja.files import UploadedFile
from pydantic import Field

from busbar.access.models import Employee, Role
from busbar.access.visibility import NotPermitted
from busbar.api.files import DOWNLOAD, name_of, send_file
from busbar.api.paging import (
    After,
    Day,
    Group,
    Limit,
    Page,
    Text,
    answers,
    read_cursor,
    write_cursor,
)
from busbar.api.sign_in import viewer_of
from busbar.api.values import (
    Flag,
    Id,
    Moment,
    Paragraph,
    Sent,
    Sentence,
    Short,
    UnableToTake,
    first_moment,
    now,
    seen_unit,
    without_nul,
)
from busbar.api.workflow import form_schema
from busbar.api.workflow.schemas import (
    ConsultationOut,
    TaskDetailOut,
    TaskOut,
    list_asked,
    list_attachments,
    list_transfers,
    task_of,
)
from busbar.workflow import operations as workflow_operations
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import Consultation, TaskAttachment, UserTask
from busbar.workflow.operations import FileUpload
from busbar.workflow.queries import TaskFilter

router = Router()
consultations = Router()
attachments = Router()

_ONE_AT_LEAST = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {"properties": {name: {"minItems": 1} for name in ("fields", "files")}}
            }
        }
    }
}
"""A multipart body cannot send an empty list; ninja reads it as a missing one."""
Whose = Literal["mine", "department", "done"]
_LISTS = {
    "mine": workflow_queries.list_my_tasks,
    "department": workflow_queries.list_department_tasks,
    "done": workflow_queries.list_done_tasks,
}


class ReasonIn(Sent):
    """Why."""

    reason: Sentence = ""


class HandOverIn(Sent):
    """To whom, by staff number, and why."""

    to: Short
    reason: Sentence


class ConsultIn(Sent):
    """Whom one asks, by staff number, and what."""

    asked: Short
    question: Annotated[Sentence, Field(min_length=1)]


class AnswerIn(Sent):
    """The opinion."""

    answer: Paragraph


class CompletionIn(Sent):
    """The answer: `data` as the form's JSON Schema asks; `done_at` where it was done earlier."""

    data: dict[str, Any] = {}
    done_at: Moment | None = None
    reason: Sentence = ""


@router.get("", response=answers(Page[TaskOut], 404, 409), operation_id="list_tasks")
def list_tasks(
    request: HttpRequest,
    *,
    whose: Whose = "mine",
    unit: Text = "",
    role: Role | None = None,
    process: Text = "",
    element: Text = "",
    stage: Annotated[int | None, Field(ge=1, le=7)] = None,
    late: Flag = False,
    unclaimed: Flag = False,
    due_since: Day | None = None,
    due_until: Day | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """工作清单：`mine` 本人与可领取的，`department` 本部门的，`done` 本人办结的；先到期的在前。"""
    viewer, at = viewer_of(request, group), now()
    narrowed = TaskFilter(
        unit_id=seen_unit(viewer, unit).pk if unit else None,
        role=role or "",
        element=element,
        process=process,
        stage=stage,
        late_at=at if late else None,
        due_since=first_moment(due_since) if due_since else None,
        due_until=first_moment(due_until) if due_until else None,
        unclaimed=unclaimed,
    )
    page = _LISTS[whose](viewer, narrowed=narrowed, after=_cursor(after), limit=limit)
    return {"items": [task_of(task, at) for task in page.tasks], "next": page.after}


@router.get("/{task_id}", response=answers(TaskDetailOut, 404), operation_id="get_task")
def get_task(request: HttpRequest, task_id: Id) -> dict[str, Any]:
    """一个任务：表单（JSON Schema）、能否办理、转办与征求意见的经过、附件。"""
    viewer, task = viewer_of(request), _seen(request, task_id)
    step, acting = workflow_queries.get_step(task), workflow_queries.how_may_act(viewer, task)
    may_act = task.is_open and not isinstance(acting, NotPermitted)
    if may_act:
        form = workflow_queries.offer_form(task, viewer, at=now())
    else:
        form = workflow_queries.get_form(task)
    return {
        **task_of(task, now()),
        "form": form_schema.describe(form),
        "help": step.help,
        "reason": task.reason,
        "data": task.data,
        "labels": task.labels,
        "clock_id": task.clock_id,
        "may_act": may_act,
        "why_not": str(acting) if isinstance(acting, NotPermitted) else "",
        "may_claim": workflow_queries.may_claim(viewer, task),
        "may_return": task.is_open and step.returns,
        "silent_outcome": task.silent,
        "transfers": list_transfers(task),
        "consultations": list_asked(task),
        "attachments": list_attachments(task),
    }


@router.post(
    "/{task_id}/claim", response=answers(TaskOut, 403, 404, 409), operation_id="claim_task"
)
def claim_task(request: HttpRequest, task_id: Id) -> dict[str, Any]:
    """领取任务。"""
    viewer, at = viewer_of(request), now()
    _seen(request, task_id)
    workflow_operations.claim_task(task_id=task_id, viewer=viewer, at=at)
    return task_of(_seen(request, task_id), at)


@router.post(
    "/{task_id}/release", response=answers(TaskOut, 400, 403, 404, 409), operation_id="release_task"
)
def release_task(
    request: HttpRequest, task_id: Id, asked: Annotated[ReasonIn, Body()]
) -> dict[str, Any]:
    """放回任务，由本部门同岗位的人领取。"""
    viewer, at = viewer_of(request), now()
    _seen(request, task_id)
    workflow_operations.release_task(task_id=task_id, reason=asked.reason, viewer=viewer, at=at)
    return task_of(_seen(request, task_id), at)


@router.post(
    "/{task_id}/hand-over",
    response=answers(TaskOut, 400, 403, 404, 409),
    operation_id="hand_over_task",
)
def hand_over_task(
    request: HttpRequest, task_id: Id, asked: Annotated[HandOverIn, Body()]
) -> dict[str, Any]:
    """转办给同部门同岗位的职员（工号），须写明原因；时限照走。"""
    viewer, at = viewer_of(request), now()
    _seen(request, task_id)
    workflow_operations.hand_over_task(
        task_id=task_id,
        to_employee_id=_employee(asked.to).pk,
        reason=asked.reason,
        viewer=viewer,
        at=at,
    )
    return task_of(_seen(request, task_id), at)


@router.post(
    "/{task_id}/return", response=answers(TaskOut, 400, 403, 404, 409), operation_id="return_task"
)
def return_task(
    request: HttpRequest, task_id: Id, asked: Annotated[ReasonIn, Body()]
) -> dict[str, Any]:
    """按流程的退回流向退回上一环节，须写明原因；督办可见。"""
    viewer, at = viewer_of(request), now()
    _seen(request, task_id)
    workflow_operations.return_task(task_id=task_id, reason=asked.reason, viewer=viewer, at=at)
    return task_of(_seen(request, task_id), at)


@router.post(
    "/{task_id}/complete",
    response=answers(TaskOut, 400, 403, 404, 409),
    operation_id="complete_task",
)
def complete_task(
    request: HttpRequest, task_id: Id, asked: Annotated[CompletionIn, Body()]
) -> dict[str, Any]:
    """办理任务（无附件）；字段有误时 422 逐项说明。"""
    return _complete(request, task_id, asked, ())


@router.post(
    "/{task_id}/complete-with-files",
    response=answers(TaskOut, 400, 403, 404, 409),
    operation_id="complete_task_with_files",
    openapi_extra=_ONE_AT_LEAST,
)
def complete_with_files(
    request: HttpRequest,
    task_id: Id,
    answer: Form[Annotated[str, Field(max_length=200_000)]],
    fields: Form[list[Short]],
    files: File[list[UploadedFile]],
) -> dict[str, Any]:
    """办理任务并附文件。

    `answer` 为 JSON 文本，内容同 `complete`；`fields` 与 `files` 一一对应，写明文件答的字段。
    """
    if len(fields) != len(files):
        raise UnableToTake(f"fields 有 {len(fields)} 个、files 有 {len(files)} 个，应一一对应")
    pairs = zip(fields, files, strict=True)
    sent = [FileUpload(field, name_of(file), file.chunks()) for field, file in pairs]
    return _complete(request, task_id, _read_answer(answer), sent)


@router.post(
    "/{task_id}/consult",
    response=answers(ConsultationOut, 400, 403, 404, 409),
    operation_id="consult_on_task",
)
def consult(request: HttpRequest, task_id: Id, asked: Annotated[ConsultIn, Body()]) -> Consultation:
    """就任务征求一位同事（工号）的意见；任务与时限不变。"""
    _seen(request, task_id)
    return workflow_operations.consult_on_task(
        task_id=task_id,
        employee_id=_employee(asked.asked).pk,
        question=asked.question,
        viewer=viewer_of(request),
        at=now(),
    )


@consultations.get("", response=answers(list[ConsultationOut]), operation_id="list_consultations")
def list_consultations(request: HttpRequest) -> list[Consultation]:
    """向本人征求、尚未答复的意见，先问的在前。"""
    rows = workflow_queries.list_consultations(viewer_of(request))
    return list(rows.select_related("asked"))


@consultations.post(
    "/{consultation_id}/answer",
    response=answers(ConsultationOut, 400, 403, 404, 409),
    operation_id="answer_consultation",
)
def answer_consultation(
    request: HttpRequest, consultation_id: Id, asked: Annotated[AnswerIn, Body()]
) -> Consultation:
    """答复意见；只限被征求的人，只有一次。"""
    viewer = viewer_of(request)
    Consultation.objects.visible_to(viewer).get(pk=consultation_id)
    return workflow_operations.answer_consultation(
        consultation_id=consultation_id, answer=asked.answer, viewer=viewer, at=now()
    )


@attachments.get(
    "/{attachment_id}/file",
    response=answers(None, 404),
    operation_id="download_attachment",
    openapi_extra=DOWNLOAD,
)
def download(request: HttpRequest, attachment_id: Id) -> FileResponse:
    """任务附件的原文件。"""
    found: TaskAttachment = TaskAttachment.objects.visible_to(viewer_of(request)).get(
        pk=attachment_id
    )
    root = Path(settings.FILES_ROOT) / "documents"
    return send_file(root / found.sha256[:2] / found.sha256, name=found.file_name)


def _complete(
    request: HttpRequest, task_id: int, asked: CompletionIn, files: Sequence[FileUpload]
) -> dict[str, Any]:
    viewer, at = viewer_of(request), now()
    _seen(request, task_id)
    workflow_operations.complete_task(
        task_id=task_id,
        data=without_nul(asked.data),
        files=files,
        viewer=viewer,
        at=at,
        done_at=_as_utc(asked.done_at),
        reason=asked.reason,
    )
    return task_of(_seen(request, task_id), at)


def _as_utc(moment: dt.datetime | None) -> dt.datetime | None:
    if moment is None:
        return None
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError as beyond:
        raise UnableToTake("实际完成时间超出可表示的范围") from beyond


def _read_answer(text: str) -> CompletionIn:
    try:
        document = json.loads(text)
        return CompletionIn.model_validate(document)
    except (ValueError, RecursionError) as broken:
        raise UnableToTake('answer 应为 JSON 文本，如 {"data": {…}}') from broken


def _seen(request: HttpRequest, task_id: int) -> UserTask:
    """The task as far as the caller sees it; DoesNotExist otherwise."""
    task = workflow_queries.get_task(viewer_of(request), task_id)
    if task is None:
        raise UserTask.DoesNotExist
    return task


def _employee(number: str) -> Employee:
    person = workflow_queries.get_colleague(number)
    if person is None:
        raise UnableToTake(f"没有工号为 {number} 的在岗职员")
    return person


def _cursor(after: str) -> str | None:
    cursor = read_cursor(after)
    return write_cursor(*cursor) if cursor else None
