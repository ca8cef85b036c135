"""How well entries were brought together, against a known truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Quality:
    """Over all pairs of entries: of those brought together how many are one, and the reverse."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-12)


def measure_pairs(found: Mapping[str, str], truth: Mapping[str, str]) -> Quality:
    """Both say of each entry which body it belongs to; entries that `truth` leaves out count not.

    >>> measure_pairs({"a": "1", "b": "1", "c": "2"}, {"a": "x", "b": "x", "c": "x"})
    Quality(precision=1.0, recall=0.3333333333333333)
    """
    known = [key for key in truth if key in found]
    both = _pairs(Counter((found[key], truth[key]) for key in known).values())
    claimed = _pairs(Counter(found[key] for key in known).values())
    real = _pairs(Counter(truth[key] for key in known).values())
    return Quality(both / claimed if claimed else 1.0, both / real if real else 1.0)


def _pairs(sizes: Iterable[int]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes)
