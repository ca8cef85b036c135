"""What an engine is."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from busbar.billing.month_sums import MonthAggregates, PeriodMaps
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month


class UnableToMeasure(Refusal):
    """The engine is not there, or stopped before the month was added up."""


class Engine(Protocol):
    """Adds up a month. Every engine gives the same bytes."""

    def measure(self, root: Path, month: Month, maps: PeriodMaps, *, as_of: int) -> MonthAggregates:
        """Sum the usage points of the maps over the lake as of a version."""
