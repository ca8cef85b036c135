"""Which days of a time-of-use scheme are of critical peak: by dates or by the day's heat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.billing.rating.rules import Rule, UnableToRate
from busbar.kit.periods import Period

HOT = "hot"
"""The day type that a scheme's intervals of critical peak name."""


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days of every year from `first` up to and with `last`, as (month, day).

    A range whose last lies before its first runs over the year's end.
    """

    first: tuple[int, int]
    last: tuple[int, int]

    def __contains__(self, day: dt.date) -> bool:
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


@dataclass(frozen=True, slots=True)
class DayTypeRule:
    """What makes a scheme's day a day of critical peak; `rule` says where it is written."""

    scheme: str
    rule: Rule
    valid_from: dt.date
    valid_until: dt.date | None = None
    at_least_celsius: Decimal | None = None
    dates: tuple[DateRange, ...] = ()

    def is_valid_on(self, day: dt.date) -> bool:
        """Whether the rule holds on the day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


def day_types(
    rules: Iterable[DayTypeRule],
    scheme: str,
    period: Period,
    highest_celsius: Mapping[dt.date, Decimal],
) -> dict[dt.date, str]:
    """The scheme's days of the period that are `hot`; other days have no entry.

    `highest_celsius` is the day's highest temperature as published. A day that only its
    temperature can decide and that has none is refused, not guessed.
    """
    own = [rule for rule in rules if rule.scheme == scheme]
    days = (period.start + dt.timedelta(days=number) for number in range(period.days))
    return {day: HOT for day in days if _is_hot(own, day, highest_celsius)}


def _is_hot(
    rules: Iterable[DayTypeRule], day: dt.date, highest_celsius: Mapping[dt.date, Decimal]
) -> bool:
    holding = [rule for rule in rules if rule.is_valid_on(day)]
    if any(day in dates for rule in holding for dates in rule.dates):
        return True
    limits = [rule.at_least_celsius for rule in holding if rule.at_least_celsius is not None]
    if not limits:
        return False
    if day not in highest_celsius:
        raise UnableToRate("%(day)s 没有日最高气温，不能判断是否执行尖峰电价。", day=day)
    return highest_celsius[day] >= min(limits)


def day_type_rules_from(document: Mapping[str, Any]) -> tuple[DayTypeRule, ...]:
    """Rules of a parsed `pricing/seed/day_types.toml`."""
    return tuple(_rule(entry) for entry in document["rule"])


def _rule(entry: Mapping[str, Any]) -> DayTypeRule:
    celsius = entry.get("at_least_celsius")
    return DayTypeRule(
        scheme=entry["scheme"],
        rule=Rule(
            code="time_of_use.critical_day",
            name=entry["name"],
            value="" if celsius is None else Decimal(str(celsius)),
            unit="" if celsius is None else "℃",
            source=entry["source"],
            certainty=entry["certainty"],
        ),
        valid_from=entry["valid_from"],
        valid_until=entry.get("valid_until"),
        at_least_celsius=None if celsius is None else Decimal(str(celsius)),
        dates=tuple(
            DateRange(_month_and_day(span["first"]), _month_and_day(span["last"]))
            for span in entry["dates"]
        ),
    )


def _month_and_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
