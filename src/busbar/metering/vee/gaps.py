"""How long the supply went unmeasured: a gap goes on over midnight."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from busbar.metering.lake.schema import INTERVALS, Quality
from busbar.metering.vee.days import Mask, runs_of

_UNMEASURED = (Quality.MISSING, Quality.ESTIMATED)
"""What was estimated before is part of the gap: estimates do not make a gap shorter."""
CodesOf = Callable[[int], npt.NDArray[np.int8] | None]
"""A day as so many days before (negative) or after this one to its qualities; None ends a gap."""


def long_gaps(codes: npt.NDArray[np.int8], wanted: Mask, other: CodesOf, *, longest: int) -> Mask:
    """The wanted intervals of a day (96,) that lie in gaps of more than `longest` intervals."""
    found = np.zeros(INTERVALS, dtype=bool)
    for start, end in runs_of(wanted | np.isin(codes, _UNMEASURED)):
        length = end - start
        if start == 0:
            length += _beside(other, -1, longest)
        if end == INTERVALS:
            length += _beside(other, 1, longest)
        found[start:end] = length > longest
    long: Mask = found & wanted
    return long


def _beside(other: CodesOf, step: int, longest: int) -> int:
    """Unmeasured intervals that adjoin the day on one side; counted no further than matters."""
    length = 0
    distance = step
    while length <= longest:
        codes = other(distance)
        if codes is None:
            break
        measured = np.flatnonzero(~np.isin(codes, _UNMEASURED))
        if len(measured):
            nearest = int(measured[0]) if step > 0 else INTERVALS - 1 - int(measured[-1])
            return length + nearest
        length += INTERVALS
        distance += step
    return length
