"""Counting working days, with a reason for every day: plain dates in, explanation out.

The day on which something is accepted is not counted, counting starts on the next day
(民法典 第201条). A make-up working day (调休上班) counts, a holiday on a weekday does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from busbar.kit.periods import Period

Kind = Literal["workday", "weekend", "holiday", "make_up"]

WORKING: frozenset[Kind] = frozenset({"workday", "make_up"})
_WEEKDAYS = "一二三四五六日"
_ONE_DAY = dt.timedelta(days=1)
_SATURDAY = 5


class DayNotLoadedError(LookupError):
    """The calendar was loaded for other days: a programming error, not a fact about the day."""


@dataclass(frozen=True)
class Day:
    """What the calendar says of one day."""

    kind: Kind
    name: str = ""
    is_provisional: bool = False

    @property
    def is_working(self) -> bool:
        """Whether people work and the statutory clocks run."""
        return self.kind in WORKING


@dataclass(frozen=True)
class DayReason:
    """One day of a count: whether it counted, and the sentence that says why."""

    date: dt.date
    counted: bool
    kind: Kind
    name: str
    is_provisional: bool
    reason: str


@dataclass(frozen=True)
class Count:
    """A stretch after `start` up to and with `end`, holding `count` working days.

    `days` begins with `start`, which is never counted, and explains every day up to `end`.
    """

    start: dt.date
    end: dt.date
    count: int
    days: tuple[DayReason, ...]

    @property
    def provisional(self) -> bool:
        """Whether the result rests on a year that the State Council has not announced."""
        return any(day.is_provisional for day in self.days[1:])

    @property
    def skipped(self) -> tuple[DayReason, ...]:
        """The days that did not count."""
        return tuple(day for day in self.days if not day.counted)


@dataclass(frozen=True)
class WorkingCalendar:
    """The days of `loaded`; a day the table lacks is computed by `provisional`."""

    loaded: Period
    days: Mapping[dt.date, Day]
    provisional: Callable[[dt.date], Day]

    def day(self, date: dt.date) -> Day:
        """What the calendar says of the day; DayNotLoadedError outside `loaded`."""
        if date not in self.loaded:
            raise DayNotLoadedError(f"{date} lies outside {self.loaded.start}..{self.loaded.end}")
        return self.days.get(date) or self.provisional(date)

    def is_working_day(self, date: dt.date) -> bool:
        """Whether the day is a working day."""
        return self.day(date).is_working

    def add_working_days(self, start: dt.date, count: int) -> Count:
        """The day on which `count` working days after `start` are full, explained."""
        if count < 0:
            raise ValueError(f"working days to add must not be negative: {count}")
        days, counted, date = [self._acceptance(start)], 0, start
        while counted < count:
            date += _ONE_DAY
            days.append(_explain(date, self.day(date), counted))
            counted += days[-1].counted
        return Count(start, date, count, tuple(days))

    def count_working_days(self, start: dt.date, end: dt.date) -> Count:
        """How many working days lie after `start` up to and with `end`, explained."""
        if end < start:
            raise ValueError(f"count ends before it starts: {start} .. {end}")
        days, counted, date = [self._acceptance(start)], 0, start
        while date < end:
            date += _ONE_DAY
            days.append(_explain(date, self.day(date), counted))
            counted += days[-1].counted
        return Count(start, end, counted, tuple(days))

    def _acceptance(self, date: dt.date) -> DayReason:
        day = self.day(date)
        reason = f"{weekday_name(date)}，起算当日不计入"
        return DayReason(
            date=date,
            counted=False,
            kind=day.kind,
            name=day.name,
            is_provisional=day.is_provisional,
            reason=reason,
        )


def plain_day(date: dt.date) -> Day:
    """The day by its weekday alone, as in a week without any holiday.

    >>> plain_day(dt.date(2025, 9, 28)).kind
    'weekend'
    """
    return Day("weekend" if date.weekday() >= _SATURDAY else "workday")


def weekday_name(date: dt.date) -> str:
    """The weekday as people write it.

    >>> weekday_name(dt.date(2025, 9, 28))
    '周日'
    """
    return f"周{_WEEKDAYS[date.weekday()]}"


def _explain(date: dt.date, day: Day, counted_before: int) -> DayReason:
    what = {
        "workday": f"第 {counted_before + 1} 个工作日",
        "make_up": f"{day.name}调休上班，第 {counted_before + 1} 个工作日",
        "holiday": f"{day.name or '节假日'}放假，不计入",
        "weekend": "休息日，不计入",
    }[day.kind]
    doubt = "（该年安排尚未公布，暂定）" if day.is_provisional else ""
    reason = f"{weekday_name(date)}，{what}{doubt}"
    return DayReason(date, day.is_working, day.kind, day.name, day.is_provisional, reason)
