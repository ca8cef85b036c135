"""A month's sums up to a day, and up to its end with days that are still to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa

from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.billing.advice.similar_days import Coming, Curves, continue_curves
from busbar.billing.advice.sufficiency import UnableToAdvise
from busbar.billing.facts import AccountFacts, Limits, assemble
from busbar.billing.kernel import aggregate_month
from busbar.billing.measuring import Measured, maps_of, period_codes
from busbar.billing.month_sums import MonthAggregates
from busbar.billing.price_book import load_price_book
from busbar.billing.rating import RuleSet
from busbar.billing.registers import load_registers
from busbar.billing.series_energy import cost_curves
from busbar.billing.stretches import list_stretches
from busbar.clocks import queries as clocks_queries
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import Month, Period
from busbar.metering import queries as metering_queries
from busbar.metering.lake import CURVE_SCHEMA, Quality
from busbar.supply.models import UsagePoint

_EVERYTHING = Decimal(100)
"""Percent of a month that may be missing: the days to come are."""
_QUARTERS = 4


@dataclass(frozen=True)
class Days:
    """An account's curves by usage point over the same days, and the lake version read."""

    curves: Mapping[int, Curves]
    version: int

    def last_full(self, before: dt.date, since: dt.date) -> dt.date | None:
        """The last day of [since, before) on which every usage point is complete."""
        day = before - dt.timedelta(days=1)
        while day >= since:
            if all(bool(c.full[(day - c.start).days]) for c in self.curves.values()):
                return day
            day -= dt.timedelta(days=1)
        return None


@dataclass(frozen=True)
class Outlook:
    """A month rated as it stands at the end of `through`, and as it will end.

    `daily_kwh` holds each day of the month: (day, kWh, whether it is known).
    """

    month: Month
    through: dt.date
    facts: AccountFacts
    so_far: rating.RatedBill
    end_facts: AccountFacts
    end: rating.RatedBill
    daily_kwh: tuple[tuple[dt.date, Decimal, bool], ...]


def load_days(
    viewer: Viewer, account: CustomerAccount, start: dt.date, end: dt.date, *, version: int
) -> Days:
    """The account's visible usage points that have any curve on the days."""
    points = UsagePoint.objects.visible_to(viewer).filter(account=account)
    curves = {}
    for pk in points.order_by("pk").values_list("pk", flat=True):
        load = metering_queries.get_load(
            viewer, start=start, end=end, usage_point_ids=[pk], as_of=version
        )
        known = load.quality != Quality.MISSING
        if known.any():
            channels = [load.energy_wh, load.reactive_lag_varh, load.reactive_lead_varh]
            curves[pk] = Curves(start, np.array(channels), known)
    return Days(curves, version)


def look_ahead(account: CustomerAccount, days: Days, through: dt.date, figures: RuleSet) -> Outlook:
    """Rate the month of `through` twice; UnableToAdvise where the recent days are too few.

    UnableToRate where the month cannot be rated, a price series that does not reach its end too.
    """
    month = Month.of(through)
    after = through + dt.timedelta(days=1)
    known = {pk: c.between(month.first, after) for pk, c in days.curves.items()}
    coming = _continue(days, after, month, figures)
    facts = _facts(account, month, days.version, _rows(known, {}), until=after)
    end = month.period.end
    ends = _facts(account, month, days.version, _rows(known, coming), coming, until=end)
    return Outlook(
        month=month,
        through=through,
        facts=facts,
        so_far=rating.rate(facts.bill_input),
        end_facts=ends,
        end=rating.rate(ends.bill_input),
        daily_kwh=_daily(month, known, coming),
    )


def _continue(days: Days, after: dt.date, month: Month, figures: RuleSet) -> dict[int, Coming]:
    window = figures.integer("forecast.window_days")
    least = figures.integer("forecast.minimum_days")
    since = after - dt.timedelta(days=window)
    calendar = clocks_queries.get_calendar(since, month.period.end)
    found = {}
    for pk, curves in days.curves.items():
        recent = curves.between(max(since, curves.start), after)
        if recent.full.sum() < least:
            raise UnableToAdvise(
                "数据不足，不能预测：%(after)s 前 %(window)s 天中"
                "只有 %(value)s 天曲线完整，至少要 %(least)s 天。",
                after=after,
                window=window,
                value=recent.full.sum(),
                least=least,
            )
        found[pk] = continue_curves(
            recent,
            after,
            (month.period.end - after).days,
            level_days=figures.integer("forecast.level_days"),
            is_working=calendar.is_working_day,
        )
    return found


def _rows(known: Mapping[int, Curves], coming: Mapping[int, Coming]) -> pa.Table:
    """Known days (those with any value) and coming ones as the lake would give them."""
    columns: dict[str, list[object]] = {name: [] for name in CURVE_SCHEMA.names}
    nothing_missing = np.zeros(96, dtype=np.int8)
    for pk, curves in known.items():
        for place in np.flatnonzero(curves.known.any(axis=1)):
            gaps = np.where(curves.known[place], Quality.MEASURED, Quality.MISSING)
            _add(columns, pk, curves.day(int(place)), curves.channels[:, place], gaps)
        for index, channels in enumerate(_days_of(coming.get(pk))):
            day = curves.day(len(curves.known) + index)
            _add(columns, pk, day, channels, nothing_missing)
    return pa.table(columns, schema=CURVE_SCHEMA)


def _days_of(coming: Coming | None) -> Sequence[object]:
    return () if coming is None else list(coming.channels.transpose(1, 0, 2))


def _add(
    columns: dict[str, list[object]], pk: int, day: dt.date, channels: object, quality: object
) -> None:
    active, lag, lead = np.asarray(channels, dtype=np.int32)
    row = (pk, day, active, lag, lead, np.asarray(quality, dtype=np.int8))
    for name, value in zip(CURVE_SCHEMA.names, row, strict=True):
        columns[name].append(value)


def _facts(
    account: CustomerAccount,
    month: Month,
    version: int,
    rows: pa.Table,
    coming: Mapping[int, Coming] | None = None,
    *,
    until: dt.date,
) -> AccountFacts:
    """The facts of the days before `until`, of which a price series must cover every one."""
    book, registers = load_price_book(month), load_registers([account.pk], month)
    agreements = registers.agreements.get(account.pk, [])
    points = registers.usage_points.get(account.pk, [])
    cuts = registers.terms_of(account.pk).cuts(book)
    stretches = list_stretches(account, agreements, book, cuts)
    codes = period_codes(month, {stretch.priced.scheme_id for stretch in stretches})
    sums: dict[Period, MonthAggregates] = {}
    for stretch in stretches:
        schemes = {point.pk: stretch.priced.scheme_id for point in points}
        maps = maps_of(month, stretch.period, schemes, codes)
        sums[stretch.period] = aggregate_month(rows.to_batches(), maps)
    _raise_demand(sums[max(sums)], coming or {})
    costs, unpriced = cost_curves(
        rows, month, {account.pk: stretches}, registers.usage_points, as_of=version, until=until
    )
    if account.pk in unpriced:
        raise unpriced[account.pk]
    limits = Limits(version, _EVERYTHING)
    return assemble(account, registers, Measured(sums), book, limits, costs)


def _raise_demand(sums: MonthAggregates, coming: Mapping[int, Coming]) -> None:
    """The peak that may still come, where it is higher; a mean day's own peak is too low."""
    for pk, days in coming.items():
        place = int(np.searchsorted(sums.usage_point_ids, pk))
        highest = max(int(sums.max_demand_w[place]), days.highest_wh * _QUARTERS)
        sums.max_demand_w[place] = highest


def _daily(
    month: Month, known: Mapping[int, Curves], coming: Mapping[int, Coming]
) -> tuple[tuple[dt.date, Decimal, bool], ...]:
    past = sum((c.channels[0].sum(axis=1) for c in known.values()), np.zeros(1, dtype=np.int64))
    ahead = sum((c.channels[0].sum(axis=1) for c in coming.values()), np.zeros(1, dtype=np.int64))
    after = month.days - len(past)
    energies = [*((wh, True) for wh in past), *((wh, False) for wh in ahead[:after])]
    return tuple(
        (month.first + dt.timedelta(days=n), Decimal(int(wh)) / 1000, is_known)
        for n, (wh, is_known) in enumerate(energies)
    )
