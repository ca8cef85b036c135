"""Numbers of applications and papers: one row a series, held while the next is taken."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db.models import F

from busbar.connections.models import NumberSequence
from busbar.journal import operations as journal_operations
from busbar.kit.periods import CHINA

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without those a person mistakes for each other on paper or on the telephone."""
_CODE_LENGTH = 10


def next_serial(key: str) -> int:
    """The next number of the series, from 1; two at once wait for each other.

    Belongs into the transaction of what is numbered: if that fails, the number is free again.
    """
    journal_operations.take_turn()
    sequence, _ = NumberSequence.objects.get_or_create(key=key)
    NumberSequence.objects.filter(pk=sequence.pk).update(last=F("last") + 1)
    return NumberSequence.objects.values_list("last", flat=True).get(pk=sequence.pk)


def application_number(unit_code: str, at: dt.datetime) -> str:
    """受理号: unit, day in China, running number of the day, as `LC11S1-261124-0007`."""
    day = f"{at.astimezone(CHINA):%y%m%d}"
    return f"{unit_code}-{day}-{next_serial(f'application:{unit_code}:{day}'):04d}"


def paper_number(word: str, unit_code: str, at: dt.datetime) -> str:
    """文号: word of the kind, unit, year, running number, as `供电方案答复单LC11〔2026〕12号`."""
    year = at.astimezone(CHINA).year
    serial = next_serial(f"paper:{word}:{unit_code}:{year}")
    return f"{word}{unit_code}〔{year}〕{serial}号"


def new_query_code() -> str:
    """A code that nobody guesses: 10 of 31 characters, about 50 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
