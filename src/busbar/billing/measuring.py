"""A month's sums of all usage points, in one pass over the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from busbar.billing.engines import Engine
from busbar.billing.month_sums import MonthAggregates, PeriodMaps, PointMonth
from busbar.billing.rating import UnableToRate
from busbar.kit.periods import Month, Period
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


PeriodCodes = dict[tuple[int, dt.date], Sequence[int]]
"""(scheme id, day) → the 96 codes of its quarters of an hour."""

SchemesOfDays = Mapping[Period, Mapping[int, int | None]]
"""Days of a month → account id → the time-of-use scheme that its tariff follows on them."""


@dataclass(frozen=True)
class Measured:
    """A month's sums by days: those of the whole month, and of every stretch asked for."""

    by_days: Mapping[Period, MonthAggregates]

    def of(self, usage_point_id: int, days: Period) -> PointMonth:
        """One usage point's sums; UnableToRate where these days were not asked for."""
        try:
            return self.by_days[days].of(usage_point_id)
        except KeyError:
            raise UnableToRate("合同或电价在核算期间变动，请再核算一次") from None


def measure_month(
    root: Path, month: Month, *, schemes_of_days: SchemesOfDays, as_of: int, engine: Engine
) -> Measured:
    """Sum every usage point of the accounts; those without a curve have zero days.

    One pass over the lake for all accounts that are billed for the whole month, and one for each
    other stretch of days, over the files of its accounts only.
    """
    accounts = {account for schemes in schemes_of_days.values() for account in schemes}
    points = dict(
        UsagePoint.objects.filter(account__in=list(accounts)).values_list("pk", "account_id")
    )
    used = {scheme for schemes in schemes_of_days.values() for scheme in schemes.values()}
    codes = period_codes(month, used)
    found = {}
    for days, schemes in schemes_of_days.items():
        own = {pk: schemes[account] for pk, account in points.items() if account in schemes}
        found[days] = engine.measure(root, month, maps_of(month, days, own, codes), as_of=as_of)
    return Measured(found)


def maps_of(
    month: Month, days: Period, schemes: Mapping[int, int | None], codes: PeriodCodes
) -> PeriodMaps:
    """The kernel's maps for the days, from each usage point's scheme (None: flat all day)."""
    known = {pk: scheme or NO_SCHEME for pk, scheme in schemes.items()}
    only = None if days == month.period else days
    return PeriodMaps.build(month, codes, known, only=only)


def period_codes(month: Month, schemes: set[int | None]) -> PeriodCodes:
    """The 96 codes of each scheme and day of the month, and of `NO_SCHEME`: flat all day."""
    flat = [PERIOD_CODES.index(TimeOfUsePeriod.FLAT)] * 96
    days = [month.first + dt.timedelta(days=i) for i in range(month.days)]
    codes: PeriodCodes = {(NO_SCHEME, day): flat for day in days}
    by_scheme = pricing_queries.list_period_maps({s for s in schemes if s}, month.period)
    for key, periods in by_scheme.items():
        codes[key] = [PERIOD_CODES.index(period) for period in periods]
    return codes
