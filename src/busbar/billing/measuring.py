"""A month's sums of all usage points, in one pass over the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from busbar.billing.engines import Engine
from busbar.billing.kernel import MonthAggregates, PeriodMaps
from busbar.kit.periods import Month
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import TimeOfUsePeriod
from busbar.supply.models import UsagePoint

PERIOD_CODES: tuple[str, ...] = (
    TimeOfUsePeriod.SHARP,
    TimeOfUsePeriod.PEAK,
    TimeOfUsePeriod.FLAT,
    TimeOfUsePeriod.VALLEY,
    TimeOfUsePeriod.DEEP_VALLEY,
)
"""The kernel's period codes, by position."""

NO_SCHEME = 0
"""Stands for accounts without time of use: all day flat. Database keys start at 1."""


def measure_month(
    root: Path,
    month: Month,
    *,
    scheme_of_account: Mapping[int, int | None],
    as_of: int,
    engine: Engine,
) -> MonthAggregates:
    """Sum every usage point of the accounts; those without a curve have zero days."""
    points = UsagePoint.objects.filter(account__in=list(scheme_of_account))
    schemes = {
        pk: scheme_of_account[account] or NO_SCHEME
        for pk, account in points.values_list("pk", "account_id")
    }
    maps = PeriodMaps.build(month, period_codes(month, set(schemes.values())), schemes)
    return engine.measure(root, month, maps, as_of=as_of)


def period_codes(month: Month, schemes: set[int]) -> dict[tuple[int, dt.date], Sequence[int]]:
    """The 96 period codes of every scheme and day of the month; `NO_SCHEME` is flat all day."""
    flat = [PERIOD_CODES.index(TimeOfUsePeriod.FLAT)] * 96
    days = [month.first + dt.timedelta(days=i) for i in range(month.days)]
    codes: dict[tuple[int, dt.date], Sequence[int]] = {(NO_SCHEME, day): flat for day in days}
    by_scheme = pricing_queries.list_period_maps(schemes - {NO_SCHEME}, month.period)
    for key, periods in by_scheme.items():
        codes[key] = [PERIOD_CODES.index(period) for period in periods]
    return codes
