"""Lines of a segment's energy: by price period, by interval, of deductions, per kWh on top."""

from __future__ import annotations

from decimal import Decimal

from busbar.billing.rating.bill_values import BillLine
from busbar.billing.rating.price_series import SeriesCost
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.billing.rating.tally import ZERO, SegmentEnergy
from busbar.billing.rating.values import PERIOD_NAMES, Deduction
from busbar.kit.money import plain, round_half_up

AVERAGE_PLACES = 6
"""Places of the average price shown on a line billed by interval; nothing is computed from it."""


def energy_lines(energy: SegmentEnergy, rule_set: RuleSet) -> list[BillLine]:
    """Lines of a segment's energy by period and of its deductions."""
    places = rule_set.integer("rounding.amount_places")
    rounding = (rule_set.rule("rounding.amount_places"), rule_set.rule("rounding.energy_places"))
    segment, lines = energy.segment, []
    if segment.series is not None:
        lines.append(_series_line(energy, segment.series, rule_set))
    for period, tally in energy.billed.items():
        price = segment.tariff.prices.get(period)
        if price is None:
            if tally.kwh == 0:
                continue
            raise UnableToRate(
                "电价 %(name)s 没有%(period)s价，而计费段 %(id)s 有 %(kwh)s kWh。",
                name=segment.tariff.name,
                period=PERIOD_NAMES[period],
                id=segment.id,
                kwh=plain(tally.kwh),
            )
        shown = segment.tariff.price_formulas.get(period) or plain(price)
        lines.append(
            _line(
                energy, f"energy.{period}", f"{PERIOD_NAMES[period]}电度电费", tally.kwh, price,
                f"{tally.expression()} × {shown}", segment.tariff.rule,
                (*rounding, *energy.shaped_by.get(period, ())), tuple(tally.inputs), places,
            )
        )  # fmt: skip
    for deduction, kwh in energy.deducted:
        lines.append(
            _line(
                energy, f"deducted.{deduction.id}", f"{deduction.name}电费", kwh, deduction.price,
                f"{plain(kwh)} × {plain(deduction.price)}", deduction.rule,
                (*rounding, *_deduction_rules(deduction, rule_set)), (deduction.id,), places,
            )
        )  # fmt: skip
    return lines


def _deduction_rules(deduction: Deduction, rule_set: RuleSet) -> tuple[Rule, ...]:
    prorated = () if deduction.days is None else (rule_set.rule("deduction.proration"),)
    counted = () if deduction.power_factor_rule is None else (deduction.power_factor_rule,)
    agreed = () if deduction.quantity_rule is None else (deduction.quantity_rule,)
    return (*agreed, *prorated, *counted)


def _series_line(energy: SegmentEnergy, series: SeriesCost, rule_set: RuleSet) -> BillLine:
    """Σ energy × price of the intervals, rounded once; its price is the average, for the eye."""
    places = rule_set.integer("rounding.amount_places")
    amount = round_half_up(series.cost_yuan, places)
    average = ZERO
    if series.energy_kwh:
        average = round_half_up(series.cost_yuan / series.energy_kwh, AVERAGE_PLACES)
    codes = ("energy.price_series", "rounding.amount_places", "rounding.energy_places")
    return BillLine(
        f"{energy.segment.id}.energy.series", "energy.series", f"{series.name}电度电费",
        round_half_up(series.energy_kwh, rule_set.integer("rounding.energy_places")), "kWh",
        average, "元/kWh", amount,
        f"{series.formula} = {plain(series.cost_yuan)}，取位 = {amount} 元",
        series.rule, tuple(rule_set.rule(code) for code in codes), (series.id,), (),
        energy.segment.id,
    )  # fmt: skip


def charge_lines(energy: SegmentEnergy, rule_set: RuleSet) -> list[BillLine]:
    """Lines of the tariff's prices per kWh on top: funds, line losses, system operation."""
    places = rule_set.integer("rounding.amount_places")
    rounding = (rule_set.rule("rounding.amount_places"),)
    lines = []
    for charge in energy.segment.tariff.charges:
        basis, inputs = energy.total.expression(), tuple(energy.total.inputs)
        kwh = energy.total.kwh
        if not charge.includes_deductions and energy.deducted:
            kwh -= energy.deducted_kwh
            basis = f"({plain(energy.total.kwh)} − {plain(energy.deducted_kwh)})"
            inputs += tuple(deduction.id for deduction, _ in energy.deducted)
        lines.append(
            _line(
                energy, f"charge.{charge.code}", charge.name, kwh, charge.price,
                f"{basis} × {plain(charge.price)}", charge.rule, rounding, inputs, places,
            )
        )  # fmt: skip
    return lines


def _line(  # noqa: PLR0917 - one private constructor for three callers, order as in BillLine
    energy: SegmentEnergy,
    code: str,
    name: str,
    kwh: Decimal,
    price: Decimal,
    formula: str,
    rule: Rule,
    also: tuple[Rule, ...],
    inputs: tuple[str, ...],
    places: int,
) -> BillLine:
    amount = round_half_up(kwh * price, places)
    return BillLine(
        f"{energy.segment.id}.{code}", code, name, kwh, "kWh", price, "元/kWh", amount,
        f"{formula} = {amount} 元", rule, also, inputs, (), energy.segment.id,
    )  # fmt: skip
