"""From when a change of the basic charge can hold, by the notice that the rule set asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from busbar.billing.rating import Rule, RuleSet
from busbar.clocks import queries as clocks_queries
from busbar.kit.periods import Month
from busbar.supply.models import Agreement

_MODE = (
    "basic_charge.mode_change_notice_working_days",
    "basic_charge.mode_change_months",
    "basic_charge.mode_change_starts",
)
_DEMAND = (
    "demand.contract_change_notice_working_days",
    "demand.contract_change_months",
    "demand.contract_change_starts",
)
_QUARTER = 3


@dataclass(frozen=True)
class Switch:
    """The first day that a change can reach, and the last day to apply for it.

    `rules` are the notice, the least interval and the start (the quarter's, the month's or the
    reading period's, which is a month here) that it rests on; `changed_on` when it last changed.
    """

    on: dt.date
    apply_by: dt.date
    rules: tuple[Rule, ...]
    changed_on: dt.date | None


def earliest_mode_change(
    rule_set: RuleSet, agreements: Sequence[Agreement], today: dt.date
) -> Switch | None:
    """The earliest change to another mode; None where the rule set states no notice."""
    return _earliest(rule_set, _MODE, last_changed(agreements, "basic_charge_mode"), today)


def earliest_demand_change(
    rule_set: RuleSet, agreements: Sequence[Agreement], today: dt.date
) -> Switch | None:
    """The earliest change of the contracted demand; None where the set states no notice."""
    return _earliest(rule_set, _DEMAND, last_changed(agreements, "contract_demand_kw"), today)


def last_changed(agreements: Sequence[Agreement], field: str) -> dt.date | None:
    """When the field last changed from one agreement to the next, oldest first."""
    for earlier, later in zip(reversed(agreements[:-1]), reversed(agreements[1:]), strict=True):
        if getattr(earlier, field) != getattr(later, field):
            return later.valid_from
    return None


def _earliest(
    rule_set: RuleSet, codes: tuple[str, str, str], changed_on: dt.date | None, today: dt.date
) -> Switch | None:
    notice, interval, starts = (rule_set.find(code) for code in codes)
    if notice is None:
        return None
    days = rule_set.integer(notice.code)
    after = clocks_queries.add_working_days(start=today, count=days).end
    month = Month.of(after).next
    if changed_on and interval:
        month = max(month, _months_after(changed_on, rule_set.integer(interval.code)))
    while starts and starts.value == "quarter" and month.first.month % _QUARTER != 1:
        month = month.next
    rules = tuple(rule for rule in (notice, interval if changed_on else None, starts) if rule)
    return Switch(month.first, _last_day_to_apply(month.first, days, today), rules, changed_on)


def _months_after(day: dt.date, months: int) -> Month:
    """The first month that begins at least so many months after the day."""
    month = Month.of(day) if day.day == 1 else Month.of(day).next
    for _ in range(months):
        month = month.next
    return month


def _last_day_to_apply(first: dt.date, days: int, today: dt.date) -> dt.date:
    """The last day after which the notice is full before the month begins."""
    span = clocks_queries.get_calendar(today, first)
    left, day = days, first
    while left and day > today:
        day -= dt.timedelta(days=1)
        left -= span.is_working_day(day)
    return max(day - dt.timedelta(days=1), today)
