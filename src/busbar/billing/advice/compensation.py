"""How many kvar reach each step of the power-factor table, what they save and cost; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from busbar.billing import rating
from busbar.billing.advice.what_if import (
    HOURS_OF_DAY,
    MonthFacts,
    a_year,
    rate_month,
    with_compensation,
)
from busbar.kit.money import round_half_up, to_fen


@dataclass(frozen=True)
class Step:
    """Compensation that brings every month to `target`; savings a year, rated again.

    `kvar` None where reverse reactive energy alone keeps a month below; `short` names those
    months. `payback_years` None where nothing is saved.
    """

    target: Decimal
    percent: Decimal
    kvar: int | None
    cost_yuan: Decimal | None
    saving_yuan: Decimal | None
    payback_years: Decimal | None
    short: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompensationAdvice:
    """Steps by rising target; `factors` are the months' power factors as billed."""

    standard: Decimal
    factors: tuple[tuple[str, Decimal], ...]
    steps: tuple[Step, ...]
    unit_cost: rating.Rule

    @property
    def best(self) -> Step | None:
        """The step that saves most a year, the smaller one of equals."""
        useful = [s for s in self.steps if s.kvar and s.saving_yuan and s.saving_yuan > 0]
        return max(useful, key=lambda s: (s.saving_yuan or 0, -(s.kvar or 0)), default=None)


def advise_compensation(
    months: Sequence[MonthFacts], *, unit_cost: rating.Rule
) -> CompensationAdvice | None:
    """Study the months that are assessed; None where the newest is not (不考核)."""
    factors = {facts.month: _factor(facts.bill_input) for facts in months}
    assessed = [facts for facts in months if factors[facts.month] is not None]
    newest = months[-1].bill_input
    if factors[months[-1].month] is None:
        return None
    standard = newest.power_factors[0].standard or Decimal(0)
    table = newest.power_factor_table.steps
    ladder = sorted(
        (factor, row.value)
        for (of, factor), row in table.items()
        if of == standard and factor >= standard and isinstance(row.value, Decimal)
    )
    steps = []
    for index, (target, percent) in enumerate(ladder):
        if index and percent == ladder[index - 1][1]:
            continue
        steps.append(_step(assessed, target, Decimal(percent), unit_cost))
    return CompensationAdvice(
        standard=standard,
        factors=tuple((month, factor) for month, factor in factors.items() if factor is not None),
        steps=tuple(steps),
        unit_cost=unit_cost,
    )


def _step(
    months: Sequence[MonthFacts], target: Decimal, percent: Decimal, unit_cost: rating.Rule
) -> Step:
    needed = {facts.month: kvar_for(facts.bill_input, target) for facts in months}
    short = tuple(month for month, kvar in needed.items() if kvar is None)
    if short:
        return Step(target, percent, None, None, None, None, short)
    kvar = max(value or 0 for value in needed.values())
    saved = sum((_saved(facts, kvar) for facts in months), Decimal(0))
    saving = a_year(saved, len(months))
    cost = to_fen(kvar * Decimal(str(unit_cost.value)))
    payback = round_half_up(cost / saving, 1) if saving > 0 else None
    return Step(target, percent, kvar, cost, saving, payback)


def _saved(facts: MonthFacts, kvar: int) -> Decimal:
    before = rate_month(facts, facts.bill_input)
    after = rate_month(facts, with_compensation(facts.bill_input, kvar))
    return before.total_yuan - after.total_yuan


def kvar_for(bill_input: rating.BillInput, target: Decimal) -> int | None:
    """The least whole kvar by which the rated power factor reaches the target, None if none does.

    More capacitors never lower the power factor, so halving the range finds the least.
    """
    bare = replace(bill_input, basic=())
    low, high = 0, _most(bill_input)
    if not _reaches(bare, high, target):
        return None
    while low < high:
        middle = (low + high) // 2
        if _reaches(bare, middle, target):
            high = middle
        else:
            low = middle + 1
    return low


def _reaches(bill_input: rating.BillInput, kvar: int, target: Decimal) -> bool:
    factor = _factor(with_compensation(bill_input, kvar))
    return factor is not None and factor >= target


def _most(bill_input: rating.BillInput) -> int:
    """The kvar that would leave no reactive energy to compensate."""
    forward = sum(
        (e.quantity for s in bill_input.segments for e in s.energies
         if e.measures == "reactive_forward"),
        Decimal(0),
    )  # fmt: skip
    hours = Decimal(bill_input.period.days * HOURS_OF_DAY)
    return int((max(forward, Decimal(0)) / hours).to_integral_value(ROUND_CEILING))


def _factor(bill_input: rating.BillInput) -> Decimal | None:
    found = rating.rate(bill_input).power_factors
    return found[0].power_factor if found else None
