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
    saved_yuan: Decimal | None
    because: str


CONSEQUENCES = {
    "capacity_reduction": "加封日起停用的容量免收基本电费",
    "capacity_restoration": "启封日起按恢复的容量计收基本电费",
    "suspension": "加封日起停用的容量免收基本电费",
    "suspension_end": "启封日起按恢复的容量计收基本电费",
    "temporary_replacement": "自替换之日起按替换后的变压器容量计收基本电费",
    "replacement_end": "自换回之日起按原变压器容量计收基本电费",
    "relocation": "电价和计费方式不变，迁址工程费用由用户负担",
    "meter_relocation": "电价和计费方式不变，移表费用由用户负担",
    "temporary_removal": "电费结清至拆表之日，复装接电之日起恢复计收",
    "reinstallation": "自复装接电之日起恢复计收",
    "renaming": "电价和计费方式不变",
    "transfer": "电价和计费方式不变，过户之日起的电费由新用户承担",
    "split": "各户自分户之日起按各自的容量和计量分别计收",
    "merger": "自并户之日起合并计收",
    "closure": "电费结清至拆表之日，此后不再计收",
    "voltage_change": "供电电压决定电价，改压后的电价以另签的供用电合同为准",
    "category_change": "自生效日起按新的用电类别和电价计收",
    "charge_mode_change": "自生效日起按新的方式计收基本电费",
    "contract_demand_change": "自生效日起按新的合同最大需量计收基本电费",
}
"""What each kind does to the bill, by `ChangeKind` value (供电营业规则 1996 第23–36条, 1583 号)."""
_PRORATED = frozenset(CONSEQUENCES) - {
    "relocation", "meter_relocation", "renaming", "voltage_change",
    "charge_mode_change", "contract_demand_change",
}  # fmt: skip
"""Kinds after which the month's basic charge is shared out by days."""


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
    return Effect(months, saved, f"加封日起免收，{_daily(divisor)}（{citation}）")


def stated_effect(kind: str, *, divisor: str | None, citation: str) -> Effect:
    """The effect in words, where no yuan can be reckoned before the registers are read.

    >>> stated_effect("closure", divisor="30", citation="第32条").because
    '电费结清至拆表之日，此后不再计收；变更当月的基本电费每日按全月的 1/30（第32条）'
    """
    shared = kind in _PRORATED and divisor is not None
    daily = f"；变更当月的基本电费{_daily(str(divisor))}" if shared else ""
    return Effect((), None, f"{CONSEQUENCES[kind]}{daily}（{citation}）")


def _daily(divisor: str) -> str:
    if divisor == CALENDAR:
        return "每日按当月容量电费除以日历天数"
    return f"每日按全月的 1/{divisor}"


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
