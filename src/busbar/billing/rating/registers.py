"""From register readings to energy: ratio, multiplier, roll-over."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.rating.rules import UnableToRate
from busbar.billing.rating.values import Energy, Measure
from busbar.kit.money import plain


@dataclass(frozen=True, slots=True)
class Register:
    """Two readings of one register. `digits` before the decimal point decide the full scale."""

    id: str
    measures: Measure
    previous: Decimal
    current: Decimal
    digits: int | None = None


def ratio(text: str) -> Decimal:
    """A transformer ratio as written on its plate.

    >>> ratio("150/5"), ratio("10000/100")
    (Decimal('30'), Decimal('100'))
    """
    primary, _, secondary = text.partition("/")
    return Decimal(primary) / Decimal(secondary or "1")


def register_energy(register: Register, multiplier: Decimal) -> Energy:
    """Energy between two readings: (current − previous) × multiplier, full scale added when rolled.

    Not yet rounded to whole kWh. UnableToRate when the register ran backwards and its digits,
    hence the full scale, are not known.

    >>> rolled = Register("r", "total", Decimal("99990"), Decimal("15"), digits=5)
    >>> register_energy(rolled, Decimal(20)).formula
    '(15 + 100000 − 99990) × 20'
    """
    advance = register.current - register.previous
    shown = f"{plain(register.current)} − {plain(register.previous)}"
    if advance < 0:
        full_scale = _full_scale(register)
        advance += full_scale
        shown = f"{plain(register.current)} + {plain(full_scale)} − {plain(register.previous)}"
    return Energy(
        id=register.id,
        measures=register.measures,
        quantity=advance * multiplier,
        formula=f"({shown}) × {plain(multiplier)}",
        evidence=f"起码 {plain(register.previous)}，止码 {plain(register.current)}",
    )


def _full_scale(register: Register) -> Decimal:
    if register.digits is None:
        raise UnableToRate(
            "示数 %(id)s 本次 %(current)s 小于上次 %(previous)s，须写明整数位数 digits "
            "才能按过零计算。",
            id=register.id,
            current=plain(register.current),
            previous=plain(register.previous),
        )
    full_scale = Decimal(10) ** register.digits
    if register.previous >= full_scale:
        raise UnableToRate(
            "示数 %(id)s 上次 %(previous)s 超出 %(digits)s 位表的满码。",
            id=register.id,
            previous=plain(register.previous),
            digits=register.digits,
        )
    return full_scale
