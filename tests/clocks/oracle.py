"""A second opinion on due dates: day by day, straight from the library's own tables.

Shares no code with the product. It is slow and plain on purpose.
"""

from __future__ import annotations

import datetime as dt

from chinese_calendar import constants

DAY = dt.timedelta(days=1)
CST = dt.timezone(dt.timedelta(hours=8))
Pauses = list[tuple[dt.datetime, dt.datetime]]


def works(day: dt.date) -> bool:
    """Whether people work on the day."""
    if day in constants.workdays:
        return True
    return day not in constants.holidays and day.isoweekday() < 6


def paused_at_close(day: dt.date, pauses: Pauses) -> bool:
    """Whether 24:00 of the day falls into a pause, seen from before."""
    close = dt.datetime(day.year, day.month, day.day, tzinfo=CST) + DAY
    return any(start < close <= end for start, end in pauses)


def due_in_days(
    accepted: dt.date, amount: int, pauses: Pauses, *, working: bool, back: bool = False
) -> dt.date:
    """The last counted day."""
    day, left = accepted, amount
    while left:
        day = day - DAY if back else day + DAY
        if (works(day) or not working) and not paused_at_close(day, pauses):
            left -= 1
    return day


def same_day_later(day: dt.date, months: int) -> dt.date:
    """The corresponding day, or the last day of that month: walked month by month."""
    year, month = day.year, day.month
    for _ in range(months):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    for number in range(day.day, 0, -1):
        try:
            return dt.date(year, month, number)
        except ValueError:
            continue
    raise AssertionError


def due_in_months(accepted: dt.date, months: int, pauses: Pauses) -> dt.date:
    """The corresponding day, put off by every day paused on the way, those too."""
    due, day = same_day_later(accepted, months), accepted
    while day < due:
        day += DAY
        if paused_at_close(day, pauses):
            due += DAY
    return due


def due_in_minutes(start: dt.datetime, minutes: int, pauses: Pauses) -> dt.datetime:
    """Minute by minute; for starts and pauses on whole minutes."""
    now, left = start, minutes
    step = dt.timedelta(minutes=1)
    while left:
        if not any(a <= now < b for a, b in pauses):
            left -= 1
        now += step
    return now


def due_in_working_minutes(
    start: dt.datetime, minutes: int, pauses: Pauses, periods: list[tuple[int, int]]
) -> dt.datetime:
    """Minute by minute inside the periods (minutes after midnight) of days on which people work."""
    now, left = start, minutes
    step = dt.timedelta(minutes=1)
    while left:
        minute = now.hour * 60 + now.minute
        is_open = works(now.date()) and any(a <= minute < b for a, b in periods)
        if is_open and not any(a <= now < b for a, b in pauses):
            left -= 1
        now += step
    return now
