"""The power-factor adjustment: cosφ from kWh and kvarh, the table's percent, the base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from busbar.billing.rating.bill_values import BillLine, PowerFactorResult
from busbar.billing.rating.power_factor_table import PowerFactorTable
from busbar.billing.rating.rules import Rule, RuleSet
from busbar.billing.rating.tally import SegmentEnergy
from busbar.billing.rating.values import PowerFactorAssessment
from busbar.kit.money import plain, round_half_up

ZERO = Decimal(0)
_CONTEXT = Context(prec=50)
"""Wide enough that the squares are exact: cosφ is then never rounded the wrong way."""


@dataclass(frozen=True, slots=True)
class Flows:
    """Active and reactive energy under assessment, with the ids of what was measured."""

    active_kwh: Decimal
    reactive_kvarh: Decimal
    inputs: tuple[str, ...] = ()

    @classmethod
    def of(cls, energies: Sequence[SegmentEnergy]) -> Flows:
        """The flows of several segments together."""
        return cls(
            sum((energy.active.kwh for energy in energies), ZERO),
            sum((energy.reactive.kwh for energy in energies), ZERO),
            tuple(i for e in energies for i in (*e.active.inputs, *e.reactive.inputs)),
        )


@dataclass(frozen=True, slots=True)
class Base:
    """The amount that the percent is taken on, with the lines that make it up."""

    yuan: Decimal
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, lines: Sequence[BillLine]) -> Base:
        """The sum of lines."""
        return cls(sum((line.amount_yuan for line in lines), ZERO), tuple(li.id for li in lines))


@dataclass(frozen=True, slots=True)
class Assessed:
    """One assessment's outcome: a line where it was applied, a note where it was not."""

    result: PowerFactorResult
    line: BillLine | None
    note: str = ""


def power_factor(active_kwh: Decimal, reactive_kvarh: Decimal, places: int) -> Decimal | None:
    """cosφ = P / √(P² + Q²), rounded half up; None when nothing flowed.

    >>> power_factor(Decimal(511800), Decimal(110100), 2)
    Decimal('0.98')
    >>> power_factor(Decimal(40000), Decimal(30000), 2)
    Decimal('0.80')
    """
    with localcontext(_CONTEXT):
        apparent = (active_kwh * active_kwh + reactive_kvarh * reactive_kvarh).sqrt()
        return round_half_up(active_kwh / apparent, places) if apparent else None


def assess(
    assessment: PowerFactorAssessment,
    flows: Flows,
    base: Base,
    rule_set: RuleSet,
    table: PowerFactorTable,
) -> Assessed:
    """Look up the percent of a power factor and take it on the base."""
    standard, note = assessment.standard, _why_not(assessment, flows, rule_set)
    if note or standard is None:
        return Assessed(_result(assessment, flows), None, note)
    places = rule_set.integer("power_factor.places")
    factor = assessment.power_factor
    if factor is None:
        factor = power_factor(flows.active_kwh, flows.reactive_kvarh, places)
    factor = round_half_up(factor or ZERO, places)
    percent, row = table.percent(standard, factor)
    result = _result(assessment, flows, factor, percent, base.yuan)
    return Assessed(result, _line(assessment, result, flows, base, rule_set, row))


def _why_not(assessment: PowerFactorAssessment, flows: Flows, rule_set: RuleSet) -> str:
    minimum = rule_set.number("power_factor.minimum_capacity_kva")
    capacity = assessment.capacity_kva
    if assessment.standard is None:
        return f"力调 {assessment.id}：不属于执行功率因数调整的用户。"
    if capacity is not None and capacity < minimum:
        return (
            f"力调 {assessment.id}：容量 {plain(capacity)} kVA 小于 {plain(minimum)} kVA，"
            "不执行功率因数调整。"
        )
    if assessment.power_factor is None and not flows.active_kwh and not flows.reactive_kvarh:
        return f"力调 {assessment.id}：没有电量，不计算功率因数。"
    return ""


def _result(
    assessment: PowerFactorAssessment,
    flows: Flows,
    factor: Decimal | None = None,
    percent: Decimal = ZERO,
    base_yuan: Decimal = ZERO,
) -> PowerFactorResult:
    return PowerFactorResult(
        id=assessment.id,
        standard=assessment.standard,
        active_kwh=flows.active_kwh,
        reactive_kvarh=flows.reactive_kvarh,
        power_factor=factor,
        percent=percent,
        base_yuan=base_yuan,
    )


def _line(
    assessment: PowerFactorAssessment,
    result: PowerFactorResult,
    flows: Flows,
    base: Base,
    rule_set: RuleSet,
    row: Rule,
) -> BillLine:
    places = rule_set.integer("rounding.amount_places")
    stated = (assessment.standard_rule,) if assessment.standard_rule else ()
    amount = round_half_up(result.base_yuan * result.percent / 100, places)
    cosine = f"cosφ = {result.power_factor}"
    if assessment.power_factor is None:
        active, reactive = plain(result.active_kwh), plain(result.reactive_kvarh)
        cosine = f"cosφ = {active}/√({active}² + {reactive}²) = {result.power_factor}"
    return BillLine(
        id=f"power_factor.{assessment.id}",
        code="power_factor",
        name=f"功率因数调整电费（标准 {assessment.standard}）",
        quantity=result.base_yuan,
        unit="元",
        price=result.percent,
        price_unit="%",
        amount_yuan=amount,
        formula=f"{cosine}；{plain(result.base_yuan)} × {plain(result.percent)}% = {amount} 元",
        rule=row,
        also=(*stated, *(rule_set.rule(code) for code in _RULES)),
        inputs=flows.inputs,
        based_on=base.lines,
    )


_RULES = ("power_factor.base", "power_factor.reactive", "power_factor.places")
