"""This process as an engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from busbar.billing.kernel import aggregate_month
from busbar.billing.month_sums import MonthAggregates, PeriodMaps
from busbar.kit.periods import Month
from busbar.metering.lake import iter_month_batches


@dataclass(frozen=True)
class Here:
    """One pass over the lake, with one row group decoded ahead."""

    def measure(self, root: Path, month: Month, maps: PeriodMaps, *, as_of: int) -> MonthAggregates:
        """Sum the month."""
        batches = iter_month_batches(root, month, usage_point_ids=maps.usage_point_ids, as_of=as_of)
        return aggregate_month(batches, maps)
