"""When each rung of an escalation ladder is due: plain values in, moments out (U21).

Rungs of limits in days fall on a morning, never in the night (U20): a rung after k counted days
falls on the morning of the next day that counts. Rungs of limits in hours fall on the second.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, takewhile

from busbar.clocks.hours import OFFICE_HOURS, WeekHours
from busbar.clocks.reckoning import Pause, days_to_count, reckon, walk
from busbar.clocks.rulebook import EXACT_UNITS, LimitFacts
from busbar.clocks.working_days import WorkingCalendar
from busbar.kit.periods import CHINA, local_date

MORNING = dt.time(8, 0)
"""When people are told of a limit in days."""


@dataclass(frozen=True)
class Rung:
    """A rung: `moment` is share (0..1 used), left or overdue (in the limit's own unit)."""

    order: int
    moment: str
    amount: Decimal
    id: int = 0


@dataclass(frozen=True)
class RungDue:
    """A rung and the moment at which it is due."""

    rung: Rung
    at: dt.datetime


def rungs_due(
    limit: LimitFacts,
    rungs: Sequence[Rung],
    *,
    start: dt.datetime,
    pauses: Sequence[Pause] = (),
    calendar: WorkingCalendar,
    hours: WeekHours = OFFICE_HOURS,
    extended_until: dt.date | None = None,
) -> list[RungDue]:
    """The moment of every rung, earliest first; a rung that lies before the start is left out."""
    closed = [replace(p, end=p.end or p.start) for p in pauses]
    if limit.amount_unit in EXACT_UNITS:
        found = [
            RungDue(rung, reckon_to(limit, amount, start, closed, calendar, hours))
            for rung in rungs
            if (amount := _exact_position(limit, rung)) is not None
        ]
    else:
        found = _in_days(limit, rungs, start, closed, calendar, extended_until)
    return sorted(found, key=lambda due: (due.at, due.rung.order))


def reckon_to(
    limit: LimitFacts,
    amount: Decimal,
    start: dt.datetime,
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    hours: WeekHours,
) -> dt.datetime:
    """The moment at which so much of a limit to the second is used up."""
    changed = replace(limit, amount=amount)
    return reckon(changed, start=start, pauses=pauses, calendar=calendar, hours=hours).due_at


def _exact_position(limit: LimitFacts, rung: Rung) -> Decimal | None:
    amounts = {
        "share": limit.amount * rung.amount,
        "left": limit.amount - rung.amount,
        "overdue": limit.amount + rung.amount,
    }
    return amounts[rung.moment] if amounts[rung.moment] >= 0 else None


def _in_days(
    limit: LimitFacts,
    rungs: Sequence[Rung],
    start: dt.datetime,
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    extended_until: dt.date | None,
) -> list[RungDue]:
    total = days_to_count(limit, local_date(start))
    if extended_until is not None:
        days = walk(limit, local_date(start), pauses, calendar)
        until = takewhile(lambda day: day.date <= extended_until, days)
        total = max(total, sum(day.counted for day in until))
    positions = [(rung, _days_used(total, rung)) for rung in rungs]
    wanted = {used for _, used in positions if used is not None}
    mornings = _mornings(limit, start, pauses, calendar, max(wanted, default=-1))
    return [RungDue(rung, mornings[used]) for rung, used in positions if used is not None]


def _days_used(total: int, rung: Rung) -> int | None:
    used = {
        "share": math.ceil(total * rung.amount),
        "left": total - math.ceil(rung.amount),
        "overdue": total + max(math.ceil(rung.amount), 1) - 1,
    }[rung.moment]
    return used if used >= 0 else None


def _mornings(
    limit: LimitFacts,
    start: dt.datetime,
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    last: int,
) -> list[dt.datetime]:
    """The morning after k counted days, for k from 0 to `last`."""
    counted = (day for day in walk(limit, local_date(start), pauses, calendar) if day.counted)
    return [
        max(start, dt.datetime.combine(day.date, MORNING, tzinfo=CHINA))
        for day in islice(counted, last + 1)
    ]
