"""What moving energy from peak to valley saves; the demand is left as it was; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from busbar.billing.advice.what_if import MonthFacts, a_year, rate_month, with_shift

_SOURCES = ("sharp", "peak")
_TARGETS = ("valley", "deep_valley")


@dataclass(frozen=True)
class Shift:
    """A share of the peak and sharp energy moved to the valley: kWh and yuan a year."""

    percent: Decimal
    moved_kwh: Decimal
    saving_yuan: Decimal


def advise_shifting(months: Sequence[MonthFacts], percents: Sequence[Decimal]) -> tuple[Shift, ...]:
    """Each share rated over the months; empty where a tariff has no peak or no valley."""
    prices = chain.from_iterable(m.bill_input.segments for m in months)
    if not all(_has_both(set(segment.tariff.prices)) for segment in prices):
        return ()
    before = sum((rate_month(m, m.bill_input).total_yuan for m in months), Decimal(0))
    return tuple(_shift(months, percent, before) for percent in percents)


def _has_both(periods: set[str]) -> bool:
    return bool(periods & set(_SOURCES)) and bool(periods & set(_TARGETS))


def _shift(months: Sequence[MonthFacts], percent: Decimal, before: Decimal) -> Shift:
    after, moved = Decimal(0), Decimal(0)
    for facts in months:
        priced = facts.bill_input.segments[0].tariff.prices
        target = next(period for period in _TARGETS if period in priced)
        changed, kwh = with_shift(facts.bill_input, percent / 100, _SOURCES, target)
        after += rate_month(facts, changed).total_yuan
        moved += kwh
    count = len(months)
    return Shift(percent, a_year(moved, count), a_year(before - after, count))
