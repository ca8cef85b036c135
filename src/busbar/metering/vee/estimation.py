"""Values for intervals that have none: straight lines, similar days, exact sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from busbar.metering.vee.days import Integers, Mask, runs_of

LINEAR, SIMILAR, EVEN = "linear", "similar_day", "even"
WITHHELD = "withheld"
"""No estimate: the gap is longer than may be filled without a person."""
_REGISTER = "+register"


@dataclass(frozen=True)
class Estimate:
    """One day's estimate: whole values, which intervals got one, and by which method.

    `methods` are (start, end, method); a method ends in `+register` where the day's sum is the
    register's to the Wh. `is_contradicted`: what was measured is more than the register already.
    """

    values: Integers
    filled: Mask
    methods: tuple[tuple[int, int, str], ...]
    is_contradicted: bool = False

    def without(self, held: Mask) -> Estimate:
        """The same but for intervals that are not to be filled."""
        if not held.any():
            return self
        kept = tuple(one for one in self.methods if not held[one[0] : one[1]].any())
        left = tuple((start, end, WITHHELD) for start, end in runs_of(held))
        return Estimate(self.values, self.filled & ~held, tuple(sorted(kept + left)))


@dataclass(frozen=True)
class Surroundings:
    """What may be drawn on: the last value before the day, the first after it, a similar day."""

    before: int | None = None
    after: int | None = None
    typical: Integers | None = None
    register: int | None = None


def estimate_day(
    values: Integers, wanted: Mask, around: Surroundings, *, most_linear: int
) -> Estimate:
    """Fill the wanted intervals of a day of 96.

    Gaps of at most `most_linear` between two known values become a straight line; others take
    the shape of the similar day, scaled by what is known of this one. With a register, the
    estimates are scaled so that the day's sum is the register's, by largest remainder.
    """
    result = np.where(wanted, 0, values)
    filled = np.zeros(len(values), dtype=bool)
    methods = []
    for start, end in runs_of(wanted):
        method, part = _fill_gap(values, wanted, (start, end), around, most_linear)
        if method:
            result[start:end] = part
            filled[start:end] = True
            methods.append((start, end, method))
    return _constrained(Estimate(result, filled, tuple(methods)), around.register)


def _fill_gap(
    values: Integers,
    wanted: Mask,
    gap: tuple[int, int],
    around: Surroundings,
    most_linear: int,
) -> tuple[str, Sequence[int]]:
    start, end = gap
    left = int(values[start - 1]) if start else around.before
    right = int(values[end]) if end < len(values) else around.after
    if end - start <= most_linear and left is not None and right is not None:
        return LINEAR, interpolate(left, right, end - start)
    if around.typical is not None:
        return SIMILAR, _scaled(values, wanted, around.typical)[start:end]
    if around.register is not None:
        return EVEN, [_mean(values[~wanted])] * (end - start)
    return "", []


def _mean(known: Integers) -> int:
    """The weight of an interval of which nothing is known but the day's sum."""
    return max(1, int(known.sum()) // len(known)) if len(known) else 1


def interpolate(left: int, right: int, count: int) -> list[int]:
    """Whole values on the line between two neighbors, half up.

    >>> interpolate(100, 200, 4)
    [120, 140, 160, 180]
    """
    steps = count + 1
    return [
        (2 * (left * steps + (right - left) * i) + steps) // (2 * steps) for i in range(1, steps)
    ]


def _scaled(values: Integers, wanted: Mask, typical: Integers) -> list[int]:
    """The similar day times (known of this day over the same of that one), half up."""
    known = int(values[~wanted].sum())
    same = int(typical[~wanted].sum())
    if same <= 0:
        known, same = 1, 1
    return [(2 * int(value) * known + same) // (2 * same) for value in typical]


def _constrained(estimate: Estimate, register: int | None) -> Estimate:
    """Make the day's sum the register's, where every gap is filled and something is left."""
    if register is None or not estimate.filled.any():
        return estimate
    rest = register - int(estimate.values[~estimate.filled].sum())
    if rest < 0:
        return _without_even(estimate)
    weights = estimate.values[estimate.filled].tolist()
    values = estimate.values.copy()
    values[estimate.filled] = share_exactly(rest, weights)
    methods = tuple((start, end, name + _REGISTER) for start, end, name in estimate.methods)
    return Estimate(values, estimate.filled, methods)


def _without_even(estimate: Estimate) -> Estimate:
    """The register says nothing that could be: an even share of it is no estimate."""
    filled, values = estimate.filled.copy(), estimate.values.copy()
    for start, end, method in estimate.methods:
        if method == EVEN:
            filled[start:end], values[start:end] = False, 0
    methods = tuple(one for one in estimate.methods if one[2] != EVEN)
    return Estimate(values, filled, methods, is_contradicted=True)


def share_exactly(total: int, weights: Sequence[int]) -> list[int]:
    """Split a whole number by weights so that the parts add up to it: largest remainder.

    Equal remainders go to the earlier part; weights that are all nought count as equal.

    >>> share_exactly(10, [1, 1, 1])
    [4, 3, 3]
    >>> share_exactly(7, [0, 0])
    [4, 3]
    """
    weighed = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(weighed)
    parts = [total * weight // whole for weight in weighed]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(total * weighed[i] % whole), i))
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts
