"""Energy measured wrongly: meter error, wrong ratio, wrong wiring; what to charge or pay back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from busbar.billing.rating.bill_values import BillLine, Quantity
from busbar.billing.rating.calculations import Calculation, Exact, exactly, line
from busbar.billing.rating.energy import segment_energy
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.billing.rating.values import PERIOD_NAMES, PERIODS_OF_DAY, PricePeriod, Segment, Tariff
from busbar.kit.money import plain, round_half_up

ZERO = Decimal(0)
ONE = Decimal(1)
_PHASES = 3
_STOPPED = -100


@dataclass(frozen=True, slots=True)
class RecordedEnergy:
    """What the meter recorded in whole kWh by price period, and where that came from.

    Negative where the meter ran backwards.
    """

    kwh: Mapping[PricePeriod, Decimal]
    inputs: Mapping[PricePeriod, tuple[str, ...]]
    quantities: tuple[Quantity, ...] = ()

    @classmethod
    def of(cls, segment: Segment, rule_set: RuleSet, month_days: int) -> RecordedEnergy:
        """The segment's energies by period; flat as the remainder of a total."""
        energy = segment_energy(segment, rule_set, month_days)
        return cls(
            {period: tally.kwh for period, tally in energy.billed.items()},
            {period: tuple(tally.inputs) for period, tally in energy.billed.items()},
            tuple(energy.quantities),
        )

    def reversed(self) -> RecordedEnergy:
        """The same recorded by a meter that ran backwards."""
        return replace(self, kwh={period: -kwh for period, kwh in self.kwh.items()})


@dataclass(frozen=True, slots=True)
class Factor:
    """The correction as a factor on recorded energy: exactly `numerator` ÷ `denominator`."""

    numerator: Decimal
    denominator: Decimal
    formula: str
    rule: Rule
    also: tuple[Rule, ...] = ()
    notes: tuple[str, ...] = ()


def meter_error(error_percent: Decimal, rule_set: RuleSet, allowed: Decimal = ZERO) -> Factor:
    """True energy is recorded ÷ (1 + error); half of the difference, as half of the time counts.

    `error_percent` is negative for a slow meter. Within `allowed` percent nothing is corrected.
    Kept as one fraction: 1 ÷ 0.9 − 1 on its own would already have been rounded.
    """
    share = rule_set.rule("correction.meter_error_time_share")
    if error_percent <= _STOPPED:
        raise UnableToRate("误差应大于 −100%：表停走不能按误差退补。")
    if abs(error_percent) <= allowed:
        note = f"误差 {plain(error_percent)}% 未超出允许的 ±{plain(allowed)}%，不退补。"
        return Factor(ZERO, ONE, "0", share, notes=(note,))
    numerator = -error_percent * rule_set.number(share.code)
    error = (
        f"(1 − {plain(-error_percent)}%)" if error_percent < 0 else f"(1 + {plain(error_percent)}%)"
    )
    formula = f"(1 ÷ {error} − 1) × {plain(rule_set.number(share.code))}"
    return Factor(numerator, 100 + error_percent, formula, share)


def wrong_ratio(correct: Decimal, wrong: Decimal, rule_set: RuleSet) -> Factor:
    """(correct − wrong) ÷ wrong of the energy that was billed by the wrong ratio."""
    rule = rule_set.rule("correction.wrong_ratio")
    formula = f"({plain(correct)} − {plain(wrong)}) ÷ {plain(wrong)}"
    note = "按实际时间退补；时间无法确定的，以抄表记录为准。"
    return Factor(correct - wrong, wrong, formula, rule, notes=(note,))


def wrong_wiring(factor: Decimal, rule_set: RuleSet, formula: str = "") -> Factor:
    """K − 1 of the recorded energy, with K the correct power over the power measured wrongly."""
    rule = rule_set.rule("correction.wrong_wiring")
    shown = f"({formula or plain(factor)} − 1)"
    note = "退补未定前，用户按正常月用电量先行交付电费。"
    return Factor(factor - 1, ONE, shown, rule, notes=(note,))


def wiring_of_elements(elements: tuple[int, ...], rule_set: RuleSet) -> Factor:
    """K of a three-phase four-wire meter under balanced load, by what each element measures.

    1 right, −1 current reversed, 0 nothing: K = 3 ÷ Σ. One reversed gives 3, one missing 1.5.
    """
    measured = sum(elements)
    if len(elements) != _PHASES or not set(elements) <= {-1, 0, 1}:
        raise UnableToRate("三相四线电能表有三个元件，每个填 1（正确）、-1（接反）或 0（断开）。")
    if not measured:
        raise UnableToRate("三个元件的计量相互抵消，不能由抄见电量推算，须按其他方法确定电量。")
    rule = rule_set.rule("correction.wrong_wiring")
    shown = f"({_PHASES} ÷ {measured} − 1)" if measured > 0 else f"({_PHASES} ÷ ({measured}) − 1)"
    note = "按三相负荷平衡计算更正系数 K；退补未定前，用户按正常月用电量先行交付电费。"
    return Factor(Decimal(_PHASES - measured), Decimal(measured), shown, rule, notes=(note,))


@exactly
def correct(
    recorded: RecordedEnergy, factor: Factor, rule_set: RuleSet, tariff: Tariff | None = None
) -> Calculation:
    """Recorded energy × factor by period, whole kWh, priced where a tariff is given.

    Positive energy is charged, negative paid back.
    """
    places = rule_set.integer("rounding.energy_places")
    differences = {
        period: round_half_up(kwh * factor.numerator / factor.denominator, places)
        for period, kwh in recorded.kwh.items()
    }
    added = [
        Quantity(
            f"correction.{period}",
            f"退补{PERIOD_NAMES[period]}电量",
            differences[period],
            "kWh",
            f"{plain(recorded.kwh[period])} × {factor.formula}",
        )
        for period in differences
    ]
    quantities = (*recorded.quantities, *added)
    if tariff is None:
        return Calculation(rule_set.code, (), quantities, factor.notes)
    lines = list(priced(tariff, differences, recorded, factor, rule_set))
    return Calculation.of(rule_set, lines, quantities, factor.notes)


def priced(
    tariff: Tariff,
    differences: Mapping[PricePeriod, Decimal],
    recorded: RecordedEnergy,
    factor: Factor,
    rule_set: RuleSet,
) -> Iterator[BillLine]:
    """Lines of corrected energy by period, and of the tariff's charges per kWh."""
    also = (*factor.also, rule_set.rule("rounding.energy_places"))
    for period in ("total", *PERIODS_OF_DAY):
        if period not in differences:
            continue
        kwh, price = differences[period], tariff.prices.get(period)
        if price is None:
            raise UnableToRate(
                "电价 %(name)s 没有%(period)s价。", name=tariff.name, period=PERIOD_NAMES[period]
            )
        base = f"{plain(recorded.kwh[period])} × {factor.formula}"
        shown = tariff.price_formulas.get(period) or plain(price)
        yield line(
            f"correction.energy.{period}", f"退补{PERIOD_NAMES[period]}电度电费",
            Exact(kwh * price, f"{base} = {plain(kwh)}；{plain(kwh)} × {shown}"),
            rule_set, factor.rule, quantity=(kwh, "kWh"), price=(price, "元/kWh"),
            also=(*also, tariff.rule), inputs=recorded.inputs[period],
        )  # fmt: skip
    everything = sum(differences.values(), ZERO)
    inputs = tuple(dict.fromkeys(i for ids in recorded.inputs.values() for i in ids))
    for charge in tariff.charges:
        yield line(
            f"correction.charge.{charge.code}", f"退补{charge.name}",
            Exact(everything * charge.price, f"{plain(everything)} × {plain(charge.price)}"),
            rule_set, factor.rule, quantity=(everything, "kWh"), price=(charge.price, "元/kWh"),
            also=(*also, charge.rule), inputs=inputs,
        )  # fmt: skip
