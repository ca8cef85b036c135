"""What a bank's remark names: bills by reference, 户号, takings, refunds. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from busbar.payments.numbers import find_payment_numbers, numbered

BILL_PREFIX, TAKINGS_PREFIX, REFUND_PREFIX = "DF", "RK", "DT"
_BILL_DIGITS = 10
_WORD = re.compile(r"[0-9A-Za-z]{4,20}")


@dataclass(frozen=True)
class Named:
    """What a remark names; `words` are what may be 户号."""

    bills: tuple[str, ...]
    takings: tuple[str, ...]
    words: tuple[str, ...]


def bill_reference(bill_id: int) -> str:
    """What a payer writes so that the bill is found.

    >>> bill_reference(42)
    'DF000000004269'
    """
    return numbered(BILL_PREFIX, f"{bill_id:0{_BILL_DIGITS}d}")


def read_remark(remark: str) -> Named:
    """The references with valid check digits, and the words that may be a 户号.

    >>> read_remark("电费 DF000000004269 户号3101000001")
    Named(bills=('DF000000004269',), takings=(), words=('DF000000004269', '3101000001'))
    """
    return Named(
        tuple(find_payment_numbers(BILL_PREFIX, remark, body_digits=_BILL_DIGITS)),
        tuple(find_payment_numbers(TAKINGS_PREFIX, remark)),
        tuple(dict.fromkeys(_WORD.findall(remark))),
    )
