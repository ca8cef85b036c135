"""The days of a month as a load sees them: working day, rest day, holiday, Spring Festival."""

from __future__ import annotations

import datetime as dt
from enum import IntEnum
from functools import lru_cache

import chinese_calendar

SPRING_FESTIVAL = "Spring Festival"
_SATURDAY = 5


class DayKind(IntEnum):
    """The row of a shape's table of levels."""

    WORKDAY = 0
    SATURDAY = 1
    SUNDAY = 2
    HOLIDAY = 3
    SPRING_FESTIVAL = 4


@lru_cache(maxsize=4096)
def day_kind(day: dt.date) -> DayKind:
    """The day by the announced Chinese calendar, make-up working days included.

    A year that is not announced knows weekends only.

    >>> day_kind(dt.date(2026, 2, 14)).name, day_kind(dt.date(2026, 2, 17)).name
    ('WORKDAY', 'SPRING_FESTIVAL')
    >>> day_kind(dt.date(2025, 10, 4)).name, day_kind(dt.date(2025, 10, 18)).name
    ('HOLIDAY', 'SATURDAY')
    """
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        is_off, name = day.weekday() >= _SATURDAY, None
    if not is_off:
        return DayKind.WORKDAY
    if name is None:
        return DayKind.SATURDAY if day.weekday() == _SATURDAY else DayKind.SUNDAY
    return DayKind.SPRING_FESTIVAL if name == SPRING_FESTIVAL else DayKind.HOLIDAY


@lru_cache(maxsize=512)
def days_from_spring_festival(day: dt.date) -> int:
    """Days to the nearest day of the Spring Festival holiday: 0 within, −3 three days before.

    >>> [days_from_spring_festival(dt.date(2026, 2, d)) for d in (12, 17, 26)]
    [-3, 0, 3]
    """
    for distance in range(15):
        if day_kind(day + dt.timedelta(days=distance)) is DayKind.SPRING_FESTIVAL:
            return -distance
        if day_kind(day - dt.timedelta(days=distance)) is DayKind.SPRING_FESTIVAL:
            return distance
    return 99
