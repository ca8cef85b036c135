"""A month's bill from its facts: energy, basic charge, power factor, charges, total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from itertools import pairwise

from busbar.billing.rating.basic import capacity_lines
from busbar.billing.rating.bill_values import BillLine, PowerFactorResult, RatedBill
from busbar.billing.rating.demand import demand_lines
from busbar.billing.rating.energy import segment_energy
from busbar.billing.rating.energy_lines import charge_lines, energy_lines
from busbar.billing.rating.parts import Part, crossing_note, part_of, parts_of
from busbar.billing.rating.power_factor import Base, Flows, assess
from busbar.billing.rating.rules import RuleSet, UnableToRate
from busbar.billing.rating.segment_losses import reactive_id
from busbar.billing.rating.shares import month_days
from busbar.billing.rating.tally import SegmentEnergy
from busbar.billing.rating.values import (
    BillInput,
    CapacityCharge,
    DemandCharge,
    PowerFactorAssessment,
    Segment,
)
from busbar.kit.errors import Phrase
from busbar.kit.money import round_half_up
from busbar.kit.periods import Period

ZERO = Decimal(0)
_CONTEXT = Context(prec=50)
"""Wide enough that squares of energies stay exact; only the stated roundings happen."""


def rate(bill_input: BillInput) -> RatedBill:
    """Rate one bill. Deterministic: same facts, same rules, same bill to the fen.

    Energies are rounded to whole kWh and every line to the fen, half up, by the rule set's
    rounding figures; the total adds the rounded lines. Raises UnableToRate with a sentence
    where facts contradict each other or the rule set.
    """
    with localcontext(_CONTEXT):
        _check(bill_input)
        return _rate(bill_input)


def _rate(bill_input: BillInput) -> RatedBill:
    days = month_days(bill_input.period, bill_input.month_days)
    parts = parts_of(bill_input)
    notes: list[str] = []
    charges, energies = [], []
    by_segment: list[BillLine] = []
    for segment in bill_input.segments:
        part = part_of(segment, parts)
        energy = segment_energy(segment, part.rule_set, days)
        crossed = crossing_note(segment, part)
        notes += [*energy.notes, *([crossed] if crossed else [])]
        energies.append(energy)
        by_segment += energy_lines(energy, part.rule_set)
        charges += charge_lines(energy, part.rule_set)
    energy_kwh = sum((energy.total.kwh for energy in energies), ZERO)
    by_charge = _basic_lines(bill_input, parts, days, energy_kwh, notes)
    basic = [line for _, line in by_charge]
    charged = (*by_segment, *charges)
    adjusted, results = _adjust(bill_input, parts, energies, charged, by_charge, notes)
    lines = (*by_segment, *basic, *adjusted, *charges)
    total = sum((line.amount_yuan for line in lines), ZERO)
    places = bill_input.rule_set.integer("rounding.average_price_places")
    return RatedBill(
        reference=bill_input.reference,
        period=bill_input.period,
        rule_set=bill_input.rule_set.code,
        lines=lines,
        quantities=tuple(quantity for energy in energies for quantity in energy.quantities),
        power_factors=tuple(results),
        notes=tuple(notes),
        energy_kwh=energy_kwh,
        total_yuan=total,
        average_price=round_half_up(total / energy_kwh, places) if energy_kwh else None,
        later_rule_sets=tuple(part.rule_set.code for part in parts[1:]),
    )


def _basic_lines(
    bill_input: BillInput,
    parts: Sequence[Part],
    days: int,
    energy_kwh: Decimal,
    notes: list[str],
) -> list[tuple[int, BillLine]]:
    """The lines of every basic charge, each with the charge's place in the bill's facts."""
    found: list[tuple[int, BillLine]] = []
    for index, charge in enumerate(bill_input.basic):
        own = _within(parts, charge.used)
        elsewhere = _elsewhere_days(charge, bill_input)
        if isinstance(charge, CapacityCharge):
            found += [(index, x) for x in capacity_lines(charge, own, days, elsewhere)]
            continue
        by_demand, remarks = demand_lines(charge, own, days, energy_kwh, elsewhere)
        found += [(index, line) for line in by_demand]
        notes += [remark for remark in remarks if remark not in notes]
    return _named_once(found) if len(bill_input.basic) > 1 else found


def _within(parts: Sequence[Part], used: Period | None) -> list[Part]:
    if used is None:
        return list(parts)
    spans = ((part.period.overlap(used), part.rule_set) for part in parts)
    return [Part(span, rule_set) for span, rule_set in spans if span]


def _elsewhere_days(charge: CapacityCharge | DemandCharge, bill_input: BillInput) -> int:
    """Days of the month that another agreement charges: one that never holds beside this one."""
    period = bill_input.period
    own = period if charge.used is None else charge.used
    others = (period.overlap(other.used) for other in bill_input.basic if other.used)
    apart = [other for other in others if other and not other.overlap(own)]
    return len({other.start.toordinal() + n for other in apart for n in range(other.days)})


def _named_once(lines: Sequence[tuple[int, BillLine]]) -> list[tuple[int, BillLine]]:
    """The lines with ids of their own where two agreements charge the same unit."""
    seen: dict[str, int] = {}
    named = []
    for index, line in lines:
        seen[line.id] = seen.get(line.id, 0) + 1
        number = seen[line.id]
        own = line if number == 1 else replace(line, id=f"{line.id}#{number}")
        named.append((index, own))
    return named


def _adjust(
    bill_input: BillInput,
    parts: Sequence[Part],
    energies: Sequence[SegmentEnergy],
    lines: Sequence[BillLine],
    basic: Sequence[tuple[int, BillLine]],
    notes: list[str],
) -> tuple[list[BillLine], list[PowerFactorResult]]:
    """Assess each power factor on its segments' energy charges and its basic charges."""
    participating = _base_codes(bill_input.segments)
    adjusted, results = [], []
    for assessment in bill_input.power_factors:
        covered = [energy for energy in energies if _covers(assessment, energy.segment.id)]
        base = [
            line
            for line in lines
            if _covers(assessment, line.segment) and (line.segment, line.code) in participating
        ]
        base += [line for index, line in basic if assessment.takes(index)]
        outcome = assess(
            assessment,
            Flows.of(covered),
            Base.of(base),
            _assessing(covered, parts),
            bill_input.power_factor_table,
        )
        results.append(outcome.result)
        if outcome.line:
            adjusted.append(outcome.line)
        if outcome.note:
            notes.append(outcome.note)
    return adjusted, results


def _assessing(covered: Sequence[SegmentEnergy], parts: Sequence[Part]) -> RuleSet:
    """The rule set of one power factor over several: of the segment that begins last."""
    starts = [energy.segment.period.start for energy in covered]
    latest = max(starts, default=parts[-1].period.start)
    return next((part for part in parts if latest in part.period), parts[-1]).rule_set


def _covers(assessment: PowerFactorAssessment, segment: str) -> bool:
    return assessment.segments is None or segment in assessment.segments


def _base_codes(segments: Sequence[Segment]) -> set[tuple[str, str]]:
    """Segment and code of every line in the base: tariff energy and the charges marked so."""
    codes = set()
    for segment in segments:
        codes |= {(segment.id, f"energy.{period}") for period in segment.tariff.prices}
        codes |= {(segment.id, "energy.series")}
        codes |= {
            (segment.id, f"deducted.{deduction.id}")
            for deduction in segment.deductions
            if deduction.in_power_factor_base
        }
        codes |= {
            (segment.id, f"charge.{charge.code}")
            for charge in segment.tariff.charges
            if charge.in_power_factor_base
        }
    return codes


def _check(bill_input: BillInput) -> None:
    """Refuse facts that would be billed twice or not at all."""
    segments = bill_input.segments
    _once(Phrase("计费段"), [segment.id for segment in segments])
    _once(Phrase("电量"), [identity for segment in segments for identity in _quantity_ids(segment)])
    for segment in segments:
        outside = (
            segment.period.start < bill_input.period.start
            or segment.period.end > bill_input.period.end
        )
        if outside:
            raise UnableToRate("计费段 %(id)s 超出账单的起止日期。", id=segment.id)
    covered = [
        segment.id
        for assessment in bill_input.power_factors
        for segment in segments
        if _covers(assessment, segment.id)
    ]
    if len(set(covered)) < len(covered):
        raise UnableToRate("同一计费段只能参加一次功率因数考核。")
    if _is_assessed_twice(bill_input):
        raise UnableToRate("基本电费只能参加一次功率因数考核，请只在一处保留。")
    _check_references(bill_input)


def _is_assessed_twice(bill_input: BillInput) -> bool:
    """Whether a basic charge is in the base of more than one power factor."""
    assessments = bill_input.power_factors
    return any(
        sum(assessment.takes(index) for assessment in assessments) > 1
        for index in range(len(bill_input.basic))
    )


def _quantity_ids(segment: Segment) -> list[str]:
    return [
        *(energy.id for energy in segment.energies),
        *(loss.id for loss in segment.losses),
        *(reactive_id(loss) for loss in segment.losses),
        *([segment.series.id] if segment.series else []),
        *(deduction.id for deduction in segment.deductions),
    ]


def _check_references(bill_input: BillInput) -> None:
    known = {segment.id for segment in bill_input.segments}
    for assessment in bill_input.power_factors:
        for segment in assessment.segments or ():
            if segment not in known:
                raise UnableToRate(
                    "力调 %(id)s 所指的计费段 %(segment)s 不存在。",
                    id=assessment.id,
                    segment=segment,
                )
        for index in assessment.basic_charges or ():
            if not 0 <= index < len(bill_input.basic):
                raise UnableToRate(
                    "力调 %(id)s 所指的第 %(index)s 项基本电费不存在。",
                    id=assessment.id,
                    index=index + 1,
                )
    for charge in bill_input.basic:
        _check_prices(charge, bill_input.period)
        if isinstance(charge, CapacityCharge):
            _once(Phrase("变压器"), [unit.id for unit in charge.transformers])
        else:
            _once(Phrase("进线"), [infeed.id for infeed in charge.infeeds])


def _check_prices(charge: CapacityCharge | DemandCharge, period: Period) -> None:
    """Every charged day of the bill has one basic price: none twice, none without."""
    used = period if charge.used is None else period.overlap(charge.used)
    if used is None:
        raise UnableToRate("基本电费的用电起止 used 不在账期之内。")
    spans = [used if p.period is None else used.overlap(p.period) for p in charge.prices]
    in_order = sorted(span for span in spans if span)
    joins = all(one.end == other.start for one, other in pairwise(in_order))
    covers = in_order and (in_order[0].start, in_order[-1].end) == (used.start, used.end)
    if not joins or not covers:
        raise UnableToRate("基本电价的适用起止须首尾相接，盖满整个账期，不得重叠。")


def _once(noun: Phrase, identities: Sequence[str]) -> None:
    seen: set[str] = set()
    for identity in identities:
        if identity in seen:
            raise UnableToRate("%(noun)s编号 %(identity)s 重复。", noun=noun, identity=identity)
        seen.add(identity)
