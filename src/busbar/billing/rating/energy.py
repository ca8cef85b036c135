"""A segment's energy by price period, with losses and deductions, and its lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from busbar.billing.rating.bill_values import BillLine, Quantity
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.billing.rating.shares import Proration
from busbar.billing.rating.values import (
    PERIOD_NAMES,
    PERIODS_OF_DAY,
    Deduction,
    Loss,
    PricePeriod,
    Segment,
)
from busbar.kit.money import plain, round_half_up

ZERO = Decimal(0)


@dataclass(slots=True)
class Tally:
    """A sum that remembers its terms and where they came from."""

    kwh: Decimal = ZERO
    terms: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)

    def add(self, kwh: Decimal, inputs: Iterable[str]) -> None:
        """Add a term; negative ones are taken off."""
        self.kwh += kwh
        self.terms.append(plain(kwh))
        self.inputs += inputs

    def expression(self) -> str:
        """The sum as written: `(36000 − 8000 − 6000)`, or the number alone."""
        text = " + ".join(self.terms).replace("+ -", "− ")
        return f"({text})" if len(self.terms) > 1 else text or "0"


@dataclass(slots=True)
class SegmentEnergy:
    """What a segment comes to: billed energy by period, deductions, power-factor quantities."""

    segment: Segment
    billed: dict[PricePeriod, Tally] = field(default_factory=dict)
    deducted: list[tuple[Deduction, Decimal]] = field(default_factory=list)
    total: Tally = field(default_factory=Tally)
    active: Tally = field(default_factory=Tally)
    reactive: Tally = field(default_factory=Tally)
    quantities: list[Quantity] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def deducted_kwh(self) -> Decimal:
        """Energy with its own price: lighting, residents."""
        return sum((kwh for _, kwh in self.deducted), ZERO)


def segment_energy(segment: Segment, rule_set: RuleSet, month_days: int) -> SegmentEnergy:
    """Whole kWh by period: measured, flat as the remainder of the total, losses, deductions."""
    places = rule_set.integer("rounding.energy_places")
    result = SegmentEnergy(segment)
    measured = _measured(result, places)
    _bill_by_period(result, measured)
    for loss in segment.losses:
        _add_loss(result, loss, rule_set, month_days)
    for deduction in segment.deductions:
        _take_off(result, deduction, places)
    for period, tally in result.billed.items():
        if tally.kwh < 0:
            raise UnableToRate(
                f"计费段 {segment.id} 的{PERIOD_NAMES[period]}电量为 {plain(tally.kwh)} kWh，"
                f"不应小于 0：{tally.expression()}。"
            )
    return result


def _measured(result: SegmentEnergy, places: int) -> dict[str, Tally]:
    sums: dict[str, Tally] = {}
    for energy in result.segment.energies:
        kwh = round_half_up(energy.quantity, places)
        reactive = energy.measures in {"reactive_forward", "reactive_reverse"}
        if reactive:
            result.reactive.add(abs(kwh), (energy.id,))
        else:
            sums.setdefault(energy.measures, Tally()).add(kwh, (energy.id,))
        result.quantities.append(
            Quantity(
                energy.id,
                _REACTIVE_NAMES.get(energy.measures) or PERIOD_NAMES[energy.measures] + "有功",
                kwh,
                "kvarh" if reactive else "kWh",
                energy.formula,
                energy.evidence,
            )
        )
    return sums


_REACTIVE_NAMES = {"reactive_forward": "正向无功", "reactive_reverse": "反向无功"}


def _bill_by_period(result: SegmentEnergy, measured: dict[str, Tally]) -> None:
    """Fill billed energy and the totals; a measured total makes flat the remainder."""
    periods = {period: measured[period] for period in PERIODS_OF_DAY if period in measured}
    total = measured.get("total") or _joined(periods.values())
    result.total.add(total.kwh, total.inputs)
    result.active.add(total.kwh, total.inputs)
    if result.segment.tariff.is_single_rate:
        result.billed["total"] = total
    elif "total" in measured:
        result.billed |= _with_flat_remainder(result, total, periods)
    else:
        result.billed |= periods


def _joined(tallies: Iterable[Tally]) -> Tally:
    joined = Tally()
    for tally in tallies:
        joined.add(tally.kwh, tally.inputs)
    return joined


def _with_flat_remainder(
    result: SegmentEnergy, total: Tally, periods: dict[PricePeriod, Tally]
) -> dict[PricePeriod, Tally]:
    measured_flat = periods.get("flat")
    remainder = Tally(total.kwh, list(total.terms), list(total.inputs))
    for period, tally in periods.items():
        if period != "flat":
            remainder.add(-tally.kwh, tally.inputs)
    if measured_flat is not None and measured_flat.kwh != remainder.kwh:
        result.notes.append(
            f"计费段 {result.segment.id}：总电量与各时段之和不等，平段按总减其余 "
            f"{plain(remainder.kwh)} kWh 计（平段示数 {plain(measured_flat.kwh)} kWh）。"
        )
    return {
        period: remainder if period == "flat" else periods[period]
        for period in PERIODS_OF_DAY
        if period == "flat" or period in periods
    }


def _loss_period(segment: Segment, period: PricePeriod | None) -> PricePeriod:
    if segment.tariff.is_single_rate:
        return "total"
    return period or "flat"


def _add_loss(result: SegmentEnergy, loss: Loss, rule_set: RuleSet, month_days: int) -> None:
    places = rule_set.integer("rounding.energy_places")
    proration = Proration.of(rule_set, "loss.proration", month_days)
    kwh = _prorated(loss.energy_kwh, loss.days, proration, places)
    kvarh = _prorated(loss.reactive_kvarh, loss.days, proration, places)
    period = _loss_period(result.segment, loss.period)
    for tally in (result.billed.setdefault(period, Tally()), result.total, result.active):
        tally.add(kwh, (loss.id,))
    if kvarh:
        result.reactive.add(kvarh, (loss.id,))
    formula = ""
    if loss.days is not None:
        divisor = proration.divisor(Decimal(loss.days))
        formula = f"{plain(loss.energy_kwh)} × {loss.days}/{plain(divisor)}"
    result.quantities.append(Quantity(loss.id, loss.name, kwh, "kWh", formula))


def _prorated(full: Decimal, days: int | None, proration: Proration, places: int) -> Decimal:
    if days is None:
        return round_half_up(full, places)
    return round_half_up(full * days / proration.divisor(Decimal(days)), places)


def _take_off(result: SegmentEnergy, deduction: Deduction, places: int) -> None:
    kwh = _deducted_kwh(result, deduction, places)
    result.deducted.append((deduction, kwh))
    result.quantities.append(Quantity(deduction.id, deduction.name, kwh, "kWh"))
    if not deduction.in_power_factor_energy:
        result.active.add(-kwh, (deduction.id,))
    source = _loss_period(result.segment, deduction.taken_from)
    if source == "total" and not result.segment.tariff.is_single_rate:
        _take_off_in_proportion(result, deduction, kwh, places)
        return
    if source not in result.billed:
        raise UnableToRate(
            f"计费段 {result.segment.id} 没有{PERIOD_NAMES[source]}电量，"
            f"不能从中扣减{deduction.name} {plain(kwh)} kWh。"
        )
    result.billed[source].add(-kwh, (deduction.id,))


def _deducted_kwh(result: SegmentEnergy, deduction: Deduction, places: int) -> Decimal:
    if deduction.energy_kwh is not None:
        return round_half_up(deduction.energy_kwh, places)
    if deduction.share is None:
        raise UnableToRate(f"扣减电量 {deduction.id} 须给定量 energy_kwh 或定比 share。")
    return round_half_up(result.total.kwh * deduction.share, places)


def _take_off_in_proportion(
    result: SegmentEnergy, deduction: Deduction, kwh: Decimal, places: int
) -> None:
    """Spread over the periods by their energy; the largest period takes the rounding rest."""
    billed = result.billed
    whole = sum((tally.kwh for tally in billed.values()), ZERO)
    if kwh > whole:
        raise UnableToRate(
            f"计费段 {result.segment.id} 共 {plain(whole)} kWh，"
            f"不够扣减{deduction.name} {plain(kwh)} kWh。"
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


def energy_lines(energy: SegmentEnergy, rule_set: RuleSet) -> list[BillLine]:
    """Lines of a segment's energy by period and of its deductions."""
    places = rule_set.integer("rounding.amount_places")
    rounding = (rule_set.rule("rounding.amount_places"), rule_set.rule("rounding.energy_places"))
    segment, lines = energy.segment, []
    for period, tally in energy.billed.items():
        price = segment.tariff.prices.get(period)
        if price is None:
            if tally.kwh == 0:
                continue
            raise UnableToRate(
                f"电价 {segment.tariff.name} 没有{PERIOD_NAMES[period]}价，"
                f"而计费段 {segment.id} 有 {plain(tally.kwh)} kWh。"
            )
        shown = segment.tariff.price_formulas.get(period) or plain(price)
        lines.append(
            _line(
                energy, f"energy.{period}", f"{PERIOD_NAMES[period]}电度电费", tally.kwh, price,
                f"{tally.expression()} × {shown}", segment.tariff.rule, rounding,
                tuple(tally.inputs), places,
            )
        )  # fmt: skip
    for deduction, kwh in energy.deducted:
        lines.append(
            _line(
                energy, f"deducted.{deduction.id}", f"{deduction.name}电费", kwh, deduction.price,
                f"{plain(kwh)} × {plain(deduction.price)}", deduction.rule, rounding,
                (deduction.id,), places,
            )
        )  # fmt: skip
    return lines


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
