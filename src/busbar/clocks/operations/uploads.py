"""A calendar that an administrator uploads: the days of a notice, row by row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from busbar.access.visibility import Viewer
from busbar.clocks import announced
from busbar.clocks.models import CalendarDay, DayKind
from busbar.clocks.operations.days import DayRefused, check_day
from busbar.clocks.operations.writing import record_calendar, require_calendar_keeper, write_days
from busbar.clocks.working_days import Day, plain_day
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal

_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_WORDS = {str(kind.label): kind.value for kind in DayKind} | {
    "放假": "holiday",
    "节假日": "holiday",
    "调休": "make_up",
    "上班": "make_up",
}


class UnableToUploadCalendar(Refusal):
    """Nothing of the upload could be used."""


@dataclass(frozen=True)
class CalendarRow:
    """One row as it stands in the file; `number` is its line, counted from 1 with the header."""

    number: int
    date: str
    kind: str
    name: str = ""


@dataclass(frozen=True)
class RowRefusal:
    """A row that was not taken: where, what stood there, what was expected."""

    row: int
    column: str
    value: str
    expectation: str

    def __str__(self) -> str:
        return f"第 {self.row} 行“{self.column}”列的值“{self.value}”：{self.expectation}"


@dataclass(frozen=True)
class Upload:
    """What an upload did. A year with a refused row is not announced: see `upload_calendar`."""

    created: int
    updated: int
    unchanged: int
    announced_years: tuple[int, ...]
    refusals: tuple[RowRefusal, ...]


@transaction.atomic
def upload_calendar(
    *,
    rows: Iterable[CalendarRow],
    source: str,
    announce: Sequence[int] = (),
    by: Viewer,
    at: dt.datetime,
) -> Upload:
    """Set the days of the rows; good rows are kept, each bad one comes back with its reason.

    `announce` names years that the rows state in full, as the yearly notice does by naming
    holidays and make-up days only: their other days become plain weekdays and weekends, and
    nothing of the year stays provisional. While any row is refused no year is announced,
    because the row that failed might have been one of its holidays.
    """
    require_calendar_keeper(by)
    if not source.strip():
        raise UnableToUploadCalendar("请写明日历的依据（文号）")
    days, refusals = _read(rows)
    if not days:
        raise UnableToUploadCalendar(_nothing(refusals))
    years = () if refusals else tuple(sorted(set(announce)))
    _check_years(years, days)
    existing = _existing(days, years)
    written = write_days(_fill(days, years), source=source.strip()[:120], existing=existing)
    upload = Upload(
        len(written.created), len(written.updated), written.unchanged, years, tuple(refusals)
    )
    if written.created or written.updated:
        _record(upload, source, by, at)
    return upload


def _read(rows: Iterable[CalendarRow]) -> tuple[dict[dt.date, Day], list[RowRefusal]]:
    days: dict[dt.date, Day] = {}
    refusals: list[RowRefusal] = []
    for row in rows:
        date = _date(row.date)
        if date is None:
            refusals.append(RowRefusal(row.number, "日期", row.date, "应为日期，如 2027-10-01"))
        elif date in days:
            refusals.append(RowRefusal(row.number, "日期", row.date, "同一日期只能出现一次"))
        else:
            _take(row, date, days, refusals)
    return days, refusals


def _take(
    row: CalendarRow, date: dt.date, days: dict[dt.date, Day], refusals: list[RowRefusal]
) -> None:
    kind = _WORDS.get(row.kind.strip(), row.kind.strip())
    try:
        days[date] = check_day(date, kind, row.name)
    except DayRefused as refused:
        column, value = {"kind": ("性质", row.kind), "name": ("名称", row.name)}[refused.column]
        refusals.append(RowRefusal(row.number, column, value, str(refused)))


def _date(text: str) -> dt.date | None:
    match = _DATE.fullmatch(text.strip().removesuffix(" 00:00:00"))
    try:
        return dt.date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


def _nothing(refusals: Sequence[RowRefusal]) -> str:
    if not refusals:
        return "文件里没有任何日期"
    return f"没有一行可以采用；第一处：{refusals[0]}"


def _check_years(years: Sequence[int], days: dict[dt.date, Day]) -> None:
    for year in years:
        if not any(date.year == year and day.kind == "holiday" for date, day in days.items()):
            raise UnableToUploadCalendar(
                "文件里没有 %(year)s 年的节假日，不能作为该年的正式安排", year=year
            )


def _existing(days: dict[dt.date, Day], years: Sequence[int]) -> dict[dt.date, CalendarDay]:
    journal_operations.take_turn()
    touched = {date.year for date in days} | set(years)
    rows = CalendarDay.objects.select_for_update().filter(
        date__gte=dt.date(min(touched), 1, 1), date__lt=dt.date(max(touched) + 1, 1, 1)
    )
    return {row.date: row for row in rows}


def _fill(days: dict[dt.date, Day], years: Sequence[int]) -> dict[dt.date, Day]:
    rest = {date: plain_day(date) for year in years for date in announced.days_of_year(year)}
    return rest | days


def _record(upload: Upload, source: str, by: Viewer, at: dt.datetime) -> None:
    year = upload.announced_years[0] if len(upload.announced_years) == 1 else 0
    event = "year_announced" if upload.announced_years else "uploaded"
    changes: dict[str, object] = {
        "source": source,
        "years": list(upload.announced_years),
        "created": upload.created,
        "updated": upload.updated,
        "refused": len(upload.refusals),
    }
    record_calendar(f"clocks.calendar.{event}", year, changes, by=by, at=at)
