"""Lighting and residents with their own price: inside the meter taken off, beside it added."""

from __future__ import annotations

from decimal import Decimal

from busbar.billing.rating.bill_values import Quantity
from busbar.billing.rating.rules import RuleSet, UnableToRate
from busbar.billing.rating.shares import Proration
from busbar.billing.rating.tally import ZERO, SegmentEnergy
from busbar.billing.rating.values import PERIOD_NAMES, Deduction
from busbar.kit.money import plain, round_half_up


def apply_deductions(result: SegmentEnergy, rule_set: RuleSet, month_days: int) -> None:
    """Take off what lies inside, then add what lies beside; shares are of the main meter's."""
    whole = result.total.kwh
    entries = result.segment.deductions
    for deduction in sorted(entries, key=lambda entry: entry.connection == "beside"):
        kwh, formula = _energy(deduction, whole, rule_set, month_days)
        result.deducted.append((deduction, kwh))
        result.quantities.append(Quantity(deduction.id, deduction.name, kwh, "kWh", formula))
        if deduction.connection == "beside":
            _add_beside(result, deduction, kwh)
        else:
            _take_off(result, deduction, kwh, rule_set.integer("rounding.energy_places"))


def _energy(
    deduction: Deduction, whole: Decimal, rule_set: RuleSet, month_days: int
) -> tuple[Decimal, str]:
    """Whole kWh and the arithmetic: fixed, fixed for a part of the month, or a share."""
    places = rule_set.integer("rounding.energy_places")
    fixed = deduction.energy_kwh
    if fixed is None:
        if deduction.share is None:
            raise UnableToRate(
                "扣减电量 %(id)s 须给定量 energy_kwh 或定比 share。", id=deduction.id
            )
        formula = f"{plain(whole)} × {plain(deduction.share)}"
        return round_half_up(whole * deduction.share, places), formula
    if deduction.days is None:
        return round_half_up(fixed, places), ""
    proration = Proration.of(rule_set, "deduction.proration", month_days)
    divisor = proration.divisor(Decimal(deduction.held_days or deduction.days))
    before = deduction.days_before
    until = round_half_up(fixed * (before + deduction.days) / divisor, places)
    kwh = until - round_half_up(fixed * before / divisor, places)
    formula = f"{plain(fixed)} × {before + deduction.days}/{plain(divisor)}"
    if before:
        formula += f" − {plain(fixed)} × {before}/{plain(divisor)}"
    return kwh, formula


def _add_beside(result: SegmentEnergy, deduction: Deduction, kwh: Decimal) -> None:
    """Beside the main meter: more energy for the bill, outside the power factor unless said."""
    result.total.add(kwh, (deduction.id,))
    if deduction.in_power_factor_energy:
        result.active.add(kwh, (deduction.id,))


def _take_off(result: SegmentEnergy, deduction: Deduction, kwh: Decimal, places: int) -> None:
    if not deduction.in_power_factor_energy:
        result.active.add(-kwh, (deduction.id,))
    source = result.period_or_flat(deduction.taken_from)
    if source == "total" and not result.segment.tariff.is_single_rate:
        _take_off_in_proportion(result, deduction, kwh, places)
        return
    if source not in result.billed:
        raise UnableToRate(
            "计费段 %(id)s 没有%(source)s电量，不能从中扣减%(name)s %(kwh)s kWh。",
            id=result.segment.id,
            source=PERIOD_NAMES[source],
            name=deduction.name,
            kwh=plain(kwh),
        )
    result.billed[source].add(-kwh, (deduction.id,))


def _take_off_in_proportion(
    result: SegmentEnergy, deduction: Deduction, kwh: Decimal, places: int
) -> None:
    """Spread over the periods by their energy; the largest period takes the rounding rest."""
    billed = result.billed
    whole = sum((tally.kwh for tally in billed.values()), ZERO)
    if kwh > whole:
        raise UnableToRate(
            "计费段 %(id)s 共 %(whole)s kWh，不够扣减%(name)s %(kwh)s kWh。",
            id=result.segment.id,
            whole=plain(whole),
            name=deduction.name,
            kwh=plain(kwh),
        )
    if not whole:
        return
    parts = {
        period: round_half_up(kwh * tally.kwh / whole, places) for period, tally in billed.items()
    }
    largest = max(billed, key=lambda period: billed[period].kwh)
    parts[largest] += kwh - sum(parts.values(), ZERO)
    for period, part in parts.items():
        billed[period].add(-part, (deduction.id,))
