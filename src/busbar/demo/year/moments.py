"""Moments of a working day in China, and days of work between them."""

from __future__ import annotations

import datetime as dt

import numpy as np

from busbar.demo.days import DayKind, day_kind
from busbar.kit.periods import CHINA

_ONE_DAY = dt.timedelta(days=1)
_OPENS, _CLOSES = dt.time(8, 40), dt.time(17, 10)


def moment(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of the day in China."""
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=CHINA)


def is_workday(day: dt.date) -> bool:
    """Whether offices are open, make-up working days included."""
    return day_kind(day) is DayKind.WORKDAY


def workday_from(day: dt.date) -> dt.date:
    """The day itself where offices are open, else the next one.

    >>> workday_from(dt.date(2026, 2, 16))
    datetime.date(2026, 2, 24)
    """
    while not is_workday(day):
        day += _ONE_DAY
    return day


def after(at: dt.datetime, working_days: int, draws: np.random.Generator) -> dt.datetime:
    """So many working days later at some minute of office hours; 0 is later the same day.

    An act that would fall behind closing time is the next morning's.
    """
    local = at.astimezone(CHINA)
    day = local.date()
    for _ in range(working_days):
        day = workday_from(day + _ONE_DAY)
    if working_days:
        return moment(day, 9 + int(draws.integers(0, 8)), int(draws.integers(0, 60)))
    later = local + dt.timedelta(minutes=int(draws.integers(20, 150)))
    if later.time() < _CLOSES and later.date() == day and later.time() >= _OPENS:
        return later
    return moment(workday_from(day + _ONE_DAY), 9, int(draws.integers(0, 60)))
