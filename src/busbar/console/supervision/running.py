"""计时与升级: open clocks by how they stand and when they are due, and what was escalated."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from busbar.access.visibility import Viewer
from busbar.clocks.models import Clock, ClockAlert
from busbar.clocks.queries import oversight
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, page_number
from busbar.console.supervision import asking
from busbar.workflow.queries import delays

PAGE, ALERTS = 50, 20
STANDINGS = ("", "late", "running", "paused")


@dataclass(frozen=True)
class ClockLine:
    """An open clock: late or not, and the process behind it, if the viewer sees one."""

    clock: Clock
    is_late: bool
    process_id: int | None


@dataclass(frozen=True)
class AlertLine:
    """A warning or escalation that was raised, and the process behind it."""

    alert: ClockAlert
    process_id: int | None


@require_safe
@by_group
def supervision_clocks(request: StaffRequest) -> HttpResponse:
    """Open clocks, soonest due first, and the latest warnings and escalations."""
    asking.require_reader(request.viewer)
    viewer, now = request.viewer, timezone.now()
    standing = request.GET.get("standing", "")
    clocks = oversight.list_open_clocks(
        viewer,
        at=now,
        standing=standing,
        after=_after(request.GET.get("after", "")),
        limit=PAGE + 1,
    )
    only_overdue = request.GET.get("alerts", "overdue") != "all"
    alerts = oversight.list_alerts(
        viewer,
        overdue_only=only_overdue,
        before_id=page_number(request, "before", 0) or None,
        limit=ALERTS + 1,
    )
    context = {
        "tab": "clocks",
        "standing": standing if standing in STANDINGS else "",
        "counts": oversight.count_open_clocks(viewer, at=now),
        "lines": _clock_lines(viewer, clocks[:PAGE], now),
        "after": _key(clocks[PAGE - 1]) if len(clocks) > PAGE else "",
        "only_overdue": only_overdue,
        "alerts": _alert_lines(viewer, alerts[:ALERTS]),
        "before": alerts[ALERTS - 1].pk if len(alerts) > ALERTS else "",
    }
    return render(request, "console/supervision/clocks.html", context)


def _clock_lines(viewer: Viewer, clocks: list[Clock], now: dt.datetime) -> list[ClockLine]:
    found = delays.find_processes(viewer, [(c.subject_type, c.subject_id) for c in clocks])
    return [
        ClockLine(clock, clock.is_late(now), found.get((clock.subject_type, clock.subject_id)))
        for clock in clocks
    ]


def _alert_lines(viewer: Viewer, alerts: list[ClockAlert]) -> list[AlertLine]:
    about = [(a.clock.subject_type, a.clock.subject_id) for a in alerts]
    found = delays.find_processes(viewer, about)
    return [AlertLine(alert, found.get(key)) for alert, key in zip(alerts, about, strict=True)]


def _key(clock: Clock) -> str:
    return f"{clock.due_at.isoformat()}_{clock.pk}"


def _after(text: str) -> tuple[dt.datetime, int] | None:
    """The place after which a page begins; a damaged one begins at the beginning."""
    moment, _mark, number = text.rpartition("_")
    try:
        found = dt.datetime.fromisoformat(moment), int(number)
    except ValueError:
        return None
    return found if found[0].tzinfo is not None else None


urlpatterns: list[URLPattern] = [
    path("supervision/clocks/", supervision_clocks, name="supervision_clocks"),
]
