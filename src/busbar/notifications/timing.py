"""When a delivery may be tried: quiet hours and back-off, on plain values."""

from __future__ import annotations

import datetime as dt

from busbar.kit.periods import CHINA

WAITS = tuple(dt.timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720))
"""How long after each failed attempt the next one waits; after the last, it is given up."""
LEASE = dt.timedelta(minutes=10)
"""An attempt without an answer for so long was cut off; longer than any gateway's timeout."""


def after_quiet(at: dt.datetime, starts: dt.time, ends: dt.time) -> dt.datetime:
    """`at` itself outside the quiet hours `[starts, ends)`, else the moment they end.

    >>> night = dt.datetime(2026, 3, 2, 23, 0, tzinfo=CHINA)
    >>> after_quiet(night, dt.time(21), dt.time(8)).isoformat()
    '2026-03-03T08:00:00+08:00'
    >>> after_quiet(night, dt.time(12), dt.time(14)) == night
    True
    """
    local = at.astimezone(CHINA)
    now = local.time()
    over_midnight = starts > ends
    quiet = (now >= starts or now < ends) if over_midnight else starts <= now < ends
    if not quiet:
        return at
    day = local.date() + dt.timedelta(days=1 if over_midnight and now >= starts else 0)
    return dt.datetime.combine(day, ends, tzinfo=CHINA)


def next_try(attempts: int, at: dt.datetime) -> dt.datetime | None:
    """When to try again after so many attempts that failed; None: give it up.

    >>> at = dt.datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
    >>> next_try(2, at) - at, next_try(7, at)
    (datetime.timedelta(seconds=300), None)
    """
    return at + WAITS[attempts - 1] if attempts <= len(WAITS) else None
