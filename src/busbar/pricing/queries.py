"""Reading dated prices and rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Prefetch, Q, QuerySet

from busbar.clocks import queries as clocks_queries
from busbar.clocks.working_days import WorkingCalendar
from busbar.kit.periods import Period
from busbar.pricing import time_of_use
from busbar.pricing.critical_days import CriticalDay, CriticalDays, find_critical_days
from busbar.pricing.models import (
    CriticalDayRule,
    DailyTemperature,
    PowerFactorStep,
    RuleSet,
    Surcharge,
    Tariff,
    TariffPrice,
    TimeOfUseInterval,
    TimeOfUseScheme,
)
from busbar.pricing.time_of_use import DayFacts, Interval


def list_rule_sets() -> QuerySet[RuleSet, RuleSet]:
    """Bodies of rules, oldest first, with their parameters."""
    return RuleSet.objects.prefetch_related("parameters").order_by("subject", "valid_from", "code")


def list_power_factor_steps(rule_set: RuleSet) -> QuerySet[PowerFactorStep, PowerFactorStep]:
    """The table of one power-factor method, highest power factor first."""
    return rule_set.power_factor_steps.order_by("-power_factor", "-standard")


def list_tariffs(
    *, region: str = "", category: str = "", voltage_class: str = "", on: dt.date | None = None
) -> QuerySet[Tariff, Tariff]:
    """Tariffs with scheme and prices, by region, code and age; those in force on a day."""
    found = Tariff.objects.select_related("scheme").prefetch_related(
        Prefetch("prices", queryset=TariffPrice.objects.order_by("id"))
    )
    asked = {"region": region, "category": category, "voltage_class": voltage_class}
    found = found.filter(**{name: value for name, value in asked.items() if value})
    if on is not None:
        found = found.filter(_in_force(on))
    return found.order_by("region", "code", "-valid_from")


def get_tariff(code: str, *, on: dt.date) -> Tariff | None:
    """The version of a tariff in force on the day, with its prices."""
    return list_tariffs(on=on).filter(code=code).first()


def name_tariff(tariff: Tariff) -> str:
    """Its name, with the voltage where the name does not say it."""
    voltage = tariff.voltage_class
    return tariff.name if voltage in tariff.name else f"{tariff.name}（{voltage}）"


def list_surcharges(
    *, region: str = "", on: dt.date | None = None
) -> QuerySet[Surcharge, Surcharge]:
    """Surcharges by region, code and age; those in force on a day."""
    found = Surcharge.objects.all()
    if region:
        found = found.filter(region=region)
    if on is not None:
        found = found.filter(_in_force(on))
    return found.order_by("region", "code", "-valid_from")


def list_schemes() -> QuerySet[TimeOfUseScheme, TimeOfUseScheme]:
    """Time-of-use schemes with their intervals."""
    return TimeOfUseScheme.objects.prefetch_related("intervals").order_by("code")


def period_map(
    scheme: TimeOfUseScheme, day: dt.date, calendar: WorkingCalendar, *, is_hot: bool = False
) -> tuple[str, ...]:
    """The 96 period codes of one day. `calendar` must hold the day (`clocks` `get_calendar`)."""
    intervals = [_interval(row) for row in scheme.intervals.all()]
    return time_of_use.period_map(intervals, _facts(day, calendar, is_hot))


def list_critical_days(scheme_ids: Collection[int], period: Period) -> CriticalDays:
    """The schemes' days of critical peak, by date or by published temperature. Two queries."""
    rows = CriticalDayRule.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=period.start),
        scheme__in=list(scheme_ids),
        valid_from__lt=period.end,
    )
    rules = [_critical_day(row) for row in rows.order_by("id")]
    if not rules:
        return CriticalDays()
    heat = DailyTemperature.objects.filter(
        region__in={rule.region for rule in rules}, day__gte=period.start, day__lt=period.end
    )
    highest = {(t.region, t.day): t.highest_celsius for t in heat}
    return find_critical_days(rules, _days(period), highest)


def list_period_maps(
    scheme_ids: Collection[int], period: Period, *, critical: CriticalDays | None = None
) -> dict[tuple[int, dt.date], tuple[str, ...]]:
    """The 96 period codes of every scheme and day of the period. Four queries.

    `critical` stands in for what `list_critical_days` finds; undecided days are not critical.
    """
    if critical is None:
        critical = list_critical_days(scheme_ids, period)
    by_scheme: dict[int, list[Interval]] = {pk: [] for pk in scheme_ids}
    for row in TimeOfUseInterval.objects.filter(scheme__in=list(scheme_ids)):
        by_scheme[row.scheme_id].append(_interval(row))
    calendar = clocks_queries.get_calendar(period.start, period.end)
    return {
        (pk, day): time_of_use.period_map(
            intervals, _facts(day, calendar, critical.is_hot(pk, day))
        )
        for pk, intervals in by_scheme.items()
        for day in _days(period)
    }


def list_undecided_days(
    scheme_ids: Collection[int], period: Period
) -> dict[int, tuple[dt.date, ...]]:
    """By scheme, the days whose periods wait for a temperature; days alike either way do not."""
    found = list_critical_days(scheme_ids, period)
    if not found.undecided:
        return {}
    as_if = CriticalDays({pk: dict.fromkeys(days, ()) for pk, days in found.undecided.items()})
    hot = list_period_maps(list(found.undecided), period, critical=as_if)
    mild = list_period_maps(list(found.undecided), period, critical=CriticalDays())
    waiting = {
        pk: tuple(day for day in days if hot[pk, day] != mild[pk, day])
        for pk, days in found.undecided.items()
    }
    return {pk: days for pk, days in waiting.items() if days}


def map_critical_day_rules(ids: Collection[int]) -> dict[int, CriticalDayRule]:
    """Rules of days of critical peak by id."""
    return dict(CriticalDayRule.objects.in_bulk(list(ids)))


def _critical_day(row: CriticalDayRule) -> CriticalDay:
    return CriticalDay(
        id=row.pk,
        scheme_id=row.scheme_id,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        region=row.region,
        at_least_celsius=row.at_least_celsius,
        dates=tuple((first, last) for first, last in row.dates),
    )


def _days(period: Period) -> Iterable[dt.date]:
    return (period.start + dt.timedelta(days=n) for n in range(period.days))


def _facts(day: dt.date, calendar: WorkingCalendar, is_hot: bool) -> DayFacts:  # noqa: FBT001 - a fact, not a mode
    known = calendar.day(day)
    return DayFacts(day.month, known.is_working, known.kind == "holiday", is_hot)


def _interval(row: TimeOfUseInterval) -> Interval:
    return Interval(
        row.start_minute,
        row.end_minute,
        row.period,
        tuple(row.months),
        row.day_type,
        row.priority,
    )


def _in_force(on: dt.date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))
