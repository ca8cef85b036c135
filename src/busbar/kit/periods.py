"""Half-open periods of days and calendar months (house rule 8)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
"""The civil time of every statutory clock and bill in this product."""

_DECEMBER = 12
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


@dataclass(frozen=True, order=True)
class Period:
    """Days from `start` up to but without `end`.

    >>> Period(dt.date(2025, 1, 30), dt.date(2025, 2, 2)).days
    3
    """

    start: dt.date
    end: dt.date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"period ends before it starts: {self.start} .. {self.end}")

    @property
    def days(self) -> int:
        """Number of calendar days in the period."""
        return (self.end - self.start).days

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day < self.end

    def overlap(self, other: Period) -> Period | None:
        """The days both periods share, or None.

        >>> Period(dt.date(2025, 1, 1), dt.date(2025, 2, 1)).overlap(
        ...     Period(dt.date(2025, 1, 20), dt.date(2025, 3, 1))).days
        12
        """
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, the unit in which large customers are billed.

    >>> Month.parse("2024-02").days
    29
    >>> str(Month(2025, 12).next)
    '2026-01'
    """

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `YYYY-MM`; ValueError when it is anything else."""
        first = parse_day(f"{text}-01")
        return cls(first.year, first.month)

    @classmethod
    def of(cls, day: dt.date) -> Self:
        """The month in which the day lies."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first(self) -> dt.date:
        """First day of the month."""
        return dt.date(self.year, self.number, 1)

    @property
    def next(self) -> Month:
        """The month after this one."""
        if self.number == _DECEMBER:
            return Month(self.year + 1, 1)
        return Month(self.year, self.number + 1)

    @property
    def previous(self) -> Month:
        """The month before this one."""
        return Month.of(self.first - dt.timedelta(days=1))

    @property
    def period(self) -> Period:
        """The month's days as a half-open period."""
        return Period(self.first, self.next.first)

    @property
    def days(self) -> int:
        """Calendar days of the month."""
        return self.period.days


def local_date(moment: dt.datetime) -> dt.date:
    """The Chinese civil date of an aware moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no date")
    return moment.astimezone(CHINA).date()


def parse_day(text: str) -> dt.date:
    """Read `YYYY-MM-DD` between 1900 and 2999; ValueError when it is anything else.

    The bounds leave room for the day, the month and the year before and after.

    >>> parse_day("2026-10-31")
    datetime.date(2026, 10, 31)
    """
    day = dt.date.fromisoformat(text)
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"no day of our calendar: {text}")
    return day
