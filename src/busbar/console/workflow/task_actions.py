"""What can be done with a task besides completing it: put back, handed over, returned."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from busbar.console.requests import StaffRequest
from busbar.console.workflow.answering import do
from busbar.workflow import operations as workflow_operations
from busbar.workflow import queries as workflow_queries

_MOST_DIGITS = 18


@require_POST
def release(request: StaffRequest, task_id: int) -> HttpResponse:
    """Put a task back for the colleagues."""

    def act() -> object:
        return workflow_operations.release_task(
            task_id=task_id,
            reason=request.POST.get("reason", ""),
            viewer=request.viewer,
            at=timezone.now(),
        )

    return _do(request, task_id, act, _("任务已放回，同岗位的同事可以领取"))


@require_POST
def hand_over(request: StaffRequest, task_id: int) -> HttpResponse:
    """Give a task to a colleague, with the reason."""

    def act() -> object:
        return workflow_operations.hand_over_task(
            task_id=task_id,
            to_employee_id=_number(request.POST.get("to", "")),
            reason=request.POST.get("reason", ""),
            viewer=request.viewer,
            at=timezone.now(),
        )

    return _do(request, task_id, act, _("任务已转办"))


@require_POST
def send_back(request: StaffRequest, task_id: int) -> HttpResponse:
    """Return a task along the definition's own way back, with the reason."""

    def act() -> object:
        return workflow_operations.return_task(
            task_id=task_id,
            reason=request.POST.get("reason", ""),
            viewer=request.viewer,
            at=timezone.now(),
        )

    return _do(request, task_id, act, _("已退回上一环节"))


def _do(request: StaffRequest, task_id: int, act: Callable[[], object], done: str) -> HttpResponse:
    if workflow_queries.get_task(request.viewer, task_id) is None:
        raise Http404
    return do(request, act, done=done, to=reverse("work_task", args=[task_id]))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0


urlpatterns = [
    path("work/tasks/<int:task_id>/release/", release, name="work_release"),
    path("work/tasks/<int:task_id>/hand-over/", hand_over, name="work_hand_over"),
    path("work/tasks/<int:task_id>/return/", send_back, name="work_return"),
]
