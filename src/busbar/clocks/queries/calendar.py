"""Reading the working calendar."""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.db.models import Count as CountRows
from django.db.models import Q

from busbar.clocks.announced import best_known_day
from busbar.clocks.models import CalendarDay
from busbar.clocks.working_days import Count, Day, DayNotLoadedError, Kind, WorkingCalendar
from busbar.kit.periods import Period

_SLACK_DAYS = 30
"""Room for the longest holiday beside the weekends; doubled until the count fits."""


def get_calendar(start: dt.date, end: dt.date) -> WorkingCalendar:
    """The calendar of the days `[start, end)`, loaded in one query.

    A day that the table lacks is as announced, or computed, provisional, in a year without a
    notice; it is not written.
    """
    rows = CalendarDay.objects.filter(date__gte=start, date__lt=end)
    days = {
        date: Day(cast(Kind, kind), name, is_provisional)
        for date, kind, name, is_provisional in rows.values_list(
            "date", "kind", "name", "is_provisional"
        )
    }
    return WorkingCalendar(Period(start, end), days, best_known_day)


def add_working_days(*, start: dt.date, count: int) -> Count:
    """The day on which `count` working days after `start` are full, explained. One query."""
    span = 2 * count + _SLACK_DAYS
    while True:
        calendar = get_calendar(start, start + dt.timedelta(days=span))
        try:
            return calendar.add_working_days(start, count)
        except DayNotLoadedError:
            span *= 2


def count_working_days(*, start: dt.date, end: dt.date) -> Count:
    """How many working days lie after `start` up to and with `end`, explained. One query."""
    calendar = get_calendar(start, end + dt.timedelta(days=1))
    return calendar.count_working_days(start, end)


def list_days(start: dt.date, end: dt.date) -> list[tuple[dt.date, Day]]:
    """Every day of `[start, end)` as the calendar sees it, for a screen or an export."""
    calendar = get_calendar(start, end)
    days = [start + dt.timedelta(days=n) for n in range((end - start).days)]
    return [(day, calendar.day(day)) for day in days]


def list_years() -> list[tuple[int, bool]]:
    """The years in the table, each with whether any of its days is provisional."""
    counted = CalendarDay.objects.values("date__year").annotate(
        provisional=CountRows("pk", filter=Q(is_provisional=True))
    )
    return [(row["date__year"], row["provisional"] > 0) for row in counted.order_by("date__year")]


def has_announced_year(year: int) -> bool:
    """Whether the table holds the whole year without a provisional day."""
    days = CalendarDay.objects.filter(date__year=year)
    return days.exists() and not days.filter(is_provisional=True).exists()


def get_day(date: dt.date) -> CalendarDay | None:
    """The row of the day, if there is one."""
    return CalendarDay.objects.filter(pk=date).first()
