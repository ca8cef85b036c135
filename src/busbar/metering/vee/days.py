"""What validation looks at: many day curves as matrices, and what is known beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt

from busbar.metering.lake.schema import ACTIVE, INTERVALS, Quality

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
UNKNOWN = -1
"""No register, no ratio: Wh are never negative there."""


@dataclass(frozen=True)
class Rule:
    """One rule as data: `code` names the check, `action` what follows, `figures` its thresholds.

    Actions: `outage` (the 0 is a fact), `estimate`, `suspect` (marked, value kept), `report`.
    """

    code: str
    action: str
    figures: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Days:
    """Day curves of n rows, and what else is known of each row's usage point and day.

    `values` by channel (n, 96) in Wh or varh, `present` by channel (n,). Unknown figures are NaN
    (capacity, clock) or `UNKNOWN` (registers). `typical` gives the similar day in Wh, or None, of
    each of some rows.
    """

    values: Mapping[str, Integers]
    present: Mapping[str, Mask]
    quality: npt.NDArray[np.int8]
    capacity_kva: npt.NDArray[np.float64]
    register_wh: Integers
    """What the registers counted over the day, times their ratios."""
    unit_wh: Integers
    """One kWh of the register's side times the ratio: the grain of the register."""
    ratios: tuple[tuple[Decimal, ...], ...]
    """CT x PT in force on the day, then the others ever in force at the point."""
    power_off: Mask
    clock_offset_s: npt.NDArray[np.float64]
    typical: Callable[[Sequence[int]], Sequence[Integers | None]]

    @property
    def rows(self) -> int:
        """How many day curves."""
        return len(self.quality)

    @property
    def active(self) -> Integers:
        """Active energy, Wh."""
        return self.values[ACTIVE]

    @property
    def undecided(self) -> Mask:
        """Intervals that nobody has decided on yet: not estimated, edited or known to be off."""
        settled = (Quality.ESTIMATED, Quality.EDITED, Quality.OUTAGE)
        undecided: Mask = ~np.isin(self.quality, settled)
        return undecided

    @cached_property
    def known(self) -> Mask:
        """Intervals with a value."""
        known: Mask = self.quality != Quality.MISSING
        return known


def runs_of(mask: Mask) -> tuple[tuple[int, int], ...]:
    """Stretches [start, end) of true values in a row of 96.

    >>> runs_of(np.array([False, True, True, False, True]))
    ((1, 3), (4, 5))
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    pairs = edges.reshape(-1, 2).tolist()
    return tuple((int(start), int(end)) for start, end in pairs)


def mask_of(ranges: tuple[tuple[int, int], ...]) -> Mask:
    """The row of 96 that `runs_of` was given.

    >>> int(mask_of(((1, 3), (4, 5))).sum())
    3
    """
    mask = np.zeros(INTERVALS, dtype=bool)
    for start, end in ranges:
        mask[start:end] = True
    return mask
