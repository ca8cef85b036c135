"""Identifiers of the trade: credit codes, account numbers, pinyin initials."""

from __future__ import annotations

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_LENGTH = 18
_CREDIT_MODULUS = 31


def credit_code_check_digit(body: str) -> str:
    """Check digit of the first 17 characters of a unified social credit code (GB 32100-2015).

    >>> credit_code_check_digit("91110108551385082")
    'Q'
    """
    total = sum(_CREDIT_ALPHABET.index(c) * pow(3, i, _CREDIT_MODULUS) for i, c in enumerate(body))
    return _CREDIT_ALPHABET[(-total) % _CREDIT_MODULUS]


def is_credit_code(text: str) -> bool:
    """Whether the text is a unified social credit code with a right check digit.

    >>> is_credit_code("91110108551385082Q"), is_credit_code("91110108551385082R")
    (True, False)
    """
    if len(text) != _CREDIT_LENGTH or any(c not in _CREDIT_ALPHABET for c in text):
        return False
    return credit_code_check_digit(text[:-1]) == text[-1]


def pinyin_initials(name: str) -> str:
    """First letters of the name's pinyin, lower case, for search by initials.

    >>> pinyin_initials("东海钢铁A厂")
    'dhgtac'
    """
    # Its dictionary takes a second to load: only who needs initials waits for it.
    from pypinyin import Style, lazy_pinyin

    letters = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return "".join(c for c in letters if c.isascii() and c.isalnum()).lower()
