"""What the operations on the calendar share: who may, comparing with the table, writing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from busbar.access.paths import ancestors
from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted, Viewer
from busbar.clocks.models import CalendarDay
from busbar.clocks.working_days import Day
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening

_FIELDS = ["kind", "name", "source", "is_provisional"]


@dataclass(frozen=True)
class Written:
    """What writing changed: dates that were new, dates that differ now, dates as they were."""

    created: tuple[dt.date, ...]
    updated: tuple[dt.date, ...]
    unchanged: int


def require_calendar_keeper(by: Viewer) -> None:
    """The calendar is one for the whole company: only its top administrator changes it."""
    by.require(Permission.ADMINISTER)
    if not by.sees_all and (not by.unit_path or ancestors(by.unit_path)):
        raise NotPermitted("工作日历全公司共用，只能由省公司的系统管理员修改")


def write_days(
    days: Mapping[dt.date, Day], *, source: str, existing: Mapping[dt.date, CalendarDay]
) -> Written:
    """Write the days that differ from what the table holds."""
    rows = {date: _row(date, day, source) for date, day in days.items()}
    created = [date for date in rows if date not in existing]
    updated = [d for d in rows if d in existing and _facts(rows[d]) != _facts(existing[d])]
    CalendarDay.objects.bulk_create(
        [rows[date] for date in (*created, *updated)],
        update_conflicts=True,
        unique_fields=["date"],
        update_fields=_FIELDS,
        batch_size=1000,
    )
    return Written(tuple(created), tuple(updated), len(rows) - len(created) - len(updated))


def record_calendar(
    event: str, year: int, changes: dict[str, object], *, by: Viewer, at: dt.datetime
) -> None:
    """One entry about the calendar of a year, or of all (year 0)."""
    happening = Happening(
        event=event,
        subject_type="clocks.calendar",
        subject_id=year,
        subject_label=f"{year} 年工作日历" if year else "工作日历",
        changes=changes,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _row(date: dt.date, day: Day, source: str) -> CalendarDay:
    return CalendarDay(
        date=date,
        kind=day.kind,
        name=day.name,
        source=source,
        is_provisional=day.is_provisional,
    )


def _facts(row: CalendarDay) -> tuple[str, str, str, bool]:
    return (row.kind, row.name, row.source, row.is_provisional)
