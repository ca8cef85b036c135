"""Clocks by themselves: ladders climb every minute, due moments follow the calendar."""

from __future__ import annotations

import datetime as dt

from busbar.clocks import operations as clocks_operations
from busbar.journal.models import Entry

CALENDAR_PREFIXES = ("clocks.calendar.", "clocks.day.edited")
"""What says that the working calendar changed."""


def climb_ladders() -> str:
    """Climb what is due by now; the sentence is the task's result."""
    climbed = clocks_operations.climb_ladders(at=dt.datetime.now(dt.UTC))
    return f"预警与升级 {climbed} 次"


def reckon_again(entry: Entry) -> None:
    """Reckon every open clock by the calendar as it stands after the entry."""
    clocks_operations.recalculate_clocks(at=entry.occurred_at)
