"""Losses that meters do not see and fixed quantities (定量定比), as the rating takes them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from django.db.models import Q, QuerySet

from busbar.billing import rating
from busbar.billing.price_book import PriceBook
from busbar.billing.stretches import Stretch
from busbar.kit.money import plain
from busbar.kit.periods import Month, Period
from busbar.supply.models import (
    FixedEnergy,
    LossMethod,
    PointLoss,
    RunningState,
    Transformer,
    TransformerState,
)

_ENERGISED = {RunningState.RUNNING, RunningState.HOT_STANDBY}


@dataclass(frozen=True)
class PointTerms:
    """One account's terms of a month. `states` are those of the transformers, by id."""

    losses: Sequence[PointLoss] = ()
    fixed: Sequence[FixedEnergy] = ()
    states: Mapping[int, Sequence[TransformerState]] = field(default_factory=dict)

    def cuts(self, book: PriceBook) -> frozenset[dt.date]:
        """Days on which a term or its price begins or ends, or a transformer's state changes."""
        found = {day for t in (*self.losses, *self.fixed) for day in (t.valid_from, t.valid_until)}
        for row in self.fixed:
            versions = book.versions.get(row.tariff_code, ())
            found |= {day for v in versions for day in (v.period.start, v.period.end)}
        for loss in self.losses:
            if loss.transformer is not None:
                states = self.states.get(loss.transformer.pk, ())
                found |= {loss.transformer.installed_on}
                found |= {day for s in states for day in (s.valid_from, s.valid_until)}
        return frozenset(day for day in found if day is not None)


NOTHING = PointTerms()


def load_point_terms(accounts: Any, month: Month) -> dict[int, PointTerms]:
    """Terms by account, for those that have any; `accounts` ids or a query. Three queries."""
    losses: defaultdict[int, list[PointLoss]] = defaultdict(list)
    fixed: defaultdict[int, list[FixedEnergy]] = defaultdict(list)
    chosen = PointLoss.objects.select_related("usage_point", "transformer")
    for loss in _held(chosen, accounts, month):
        losses[loss.usage_point.account_id].append(loss)
    for energy in _held(FixedEnergy.objects.select_related("usage_point"), accounts, month):
        fixed[energy.usage_point.account_id].append(energy)
    states: defaultdict[int, list[TransformerState]] = defaultdict(list)
    units = {loss.transformer_id for own in losses.values() for loss in own}
    for state in TransformerState.objects.filter(transformer__in=units - {None}):
        states[state.transformer_id].append(state)
    return {
        account: PointTerms(losses.get(account, ()), fixed.get(account, ()), states)
        for account in losses.keys() | fixed.keys()
    }


def _held(rows: QuerySet[Any], accounts: Any, month: Month) -> QuerySet[Any]:
    holding = rows.filter(
        Q(valid_until=None) | Q(valid_until__gt=month.first),
        usage_point__account__in=accounts,
        valid_from__lt=month.period.end,
    )
    return holding.order_by("usage_point__number", "number", "valid_from")


def losses_of(
    terms: PointTerms,
    stretch: Stretch,
    energies: Sequence[rating.Energy],
    book: PriceBook,
    mark: str,
    *,
    days: Sequence[Period],
    month_kwh: Mapping[str, Decimal],
) -> Iterator[rating.ComputedLoss]:
    """The losses of a stretch; a transformer that is not energised on its days has none.

    `days` are those of all stretches: what loses all month loses one month, however cut.
    `month_kwh`: the month's energy by usage point where the stretch is only a part of it.
    """
    points = {energy.point for energy in energies}
    for row in terms.losses:
        if not _loses(row, terms, stretch.period):
            continue
        _require_curve(row, points, stretch.period)
        held = sum(own.days for own in days if _same_loses(row, terms, own))
        own: tuple[str, ...] = ()
        if len(points) > 1:
            own = tuple(e.id for e in energies if e.point == row.usage_point.number)
            if stretch.series:
                raise rating.UnableToRate(
                    "按价格序列计费且有 %(points)s 个计量点，不能分计量点计算%(name)s",
                    points=len(points),
                    name=row.name,
                )
        yield rating.ComputedLoss(
            id=f"{row.usage_point.number}.loss.{row.number}{mark}",
            name=row.name,
            method=cast(Any, row.method),
            load_share=_plain(row.load_share),
            metered=own,
            month_kwh=month_kwh.get(row.usage_point.number) if row.loss_table else None,
            held_days=held if len(days) > 1 else None,
            **_parameters(row, book, stretch.period.start),
        )


def _require_curve(row: PointLoss, points: Collection[str], days: Period) -> None:
    """What flows through is the point's own: never another's, where it has none."""
    number = row.usage_point.number
    if points and number not in points:
        last = days.end - dt.timedelta(days=1)
        raise rating.UnableToRate(
            "计量点 %(number)s %(start)s 至 %(last)s 没有负荷曲线，不能计算%(name)s",
            number=number,
            start=days.start,
            last=last,
            name=row.name,
        )


def _loses(row: PointLoss, terms: PointTerms, days: Period) -> bool:
    return _holds(row, days) and _is_energised(row, terms, days.start)


def _same_loses(row: PointLoss, terms: PointTerms, days: Period) -> bool:
    """Whether the loss of that number of the usage point, of whatever date, is there."""
    return any(_loses(other, terms, days) for other in terms.losses if _is_one(other, row))


def _is_one(one: PointLoss | FixedEnergy, other: PointLoss | FixedEnergy) -> bool:
    """Rows of one number of a usage point are one term, as it was amended."""
    return (one.usage_point_id, one.number) == (other.usage_point_id, other.number)


def _holds(row: PointLoss | FixedEnergy, days: Period) -> bool:
    until = row.valid_until
    return row.valid_from <= days.start and (until is None or days.start < until)


def _is_energised(row: PointLoss, terms: PointTerms, day: dt.date) -> bool:
    unit = row.transformer
    if unit is None:
        return True
    holding = [
        state
        for state in terms.states.get(unit.pk, ())
        if state.valid_from <= day and (state.valid_until is None or day < state.valid_until)
    ]
    return unit.installed_on <= day and all(state.state in _ENERGISED for state in holding)


def _parameters(row: PointLoss, book: PriceBook, day: dt.date) -> dict[str, Any]:
    if row.method == LossMethod.SHARE:
        share = _plain(row.agreed_share)
        rule = _agreed(row, "loss.agreed_share", share)
        return {"of": rating.EnergyShare(share, rule)}
    if row.method == LossMethod.TABLE:
        return {"of": _table(row, book, day)}
    k = _correction(row, book, day)
    correction = {"correction": Decimal(1) if k is None else k.value, "correction_rule": k}
    if row.method == LossMethod.LINE:
        reactance = row.reactance_ohm or Decimal(0)
        ohms = (_plain(row.voltage_kv), _plain(row.resistance_ohm), _plain(reactance))
        return {"of": rating.Line(*ohms), **correction}
    assert row.transformer is not None  # noqa: S101 - the register asks for it
    return {"of": _plate(row.transformer), **correction}


def _plate(unit: Transformer) -> rating.Nameplate:
    if unit.no_load_kw is None:
        raise rating.UnableToRate(
            "变压器 %(number)s 的铭牌损耗参数未登记，不能计算变损", number=unit.number
        )
    return rating.Nameplate(
        rated_kva=Decimal(unit.capacity_kva),
        no_load_kw=_plain(unit.no_load_kw),
        load_kw=_plain(unit.load_kw),
        no_load_current_percent=_plain(unit.no_load_current_percent),
        impedance_percent=_plain(unit.impedance_percent),
    )


def _table(row: PointLoss, book: PriceBook, day: dt.date) -> rating.LossTable:
    """The rows of the transformer's capacity that hold on the day, of each the youngest version."""
    assert row.transformer is not None  # noqa: S101 - the register asks for it
    capacity = row.transformer.capacity_kva
    of_capacity = book.loss_tables.get((row.loss_table, capacity), ())
    valid = {line.up_to_kwh: (line, rule) for days, line, rule in of_capacity if day in days}
    if not valid:
        raise rating.UnableToRate(
            "%(day)s 变损表 %(loss_table)s 没有容量 %(capacity)s kVA 的行",
            day=day,
            loss_table=row.loss_table,
            capacity=capacity,
        )
    lines, rules = zip(*valid.values(), strict=True)
    return rating.LossTable(lines, rules[0])


def _correction(row: PointLoss, book: PriceBook, day: dt.date) -> rating.Rule | None:
    """K as agreed, or by province and shifts on the day; None where neither is stated."""
    if row.correction is not None:
        return _agreed(row, "loss.correction", _plain(row.correction))
    if row.shifts is None:
        return None
    valid = [k for days, k in book.loss_corrections if day in days]
    found: rating.Rule = rating.correction_for(valid, row.province, row.shifts)
    return found


def _agreed(row: PointLoss | FixedEnergy, code: str, value: Decimal | int | None) -> rating.Rule:
    return rating.Rule(
        code=code,
        name=row.name,
        value=_plain(value),
        article=f"{row.valid_from} 起",
        source=row.source,
        certainty="local",
    )


def _plain(value: Decimal | int | None) -> Decimal:
    return Decimal(plain(Decimal(value or 0)))


def deductions_of(
    terms: PointTerms,
    days: Period,
    book: PriceBook,
    rule_set: rating.RuleSet,
    mark: str,
    all_days: Sequence[Period],
) -> Iterator[rating.Deduction]:
    """Fixed quantities and shares of a stretch, priced by their tariff on its first day.

    `all_days` are those of all stretches: the parts of a fixed quantity add up to it.
    """
    for row in terms.fixed:
        if not _holds(row, days):
            continue
        amended = [other for other in terms.fixed if _is_one(other, row)]
        held = [own for own in all_days if any(_holds(other, own) for other in amended)]
        before = [own for own in held if own.start < days.start and _holds(row, own)]
        is_cut = len(all_days) > 1 and row.energy_kwh is not None
        price, priced_by = _price(row, days.start, book)
        inside = f"power_factor.inside_{row.use}"
        counts = rule_set.rule("power_factor.beside" if row.connection == "beside" else inside)
        is_part = days != book.month.period
        yield rating.Deduction(
            id=f"{row.usage_point.number}.fixed.{row.number}{mark}",
            name=row.name,
            price=price,
            rule=priced_by,
            energy_kwh=None if row.energy_kwh is None else Decimal(row.energy_kwh),
            share=None if row.share is None else _plain(row.share),
            in_power_factor_energy=counts.value == "counts",
            connection=cast(Any, row.connection),
            days=days.days if is_part and row.energy_kwh is not None else None,
            held_days=sum(own.days for own in held) if is_cut else None,
            days_before=sum(own.days for own in before) if is_cut else 0,
            power_factor_rule=counts,
            quantity_rule=_agreed(row, "deduction.quantity", row.energy_kwh or row.share),
        )


def _price(row: FixedEnergy, day: dt.date, book: PriceBook) -> tuple[Decimal, rating.Rule]:
    versions: Iterable[Any] = book.versions.get(row.tariff_code, ())
    priced = next((version for version in versions if day in version.period), None)
    if priced is None:
        raise rating.UnableToRate(
            "%(day)s 没有%(name)s的电价 %(tariff_code)s",
            day=day,
            name=row.name,
            tariff_code=row.tariff_code,
        )
    if not priced.tariff.is_single_rate:
        raise rating.UnableToRate(
            "%(name)s的电价 %(tariff_code)s 应是不分时的电价",
            name=row.name,
            tariff_code=row.tariff_code,
        )
    return priced.tariff.prices["total"], priced.tariff.rule
