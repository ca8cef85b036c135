"""Loading whole years: announced ones from the published notices, later ones provisionally."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import announced
from busbar.clocks.models import CalendarDay
from busbar.clocks.operations.writing import record_calendar, require_calendar_keeper, write_days
from busbar.kit.errors import Refusal


class UnableToLoadYear(Refusal):
    """The year cannot be loaded provisionally."""


@dataclass(frozen=True)
class Loaded:
    """How many days a load wrote anew, changed, found as they were, and left to their editor."""

    created: int
    updated: int
    unchanged: int
    kept: int = 0


@transaction.atomic
def load_announced_years(*, at: dt.datetime, by: Viewer = SYSTEM_VIEWER) -> Loaded:
    """Bring every announced year (2004 onwards) into the table; loading again changes nothing.

    Provisional days give way; a day that an administrator edited or uploaded stays.
    """
    require_calendar_keeper(by)
    years = range(announced.FIRST_YEAR, announced.LAST_YEAR + 1)
    existing = _existing(dt.date(years[0], 1, 1), dt.date(years[-1] + 1, 1, 1))
    days = {
        date: announced.announced_day(date)
        for year in years
        for date in announced.days_of_year(year)
    }
    ours = {date: day for date, day in days.items() if _is_ours(existing.get(date))}
    written = write_days(ours, source=announced.ANNOUNCED_SOURCE, existing=existing)
    loaded = Loaded(
        len(written.created), len(written.updated), written.unchanged, len(days) - len(ours)
    )
    if written.created or written.updated:
        changes = {
            "years": [years[0], years[-1]],
            "created": loaded.created,
            "updated": loaded.updated,
        }
        record_calendar("clocks.calendar.loaded", 0, changes, by=by, at=at)
    return loaded


@transaction.atomic
def load_provisional_year(*, year: int, at: dt.datetime, by: Viewer = SYSTEM_VIEWER) -> Loaded:
    """Write a year that is not announced yet, computed without make-up days and marked so."""
    require_calendar_keeper(by)
    existing = _existing(dt.date(year, 1, 1), dt.date(year + 1, 1, 1))
    if announced.FIRST_YEAR <= year <= announced.LAST_YEAR:
        raise UnableToLoadYear("%(year)s 年的放假安排已公布，请载入已公布的日历", year=year)
    if existing and not any(row.is_provisional for row in existing.values()):
        raise UnableToLoadYear("%(year)s 年的放假安排已由管理员录入", year=year)
    days = {
        date: announced.provisional_day(date)
        for date in announced.days_of_year(year)
        if date not in existing or existing[date].is_provisional
    }
    written = write_days(days, source=announced.PROVISIONAL_SOURCE, existing=existing)
    kept = sum(not row.is_provisional for row in existing.values())
    loaded = Loaded(len(written.created), len(written.updated), written.unchanged, kept)
    if written.created or written.updated:
        changes: dict[str, object] = {"created": loaded.created, "updated": loaded.updated}
        record_calendar("clocks.calendar.provisional_year_loaded", year, changes, by=by, at=at)
    return loaded


def _existing(start: dt.date, end: dt.date) -> dict[dt.date, CalendarDay]:
    rows = CalendarDay.objects.filter(date__gte=start, date__lt=end)
    return {row.date: row for row in rows}


def _is_ours(row: CalendarDay | None) -> bool:
    return row is None or row.is_provisional or row.source == announced.ANNOUNCED_SOURCE
