"""Charges and their numbers as plain arithmetic: no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from busbar.kit.money import plain, to_fen

NOTICE_PREFIX, REFUND_PREFIX = "JF", "TF"


@dataclass(frozen=True)
class Reckoned:
    """One charge to the fen, with the formula as it is printed."""

    amount_yuan: Decimal
    formula: str


def reckon_charge(quantity: Decimal, unit: str, price_yuan: Decimal) -> Reckoned:
    """Quantity times price, rounded once, half up to the fen.

    >>> reckon_charge(Decimal("1250"), "kVA", Decimal("220"))
    Reckoned(amount_yuan=Decimal('275000.00'), formula='1250 kVA × 220 元/kVA = 275000.00 元')
    >>> reckon_charge(Decimal("0.5"), "", Decimal("0.03")).amount_yuan
    Decimal('0.02')
    """
    amount = to_fen(quantity * price_yuan)
    of_unit = f"/{unit}" if unit else ""
    counted = f"{plain(quantity)} {unit}".strip()
    return Reckoned(amount, f"{counted} × {plain(price_yuan)} 元{of_unit} = {amount} 元")
