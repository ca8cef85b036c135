"""The prices and rules of one month as the rating takes them, loaded once for all accounts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

from django.db.models import Q, QuerySet

from busbar.billing import rating
from busbar.billing.day_prices import CriticalPeak, PricedSeries, load_critical_peak, load_series
from busbar.billing.rating.values import PricePeriod
from busbar.kit.money import plain
from busbar.kit.periods import Month, Period
from busbar.pricing.models import (
    LossCorrection,
    LossTableRow,
    PowerFactorStep,
    RuleParameter,
    RuleSet,
    RuleSubject,
    Surcharge,
    Tariff,
)


@dataclass(frozen=True)
class PricedTariff:
    """A version of a tariff: energy prices with surcharges, and the basic prices if it has any.

    `period`: the days of the month on which tariff and surcharges are just these.
    """

    tariff: rating.Tariff
    scheme_id: int | None
    capacity_price: rating.BasicPrice | None
    demand_price: rating.BasicPrice | None
    period: Period


LossTableLine = tuple[Period, rating.LossTableRow, rating.Rule]
"""The days of the month on which a row of a table of losses holds, the row, where it stands."""


@dataclass(frozen=True)
class PriceBook:
    """Everything dated that bills of a month share.

    `rule_set` is that of the first day; `later_rule_sets` take over within the month. `versions`
    holds each tariff's by code, in order of their days; `series` are by code of the tariff, too;
    `loss_tables` by table and capacity in kVA.
    """

    month: Month
    rule_set: rating.RuleSet
    power_factor_table: rating.PowerFactorTable
    versions: Mapping[str, tuple[PricedTariff, ...]] = field(default_factory=dict)
    later_rule_sets: tuple[rating.RuleSet, ...] = ()
    critical_peak: CriticalPeak = field(default_factory=CriticalPeak)
    series: Mapping[str, tuple[PricedSeries, ...]] = field(default_factory=dict)
    loss_corrections: tuple[tuple[Period, tuple[str, int, rating.Rule]], ...] = ()
    loss_tables: Mapping[tuple[str, int], tuple[LossTableLine, ...]] = field(default_factory=dict)

    @property
    def rule_sets(self) -> tuple[rating.RuleSet, ...]:
        """All sets of the month, in order."""
        return (self.rule_set, *self.later_rule_sets)

    @cached_property
    def tariffs(self) -> dict[str, PricedTariff]:
        """Each tariff by code as it is first in the month."""
        return {code: versions[0] for code, versions in self.versions.items()}

    def rule_sets_of(self, days: Period) -> tuple[rating.RuleSet, ...]:
        """The rule sets that hold on the days, in order; the first from their beginning."""
        sets = self.rule_sets
        begun = [i for i, rule_set in enumerate(sets) if rule_set.valid_from <= days.start]
        first = begun[-1] if begun else 0
        return (sets[first], *(s for s in sets[first + 1 :] if s.valid_from < days.end))


def load_price_book(month: Month) -> PriceBook:
    """Load the month's rule sets, tables and tariffs: twelve queries, more with critical peak."""
    rule_set, *later = _in_force(RuleSubject.BILLING, month)
    table, *_ = _in_force(RuleSubject.POWER_FACTOR, month)
    versions = _versions(month)
    schemes = {v.scheme_id for own in versions.values() for v in own if v.scheme_id is not None}
    return PriceBook(
        month=month,
        rule_set=_rule_set(rule_set),
        power_factor_table=_power_factor_table(table),
        versions=versions,
        later_rule_sets=tuple(_rule_set(row) for row in later),
        critical_peak=load_critical_peak(schemes, month),
        series=load_series(month),
        loss_corrections=_loss_corrections(month),
        loss_tables=_loss_tables(month),
    )


def load_rule_set(on: dt.date) -> rating.RuleSet:
    """The billing rules in force on the day, without tables and prices. Two queries."""
    sets = _in_force(RuleSubject.BILLING, Month.of(on))
    return _rule_set([sets[0], *(row for row in sets[1:] if row.valid_from <= on)][-1])


def _in_force(subject: RuleSubject, month: Month) -> list[RuleSet]:
    """The set of the month's first day, and those that take over within the month."""
    rows = _valid(RuleSet.objects.filter(subject=subject), month.first, _last(month))
    sets = list(rows.prefetch_related("parameters").order_by("valid_from"))
    begun = [row for row in sets if row.valid_from <= month.first]
    if not begun:
        raise rating.UnableToRate(
            "%(month)s 没有生效的规则集（%(label)s）。", month=month, label=subject.label
        )
    return [begun[-1], *(row for row in sets if row.valid_from > month.first)]


def _last(month: Month) -> dt.date:
    return month.period.end - dt.timedelta(days=1)


def _valid(rows: QuerySet[Any], first: dt.date, last: dt.date) -> QuerySet[Any]:
    """Rows valid on any day from first up to and with last."""
    return rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=first), valid_from__lte=last)


def _rule_set(row: RuleSet) -> rating.RuleSet:
    return rating.RuleSet(
        code=row.code,
        name=row.name,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        figures={p.key: _rule(row.code, p) for p in row.parameters.all()},
    )


def _rule(rule_set: str, parameter: RuleParameter) -> rating.Rule:
    return rating.Rule(
        code=parameter.key,
        name=parameter.name,
        value=rating.rule_value(parameter.value),
        rule_set=rule_set,
        unit=parameter.unit,
        article=parameter.article,
        source=parameter.source,
        certainty=parameter.certainty,
    )


def _power_factor_table(row: RuleSet) -> rating.PowerFactorTable:
    below = {p.key: p for p in row.parameters.all() if p.key.startswith("below.")}
    return rating.PowerFactorTable(
        code=row.code,
        name=row.name,
        valid_from=row.valid_from,
        steps={
            (Decimal(s.standard), s.power_factor): _step(row, s)
            for s in row.power_factor_steps.all()
        },
        below_factor=Decimal(below["below.power_factor"].value),
        step=Decimal(below["below.step"].value),
        percent_per_step=Decimal(below["below.percent_per_step"].value),
        below_rule=_rule(row.code, below["below.percent_per_step"]),
    )


def _step(table: RuleSet, step: PowerFactorStep) -> rating.Rule:
    return rating.Rule(
        code="power_factor.table",
        name=f"标准 {step.standard} 功率因数 {step.power_factor} 的调整率",
        value=step.adjustment_percent,
        rule_set=table.code,
        unit="%",
        article=table.document,
        source=step.source,
        certainty=step.certainty,
    )


def _versions(month: Month) -> dict[str, tuple[PricedTariff, ...]]:
    """Each tariff by code, cut where a version or one of its region's surcharges changes."""
    rows = _valid(Tariff.objects.all(), month.first, _last(month))
    surcharges = _surcharges(month)
    versions: defaultdict[str, list[PricedTariff]] = defaultdict(list)
    for row in rows.prefetch_related("prices").order_by("code", "valid_from"):
        dated = surcharges[row.region]
        held = cast(Period, _held(row, month))
        for days in rating.cut(held, {day for own, _ in dated for day in (own.start, own.end)}):
            charges = [charge for own, charge in dated if days.start in own]
            versions[row.code].append(_priced(row, charges, days))
    return {code: tuple(found) for code, found in versions.items()}


def _held(row: Tariff | Surcharge | LossCorrection | LossTableRow, month: Month) -> Period | None:
    """The days of the month on which a dated row holds."""
    return Period(row.valid_from, row.valid_until or month.period.end).overlap(month.period)


def _surcharges(month: Month) -> defaultdict[str, list[tuple[Period, rating.UnitCharge]]]:
    """By region, each with its days of the month."""
    by_region: defaultdict[str, list[tuple[Period, rating.UnitCharge]]] = defaultdict(list)
    for row in _valid(Surcharge.objects.all(), month.first, _last(month)).order_by("code"):
        by_region[row.region].append((cast(Period, _held(row, month)), _unit_charge(row)))
    return by_region


def _loss_corrections(month: Month) -> tuple[tuple[Period, tuple[str, int, rating.Rule]], ...]:
    """K by province and shifts, each with its days of the month, the youngest version last."""
    rows = _valid(LossCorrection.objects.all(), month.first, _last(month)).order_by("valid_from")
    return tuple(
        (cast(Period, _held(row, month)), (row.province, row.shifts, _loss_rule(row)))
        for row in rows
    )


def _loss_rule(row: LossCorrection) -> rating.Rule:
    name = f"{row.province or '未指明省份'} {row.shifts} 班制修正系数 K"
    return _priced_rule("loss.correction", name, _plain(row.value), "", row)


def _loss_tables(month: Month) -> dict[tuple[str, int], tuple[LossTableLine, ...]]:
    rows = _valid(LossTableRow.objects.all(), month.first, _last(month))
    tables: defaultdict[tuple[str, int], list[LossTableLine]] = defaultdict(list)
    for row in rows.order_by("up_to_kwh", "valid_from"):
        limit = None if row.up_to_kwh is None else Decimal(row.up_to_kwh)
        line = rating.LossTableRow(_plain(row.active_kwh), _plain(row.reactive_kvarh), limit)
        name = f"变损表 {row.table} {row.capacity_kva} kVA"
        rule = _priced_rule("loss.table", name, row.table, "", row)
        tables[row.table, row.capacity_kva].append((cast(Period, _held(row, month)), line, rule))
    return {key: tuple(lines) for key, lines in tables.items()}


def _unit_charge(row: Surcharge) -> rating.UnitCharge:
    return rating.UnitCharge(
        code=row.code,
        name=row.name,
        price=_plain(row.price),
        in_power_factor_base=row.in_power_factor_base,
        rule=_priced_rule(f"surcharge.{row.code}", row.name, _plain(row.price), "元/kWh", row),
    )


def _priced(row: Tariff, charges: Iterable[rating.UnitCharge], days: Period) -> PricedTariff:
    prices = {cast(PricePeriod, p.period): _plain(p.price) for p in row.prices.all()}
    if set(prices) == {"flat"}:
        prices = {"total": prices["flat"]}
    rule = _priced_rule(f"tariff.{row.code}", row.name, row.code, "元/kWh", row)
    return PricedTariff(
        tariff=rating.Tariff(row.code, row.name, prices, rule, tuple(charges)),
        scheme_id=row.scheme_id,
        capacity_price=_basic(row, "capacity", row.capacity_price, "元/kVA·月"),
        demand_price=_basic(row, "demand", row.demand_price, "元/kW·月"),
        period=days,
    )


def _basic(row: Tariff, kind: str, price: Decimal | None, unit: str) -> rating.BasicPrice | None:
    if price is None:
        return None
    name = f"{row.name} {'容量' if kind == 'capacity' else '需量'}电价"
    return rating.BasicPrice(
        _plain(price), _priced_rule(f"tariff.{row.code}.{kind}", name, _plain(price), unit, row)
    )


def _priced_rule(
    code: str,
    name: str,
    value: Decimal | str,
    unit: str,
    row: Tariff | Surcharge | LossCorrection | LossTableRow,
) -> rating.Rule:
    return rating.Rule(
        code=code,
        name=name,
        value=value,
        unit=unit,
        article=f"{row.valid_from} 起",
        source=row.source,
        certainty=row.certainty,
    )


def _plain(price: Decimal) -> Decimal:
    """The price without the zeros that its column pads it with."""
    return Decimal(plain(price))
