"""A day by its registers: every meter that hung there, each times its own ratio."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_WH_PER_KWH = 1000
ReadAt = Callable[[int, dt.datetime], Decimal | None]
"""(meter, moment) to the register's reading in kWh of its own side."""


@dataclass(frozen=True)
class Span:
    """A meter at a usage point over the moments [begins, ends), with CT x PT and its digits."""

    meter: int
    begins: dt.datetime
    ends: dt.datetime | None
    ratio: Decimal
    digits: int


def day_register_wh(
    spans: Sequence[Span], start: dt.datetime, end: dt.datetime, read: ReadAt
) -> int | None:
    """Wh that the registers counted over [start, end); None where a reading is lacking.

    A meter that went up or came down in between counts from or to that moment: end register of
    the old one and start register of the new one join without loss. A register that passed its
    last digit begins again at nought (过零).
    """
    total = Decimal(0)
    seen = False
    for span in spans:
        begins = max(start, span.begins)
        ends = end if span.ends is None else min(end, span.ends)
        if begins >= ends:
            continue
        first, last = read(span.meter, begins), read(span.meter, ends)
        if first is None or last is None:
            return None
        total += _counted(first, last, span.digits) * span.ratio
        seen = True
    if not seen:
        return None
    return int((total * _WH_PER_KWH).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _counted(first: Decimal, last: Decimal, digits: int) -> Decimal:
    """
    >>> _counted(Decimal("999990"), Decimal("10"), 6)
    Decimal('20')
    """
    return last - first if last >= first else last - first + Decimal(10) ** digits
