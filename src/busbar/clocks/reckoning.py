"""When a limit ends, and what every day did to it: plain values in, explanation out (N1, N2).

Days: the day of the start is not counted (民法典 第201条); a day is counted at its close, unless
the clock is paused at that close; the limit ends with the close of its last counted day.
Months and years end on the corresponding day, or the month's last (民法典 第202条), and every
calendar day paused lengthens them. Hours run exactly, less the time paused; working hours run
inside the opening periods. Pauses are half-open, and overlapping ones count once.
"""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count as counting

from busbar.clocks.hours import OFFICE_HOURS, WeekHours
from busbar.clocks.rulebook import EXACT_UNITS, UNIT_WORDS, LimitFacts
from busbar.clocks.running_time import run_time
from busbar.clocks.working_days import Day, WorkingCalendar, weekday_name
from busbar.kit.periods import CHINA, local_date

_ONE_DAY = dt.timedelta(days=1)
_LAST_SECOND = dt.time(23, 59, 59)
_MONTHS = {"month": 1, "year": 12}
_KIND_WORDS = {"workday": "", "make_up": "调休上班", "holiday": "放假", "weekend": "休息日"}


@dataclass(frozen=True)
class Pause:
    """A stretch `[start, end)` in which the limit stands still; `end` is None while it lasts."""

    start: dt.datetime
    end: dt.datetime | None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"pause ends before it begins: {self.start} .. {self.end}")

    def covers_close_of(self, date: dt.date) -> bool:
        """Whether the clock stands still at the end (24:00) of the day."""
        close = midnight(date + _ONE_DAY)
        return self.end is not None and self.start < close <= self.end


@dataclass(frozen=True)
class ReckonedDay:
    """One day of a limit: `kind` is workday, weekend, holiday, make_up or paused."""

    date: dt.date
    counted: bool
    kind: str
    reason: str
    is_provisional: bool = False


@dataclass(frozen=True)
class Reckoning:
    """When a limit ends and why. `due_on` is the last day in time, `due_at` its last second.

    For limits to the second (hours, minutes, working hours) `due_at` is the moment itself.
    With `paused_since` the clock still stands still and the days are as if it ran on at once.
    """

    limit: LimitFacts
    start: dt.datetime
    due_at: dt.datetime
    due_on: dt.date
    provisional: bool
    days: tuple[ReckonedDay, ...]
    paused_since: dt.datetime | None = None

    @property
    def closes_at(self) -> dt.datetime:
        """The first moment that is too late, at which the overdue part begins."""
        if self.limit.amount_unit in EXACT_UNITS:
            return self.due_at
        return midnight(self.due_on + _ONE_DAY)

    @property
    def counted(self) -> int:
        """How many days were counted."""
        return sum(day.counted for day in self.days)


def midnight(date: dt.date) -> dt.datetime:
    """The first moment of the day in China.

    >>> midnight(dt.date(2025, 10, 9)).isoformat()
    '2025-10-09T00:00:00+08:00'
    """
    return dt.datetime.combine(date, dt.time(), tzinfo=CHINA)


def reckon(
    limit: LimitFacts,
    *,
    start: dt.datetime,
    pauses: Sequence[Pause] = (),
    calendar: WorkingCalendar,
    hours: WeekHours = OFFICE_HOURS,
) -> Reckoning:
    """When the limit from `start` ends, explained day by day.

    `start` is the anchor: for a limit counted back (`before`) the end it must precede. Raises
    DayNotLoadedError where the calendar was not loaded far enough.
    """
    paused_since = next((p.start for p in pauses if p.end is None), None)
    closed = [replace(p, end=p.end or p.start) for p in pauses]
    if limit.amount_unit in EXACT_UNITS:
        found = _reckon_time(limit, start, closed, calendar, hours)
    else:
        found = _reckon_days(limit, start, closed, calendar)
    return replace(found, paused_since=paused_since)


def extend(found: Reckoning, until: dt.date | None, calendar: WorkingCalendar) -> Reckoning:
    """The reckoning with its end put off to the close of `until`, as a granted extension does."""
    if until is None or until <= found.due_on:
        return found
    added = [
        ReckonedDay(
            date=date,
            counted=True,
            kind=calendar.day(date).kind,
            reason=f"{weekday_name(date)}，延期内第 {n} 天",
        )
        for n in range(1, (until - found.due_on).days + 1)
        for date in [found.due_on + n * _ONE_DAY]
    ]
    due_at = dt.datetime.combine(until, _LAST_SECOND, tzinfo=CHINA)
    return replace(found, due_at=due_at, due_on=until, days=(*found.days, *added))


def corresponding_day(date: dt.date, month_count: int) -> dt.date:
    """The same day so many months on (or back), the month's last where there is none.

    >>> corresponding_day(dt.date(2024, 1, 31), 1), corresponding_day(dt.date(2024, 2, 29), 12)
    (datetime.date(2024, 2, 29), datetime.date(2025, 2, 28))
    """
    year, month = divmod(date.year * 12 + date.month - 1 + month_count, 12)
    last = months.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(date.day, last))


def walk(
    limit: LimitFacts, start: dt.date, pauses: Sequence[Pause], calendar: WorkingCalendar
) -> Iterator[ReckonedDay]:
    """The days after (or before) `start`, without end, each with whether it counts and why."""
    step = _ONE_DAY if limit.direction == "after" else -_ONE_DAY
    number = 0
    for n in counting(1):
        date = start + n * step
        day = _explain(limit, date, calendar.day(date), pauses, number + 1)
        number += day.counted
        yield day


def days_to_count(limit: LimitFacts, start: dt.date) -> int:
    """How many days a limit in days, months or years has to count from `start`.

    >>> from decimal import Decimal
    >>> days_to_count(LimitFacts("v", "有效期", Decimal(1), "year"), dt.date(2024, 3, 1))
    365
    """
    if limit.amount_unit not in _MONTHS:
        return int(limit.amount)
    month_count = int(limit.amount) * _MONTHS[limit.amount_unit]
    end = corresponding_day(start, month_count if limit.direction == "after" else -month_count)
    return abs((end - start).days)


def _reckon_days(
    limit: LimitFacts, start: dt.datetime, pauses: Sequence[Pause], calendar: WorkingCalendar
) -> Reckoning:
    first = local_date(start)
    days = [_first_day(limit, first, calendar.day(first))]
    remaining = days_to_count(limit, first)
    for day in walk(limit, first, pauses, calendar):
        if remaining <= 0 and not _runs_over(limit, days[-1].date, calendar, pauses):
            break
        days.append(day if remaining > 0 else _over(day))
        remaining -= day.counted
    due_on = days[-1].date
    rests_on_calendar = limit.amount_unit == "working_day" or limit.ends_on_working_day
    return Reckoning(
        limit=limit,
        start=start,
        due_at=dt.datetime.combine(due_on, _LAST_SECOND, tzinfo=CHINA),
        due_on=due_on,
        provisional=rests_on_calendar and any(day.is_provisional for day in days[1:]),
        days=tuple(days),
    )


def _runs_over(
    limit: LimitFacts, date: dt.date, calendar: WorkingCalendar, pauses: Sequence[Pause]
) -> bool:
    if not limit.ends_on_working_day or limit.direction != "after":
        return False
    return not calendar.is_working_day(date) or _pause_at_close(date, pauses) is not None


def _over(day: ReckonedDay) -> ReckonedDay:
    return replace(day, counted=False, reason=f"{day.reason}；末日非工作日，顺延")


def _first_day(limit: LimitFacts, date: dt.date, day: Day) -> ReckonedDay:
    what = "起算当日不计入" if limit.direction == "after" else "期限届满之日，向前倒算，当日不计入"
    reason = f"{weekday_name(date)}，{what}"
    return ReckonedDay(date=date, counted=False, kind=day.kind, reason=reason)


def _pause_at_close(date: dt.date, pauses: Sequence[Pause]) -> Pause | None:
    return next((pause for pause in pauses if pause.covers_close_of(date)), None)


def _explain(
    limit: LimitFacts, date: dt.date, day: Day, pauses: Sequence[Pause], number: int
) -> ReckonedDay:
    in_working_days = limit.amount_unit == "working_day"
    kind_words = f"{day.name}{_KIND_WORDS[day.kind]}"
    prefix = "，".join(word for word in (weekday_name(date), kind_words) if word)
    doubt = "（该年安排尚未公布，暂定）" if day.is_provisional else ""
    pause = _pause_at_close(date, pauses)
    if in_working_days and not day.is_working:
        kind, counted, what = str(day.kind), False, "不计入"
    elif pause is not None:
        kind, counted, what = "paused", False, f"暂停，不计入：{pause.reason or '未写明原因'}"
    else:
        unit = UNIT_WORDS["working_day"] if in_working_days else "天"
        kind, counted, what = str(day.kind), True, f"第 {number} {unit}"
    return ReckonedDay(date, counted, kind, f"{prefix}，{what}{doubt}", day.is_provisional)


def _reckon_time(
    limit: LimitFacts,
    start: dt.datetime,
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    hours: WeekHours,
) -> Reckoning:
    run = run_time(
        limit,
        start=start.astimezone(CHINA),
        pauses=[_stretch(p) for p in pauses],
        calendar=calendar,
        hours=hours,
    )
    days = tuple(
        ReckonedDay(day.date, day.ran > dt.timedelta(), day.kind, day.reason, day.is_provisional)
        for day in run.days
    )
    working = limit.amount_unit == "working_hour"
    return Reckoning(
        limit=limit,
        start=start,
        due_at=run.due_at,
        due_on=local_date(run.due_at),
        provisional=working and any(day.is_provisional for day in days),
        days=days,
    )


def _stretch(pause: Pause) -> tuple[dt.datetime, dt.datetime, str]:
    end = pause.end or pause.start
    return pause.start.astimezone(CHINA), end.astimezone(CHINA), pause.reason
