"""What a stop does to the monthly capacity charge, month by month, as the bill will have it.

The charged days are divided as the rule set says: by 30 under R1996 (第84条), by the calendar
days under R2024; a stay shorter than the rule's least does not free (R42). Yuan, each month
rounded half up to the fen as a bill line is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from busbar.billing.rating.shares import Proration
from busbar.kit.periods import Month, Period

FEN = Decimal("0.01")
CALENDAR = "calendar_month"


@dataclass(frozen=True)
class MonthEffect:
    """One month: `charged_days` of `divisor` days of `kva` at `price` yuan per kVA and month."""

    month: Month
    charged_days: int
    divisor: int
    charged_yuan: Decimal
    saved_yuan: Decimal
    formula: str


@dataclass(frozen=True)
class Effect:
    """All months, what they save together, and the sentence on why."""

    months: tuple[MonthEffect, ...]
    saved_yuan: Decimal
    because: str


def capacity_effect(
    *,
    stay: Period,
    kva: int,
    price_yuan: Decimal,
    divisor: str,
    min_days: int | None,
    citation: str,
) -> Effect:
    """What sealing `kva` over the stay saves of a charge by capacity.

    `divisor` is a number of days or `calendar_month`, as the rule set's figure has it. The day
    of sealing is free, the day of unsealing (the stay's end) is charged.
    """
    if min_days is not None and stay.days < min_days:
        because = f"实际 {stay.days} 天，不足 {min_days} 天，容（需）量电费照收（{citation}）"
        return Effect((), Decimal("0.00"), because)
    months = tuple(_months(stay, kva, price_yuan, divisor))
    saved = sum((month.saved_yuan for month in months), Decimal("0.00"))
    rule = "每日按当月容量电费除以日历天数" if divisor == CALENDAR else f"每日按全月的 1/{divisor}"
    return Effect(months, saved, f"加封日起免收，{rule}（{citation}）")


def _months(stay: Period, kva: int, price: Decimal, divisor: str) -> Iterator[MonthEffect]:
    month = Month.of(stay.start)
    while month.first < stay.end:
        shared = month.period.overlap(stay)
        if shared is not None:
            yield _month(month, month.days - shared.days, kva * price, divisor)
        month = month.next


def _month(month: Month, used: int, full: Decimal, divisor: str) -> MonthEffect:
    fixed = None if divisor == CALENDAR else Decimal(divisor)
    whole = int(Proration(fixed, Decimal(month.days)).divisor(Decimal(used)))
    charged = (full * used / whole).quantize(FEN, ROUND_HALF_UP)
    formula = f"{full.quantize(FEN, ROUND_HALF_UP)} 元 × {used}/{whole} 天"
    saved = full.quantize(FEN, ROUND_HALF_UP) - charged
    return MonthEffect(month, used, whole, charged, saved, formula)
