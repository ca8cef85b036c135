"""What decides single days and intervals of a month: critical peak and price series (R25)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q

from busbar.billing import rating
from busbar.kit.errors import Listing, Phrase
from busbar.kit.money import plain
from busbar.kit.periods import Month, Period
from busbar.metering.lake import INTERVALS
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import CriticalDayRule, PriceSeries, SeriesPrice

_MINUTES = 15
_SHOWN = 3


@dataclass(frozen=True)
class PricedSeries:
    """A price series on its days of the month; `prices` has 96 by day, None where it has a gap."""

    code: str
    name: str
    rule: rating.Rule
    period: Period
    prices: Mapping[dt.date, Sequence[Decimal | None]]

    def prices_of(self, days: Period) -> list[Decimal]:
        """Every interval's price, in order; UnableToRate with the first days that lack any."""
        found: list[Decimal] = []
        lacking = []
        for day in _days(days):
            known = [price for price in self.prices.get(day, ()) if price is not None]
            if len(known) < INTERVALS:
                lacking.append(str(day))
            found += known
        if lacking:
            first = Listing(lacking[:_SHOWN])
            shown = Phrase("%(days)s等", days=first) if len(lacking) > _SHOWN else first
            raise rating.UnableToRate(
                "价格序列 %(name)s 缺 %(shown)s 共 %(days)s 天的电价",
                name=self.name,
                shown=shown,
                days=len(lacking),
            )
        return found


@dataclass(frozen=True)
class CriticalPeak:
    """A month's days of critical peak: the rules by scheme, each with the days it made so.

    `undecided` days wait for their temperature, by scheme.
    """

    rules: Mapping[int, tuple[tuple[rating.Rule, tuple[dt.date, ...]], ...]] = field(
        default_factory=dict
    )
    undecided: Mapping[int, tuple[dt.date, ...]] = field(default_factory=dict)

    def rules_of(self, scheme_id: int | None, days: Period) -> tuple[rating.Rule, ...]:
        """The rules that made any of the days one of critical peak."""
        if scheme_id is None:
            return ()
        return tuple(
            rule for rule, own in self.rules.get(scheme_id, ()) if any(day in days for day in own)
        )


def load_critical_peak(scheme_ids: Collection[int], month: Month) -> CriticalPeak:
    """The schemes' days of the month; one query where no rule holds, a few where one does."""
    found = pricing_queries.list_critical_days(scheme_ids, month.period)
    if not found.by_scheme and not found.undecided:
        return CriticalPeak()
    ids = {rule for days in found.by_scheme.values() for met in days.values() for rule in met}
    rows = pricing_queries.map_critical_day_rules(ids)
    by_scheme: dict[int, tuple[tuple[rating.Rule, tuple[dt.date, ...]], ...]] = {}
    for scheme, days in found.by_scheme.items():
        own: defaultdict[int, list[dt.date]] = defaultdict(list)
        for day, met in days.items():
            for pk in met:
                own[pk].append(day)
        by_scheme[scheme] = tuple(
            (_critical_rule(rows[pk], met_on), tuple(met_on)) for pk, met_on in own.items()
        )
    undecided = pricing_queries.list_undecided_days(list(found.undecided), month.period)
    return CriticalPeak(by_scheme, undecided)


def _critical_rule(row: CriticalDayRule, days: Sequence[dt.date]) -> rating.Rule:
    heat = row.at_least_celsius
    shown = "、".join(f"{day.day}日" for day in days)
    return rating.Rule(
        code="time_of_use.critical_day",
        name=row.name,
        value="" if heat is None else Decimal(plain(heat)),
        unit="" if heat is None else "℃",
        article=f"{row.valid_from} 起；{days[0].year}年{days[0].month}月：{shown}",
        source=row.source,
        certainty=row.certainty,
    )


def load_series(month: Month) -> dict[str, tuple[PricedSeries, ...]]:
    """Price series by the code of the tariff whose energy they price; two queries."""
    rows = PriceSeries.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=month.first), valid_from__lt=month.period.end
    )
    series = list(rows.order_by("valid_from", "code"))
    prices = _prices([row.pk for row in series], month) if series else {}
    found: defaultdict[str, list[PricedSeries]] = defaultdict(list)
    for row in series:
        held = Period(row.valid_from, row.valid_until or month.period.end).overlap(month.period)
        if held is not None:
            own = prices.get(row.pk, {})
            found[row.tariff_code].append(
                PricedSeries(row.code, row.name, _series_rule(row), held, own)
            )
    return {code: tuple(own) for code, own in found.items()}


def _prices(
    series_ids: Sequence[int], month: Month
) -> dict[int, dict[dt.date, list[Decimal | None]]]:
    found: defaultdict[int, dict[dt.date, list[Decimal | None]]] = defaultdict(dict)
    rows: Any = SeriesPrice.objects.filter(
        series__in=series_ids, day__gte=month.first, day__lt=month.period.end
    )
    for row in rows.iterator(chunk_size=5000):
        day = found[row.series_id].setdefault(row.day, [None] * INTERVALS)
        first, last = row.start_minute // _MINUTES, row.end_minute // _MINUTES
        day[first:last] = [Decimal(plain(row.price))] * (last - first)
    return found


def _series_rule(row: PriceSeries) -> rating.Rule:
    return rating.Rule(
        code=f"series.{row.code}",
        name=row.name,
        value=row.code,
        unit="元/kWh",
        article=f"{row.valid_from} 起",
        source=row.source,
        certainty=row.certainty,
    )


def _days(period: Period) -> Iterable[dt.date]:
    return (period.start + dt.timedelta(days=number) for number in range(period.days))
