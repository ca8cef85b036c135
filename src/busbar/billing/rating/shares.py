"""Parts of a month: day shares by a rule set's proration, 1/30 or calendar days."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from busbar.billing.rating.rules import RuleSet, UnableToRate
from busbar.kit.periods import Month, Period

CALENDAR_MONTH = "calendar_month"


def month_days(period: Period, stated: int | None = None) -> int:
    """Days of a full month for this bill: stated, of its calendar month, or of the period.

    A period inside one calendar month takes that month's days, so that a connection on the
    11th is a part of a month; one that crosses months (25th to 25th) is itself the month.

    >>> import datetime as dt
    >>> month_days(Period(dt.date(2024, 2, 11), dt.date(2024, 3, 1)))
    29
    >>> month_days(Period(dt.date(2024, 8, 25), dt.date(2024, 9, 25)))
    31
    """
    if stated is not None:
        return stated
    start = period.start
    days_in_month = calendar.monthrange(start.year, start.month)[1]
    within = start.day + period.days - 1 <= days_in_month
    return days_in_month if within else period.days


@dataclass(frozen=True, slots=True)
class Proration:
    """Divisor of a day: a number of days by rule, or the month's own days."""

    fixed_days: Decimal | None
    month_days: Decimal

    @classmethod
    def of(cls, rule_set: RuleSet, code: str, days_of_month: int) -> Proration:
        """Proration named by the figure `code` of a rule set."""
        value = rule_set.rule(code).value
        if value == CALENDAR_MONTH:
            return cls(None, Decimal(days_of_month))
        if not isinstance(value, Decimal) or value <= 0:
            raise UnableToRate(
                "规则集 %(rule_set)s 的参数 %(code)s 应为正的天数或 calendar_month。",
                rule_set=rule_set.code,
                code=code,
            )
        return cls(value, Decimal(days_of_month))

    def divisor(self, used_days: Decimal) -> Decimal:
        """What to divide days by when `used_days` full days of the month are charged.

        A full month is one month whatever its length, and no part is more than one: by the
        1/30 rule 31 of 31 days count 31/31, 20 count 20/30, 30.5 count 30.5/30.5.

        >>> by_thirty = Proration(Decimal(30), Decimal(31))
        >>> by_thirty.divisor(Decimal(20)), by_thirty.divisor(Decimal(31))
        (Decimal('30'), Decimal('31'))
        >>> Proration(None, Decimal(31)).divisor(Decimal(20))
        Decimal('31')
        """
        if self.fixed_days is None:
            return max(self.month_days, used_days)
        if used_days in {Decimal(0), self.month_days}:
            return self.month_days
        return max(self.fixed_days, used_days)


def months_of(used: Period, rule_set: RuleSet, code: str) -> list[tuple[Decimal, Decimal]]:
    """Each calendar month's used days and their divisor; a whole month is one.

    With the figure `code` at 30 days, 25 August to 30 September is 7/30 and 30/30.
    """
    shares = []
    month = Month.of(used.start)
    while month.first < used.end:
        common = used.overlap(month.period)
        days = Decimal(common.days if common else 0)
        shares.append((days, Proration.of(rule_set, code, month.days).divisor(days)))
        month = month.next
    return shares


def cut(period: Period, days: Iterable[dt.date]) -> tuple[Period, ...]:
    """The period in parts, a new one beginning on each of the days that lie inside it.

    >>> june = Period(dt.date(2024, 6, 1), dt.date(2024, 7, 1))
    >>> [part.days for part in cut(june, [dt.date(2024, 6, 11), dt.date(2024, 8, 1)])]
    [10, 20]
    """
    inside = {day for day in days if period.start < day < period.end}
    cuts = sorted({period.start, period.end, *inside})
    return tuple(Period(start, end) for start, end in pairwise(cuts))
