"""What a round says, with how sure it is: never a ranking of three questionnaires (N11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from busbar.service_desk.intervals import share_interval

SATISFIED = 4
"""On the scale of five, 4 and 5 are satisfied (regulations.md §8)."""
LOWEST, HIGHEST = 1, 5
PROMOTER, DETRACTOR = 9, 6
"""Who would recommend with 9 or 10 speaks for us, with 0 to 6 against us."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval and how many answers it stands on."""

    value: float
    low: float
    high: float
    count: int


def satisfied_share(scores: Sequence[int], *, z: float) -> Estimate | None:
    """满意率: the share of 4 and 5; None without answers.

    >>> found = satisfied_share([5, 4, 4, 2], z=1.96)
    >>> round(found.value, 2), found.count
    (0.75, 4)
    """
    if not scores:
        return None
    share = sum(score >= SATISFIED for score in scores) / len(scores)
    return Estimate(share, *share_interval(share, len(scores), z=z), len(scores))


def weighted_satisfaction(
    sheets: Sequence[Sequence[tuple[float, int]]], *, z: float
) -> Estimate | None:
    """加权满意度 on 0 to 100 over questionnaires of (weight, score of 1 to 5) each.

    >>> found = weighted_satisfaction([[(2.0, 5), (1.0, 2)], [(2.0, 3), (1.0, 3)]], z=1.96)
    >>> round(found.value, 2), found.count
    (62.5, 2)
    """
    means = [mean for sheet in sheets if (mean := sheet_mean(sheet)) is not None]
    if not means:
        return None
    mean = sum(means) / len(means)
    low, high = share_interval(mean, len(means), z=z)
    return Estimate(100 * mean, 100 * low, 100 * high, len(means))


def sheet_mean(sheet: Sequence[tuple[float, int]]) -> float | None:
    """One questionnaire's weighted mean on 0 to 1; None where nothing on it counts."""
    whole = sum(weight for weight, _ in sheet)
    if not whole:
        return None
    return sum(w * (s - LOWEST) / (HIGHEST - LOWEST) for w, s in sheet) / whole


def net_promoters(scores: Sequence[int], *, z: float) -> Estimate | None:
    """NPS on -100 to 100: the share of 9 and 10 less the share of 0 to 6.

    The mean of +1, 0, −1 lies within [−1, 1]; moved onto [0, 1] it has the same interval.

    >>> found = net_promoters([10, 9, 7, 3], z=1.96)
    >>> found.value, found.count
    (25.0, 4)
    """
    if not scores:
        return None
    votes = [(score >= PROMOTER) - (score <= DETRACTOR) for score in scores]
    mean = sum(votes) / len(votes)
    low, high = share_interval((mean + 1) / 2, len(votes), z=z)
    return Estimate(100 * mean, 200 * low - 100, 200 * high - 100, len(votes))


def may_rank(estimates: Sequence[Estimate], *, fewest: int) -> bool:
    """Whether figures may stand in an order: enough answers each, and no interval in another.

    >>> few = Estimate(0.9, 0.3, 1.0, 3)
    >>> may_rank([few, few], fewest=10)
    False
    """
    if any(one.count < fewest for one in estimates):
        return False
    ordered = sorted(estimates, key=lambda one: one.value)
    pairs = pairwise(ordered)
    return all(lower.high < upper.low for lower, upper in pairs)
