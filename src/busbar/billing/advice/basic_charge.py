"""The cheapest way to pay the basic charge, found by rating the past year in each; pure.

The cost of a contracted demand is a straight line between the values at which a month's rule
changes (the floor; the demand divided by the overrun's threshold). So it is least at one of
these, or one kW beside it, and each of them is rated: the search is exact to the whole kW.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from busbar.billing import rating
from busbar.billing.advice.figures import list_values
from busbar.billing.advice.what_if import (
    MODES,
    Mode,
    MonthCost,
    MonthFacts,
    a_year,
    rate_month,
    total,
    with_mode,
)
from busbar.kit.errors import Phrase

_GRID = 24
"""Steps of the curve that is drawn, beside the values that decide."""


@dataclass(frozen=True)
class Option:
    """A mode, with its contracted demand, and what each month would have cost by it."""

    mode: Mode
    contract_kw: int | None
    months: tuple[MonthCost, ...]

    @property
    def total_yuan(self) -> Decimal:
        """All months together."""
        return total(self.months)

    @property
    def basic_yuan(self) -> Decimal:
        """The basic charge of all months."""
        return sum((cost.basic_yuan for cost in self.months), Decimal(0))


@dataclass(frozen=True)
class Barred:
    """A mode that could not be compared, and why."""

    mode: Mode
    reason: Phrase


@dataclass(frozen=True)
class BasicAdvice:
    """The options, cheapest first; `present` is how the account pays now.

    `curve` is (kW, yuan of all months) over contracted demands, rising kW.
    """

    present: Option
    options: tuple[Option, ...]
    barred: tuple[Barred, ...]
    curve: tuple[tuple[int, Decimal], ...]

    @property
    def best(self) -> Option:
        """The cheapest; the present one where nothing is cheaper."""
        cheapest = self.options[0]
        return cheapest if cheapest.total_yuan < self.present.total_yuan else self.present

    @property
    def saving_yuan(self) -> Decimal:
        """What the best saves in a year, nought where the present one is best."""
        return self.saving_of(self.best)

    def saving_of(self, option: Option) -> Decimal:
        """What an option saves in a year against the present one; negative where it costs."""
        saved = self.present.total_yuan - option.total_yuan
        return a_year(saved, len(self.present.months))


def advise_basic_charge(
    months: Sequence[MonthFacts], *, mode: Mode, contract_kw: int | None
) -> BasicAdvice:
    """Compare the modes that the newest month's rule set allows; `mode` is the present one.

    UnableToRate where the present way itself cannot be rated over the months.
    """
    allowed = list_values(months[-1].bill_input.rule_set, "basic_charge.modes")
    present = _cost(months, mode, contract_kw)
    options, barred, curve = [], [], {}
    for other in MODES:
        if other not in allowed:
            barred.append(Barred(other, _unknown(months)))
            continue
        try:
            contract = None
            if other == "contract_demand":
                curve = _curve(months)
                contract = min(curve, key=lambda kw: (curve[kw], kw))
            options.append(_cost(months, other, contract))
        except rating.UnableToRate as reason:
            barred.append(Barred(other, reason))
    options.sort(key=lambda option: option.total_yuan)
    return BasicAdvice(present, tuple(options), tuple(barred), tuple(sorted(curve.items())))


def _unknown(months: Sequence[MonthFacts]) -> Phrase:
    newest = months[-1].bill_input.rule_set.code
    return Phrase("规则集 %(rule_set)s 没有此方式", rule_set=newest)


def _cost(months: Sequence[MonthFacts], mode: Mode, contract_kw: int | None) -> Option:
    costs = tuple(rate_month(m, with_mode(m, mode, contract_kw)) for m in months)
    return Option(mode, contract_kw, costs)


def _curve(months: Sequence[MonthFacts]) -> dict[int, Decimal]:
    """Yuan of all months by contracted kW: where it can be least, and a grid between."""
    return {
        kw: _cost(months, "contract_demand", kw).total_yuan
        for kw in sorted(deciding_demands(months) | _grid(months))
    }


def deciding_demands(months: Sequence[MonthFacts]) -> set[int]:
    """The whole kW among which the cheapest contracted demand must be.

    From the floor of the newest month up to the capacity behind the account.
    """
    low, high = _bounds(months)
    found = {low, high}
    for facts in months:
        threshold = facts.bill_input.rule_set.number("demand.overrun_threshold")
        change = _whole(facts.demand_kw / threshold)
        found |= {change - 1, change, _floor(facts) - 1, _floor(facts)}
    return {kw for kw in found if low <= kw <= high}


def _bounds(months: Sequence[MonthFacts]) -> tuple[int, int]:
    low = _floor(months[-1])
    return low, max(low, int(months[-1].contract_capacity_kva))


def _floor(facts: MonthFacts) -> int:
    rule_set = facts.bill_input.rule_set
    if rule_set.find("demand.floor_share") is None:
        return 1
    return _whole(facts.contract_capacity_kva * rule_set.number("demand.floor_share"))


def _grid(months: Sequence[MonthFacts]) -> set[int]:
    low, high = _bounds(months)
    return {low + (high - low) * step // _GRID for step in range(_GRID + 1)}


def _whole(kw: Decimal) -> int:
    return int(kw.to_integral_value(ROUND_CEILING))
