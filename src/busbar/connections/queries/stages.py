"""The seven stages with their days, what waits for whom, and what was promised by when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q, QuerySet

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock, ClockState
from busbar.connections.models import ApplicationState, ConnectionApplication
from busbar.connections.subjects import APPLICATION, STAGES
from busbar.workflow.models import UserTask
from busbar.workflow.models.tasks import OPEN_STATES

PROMISES = (
    "scheme-reply-single",
    "scheme-reply-dual",
    "scheme-reply-lv",
    "scheme-reply-temporary",
    "scheme-reply-resident",
    "scheme-validity-hv",
    "scheme-validity-lv",
    "document-correction",
    "design-review",
    "design-review-dual",
    "design-review-lv",
    "mid-inspection",
    "mid-inspection-lv",
    "completion-inspection",
    "completion-inspection-lv",
    "energizing",
    "energizing-lv",
    "registration",
)
"""Limits that bind the company or the customer towards each other; the rest is inner order."""


@dataclass(frozen=True)
class Stage:
    """One of the seven: `done`, `current` or `ahead`; its first and last day of work."""

    number: int
    name: str
    state: str
    begun_at: dt.datetime | None
    ended_at: dt.datetime | None


@dataclass(frozen=True)
class Promise:
    """A limit as the applicant is told it: whose, until when, kept or not."""

    name: str
    started_at: dt.datetime
    due_at: dt.datetime
    stopped_at: dt.datetime | None
    state: str
    is_provisional: bool


def list_stages(application: ConnectionApplication) -> list[Stage]:
    """The stages with the days on which their tasks began and ended. One query.

    For an application whose reader was checked; the days name nobody.
    """
    tasks = UserTask.objects.filter(instance=application.process_id or 0, stage__gt=0)
    rows = tasks.values("stage").annotate(
        begun=Min("created_at"),
        ended=Max("completed_at"),
        waiting=Count("pk", filter=Q(state__in=OPEN_STATES)),
    )
    known = {row["stage"]: row for row in rows}
    return [_stage(application, number, known.get(number, {})) for number in STAGES]


def list_waiting_tasks(
    viewer: Viewer, application: ConnectionApplication
) -> QuerySet[UserTask, UserTask]:
    """Open tasks of the application's process that the viewer sees, soonest due first."""
    tasks = UserTask.objects.visible_to(viewer).open()
    found: QuerySet[UserTask, UserTask] = tasks.filter(instance=application.process_id or 0)
    return found.select_related("unit", "owner", "clock").order_by("sort_at", "pk")


def list_promises(application: ConnectionApplication) -> list[Promise]:
    """What the applicant may hold the company to, and the company the applicant."""
    clocks = clocks_queries.list_subject_clocks(SYSTEM_VIEWER, APPLICATION, application.pk)
    return [_promise(clock) for clock in clocks if _is_promised(clock)]


def list_promised_clocks(application: ConnectionApplication) -> list[Clock]:
    """The promises that run now or stand still, soonest due first, with limit and source."""
    clocks = clocks_queries.list_subject_clocks(SYSTEM_VIEWER, APPLICATION, application.pk)
    running = [clock for clock in clocks if clock.is_open and _is_promised(clock)]
    return sorted(running, key=lambda clock: (clock.due_at, clock.pk))


def _is_promised(clock: Clock) -> bool:
    return clock.code in PROMISES and clock.state != ClockState.CANCELLED


def _promise(clock: Clock) -> Promise:
    return Promise(
        name=clock.limit.name,
        started_at=clock.started_at,
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        state=clock.state,
        is_provisional=clock.is_provisional,
    )


def _stage(application: ConnectionApplication, number: int, row: dict[str, object]) -> Stage:
    begun = row.get("begun")
    if number == 1:
        begun = application.submitted_at
    if number < application.stage or application.state == ApplicationState.CLOSED:
        state = "done"
    else:
        state = "current" if number == application.stage else "ahead"
    is_over = state == "done" and not row.get("waiting")
    ended = row.get("ended") if is_over else None
    if number == 1 and ended is None and is_over:
        ended = application.accepted_at
    return Stage(
        number=number,
        name=str(STAGES[number]),
        state=state,
        begun_at=begun if isinstance(begun, dt.datetime) and state != "ahead" else None,
        ended_at=ended if isinstance(ended, dt.datetime) else None,
    )
