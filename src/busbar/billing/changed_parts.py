"""Which facts of a bill differ from those it stood on, named by where they come from; pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from busbar.billing.rating import (
    BillInput,
    CapacityCharge,
    ComputedLoss,
    DemandCharge,
    Loss,
    Rule,
    Segment,
    StateSpan,
    Tariff,
    Transformer,
)

_REACTIVE = {"reactive_forward", "reactive_reverse"}
_DAY = dt.timedelta(days=1)

Part = Callable[[BillInput, BillInput], bool]


def list_changed_parts(
    before: BillInput, now: BillInput, cited: Iterable[Rule] = (), citing: Iterable[Rule] = ()
) -> list[str]:
    """The parts that differ, values of ChangedPart; `rules` where only figures of rules can.

    `cited` and `citing` are the rules that the lines of the bill cited, and would cite now. What
    merely follows from another part is not named beside it: a month that is cut otherwise, the
    periods of another tariff, the prices of another mode of charging.
    """
    found = [part for part, differs in _PARTS.items() if differs(before, now)]
    if _rules(before, now) or _differing_figures(cited, citing):
        found.append("rules")
    return found or ["rules"]


def _supply_days(before: BillInput, now: BillInput) -> bool:
    return before.period != now.period


def _agreement(before: BillInput, now: BillInput) -> bool:
    def code(segment: Segment) -> Any:
        return segment.tariff.code

    return (
        _differ_by_day(before, now, code)
        or _modes(before) != _modes(now)
        or _standards(before) != _standards(now)
    )


def _tariff(before: BillInput, now: BillInput) -> bool:
    old, new = _by_day(before, _priced), _by_day(now, _priced)
    # Another tariff is the agreement's doing, not the price list's.
    same = [day for day in old.keys() & new.keys() if old[day][0] == new[day][0]]
    if any(old[day] != new[day] for day in same):
        return True
    return _modes(before) == _modes(now) and _basic_prices(before) != _basic_prices(now)


def _time_of_use(before: BillInput, now: BillInput) -> bool:
    def rules(segment: Segment) -> Any:
        return [(rule.code, rule.name, rule.value, rule.article) for rule in segment.period_rules]

    if _differ_by_day(before, now, rules):
        return True
    if _agreement(before, now) or _has_other_days(before, now):
        return False
    old, new = _periods(before), _periods(now)
    return _active(old) == _active(new) and old != new


def _price_series(before: BillInput, now: BillInput) -> bool:
    if _differ_by_day(before, now, _on_series):
        return not _agreement(before, now)
    return _series_energy(before) == _series_energy(now) and _series_cost(before) != (
        _series_cost(now)
    )


def _transformers(before: BillInput, now: BillInput) -> bool:
    return _modes(before) == _modes(now) and _units(before) != _units(now)


def _metering(before: BillInput, now: BillInput) -> bool:
    return _points(before) != _points(now)


def _readings(before: BillInput, now: BillInput) -> bool:
    if _has_other_days(before, now) or _metering(before, now):
        return False
    if _series_energy(before) != _series_energy(now):
        return True
    old, new = _periods(before), _periods(now)
    if _active(old) != _active(new) or _reactive(old) != _reactive(new):
        return True
    return _modes(before) == _modes(now) and _measured(before) != _measured(now)


def _losses(before: BillInput, now: BillInput) -> bool:
    def held(segment: Segment) -> Any:
        return [_loss(loss) for loss in segment.losses]

    return _differ_by_day(before, now, held)


def _fixed_energy(before: BillInput, now: BillInput) -> bool:
    def held(segment: Segment) -> Any:
        return [
            (_unmarked(own.id), own.name, own.energy_kwh, own.share, own.connection)
            for own in segment.deductions
        ]

    return _differ_by_day(before, now, held)


def _rules(before: BillInput, now: BillInput) -> bool:
    return _sets(before) != _sets(now)


def _differing_figures(cited: Iterable[Rule], citing: Iterable[Rule]) -> bool:
    old, new = _figures(cited), _figures(citing)
    return any(old[key] != new[key] for key in old.keys() & new.keys())


def _figures(rules: Iterable[Rule]) -> dict[tuple[str, str, str], Any]:
    return {(r.rule_set, r.code, r.name): str(r.value) for r in rules if r.rule_set}


_PARTS: dict[str, Part] = {
    "supply_days": _supply_days,
    "agreement": _agreement,
    "tariff": _tariff,
    "time_of_use": _time_of_use,
    "price_series": _price_series,
    "transformers": _transformers,
    "metering": _metering,
    "readings": _readings,
    "losses": _losses,
    "fixed_energy": _fixed_energy,
}


def _by_day(facts: BillInput, view: Callable[[Segment], Any]) -> dict[dt.date, Any]:
    """What holds on each day, however the month is cut."""
    found = {}
    for segment in facts.segments:
        seen = view(segment)
        for number in range(segment.period.days):
            found[segment.period.start + number * _DAY] = seen
    return found


def _differ_by_day(before: BillInput, now: BillInput, view: Callable[[Segment], Any]) -> bool:
    """Whether a day that both bills know is seen otherwise."""
    old, new = _by_day(before, view), _by_day(now, view)
    return any(old[day] != new[day] for day in old.keys() & new.keys())


def _has_other_days(before: BillInput, now: BillInput) -> bool:
    return _supply_days(before, now) or _differ_by_day(before, now, _on_series)


def _on_series(segment: Segment) -> bool:
    return segment.series is not None


def _priced(segment: Segment) -> tuple[Any, ...]:
    fixed = {_unmarked(own.id): own.price for own in segment.deductions}
    return *_prices(segment.tariff), tuple(sorted(fixed.items()))


def _prices(tariff: Tariff) -> tuple[Any, ...]:
    charges = [
        (c.code, c.price, c.in_power_factor_base, c.includes_deductions) for c in tariff.charges
    ]
    return tariff.code, dict(tariff.prices), sorted(charges)


def _modes(facts: BillInput) -> list[tuple[Any, ...]]:
    """How the basic charge is agreed, agreement by agreement."""
    return [_mode(charge) for charge in facts.basic]


def _mode(charge: CapacityCharge | DemandCharge) -> tuple[Any, ...]:
    if isinstance(charge, CapacityCharge):
        return "capacity", charge.used
    agreed = [(infeed.contract_kw, infeed.capacity_kva) for infeed in charge.infeeds]
    return charge.mode, charge.used, charge.contract_capacity_kva, agreed


def _standards(facts: BillInput) -> dict[dt.date, Any]:
    """The power-factor standard of each day."""
    found = {}
    for own in facts.power_factors:
        for segment in facts.segments:
            if own.segments is None or segment.id in own.segments:
                for number in range(segment.period.days):
                    day = segment.period.start + number * _DAY
                    found[day] = (own.standard, own.capacity_kva, own.includes_basic_charge)
    return found


def _basic_prices(facts: BillInput) -> list[Any]:
    return [[(price.price, price.period) for price in charge.prices] for charge in facts.basic]


def _units(facts: BillInput) -> list[Any]:
    charges = [charge for charge in facts.basic if isinstance(charge, CapacityCharge)]
    end = facts.period.end
    return [
        ([_as_of(unit, end) for unit in charge.transformers], dict(charge.interlocks))
        for charge in charges
    ]


def _as_of(unit: Transformer, end: dt.date) -> Transformer:
    """The transformer as the bill's last day knew it: what came of it later is no change.

    The true end of a suspension stays, for its length decides the charge.
    """
    spans = [span for span in unit.states if span.start < end]
    is_gone = unit.removed_on is not None and unit.removed_on < end
    return replace(
        unit,
        states=tuple(_running_as_of(span, end) for span in spans),
        removed_on=unit.removed_on if is_gone else None,
    )


def _running_as_of(span: StateSpan, end: dt.date) -> StateSpan:
    is_over = span.end is not None and span.end < end
    return span if is_over or span.state == "suspended" else replace(span, end=None)


def _measured(facts: BillInput) -> list[Decimal]:
    charges = [charge for charge in facts.basic if isinstance(charge, DemandCharge)]
    return [infeed.measured_kw for charge in charges for infeed in charge.infeeds]


def _points(facts: BillInput) -> set[str]:
    return {energy.point for segment in facts.segments for energy in segment.energies}


_Sums = dict[tuple[str, str], Decimal]


def _periods(facts: BillInput) -> _Sums:
    """Energy of the bill by usage point and measure."""
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for segment in facts.segments:
        for energy in segment.energies:
            found[energy.point, energy.measures] += energy.quantity
    return {key: quantity for key, quantity in found.items() if quantity}


def _active(sums: _Sums) -> _Sums:
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (point, measure), quantity in sums.items():
        if measure not in _REACTIVE:
            found[point, "active"] += quantity
    return dict(found)


def _reactive(sums: _Sums) -> _Sums:
    return {key: quantity for key, quantity in sums.items() if key[1] in _REACTIVE}


def _series_energy(facts: BillInput) -> Decimal:
    return sum((s.series.energy_kwh for s in facts.segments if s.series), Decimal(0))


def _series_cost(facts: BillInput) -> Decimal:
    return sum((s.series.cost_yuan for s in facts.segments if s.series), Decimal(0))


def _sets(facts: BillInput) -> list[str]:
    return list(_set_codes(facts))


def _set_codes(facts: BillInput) -> Iterator[str]:
    yield facts.rule_set.code
    yield facts.power_factor_table.code
    yield from (later.code for later in facts.later_rule_sets)


def _loss(loss: Loss | ComputedLoss) -> tuple[Any, ...]:
    """What is agreed of a loss, without what the days of its stretch make of it."""
    if isinstance(loss, Loss):
        return _unmarked(loss.id), loss.name, loss.energy_kwh, loss.reactive_kvarh
    agreed = (loss.method, loss.of, loss.load_share, loss.correction)
    return _unmarked(loss.id), loss.name, *agreed


def _unmarked(identity: str) -> str:
    """An id without the number of its stretch."""
    return identity.split("@", maxsplit=1)[0]
