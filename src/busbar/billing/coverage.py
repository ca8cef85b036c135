"""Whether an account's curves suffice for a bill: every usage point, every day its meter hung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.month_sums import PointMonth
from busbar.billing.rating import UnableToRate
from busbar.kit.periods import Month, Period
from busbar.metering.lake import INTERVALS, Quality
from busbar.supply.models import UsagePoint


@dataclass(frozen=True)
class Coverage:
    """Intervals that are due over the account's days, and those of them without a value."""

    due: int
    missing: int

    @property
    def missing_percent(self) -> Decimal:
        """Share of what is due that is missing."""
        return Decimal(self.missing * 100) / max(self.due, 1)


def cover(
    points: Sequence[tuple[UsagePoint, PointMonth]],
    hung: Mapping[int, Sequence[Period]],
    period: Period,
    max_missing_percent: Decimal,
) -> Coverage:
    """What is due of all the account's points: every day on which a meter hung.

    A point whose installations nobody registered owes all days if it gave any, else none. A
    point with a meter that gave nothing at all is not left out of the bill: UnableToRate names it,
    unless its days are no more than may be missing.
    """
    due = missing = 0
    for point, sums in points:
        spans = hung.get(point.pk)
        days = _days(spans, period) if spans is not None else period.days if sums.days else 0
        if not sums.days and days * 100 > max_missing_percent * period.days:
            raise UnableToRate(
                "计量点 %(number)s %(month)s 没有负荷曲线，须先补全",
                number=point.number,
                month=Month.of(period.start),
            )
        due += max(days, sums.days) * INTERVALS
        missing += max(0, days - sums.days) * INTERVALS
        missing += int(sums.quality_intervals[Quality.MISSING])
    return Coverage(due, missing)


def _days(spans: Sequence[Period], period: Period) -> int:
    """Days of the period on which a meter hung; a point has one at a time."""
    own = (span.overlap(period) for span in spans)
    return sum(days.days for days in own if days)
