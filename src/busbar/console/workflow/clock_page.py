"""为什么是这一天: every day of a clock on a calendar, the rule behind it, pauses, earlier dates."""

from __future__ import annotations

import calendar as months
import datetime as dt
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock, ClockState, PauseReason
from busbar.clocks.reckoning import ReckonedDay, Reckoning
from busbar.console.requests import StaffRequest, is_part
from busbar.console.workflow.clock_pauses import may_keep
from busbar.console.workflow.due import DueWords
from busbar.console.workflow.links import page_of
from busbar.kit.periods import local_date

WEEKDAYS = (_("一"), _("二"), _("三"), _("四"), _("五"), _("六"), _("日"))


@dataclass(frozen=True)
class Cell:
    """A day of the strip: what it is, its number where it counted, and the sentence."""

    day: dt.date
    kind: str
    number: int | None
    reason: str
    is_start: bool
    is_due: bool
    is_today: bool
    is_provisional: bool


@dataclass(frozen=True)
class MonthOfCells:
    """A month with its weeks, Monday first; None where the limit does not reach."""

    first: dt.date
    weeks: tuple[tuple[Cell | None, ...], ...]


@require_safe
@vary_on_headers("HX-Request")
def clock_why(request: StaffRequest, clock_id: int) -> HttpResponse:
    """The explanation: in a drawer for htmx, on a page of its own otherwise."""
    at = timezone.now()
    clock = clocks_queries.get_clock(request.viewer, clock_id)
    found = clocks_queries.explain_clock(clock, at=at)
    context = {
        "clock": clock,
        "found": found,
        "limit": found.limit,
        "due": DueWords([clock.due_at], at=at).of_clock(clock),
        "weekday_names": WEEKDAYS,
        "months": months_of(found, today=local_date(at)),
        "pauses": clock.pauses.all(),
        "changes": clocks_queries.list_due_changes(clock),
        "nested": clocks_queries.list_nested(clock),
        "parent": clock.parent,
        "lawful": _lawful(request, clock),
        "about": page_of(clock.subject_type, clock.subject_id),
    }
    name = "_why" if is_part(request) else "why"
    return render(request, f"console/workflow/{name}.html", context)


def _lawful(request: StaffRequest, clock: Clock) -> list[PauseReason] | None:
    """The reasons for a pause, to those who may pause a clock that runs."""
    if clock.state not in {ClockState.RUNNING, ClockState.PAUSED}:
        return None
    return (
        clocks_queries.list_pause_reasons(clock.limit) if may_keep(request.viewer, clock) else None
    )


def months_of(found: Reckoning, *, today: dt.date) -> list[MonthOfCells]:
    """The days as months of weeks, from the first to the last, for a strip to read."""
    cells = _cells(found, today)
    result = []
    for (year, month), group in groupby(cells, key=lambda cell: (cell.day.year, cell.day.month)):
        by_day = {cell.day.day: cell for cell in group}
        weeks = months.Calendar().monthdayscalendar(year, month)
        drawn = tuple(tuple(by_day.get(day) for day in week) for week in weeks)
        result.append(MonthOfCells(dt.date(year, month, 1), tuple(w for w in drawn if any(w))))
    return result


def _cells(found: Reckoning, today: dt.date) -> list[Cell]:
    """In the order of the calendar, also where the limit counts back from its anchor."""
    start, number, cells = local_date(found.start), 0, []
    for day in found.days:
        number += day.counted
        cells.append(_cell(day, number, found, start, today))
    return sorted(cells, key=lambda cell: cell.day)


def _cell(day: ReckonedDay, number: int, found: Reckoning, start: dt.date, today: dt.date) -> Cell:
    return Cell(
        day=day.date,
        kind="counted" if day.counted and day.kind == "workday" else day.kind,
        number=number if day.counted else None,
        reason=day.reason,
        is_start=day.date == start,
        is_due=day.date == found.due_on,
        is_today=day.date == today,
        is_provisional=day.is_provisional,
    )


urlpatterns = [path("clocks/<int:clock_id>/why/", clock_why, name="clock_why")]
