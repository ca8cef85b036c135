"""Asking a colleague about a task, answering, and finding the colleague."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access.models import Employee
from busbar.console.requests import StaffRequest
from busbar.console.workflow.answering import do
from busbar.workflow import operations as workflow_operations
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import Consultation


@require_POST
def consult(request: StaffRequest, task_id: int) -> HttpResponse:
    """Ask a colleague; the task stays where it is."""
    if workflow_queries.get_task(request.viewer, task_id) is None:
        raise Http404
    asked = named_colleague(request.POST.get("colleague", ""))

    def act() -> object:
        return workflow_operations.consult_on_task(
            task_id=task_id,
            employee_id=asked.pk if asked else 0,
            question=request.POST.get("question", ""),
            viewer=request.viewer,
            at=timezone.now(),
        )

    done = _("已向%(name)s征求意见") % {"name": asked.name if asked else ""}
    return do(request, act, done=done, to=reverse("work_task", args=[task_id]))


@require_safe
def consultation(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """A question with its answer, or with the place for it."""
    found = _find(request, consultation_id)
    is_mine = request.viewer.is_employee(found.asked_id)
    context = {
        "consultation": found,
        "may_answer": found.answered_at is None and is_mine,
        "sees_task": workflow_queries.get_task(request.viewer, found.task_id) is not None,
    }
    return render(request, "console/workflow/consultation.html", context)


@require_POST
def answer(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """Answer what one was asked."""
    _find(request, consultation_id)

    def act() -> object:
        return workflow_operations.answer_consultation(
            consultation_id=consultation_id,
            answer=request.POST.get("answer", ""),
            viewer=request.viewer,
            at=timezone.now(),
        )

    to = reverse("work_consultation", args=[consultation_id])
    return do(request, act, done=_("意见已答复"), to=to)


@require_safe
def colleagues(request: StaffRequest) -> HttpResponse:
    """Options for a field in which a colleague is named."""
    text = request.GET.get("colleague", "")[:60]
    found = workflow_queries.find_colleagues(text) if request.viewer.employee_id else []
    context = {"colleagues": [one for one in found if one.pk != request.viewer.employee_id]}
    return render(request, "console/workflow/_colleagues.html", context)


def named_colleague(text: str) -> Employee | None:
    """The colleague that a filled-in field names: a staff number, or the only one of a name."""
    number = text.strip().partition(" ")[0]
    if not number:
        return None
    found = workflow_queries.get_colleague(number)
    if found is not None:
        return found
    alike = workflow_queries.find_colleagues(text)
    return alike[0] if len(alike) == 1 else None


def _find(request: StaffRequest, consultation_id: int) -> Consultation:
    rows = Consultation.objects.visible_to(request.viewer).select_related(
        "task__instance", "task__unit", "asked__unit"
    )
    found: Consultation | None = rows.filter(pk=consultation_id).first()
    if found is None:
        raise Http404
    return found


urlpatterns = [
    path("work/tasks/<int:task_id>/consult/", consult, name="work_consult"),
    path("work/colleagues/", colleagues, name="work_colleagues"),
    path("work/consultations/<int:consultation_id>/", consultation, name="work_consultation"),
    path("work/consultations/<int:consultation_id>/answer/", answer, name="work_answer"),
]
