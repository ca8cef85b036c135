"""The prices and rules of one month as the rating takes them, loaded once for all accounts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from django.db.models import Q, QuerySet

from busbar.billing import rating
from busbar.billing.rating.values import PricePeriod
from busbar.kit.money import plain
from busbar.kit.periods import Month
from busbar.pricing.models import (
    PowerFactorStep,
    RuleParameter,
    RuleSet,
    RuleSubject,
    Surcharge,
    Tariff,
)


@dataclass(frozen=True)
class PricedTariff:
    """A tariff of the month: energy prices with surcharges, and the basic prices if it has any.

    `changes_within_month` names the day on which another version takes over, None where one
    version holds all month.
    """

    tariff: rating.Tariff
    scheme_id: int | None
    capacity_price: rating.BasicPrice | None
    demand_price: rating.BasicPrice | None
    changes_within_month: dt.date | None = None


@dataclass(frozen=True)
class PriceBook:
    """Everything dated that bills of a month share. `tariffs` is by code."""

    month: Month
    rule_set: rating.RuleSet
    power_factor_table: rating.PowerFactorTable
    tariffs: Mapping[str, PricedTariff] = field(default_factory=dict)


def load_price_book(month: Month) -> PriceBook:
    """Load the month's rule set (that of its first day), tables and tariffs: seven queries."""
    return PriceBook(
        month=month,
        rule_set=_rule_set(_in_force(RuleSubject.BILLING, month)),
        power_factor_table=_power_factor_table(_in_force(RuleSubject.POWER_FACTOR, month)),
        tariffs=_tariffs(month),
    )


def _in_force(subject: RuleSubject, month: Month) -> RuleSet:
    sets = _valid(RuleSet.objects.filter(subject=subject), month.first, month.first)
    found = sets.order_by("-valid_from").first()
    if found is None:
        raise rating.UnableToRate(f"{month} 没有生效的规则集（{subject.label}）。")
    return cast(RuleSet, found)


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
    below = {p.key: p for p in row.parameters.filter(key__startswith="below.")}
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


def _tariffs(month: Month) -> dict[str, PricedTariff]:
    """By code, the version in force first; a change within the month is noted on it."""
    rows = _valid(Tariff.objects.all(), month.first, month.period.end - dt.timedelta(days=1))
    surcharges = _surcharges(month)
    newest_first = rows.prefetch_related("prices").order_by("code", "-valid_from")
    return {
        row.code: _priced(row, surcharges[row.region], _end_within(row, month))
        for row in newest_first
    }


def _end_within(row: Tariff, month: Month) -> dt.date | None:
    if row.valid_from > month.first:
        return row.valid_from
    until = row.valid_until
    return until if until and until < month.period.end else None


def _surcharges(month: Month) -> defaultdict[str, list[rating.UnitCharge]]:
    by_region: defaultdict[str, list[rating.UnitCharge]] = defaultdict(list)
    for row in _valid(Surcharge.objects.all(), month.first, month.first).order_by("code"):
        by_region[row.region].append(_unit_charge(row))
    return by_region


def _unit_charge(row: Surcharge) -> rating.UnitCharge:
    return rating.UnitCharge(
        code=row.code,
        name=row.name,
        price=_plain(row.price),
        in_power_factor_base=row.in_power_factor_base,
        rule=_priced_rule(f"surcharge.{row.code}", row.name, _plain(row.price), "元/kWh", row),
    )


def _priced(
    row: Tariff, charges: Iterable[rating.UnitCharge], changes: dt.date | None
) -> PricedTariff:
    prices = {cast(PricePeriod, p.period): _plain(p.price) for p in row.prices.all()}
    if set(prices) == {"flat"}:
        prices = {"total": prices["flat"]}
    rule = _priced_rule(f"tariff.{row.code}", row.name, row.code, "元/kWh", row)
    return PricedTariff(
        tariff=rating.Tariff(row.code, row.name, prices, rule, tuple(charges)),
        scheme_id=row.scheme_id,
        capacity_price=_basic(row, "capacity", row.capacity_price, "元/kVA·月"),
        demand_price=_basic(row, "demand", row.demand_price, "元/kW·月"),
        changes_within_month=changes,
    )


def _basic(row: Tariff, kind: str, price: Decimal | None, unit: str) -> rating.BasicPrice | None:
    if price is None:
        return None
    name = f"{row.name} {'容量' if kind == 'capacity' else '需量'}电价"
    return rating.BasicPrice(
        _plain(price), _priced_rule(f"tariff.{row.code}.{kind}", name, _plain(price), unit, row)
    )


def _priced_rule(
    code: str, name: str, value: Decimal | str, unit: str, row: Tariff | Surcharge
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
