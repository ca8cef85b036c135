"""Which days of a time-of-use scheme are of critical peak: plain values in and out (R25)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CriticalDay:
    """A rule of one scheme: days by dates of every year or by heat, while it is valid."""

    id: int
    scheme_id: int
    valid_from: dt.date
    valid_until: dt.date | None
    region: str
    at_least_celsius: Decimal | None
    dates: tuple[tuple[str, str], ...]

    def holds_on(self, day: dt.date) -> bool:
        """Whether the rule is in force on the day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def names(self, day: dt.date) -> bool:
        """Whether one of its ranges of dates holds the day.

        >>> winter = CriticalDay(1, 1, dt.date(2020, 1, 1), None, "", None, (("12-20", "01-10"),))
        >>> [winter.names(dt.date(2026, 1, d)) for d in (10, 11)]
        [True, False]
        """
        at = f"{day:%m-%d}"
        return any(
            first <= at <= last if first <= last else at >= first or at <= last
            for first, last in self.dates
        )


@dataclass(frozen=True)
class CriticalDays:
    """By scheme: its days of critical peak with the rules that made them so.

    `undecided`: days that only their temperature can decide and that have none yet.
    """

    by_scheme: Mapping[int, Mapping[dt.date, tuple[int, ...]]] = field(default_factory=dict)
    undecided: Mapping[int, tuple[dt.date, ...]] = field(default_factory=dict)

    def is_hot(self, scheme_id: int, day: dt.date) -> bool:
        """Whether the scheme's day is known to be one."""
        return day in self.by_scheme.get(scheme_id, {})


def find_critical_days(
    rules: Sequence[CriticalDay],
    days: Iterable[dt.date],
    highest_celsius: Mapping[tuple[str, dt.date], Decimal],
) -> CriticalDays:
    """Days of critical peak among the days; `highest_celsius` by region and day."""
    hot: dict[int, dict[dt.date, tuple[int, ...]]] = {}
    undecided: dict[int, list[dt.date]] = {}
    for day in days:
        holding = [rule for rule in rules if rule.holds_on(day)]
        for scheme in sorted({rule.scheme_id for rule in holding}):
            own = [rule for rule in holding if rule.scheme_id == scheme]
            met = tuple(rule.id for rule in own if _is_met(rule, day, highest_celsius))
            if met:
                hot.setdefault(scheme, {})[day] = met
            elif any(_waits(rule, day, highest_celsius) for rule in own):
                undecided.setdefault(scheme, []).append(day)
    return CriticalDays(hot, {scheme: tuple(found) for scheme, found in undecided.items()})


def _is_met(
    rule: CriticalDay, day: dt.date, highest_celsius: Mapping[tuple[str, dt.date], Decimal]
) -> bool:
    highest = highest_celsius.get((rule.region, day))
    limit = rule.at_least_celsius
    return rule.names(day) or (limit is not None and highest is not None and highest >= limit)


def _waits(
    rule: CriticalDay, day: dt.date, highest_celsius: Mapping[tuple[str, dt.date], Decimal]
) -> bool:
    return rule.at_least_celsius is not None and (rule.region, day) not in highest_celsius
