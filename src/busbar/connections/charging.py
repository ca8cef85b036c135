"""Charges and payment numbers as plain arithmetic: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.kit.money import plain, to_fen

NOTICE_PREFIX, REFUND_PREFIX = "JF", "TF"
_BODY_DIGITS = 8
_NUMBER = re.compile(r"(JF|TF)(\d{10})(?!\d)")


@dataclass(frozen=True)
class Reckoned:
    """One charge to the fen, with the formula as it is printed."""

    amount_yuan: Decimal
    formula: str


def payment_number(prefix: str, year: int, serial: int) -> str:
    """Two digits of the year, six of the series, two check digits (ISO 7064 MOD 97-10).

    A payer who mistypes one digit, or swaps two, names no other notice.

    >>> payment_number("JF", 2026, 12)
    'JF2600001290'
    """
    body = f"{year % 100:02d}{serial:06d}"
    return f"{prefix}{body}{_check_digits(body)}"


def find_payment_numbers(prefix: str, remark: str) -> list[str]:
    """The numbers with valid check digits in a bank's remark, in their order, each once.

    >>> find_payment_numbers("JF", "业扩费 jf2600001290;JF2600001291")
    ['JF2600001290']
    """
    text = remark.upper()
    found = [
        f"{kind}{digits}"
        for kind, digits in _NUMBER.findall(text)
        if kind == prefix and _check_digits(digits[:_BODY_DIGITS]) == digits[_BODY_DIGITS:]
    ]
    return list(dict.fromkeys(found))


def _check_digits(body: str) -> str:
    return f"{98 - int(body + '00') % 97:02d}"


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


def secondary_circuit_kva(circuits_kva: Sequence[Decimal]) -> Decimal:
    """Capacity charged for reliability: all circuits but the one with the largest capacity.

    >>> secondary_circuit_kva([Decimal(8000), Decimal(5000), Decimal(2000)])
    Decimal('7000')
    >>> secondary_circuit_kva([Decimal(8000)])
    Decimal('0')
    """
    return sum(sorted(circuits_kva)[:-1], Decimal(0))
