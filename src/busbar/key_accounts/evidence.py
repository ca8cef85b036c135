"""Who knows what about a relationship: a small registry, so that later rooms add what they record.

A source answers with a number by customer; a customer that it leaves out has nought. Evidence
that no source is registered for is unknown, which neither helps nor hinders.

Events (an application, a complaint) count on the day they are known. A share of the year moves
with every bill around a bound: it gets worse on the day, and better with the month.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

Source = Callable[[dt.date], Mapping[int, Decimal | None]]

_sources: dict[str, Source] = {}
_monthly: set[str] = set()


def register_evidence(code: str, source: Source) -> None:
    """Called by a room as it starts; the last word on a code counts."""
    _sources[code] = source


def register_share(code: str, source: Source) -> None:
    """Evidence that is the worse the higher it is, and eases only with the month's assessment."""
    register_evidence(code, source)
    _monthly.add(code)


def eases_monthly(code: str) -> bool:
    """Whether the evidence was registered as a share."""
    return code in _monthly


def gather_evidence(
    codes: Iterable[str], *, on: dt.date
) -> dict[str, Mapping[int, Decimal | None]]:
    """The known ones among the codes; each source is asked once."""
    return {code: _sources[code](on) for code in dict.fromkeys(codes) if code in _sources}
