"""Moments in facts and lists: plain values, no clock is read."""

from __future__ import annotations

import datetime as dt
from typing import Any

from busbar.kit.periods import CHINA

FAR_FUTURE = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
"""Where tasks without a due time stand in a list: behind all others."""


def moment_of(fact: Any) -> dt.datetime | None:
    """A fact as a moment: a day begins at midnight in China; None for anything else.

    >>> moment_of("2026-03-02").isoformat()
    '2026-03-02T00:00:00+08:00'
    """
    try:
        moment = dt.datetime.fromisoformat(str(fact))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def spoken(moment: dt.datetime | None) -> str:
    """A moment as people read it, in China's time.

    >>> spoken(dt.datetime(2026, 3, 2, 1, 30, tzinfo=dt.UTC))
    '2026-03-02 09:30'
    """
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if moment else ""
