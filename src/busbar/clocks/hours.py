"""Working hours as plain values: several periods a day, a break between, closed on holidays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from busbar.clocks.working_days import Day
from busbar.kit.periods import CHINA

Interval = tuple[dt.datetime, dt.datetime]
"""A half-open stretch of moments `[start, end)`."""

_WEEK = 7
_MONDAY = 0


@dataclass(frozen=True)
class WeekHours:
    """Opening periods of each weekday, Monday first, as seconds after midnight `[start, end)`."""

    days: tuple[tuple[tuple[int, int], ...], ...]

    def of(self, date: dt.date, day: Day) -> tuple[tuple[int, int], ...]:
        """The periods of a day: none on a holiday, a Monday's on a make-up working day."""
        if day.kind == "holiday":
            return ()
        return self.days[_MONDAY if day.kind == "make_up" else date.weekday()]

    def intervals(self, date: dt.date, day: Day) -> list[Interval]:
        """The day's periods as moments of China."""
        midnight = dt.datetime.combine(date, dt.time(), tzinfo=CHINA)
        return [
            (midnight + dt.timedelta(seconds=start), midnight + dt.timedelta(seconds=end))
            for start, end in self.of(date, day)
        ]


class PeriodsRefused(ValueError):  # noqa: N818 - says what it is, like every refusal here
    """The periods are not those of a week."""


def parse_week(periods: Sequence[Sequence[Sequence[str]]]) -> WeekHours:
    """Seven lists of `["08:30", "12:00"]`, Monday first; PeriodsRefused says what is wrong.

    >>> parse_week([[["08:30", "12:00"], ["13:30", "17:30"]]] * 5 + [[], []]).days[0]
    ((30600, 43200), (48600, 63000))
    """
    if len(periods) != _WEEK:
        raise PeriodsRefused(f"应有七天的时段，周一在前；现有 {len(periods)} 天")
    week = tuple(tuple(_period(period) for period in day) for day in periods)
    for day in week:
        for (_, end), (start, _) in pairwise(day):
            if start < end:
                raise PeriodsRefused("同一天的时段应按先后排列且不重叠")
    if not week[_MONDAY]:
        raise PeriodsRefused("周一须有工作时段，调休上班日按周一的时段计")
    return WeekHours(week)


def _period(period: Sequence[str]) -> tuple[int, int]:
    if len(period) != 2:  # noqa: PLR2004 - a start and an end
        raise PeriodsRefused(f"时段应为起止两个时刻，如 08:30 至 12:00；现为 {period}")
    start, end = (_seconds(text) for text in period)
    if end <= start:
        raise PeriodsRefused(f"时段 {period[0]}-{period[1]} 的结束应晚于开始")
    return start, end


def _seconds(text: str) -> int:
    if text == "24:00":
        return 24 * 3600
    try:
        time = dt.time.fromisoformat(text)
    except ValueError as error:
        raise PeriodsRefused(f"“{text}”不是时刻，应如 08:30") from error
    return time.hour * 3600 + time.minute * 60 + time.second


OFFICE_HOURS = parse_week([[["08:30", "12:00"], ["13:30", "17:30"]]] * 5 + [[], []])
"""What is counted where nobody has entered hours: 7.5 hours a day with a lunch break."""
