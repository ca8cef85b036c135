"""Which period of the price each quarter of a day belongs to: plain values in and out.

Intervals are `[start_minute, end_minute)`; boundaries on half hours, so 96 quarters hold them.
Where several apply the higher priority wins, then the more particular day type, then the later
start. What no interval covers is flat (“其余为平段”).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

QUARTERS = 96
_MINUTES = 15
_PARTICULARITY = {"all": 0, "workday": 1, "restday": 1, "holiday": 2, "hot": 3}


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of the day that belongs to a period; `months` empty means all."""

    start_minute: int
    end_minute: int
    period: str
    months: tuple[int, ...] = ()
    day_type: str = "all"
    priority: int = 0


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What of a day decides its intervals."""

    month: int
    is_working: bool
    is_holiday: bool = False
    is_hot: bool = False

    def has_type(self, day_type: str) -> bool:
        """Whether the day is of this type; every day is of `all`."""
        return {
            "all": True,
            "workday": self.is_working,
            "restday": not self.is_working,
            "holiday": self.is_holiday,
            "hot": self.is_hot,
        }[day_type]


def period_map(intervals: Iterable[Interval], day: DayFacts) -> tuple[str, ...]:
    """The period of each of the day's 96 quarters.

    >>> night = Interval(0, 480, "valley")
    >>> day = Interval(600, 720, "peak"); hot = Interval(660, 720, "sharp", (7, 8), priority=1)
    >>> july = period_map([night, day, hot], DayFacts(7, is_working=True))
    >>> [july[i] for i in (0, 31, 32, 40, 43, 44, 47, 48)]
    ['valley', 'valley', 'flat', 'peak', 'peak', 'sharp', 'sharp', 'flat']
    """
    result = ["flat"] * QUARTERS
    applying = [
        i for i in intervals if (not i.months or day.month in i.months) and day.has_type(i.day_type)
    ]
    applying.sort(key=lambda i: (i.priority, _PARTICULARITY[i.day_type], i.start_minute))
    for interval in applying:
        first, last = interval.start_minute // _MINUTES, interval.end_minute // _MINUTES
        result[first:last] = [interval.period] * (last - first)
    return tuple(result)
