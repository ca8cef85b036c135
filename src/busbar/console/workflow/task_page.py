"""A task: its form, its clock, what it is about, what was done before; and completing it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access.visibility import NotPermitted
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, is_part
from busbar.console.workflow import form_reading
from busbar.console.workflow.answering import go
from busbar.console.workflow.answers import record_of
from busbar.console.workflow.due import DueWords
from busbar.console.workflow.links import special_page_of
from busbar.console.workflow.subjects import matter_of
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA
from busbar.workflow import operations as workflow_operations
from busbar.workflow import queries as workflow_queries
from busbar.workflow.forms import Form, UnableToAcceptForm
from busbar.workflow.models import TaskState, UserTask
from busbar.workflow.people import Acting

DONE_AT, REASON = "busbar-done-at", "busbar-reason"
"""Names of the back-dating inputs: no field of a form can be called so."""
ADD_ROW = "busbar-add-row"
"""Without scripts a row is added by asking for the page again; its value names the field."""


@dataclass(frozen=True)
class Said:
    """What came with a refused completion, to be shown again."""

    given: Mapping[str, Any]
    errors: Mapping[str, str]
    sentence: str
    done_at: str = ""
    reason: str = ""


class NotAMoment(Refusal):
    """The moment of a back-dated completion is none."""


@require_safe
def work_task(request: StaffRequest, task_id: int) -> HttpResponse:
    """The task as it stands."""
    return _page(request, _find(request, task_id), None)


@require_POST
def complete(request: StaffRequest, task_id: int) -> HttpResponse:
    """Complete the task; what is refused keeps everything that was written."""
    task = _find(request, task_id)
    form = workflow_queries.get_form(task)
    data = form_reading.read(form, request.POST)
    if ADD_ROW in request.POST:
        wanted = request.POST[ADD_ROW]
        return _page(request, task, Said({**data, wanted: [*data.get(wanted, []), {}]}, {}, ""))
    try:
        workflow_operations.complete_task(
            task_id=task_id,
            data=data,
            files=form_reading.read_files(form, request.FILES),
            viewer=request.viewer,
            at=timezone.now(),
            done_at=_moment(request.POST.get(DONE_AT, "")),
            reason=request.POST.get(REASON, ""),
        )
    except NotPermitted:
        raise
    except Refusal as refusal:
        return _refused(request, task, refusal, data)
    messages.success(request, _("“%(title)s”已办理") % {"title": task.title})
    return go(request, reverse("process_page", args=[task.instance_id]))


def _refused(
    request: StaffRequest, task: UserTask, refusal: Refusal, data: Mapping[str, Any]
) -> HttpResponse:
    """For htmx only the sentences travel, so that chosen files and photos stay in the page."""
    found = refusal.errors if isinstance(refusal, UnableToAcceptForm) else {}
    errors = {name: said(why) for name, why in found.items()}
    sentence = _("有 %(count)s 处需要改正") % {"count": len(errors)} if errors else said(refusal)
    if not is_part(request):
        post = request.POST
        told = Said(data, errors, sentence, post.get(DONE_AT, ""), post.get(REASON, ""))
        return _page(request, _find(request, task.pk), told)
    response = HttpResponse(status=HTTPStatus.UNPROCESSABLE_ENTITY)
    refused = {"busbar:refused": {"sentence": sentence, "errors": errors}}
    response["HX-Trigger"] = json.dumps(refused)
    return response


def _find(request: StaffRequest, task_id: int) -> UserTask:
    task = workflow_queries.get_task(request.viewer, task_id)
    if task is None:
        raise Http404
    return task


def _moment(text: str) -> dt.datetime | None:
    if not text.strip():
        return None
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise NotAMoment(_("“实际完成时间”应为日期和时间，如 2026-03-02 09:30")) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def _page(request: StaffRequest, task: UserTask, shown: Said | None) -> HttpResponse:
    at, viewer = timezone.now(), request.viewer
    page = workflow_queries.get_process_page(viewer, task.instance_id, at=at)
    if page is None:
        raise Http404
    acting = workflow_queries.how_may_act(viewer, task) if task.is_open else None
    before = [
        record_of(other, page.definition, page.transfers)
        for other in page.tasks
        if other.pk != task.pk and not other.is_open
    ]
    own = next((other for other in page.tasks if other.pk == task.pk), task)
    context = {
        "task": task,
        "record": record_of(own, page.definition, page.transfers),
        "step": page.definition.steps.get(task.element),
        "form": page.definition.forms.get(task.form),
        "due": DueWords([task.due_at], at=at).of_task(task),
        "before": list(reversed(before)),
        "matter": matter_of(viewer, task.instance),
        "special": special_page_of(task.element, task.instance.subject_id),
        "consultations": [row for row in page.consultations if row.task_id == task.pk],
        "clock": task.clock,
        "said": shown,
        "now": at,
    }
    form = workflow_queries.offer_form(task, viewer, at=at) if isinstance(acting, Acting) else None
    context |= _doing(request, task, acting, _fields(task, form, page.tasks, shown))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if shown and shown.sentence else HTTPStatus.OK
    return render(request, "console/workflow/task.html", context, status=status)


def _doing(
    request: StaffRequest,
    task: UserTask,
    acting: Acting | NotPermitted | None,
    fields: list[form_reading.BoundField],
) -> dict[str, object]:
    """What this person can do with the task now, and the sentence where nothing."""
    may_act = isinstance(acting, Acting)
    is_mine = request.viewer.is_employee(task.owner_id)
    may_claim = workflow_queries.may_claim(request.viewer, task) if may_act else False
    return {
        "may_act": may_act,
        "may_claim": may_claim,
        "is_mine": is_mine,
        "is_proxy": isinstance(acting, Acting) and acting.for_another,
        "why_not": said(acting) if isinstance(acting, NotPermitted) else "",
        "fields": fields if may_act else [],
        "successors": workflow_queries.list_successors(task) if may_act else [],
        "has_files": any(one.field.kind == "files" for one in fields),
    }


def _fields(
    task: UserTask, form: Form | None, tasks: list[UserTask], shown: Said | None
) -> list[form_reading.BoundField]:
    if form is None:
        return []
    if shown is not None:
        return form_reading.bind(form, given=shown.given, errors=shown.errors)
    return form_reading.bind(form, given=_earlier(task, form, tasks))


def _earlier(task: UserTask, form: Form, tasks: list[UserTask]) -> dict[str, Any]:
    """What the same step was answered last time, where the matter came back to it."""
    same = [
        other
        for other in tasks
        if other.element == task.element and other.state == TaskState.COMPLETED
    ]
    return form_reading.as_written(form, same[-1].data) if same else {}


urlpatterns = [
    path("work/tasks/<int:task_id>/", work_task, name="work_task"),
    path("work/tasks/<int:task_id>/complete/", complete, name="work_complete"),
]
