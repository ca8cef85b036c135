"""Shares of few cases, with how far they can be trusted: plain numbers, no database."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 1.959963984540054
"""The normal quantile of a two-sided interval of 95 %."""


@dataclass(frozen=True)
class Share:
    """So many of so many, with Wilson's interval of 95 % as shares between 0 and 1."""

    part: int
    whole: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.part / self.whole if self.whole else None


def share_of(part: int, whole: int) -> Share:
    """Wilson (1927): good for few cases, and never outside 0 and 1.

    >>> found = share_of(3, 3)
    >>> round(found.low, 4), round(found.high, 4)
    (0.4385, 1.0)
    >>> share_of(0, 0).value is None
    True
    """
    if not whole:
        return Share(0, 0, 0.0, 1.0)
    rate, z2 = part / whole, Z * Z
    middle = rate + z2 / (2 * whole)
    spread = Z * math.sqrt(rate * (1 - rate) / whole + z2 / (4 * whole * whole))
    below = 1 + z2 / whole
    low = 0.0 if part == 0 else (middle - spread) / below
    high = 1.0 if part == whole else (middle + spread) / below
    return Share(part, whole, low, high)


def middle_of(values: list[float]) -> float | None:
    """The median; None of nothing.

    >>> middle_of([3.0, 1.0]), middle_of([5.0, 1.0, 2.0]), middle_of([])
    (2.0, 2.0, None)
    """
    if not values:
        return None
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
