"""Letting a clock stand still for a lawful reason, and run on (N2, U20)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock
from busbar.console.requests import StaffRequest
from busbar.console.workflow.answering import do


@require_POST
def pause(request: StaffRequest, clock_id: int) -> HttpResponse:
    """Stop counting: the reason must be lawful for the limit, the evidence stated."""

    def act() -> object:
        return clocks_operations.pause_clock(
            clock_id=clock_id,
            reason=request.POST.get("reason", ""),
            evidence=request.POST.get("evidence", ""),
            actor=request.viewer.actor,
            at=timezone.now(),
        )

    return _do(request, clock_id, act, _("计时已暂停"))


@require_POST
def resume(request: StaffRequest, clock_id: int) -> HttpResponse:
    """Count on; the old due date is kept."""

    def act() -> object:
        return clocks_operations.resume_clock(
            clock_id=clock_id, actor=request.viewer.actor, at=timezone.now()
        )

    return _do(request, clock_id, act, _("计时已恢复"))


def may_keep(viewer: Viewer, clock: Clock) -> bool:
    """Whoever supervises the clock's unit."""
    return viewer.may(Permission.SUPERVISE) and viewer.covers(clock.unit.path)


def _do(request: StaffRequest, clock_id: int, act: Callable[[], object], done: str) -> HttpResponse:
    clock = clocks_queries.get_clock(request.viewer, clock_id)
    request.viewer.require(Permission.SUPERVISE)
    request.viewer.require_unit(clock.unit.path)
    return do(request, act, done=done, to=reverse("clock_why", args=[clock_id]))


urlpatterns = [
    path("clocks/<int:clock_id>/pause/", pause, name="clock_pause"),
    path("clocks/<int:clock_id>/resume/", resume, name="clock_resume"),
]
