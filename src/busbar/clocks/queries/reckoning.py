"""Reckoning with what is stored: limits, the calendar, working hours, a clock's own pauses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from busbar.clocks.hours import OFFICE_HOURS, WeekHours
from busbar.clocks.ladder import Rung, RungDue, rungs_due
from busbar.clocks.models import AmountUnit, Clock, ClockPause
from busbar.clocks.queries.calendar import get_calendar
from busbar.clocks.queries.limits import facts_of, get_hours, get_limit
from busbar.clocks.reckoning import Pause, Reckoning, extend, midnight
from busbar.clocks.reckoning import reckon as reckon_plain
from busbar.clocks.rulebook import LimitFacts
from busbar.clocks.working_days import DayNotLoadedError, WorkingCalendar
from busbar.kit.periods import local_date

_SLACK_DAYS = 45
_DAYS = {"month": 31, "year": 366, "hour": 0, "minute": 0, "working_hour": 1}
_LEAD_DAYS = 30
"""How far before the start a limit counted back may reach, beyond its own length."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Basis:
    """What a clock is reckoned from."""

    limit: LimitFacts
    start: dt.datetime
    pauses: tuple[Pause, ...]
    hours: WeekHours
    extended_until: dt.date | None = None


def reckon(
    code: str,
    *,
    start: dt.datetime | dt.date,
    pauses: Sequence[Pause] = (),
    rule_set: str | None = None,
    unit_path: str = "",
    customer_id: int | None = None,
) -> Reckoning:
    """When the limit from `start` ends, by the rules in force at the unit, explained.

    A day alone means its first moment in China. Raises NoSuchLimit or NoSuchRuleSet.
    """
    moment = start if isinstance(start, dt.datetime) else midnight(start)
    on = local_date(moment)
    limit = get_limit(code, on=on, unit_path=unit_path, rule_set=rule_set)
    hours = get_hours(unit_path=unit_path, customer_id=customer_id, on=on)
    return reckon_basis(Basis(limit, moment, tuple(pauses), hours))


def reckon_basis(basis: Basis, calendar: WorkingCalendar | None = None) -> Reckoning:
    """The reckoning; the calendar is loaded as far as it takes unless one is handed in."""

    def compute(days: WorkingCalendar) -> Reckoning:
        found = reckon_plain(
            basis.limit, start=basis.start, pauses=basis.pauses, calendar=days, hours=basis.hours
        )
        return extend(found, basis.extended_until, days)

    return compute(calendar) if calendar else _with_calendar(basis, compute)


def list_rungs_due(
    basis: Basis, rungs: Sequence[Rung], calendar: WorkingCalendar | None = None
) -> list[RungDue]:
    """The moments of the rungs, earliest first."""
    start, limit = basis.start, basis.limit

    def compute(days: WorkingCalendar) -> list[RungDue]:
        return rungs_due(
            limit,
            rungs,
            start=start,
            pauses=basis.pauses,
            calendar=days,
            hours=basis.hours,
            extended_until=basis.extended_until,
        )

    return compute(calendar) if calendar else _with_calendar(basis, compute)


def basis_of(clock: Clock, *, at: dt.datetime | None = None) -> Basis:
    """What the clock is reckoned from; with `at` a pause that lasts is taken to end then."""
    return Basis(
        limit=limit_of(clock),
        start=clock.started_at,
        pauses=tuple(_pause(row, at) for row in clock.pauses.all()),
        hours=_hours(clock),
        extended_until=clock.extended_until,
    )


def limit_of(clock: Clock) -> LimitFacts:
    """The limit by which the clock runs, with the shorter amount agreed for it where there is one.

    What was agreed may only be shorter than the rule, so that the rule's clause still holds.
    """
    facts = facts_of(clock.limit)
    return facts if clock.own_amount is None else replace(facts, amount=clock.own_amount)


def _hours(clock: Clock) -> WeekHours:
    if clock.limit.amount_unit != AmountUnit.WORKING_HOUR:
        return OFFICE_HOURS  # nothing else looks at them
    return get_hours(
        unit_path=clock.unit.path,
        customer_id=clock.customer_id,
        on=local_date(clock.started_at),
    )


def explain_clock(clock: Clock, *, at: dt.datetime | None = None) -> Reckoning:
    """Why the clock is due when it is, day by day ("why this date").

    With `at`, a pause that still lasts is taken to end at that moment.
    """
    found = reckon_basis(basis_of(clock, at=at))
    since = next((row.started_at for row in clock.pauses.all() if row.ended_at is None), None)
    return replace(found, paused_since=since)


def _pause(row: ClockPause, at: dt.datetime | None) -> Pause:
    words = f"{row.reason.name}（{row.evidence}）" if row.evidence else row.reason.name
    end = row.ended_at or (max(at, row.started_at) if at else None)
    return Pause(row.started_at, end, words)


def _with_calendar(basis: Basis, compute: Callable[[WorkingCalendar], _Answer]) -> _Answer:
    """Load as many days as it takes: one query, and another twice as long where that fell short."""
    day, limit = local_date(basis.start), basis.limit
    span = int(limit.amount) * _DAYS.get(limit.amount_unit, 2) + _SLACK_DAYS
    reach = [local_date(p.end or p.start) for p in basis.pauses]
    ends = max([day, *reach, *([basis.extended_until] if basis.extended_until else [])])
    back = span if limit.direction == "before" else _LEAD_DAYS
    while True:
        first = max(dt.date.min, _shift(min([day, *reach]), -back))
        try:
            return compute(get_calendar(first, _shift(ends, span)))
        except DayNotLoadedError:
            span, back = span * 2, back * 2 if limit.direction == "before" else back


def _shift(day: dt.date, days: int) -> dt.date:
    return dt.date.fromordinal(
        min(max(day.toordinal() + days, dt.date.min.toordinal()), dt.date.max.toordinal())
    )
