"""Open capacity: what a feeder or substation can still take, as plain arithmetic (R35)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CapacityUse:
    """What a piece of the network can carry and what hangs on it, in kVA.

    >>> CapacityUse(10_000, customers_kva=6_500, transformers_kva=800).open_kva
    2700
    >>> CapacityUse(1_000, customers_kva=1_200, transformers_kva=0).open_kva
    -200
    """

    capacity_kva: int
    customers_kva: int
    transformers_kva: int

    @property
    def used_kva(self) -> int:
        """Installed capacity connected: customers' sources and the company's transformers."""
        return self.customers_kva + self.transformers_kva

    @property
    def open_kva(self) -> int:
        """What is left; negative where more is connected than the rating."""
        return self.capacity_kva - self.used_kva

    @property
    def used_percent(self) -> int:
        """Share in use, whole percent; 0 where no capacity is stated."""
        return round(100 * self.used_kva / self.capacity_kva) if self.capacity_kva else 0


def total_use(parts: Iterable[CapacityUse], *, capacity_kva: int) -> CapacityUse:
    """The use of several feeders against the capacity of what feeds them.

    >>> total_use([CapacityUse(10, 4, 1), CapacityUse(10, 2, 0)], capacity_kva=15).open_kva
    8
    """
    listed = list(parts)
    return CapacityUse(
        capacity_kva,
        sum(part.customers_kva for part in listed),
        sum(part.transformers_kva for part in listed),
    )
