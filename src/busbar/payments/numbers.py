"""Numbers a payer writes into a remark: by check digits a mistyped one names nobody.

A number is two letters, digits of the matter, two check digits (ISO 7064 MOD 97-10).
"""

from __future__ import annotations

import re

SERIAL_DIGITS = 8
"""Two digits of the year and six of its series."""


def check_digits(body: str) -> str:
    """The two check digits of a body of digits.

    >>> check_digits("26000012")
    '90'
    """
    return f"{98 - int(body + '00') % 97:02d}"


def numbered(prefix: str, body: str) -> str:
    """The number of a matter by its digits.

    >>> numbered("DF", "0000000042")
    'DF000000004269'
    """
    return f"{prefix}{body}{check_digits(body)}"


def payment_number(prefix: str, year: int, serial: int) -> str:
    """A number of a yearly series.

    >>> payment_number("JF", 2026, 12)
    'JF2600001290'
    """
    return numbered(prefix, f"{year % 100:02d}{serial:06d}")


def find_payment_numbers(
    prefix: str, remark: str, *, body_digits: int = SERIAL_DIGITS
) -> list[str]:
    """The numbers with valid check digits in a bank's remark, in their order, each once.

    >>> find_payment_numbers("JF", "业扩费 jf2600001290;JF2600001291")
    ['JF2600001290']
    """
    pattern = re.compile(rf"{prefix}(\d{{{body_digits}}})(\d{{2}})(?!\d)")
    found = [
        f"{prefix}{body}{check}"
        for body, check in pattern.findall(remark.upper())
        if check_digits(body) == check
    ]
    return list(dict.fromkeys(found))
