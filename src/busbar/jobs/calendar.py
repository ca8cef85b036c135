"""The nightly look at the working calendar: announced years in, the next years provisional."""

from __future__ import annotations

import datetime as dt

from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.kit.periods import local_date

AHEAD_YEARS = 2
"""How far ahead time limits reach: a supply scheme in force for a year, begun in December."""


def keep_calendar() -> str:
    """Run `keep_calendar_at` for now."""
    return keep_calendar_at(at=dt.datetime.now(dt.UTC))


def keep_calendar_at(*, at: dt.datetime) -> str:
    """Load announced years, write the next ones provisionally; the sentence is the result."""
    loaded = clocks_operations.load_announced_years(at=at)
    this_year = local_date(at).year
    years = range(this_year, this_year + AHEAD_YEARS + 1)
    provisional = [year for year in years if not clocks_queries.has_announced_year(year)]
    for year in provisional:
        clocks_operations.load_provisional_year(year=year, at=at)
    waiting = "、".join(str(year) for year in provisional) or "无"
    return f"新增 {loaded.created} 天，更新 {loaded.updated} 天；尚未公布的年份：{waiting}"
