"""Prices and rules side by side, as a person compares them: the power-factor table, the year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q
from django.utils.functional import Promise

from busbar.pricing import queries
from busbar.pricing.models import (
    DayType,
    PowerFactorStandard,
    RuleSet,
    RuleSubject,
    Surcharge,
    Tariff,
    TimeOfUseInterval,
    TimeOfUseScheme,
)
from busbar.pricing.time_of_use import DayFacts, Interval, period_map

MONTHS = range(1, 13)
STANDARDS = (PowerFactorStandard.P90, PowerFactorStandard.P85, PowerFactorStandard.P80)


@dataclass(frozen=True)
class PowerFactorRow:
    """One power factor with the adjustment under each standard, in percent."""

    power_factor: Decimal
    tangent_upper: Decimal
    source: str
    certainty: str
    by_standard: dict[str, Decimal] = field(default_factory=dict)

    @property
    def adjustments(self) -> list[Decimal | None]:
        """The percentages in the order of `STANDARDS`."""
        return [self.by_standard.get(standard) for standard in STANDARDS]


@dataclass(frozen=True)
class DayTypeYear:
    """Days of one type over the year: 12 months of 48 half hours, each a period's code."""

    label: str | Promise
    months: list[list[str]]


@dataclass(frozen=True)
class SchemeYear:
    """A time-of-use scheme unrolled over the year, one heat map for each day type it names."""

    scheme: TimeOfUseScheme
    day_types: list[DayTypeYear]


def list_power_factor_rows(rule_set: RuleSet) -> list[PowerFactorRow]:
    """The table by power factor, highest first, the three standards side by side; one query."""
    rows: dict[Decimal, PowerFactorRow] = {}
    for step in queries.list_power_factor_steps(rule_set):
        empty = PowerFactorRow(step.power_factor, step.tangent_upper, step.source, step.certainty)
        row = rows.setdefault(step.power_factor, empty)
        row.by_standard[step.standard] = step.adjustment_percent
    return list(rows.values())


def get_rule_set_in_force(subject: RuleSubject, *, on: dt.date) -> RuleSet | None:
    """The rule set of a subject that holds on the day."""
    holds = Q(valid_from__lte=on) & (Q(valid_until__isnull=True) | Q(valid_until__gt=on))
    return RuleSet.objects.filter(holds, subject=subject).order_by("-valid_from").first()


def list_tariff_regions() -> list[str]:
    """Price regions that have tariffs."""
    return list(Tariff.objects.order_by("region").values_list("region", flat=True).distinct())


def list_voltage_classes() -> list[str]:
    """Voltage classes that tariffs name."""
    found = Tariff.objects.order_by("voltage_class").values_list("voltage_class", flat=True)
    return list(found.distinct())


def list_surcharge_regions() -> list[str]:
    """Price regions that have surcharges."""
    return list(Surcharge.objects.order_by("region").values_list("region", flat=True).distinct())


def list_scheme_years() -> list[SchemeYear]:
    """Every time-of-use scheme unrolled over the year; two queries."""
    return [unroll(scheme, list(scheme.intervals.all())) for scheme in queries.list_schemes()]


def unroll(scheme: TimeOfUseScheme, intervals: Sequence[TimeOfUseInterval]) -> SchemeYear:
    """The scheme's periods by day type, month and half hour, as the bills see them.

    Day types that the scheme does not name look like every other day and are left out.
    """
    named = {interval.day_type for interval in intervals}
    drawn = [kind for kind in DayType if kind in named] or [DayType.ALL]
    plain = [_plain(interval) for interval in intervals]
    return SchemeYear(
        scheme,
        [
            DayTypeYear(kind.label, [_halves(plain, month, kind) for month in MONTHS])
            for kind in drawn
        ],
    )


def _plain(row: TimeOfUseInterval) -> Interval:
    months = tuple(row.months)
    return Interval(
        row.start_minute, row.end_minute, row.period, months, row.day_type, row.priority
    )


def _halves(intervals: Sequence[Interval], month: int, kind: DayType) -> list[str]:
    facts = DayFacts(
        month,
        is_working=kind in {DayType.ALL, DayType.WORKDAY, DayType.HOT},
        is_holiday=kind == DayType.HOLIDAY,
        is_hot=kind == DayType.HOT,
    )
    return list(period_map(intervals, facts)[::2])
