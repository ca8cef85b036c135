"""What of this room is due for a person's customers, each with the rule that makes it due (U4).

Every list is a page by keyset on (moment, id), the earliest first; `mine` narrows to what one
answers for oneself or to the customers whose team one is on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer, team_customer_ids
from busbar.clocks.models import Clock
from busbar.kit.periods import local_date
from busbar.service_desk.models import (
    AnswerState,
    Complaint,
    ComplaintState,
    ImprovementTask,
    Interaction,
    InteractionState,
    Promise,
    PromiseState,
    SurveyInvitation,
)

COMPLAINT_TYPE = "service_desk.complaint"
NEXT_STEP = {
    ComplaintState.ACCEPTED: "complaint-contact",
    ComplaintState.CONTACTED: "complaint-answer",
    ComplaintState.ANSWERED: "call-back",
}
"""The limit that runs while a complaint stands where it does."""
Key = tuple[dt.datetime, int]


@dataclass(frozen=True)
class DueScope:
    """Whose and which: one's own customers, one customer; `ahead` days are looked into."""

    mine: bool = False
    customer_id: int | None = None
    ahead_days: int = 7


@dataclass(frozen=True)
class DueComplaint:
    """A complaint with the clock of its next step; None where no limit is in force."""

    complaint: Complaint
    clock: Clock | None


def due_promises(viewer: Viewer, *, at: dt.datetime, scope: DueScope) -> QuerySet[Any, Any]:
    """Open promises due within the days ahead or late, by `due_at`."""
    rows: QuerySet[Promise, Promise] = Promise.objects.visible_to(viewer)
    rows = rows.filter(state=PromiseState.OPEN, clock__due_at__lt=_until(at, scope))
    rows = rows.select_related("clock")
    return _narrowed(rows, viewer, scope, "clock__due_at")


def due_complaints(viewer: Viewer, *, at: dt.datetime, scope: DueScope) -> QuerySet[Any, Any]:
    """Complaints without an answer yet: every one is due, the longest waiting first."""
    rows: QuerySet[Complaint, Complaint] = Complaint.objects.visible_to(viewer)
    waiting = [ComplaintState.ACCEPTED, ComplaintState.CONTACTED]
    rows = rows.filter(state__in=waiting, received_at__lte=at)
    return _narrowed(rows, viewer, scope, "received_at")


def due_call_backs(viewer: Viewer, *, at: dt.datetime, scope: DueScope) -> QuerySet[Any, Any]:
    """Answered complaints that wait for the call-back, which another than the handler makes."""
    rows: QuerySet[Complaint, Complaint] = Complaint.objects.visible_to(viewer)
    rows = rows.filter(state=ComplaintState.ANSWERED, answered_at__lte=at)
    return _narrowed(rows, viewer, scope, "answered_at")


def due_visits(viewer: Viewer, *, at: dt.datetime, scope: DueScope) -> QuerySet[Any, Any]:
    """Visits and meetings planned within the days ahead or past without minutes."""
    rows: QuerySet[Interaction, Interaction] = Interaction.objects.visible_to(viewer)
    rows = rows.filter(
        state__in=[InteractionState.PLANNED, InteractionState.PREPARED],
        planned_at__lt=_until(at, scope),
    )
    return _narrowed(rows, viewer, scope, "planned_at")


def due_improvements(viewer: Viewer, *, at: dt.datetime, scope: DueScope) -> QuerySet[Any, Any]:
    """Open tasks of mending, by the end of their limit."""
    rows: QuerySet[ImprovementTask, ImprovementTask] = ImprovementTask.objects.visible_to(viewer)
    rows = rows.filter(closed_at=None, opened_at__lte=at).select_related("clock")
    return _narrowed(rows, viewer, scope, "clock__due_at")


def due_surveys(viewer: Viewer, *, at: dt.datetime, scope: DueScope) -> QuerySet[Any, Any]:
    """Customers still to be asked in rounds that end within the days ahead or have ended.

    `due_at` is a day: the round's last.
    """
    rows: QuerySet[SurveyInvitation, SurveyInvitation]
    rows = SurveyInvitation.objects.visible_to(viewer)
    last = local_date(_until(at, scope))
    rows = rows.filter(
        state=AnswerState.WAITING, survey__closed_at=None, survey__closes_on__lt=last
    )
    if scope.customer_id is not None:
        rows = rows.filter(customer=scope.customer_id)
    if scope.mine:
        rows = rows.filter(customer__in=team_customer_ids(viewer.employee_id or 0))
    dated: QuerySet[Any, Any] = rows.select_related("customer", "survey__unit").annotate(
        due_at=F("survey__closes_on")
    )
    return dated


def page_of(
    rows: QuerySet[Any, Any], *, after: Key | tuple[dt.date, int] | None, limit: int
) -> list[Any]:
    """The first rows by (due_at, id) after the key."""
    if after is not None:
        rows = rows.filter(beyond(("due_at", "id"), after))
    return list(rows.order_by("due_at", "pk")[:limit])


def with_clocks(complaints: list[Complaint]) -> list[DueComplaint]:
    """Each with the clock of its next step, where one is left; one query."""
    clocks = Clock.objects.filter(
        subject_type=COMPLAINT_TYPE,
        subject_id__in=[row.pk for row in complaints],
        code__in=list(NEXT_STEP.values()),
    ).open()
    by_key = {(c.subject_id, c.code): c for c in clocks.select_related("limit__rule_set")}
    return [
        DueComplaint(row, by_key.get((row.pk, NEXT_STEP.get(ComplaintState(row.state), ""))))
        for row in complaints
    ]


def _narrowed(
    rows: QuerySet[Any, Any], viewer: Viewer, scope: DueScope, due: str
) -> QuerySet[Any, Any]:
    if scope.customer_id is not None:
        rows = rows.filter(customer=scope.customer_id)
    if scope.mine:
        employee = viewer.employee_id or 0
        rows = rows.filter(Q(owner=employee) | Q(customer__in=team_customer_ids(employee)))
    dated: QuerySet[Any, Any] = rows.select_related("customer", "owner").annotate(due_at=F(due))
    return dated


def _until(at: dt.datetime, scope: DueScope) -> dt.datetime:
    return at + dt.timedelta(days=scope.ahead_days)
