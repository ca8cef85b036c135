"""How a customer's energy grows: against its own year before, and against its industry.

Plain values; months as `YYYY-MM`, energies in kWh.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from busbar.kit.money import round_half_up
from busbar.kit.periods import Month

LEAST_MONTHS = 3
"""Months that must stand against each other before anything is said."""
LEAST_PEERS = 5
"""Other customers of the industry before it can be compared with."""
RECENT = 3
"""Months of the recent stretch, compared with as many before it."""

Series = Mapping[str, Decimal]


def months_back(last: Month, count: int) -> list[str]:
    """The newest `count` months up to and with `last`, oldest first.

    >>> months_back(Month(2026, 1), 3)
    ['2025-11', '2025-12', '2026-01']
    """
    found = [last]
    while len(found) < count:
        found.append(found[-1].previous)
    return [str(month) for month in reversed(found)]


def year_before(month: str) -> str:
    """The same month of the year before.

    >>> year_before("2026-02")
    '2025-02'
    """
    return f"{int(month[:4]) - 1:04d}{month[4:]}"


def percent(now: Decimal, then: Decimal) -> Decimal | None:
    """By how much in percent, to a tenth; None from nought.

    >>> percent(Decimal(112), Decimal(100)), percent(Decimal(1), Decimal(0))
    (Decimal('12.0'), None)
    """
    return round_half_up((now / then - 1) * 100, 1) if then > 0 else None


def year_on_year(series: Series, months: Sequence[str]) -> tuple[Decimal | None, int]:
    """Growth over those of the months that were billed a year before too, and how many they are."""
    both = [m for m in months if m in series and year_before(m) in series]
    if len(both) < LEAST_MONTHS:
        return None, len(both)
    now = sum((series[m] for m in both), Decimal(0))
    then = sum((series[year_before(m)] for m in both), Decimal(0))
    return percent(now, then), len(both)


def stretches(series: Series, last: Month) -> tuple[Decimal, Decimal] | None:
    """kWh a day of the recent stretch and of the one before it; None where a month is missing."""
    months = months_back(last, 2 * RECENT)
    if any(month not in series for month in months):
        return None
    before, recent = months[:RECENT], months[RECENT:]
    return _daily(series, recent), _daily(series, before)


def _daily(series: Series, months: Sequence[str]) -> Decimal:
    days = sum(Month.parse(month).days for month in months)
    return sum((series[month] for month in months), Decimal(0)) / days


def over_peers(
    all_series: Mapping[int, Series], industry_of: Mapping[int, str], last: Month
) -> dict[int, Decimal | None]:
    """By customer: recent growth in percent above that of the others of its industry together.

    The industry's own season falls out. Without enough others nothing is said.
    """
    pairs = {
        pk: pair
        for pk, series in all_series.items()
        if industry_of.get(pk) and (pair := stretches(series, last)) is not None
    }
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    for pk, (recent, before) in pairs.items():
        total = sums[industry_of[pk]]
        total[0], total[1], total[2] = total[0] + recent, total[1] + before, total[2] + 1
    return {pk: _against(pair, sums[industry_of[pk]]) for pk, pair in pairs.items()}


def _against(pair: tuple[Decimal, Decimal], total: Sequence[Decimal]) -> Decimal | None:
    recent, before = total[0] - pair[0], total[1] - pair[1]
    if total[2] - 1 < LEAST_PEERS or before <= 0 or recent <= 0 or pair[1] <= 0:
        return None
    return percent(pair[0] / pair[1], recent / before)
