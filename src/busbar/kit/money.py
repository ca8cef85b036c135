"""Rounding and writing of decimal numbers: money to the fen, half up, never through float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

FEN_PLACES = 2


@cache
def _step(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Round to `places` decimals, ties away from zero (四舍五入).

    >>> round_half_up(Decimal("0.855"), 2), round_half_up(Decimal("-0.005"), 2)
    (Decimal('0.86'), Decimal('-0.01'))
    >>> round_half_up(Decimal("202.67"), 0)
    Decimal('203')
    """
    return value.quantize(_step(places), rounding=ROUND_HALF_UP)


def to_fen(yuan: Decimal) -> Decimal:
    """An amount in yuan with exactly two decimals, half up.

    >>> to_fen(Decimal("2329.14375"))
    Decimal('2329.14')
    """
    return round_half_up(yuan, FEN_PLACES)


def plain(value: Decimal) -> str:
    """The number as people write it: no exponent, no trailing zeros.

    >>> plain(Decimal("3E+3")), plain(Decimal("0.450")), plain(Decimal("-0.00"))
    ('3000', '0.45', '0')
    """
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
