"""How sure a share or a mean of few answers is: the score interval of Wilson (1927).

For a share it is Wilson's own. A mean of values within [0, 1] varies at most as much as a share
of the same size, so that the interval holds for it too and errs to the wide side; `count` need
not be whole (evidence that faded counts in part). Formula: docs/algorithms/satisfaction.md.
"""

from __future__ import annotations

import math

Z95 = 1.959964
"""The normal quantile of a two-sided 95 % interval."""


def share_interval(share: float, count: float, *, z: float = Z95) -> tuple[float, float]:
    """The interval of a share (or of a mean within [0, 1]) seen in so many answers.

    Without any answer it is everything.

    >>> low, high = share_interval(0.8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    >>> share_interval(0.5, 0)
    (0.0, 1.0)
    """
    if count <= 0:
        return 0.0, 1.0
    square = z * z / count
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / count + square / count / 4)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
