"""What decides a demonstration region, completely: the same parameters give the same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np

from busbar.kit.errors import Refusal
from busbar.kit.periods import Month

MOST_CUSTOMERS = 10_000
MOST_MONTHS = 36
PROCESS_MONTHS = 12
"""For so many months back there are applications, changes and orders."""
LAST_MONTH = Month(2026, 10)
"""The last full month before the fixed base date, November 2026."""


class UnableToBuildDemonstration(Refusal):
    """The parameters ask for a region that cannot be."""


@dataclass(frozen=True)
class Parameters:
    """Size and seed of a region; `last_month` is the last month with curves."""

    customers: int = 300
    months: int = 13
    seed: int = 20261101
    last_month: Month = LAST_MONTH

    def __post_init__(self) -> None:
        if not 1 <= self.customers <= MOST_CUSTOMERS:
            raise UnableToBuildDemonstration(
                f"客户数为 {self.customers}，应在 1 至 {MOST_CUSTOMERS} 之间"
            )
        if not 1 <= self.months <= MOST_MONTHS:
            raise UnableToBuildDemonstration(f"月数为 {self.months}，应在 1 至 {MOST_MONTHS} 之间")
        if self.seed < 0:
            raise UnableToBuildDemonstration(f"随机种子为 {self.seed}，应为不小于 0 的整数")

    @property
    def month_list(self) -> list[Month]:
        """The months with curves, oldest first."""
        return self._newest(self.months)

    @property
    def priced_months(self) -> list[Month]:
        """The months with prices: those with curves, and the year in which agreements are made."""
        return self._newest(max(self.months, PROCESS_MONTHS + 1))

    def _newest(self, count: int) -> list[Month]:
        found = [self.last_month]
        while len(found) < count:
            found.insert(0, found[0].previous)
        return found

    @property
    def billed_months(self) -> list[Month]:
        """The newest twelve of the months with curves."""
        return self.month_list[-12:]

    @property
    def digest(self) -> str:
        """Names the region: equal parameters, equal digest."""
        facts = json.dumps({**asdict(self), "last_month": str(self.last_month)}, sort_keys=True)
        return hashlib.sha256(facts.encode()).hexdigest()

    def stream(self, name: str, *keys: int) -> np.random.Generator:
        """An independent generator for one purpose, so that no part shifts another's numbers."""
        purpose = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
        return np.random.default_rng([self.seed, purpose, *keys])
