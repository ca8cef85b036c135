"""A segment's energy by price period: measured, flat as the remainder, losses, deductions."""

from __future__ import annotations

from collections.abc import Iterable

from busbar.billing.rating.bill_values import Quantity
from busbar.billing.rating.deductions import apply_deductions
from busbar.billing.rating.price_series import SeriesCost
from busbar.billing.rating.rules import RuleSet, UnableToRate
from busbar.billing.rating.segment_losses import add_losses
from busbar.billing.rating.tally import SegmentEnergy, Tally
from busbar.billing.rating.values import PERIOD_NAMES, PERIODS_OF_DAY, PricePeriod, Segment
from busbar.kit.money import plain, round_half_up


def segment_energy(segment: Segment, rule_set: RuleSet, month_days: int) -> SegmentEnergy:
    """Whole kWh by period: measured, flat as the remainder of the total, losses, deductions."""
    places = rule_set.integer("rounding.energy_places")
    result = SegmentEnergy(segment)
    measured = _measured(result, places)
    if segment.series is None:
        _bill_by_period(result, measured)
    else:
        _take_series(result, segment.series, measured, places)
    for period in result.billed:
        result.shaped_by.setdefault(period, []).extend(segment.period_rules)
    add_losses(result, rule_set, month_days)
    apply_deductions(result, rule_set, month_days)
    for period, tally in result.billed.items():
        if tally.kwh < 0:
            raise UnableToRate(
                "计费段 %(id)s 的%(period)s电量为 %(kwh)s kWh，不应小于 0：%(expression)s。",
                id=segment.id,
                period=PERIOD_NAMES[period],
                kwh=plain(tally.kwh),
                expression=tally.expression(),
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
                _REACTIVE_NAMES.get(energy.measures) or f"{PERIOD_NAMES[energy.measures]}有功",
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


def _take_series(
    result: SegmentEnergy, series: SeriesCost, measured: dict[str, Tally], places: int
) -> None:
    """Energy billed by interval: the series' energy is the segment's, a total only checks it."""
    kwh = round_half_up(series.energy_kwh, places)
    by_period = [period for period in PERIODS_OF_DAY if period in measured]
    if by_period:
        raise UnableToRate(
            "计费段 %(id)s 按动态电价逐时段计费，不应再给%(period)s电量。",
            id=result.segment.id,
            period=PERIOD_NAMES[by_period[0]],
        )
    total = measured.get("total")
    if total is not None and total.kwh != kwh:
        result.notes.append(
            f"计费段 {result.segment.id}：各时段电量合计 {plain(kwh)} kWh，"
            f"与总电量 {plain(total.kwh)} kWh 不等，按各时段合计计。"
        )
    for tally in (result.total, result.active):
        tally.add(kwh, (series.id,))
    shown = f"Σ {series.intervals} 个时段电量"
    result.quantities.append(
        Quantity(series.id, f"{series.name}电量", kwh, "kWh", shown, series.evidence)
    )


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
