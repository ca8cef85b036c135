"""Where the days come from: what the State Council announced, or what is likely before it does.

Announced years come from `chinesecalendar`, which keeps the yearly notice of the General Office
of the State Council (国务院办公厅关于部分节假日安排的通知) with its make-up days. A year not yet
announced is computed by `holidays` from the holiday law alone: there are no make-up days in it,
so whatever rests on it is provisional.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache

import holidays
from chinese_calendar import constants

from busbar.clocks.working_days import Day, WorkingCalendar, plain_day
from busbar.kit.periods import Period

FIRST_YEAR = min(day.year for day in constants.holidays)
LAST_YEAR = max(day.year for day in constants.holidays)
ANNOUNCED_SOURCE = "国务院办公厅节假日安排通知（chinesecalendar）"
PROVISIONAL_SOURCE = "全国年节及纪念日放假办法（推算，未含调休）"


def announced_day(date: dt.date) -> Day:
    """The day as announced; only for the years FIRST_YEAR to LAST_YEAR.

    >>> announced_day(dt.date(2025, 9, 28))
    Day(kind='make_up', name='国庆节', is_provisional=False)
    """
    if date in constants.workdays:
        return Day("make_up", _chinese(constants.workdays[date]))
    if date in constants.holidays:
        return Day("holiday", _chinese(constants.holidays[date]))
    return plain_day(date)


def provisional_day(date: dt.date) -> Day:
    """The day as the holiday law alone makes it, without make-up days.

    >>> provisional_day(dt.date(2027, 10, 1))
    Day(kind='holiday', name='国庆节', is_provisional=True)
    """
    name = _holidays_of(date.year).get(date)
    if name:
        return Day("holiday", name, is_provisional=True)
    return Day(plain_day(date).kind, is_provisional=True)


def best_known_day(date: dt.date) -> Day:
    """The day as announced, or, in a year without a notice, as the holiday law makes it.

    >>> best_known_day(dt.date(2025, 10, 1)).is_provisional
    False
    """
    if FIRST_YEAR <= date.year <= LAST_YEAR:
        return announced_day(date)
    return provisional_day(date)


def days_of_year(year: int) -> Iterator[dt.date]:
    """Every date of the year."""
    first = dt.date(year, 1, 1)
    return (first + dt.timedelta(days=n) for n in range((dt.date(year + 1, 1, 1) - first).days))


def shipped_calendar() -> WorkingCalendar:
    """The calendar as the notices announce it, of all days, without a database."""
    return WorkingCalendar(Period(dt.date.min, dt.date.max), {}, best_known_day)


@cache
def _holidays_of(year: int) -> dict[dt.date, str]:
    return dict(holidays.country_holidays("CN", years=year, language="zh_CN").items())


@cache
def _chinese(english: str) -> str:
    return next(str(day.chinese) for day in constants.Holiday if day.value == english)
