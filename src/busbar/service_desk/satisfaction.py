"""满意度指数: weighted, fading evidence, leaning on its segment, with an interval and its reasons.

Of evidence i with score s_i on 0 to 100, weight w and half-life h by its kind, and age a_i:

    v_i   = w · 2^(−a_i / h)
    index = (Σ v_i·s_i + k·m) / (Σ v_i + k)

m is the mean of the customer's segment and k how many answers it counts as. The pull of a kind of
evidence is Σ v_i·(s_i − m) / (Σ v_i + k): the index is m and all pulls added up. The interval is
Wilson's for index / 100 and a sample of Σ v_i + k answers. docs/algorithms/satisfaction.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from busbar.service_desk.intervals import share_interval

_FULL = 100.0


@dataclass(frozen=True)
class Weighing:
    """How a kind of evidence counts."""

    weight: float
    half_life_days: float
    score: float | None = None


@dataclass(frozen=True)
class Piece:
    """One piece of evidence; `score` only where it says its own (a survey)."""

    kind: str
    age_days: float
    score: float | None = None


@dataclass(frozen=True)
class Part:
    """What one kind of evidence adds: how many pieces, faded weight, their mean, the pull."""

    kind: str
    count: int
    weight: float
    mean: float
    pull: float


@dataclass(frozen=True)
class Index:
    """The index with its interval, what it leans on and its parts, the heaviest pull first."""

    score: float
    low: float
    high: float
    prior: float
    weight: float
    total: float
    parts: tuple[Part, ...]


def faded(weighing: Weighing, age_days: float) -> float:
    """What a piece of that age still counts.

    >>> faded(Weighing(weight=2.0, half_life_days=90), 180)
    0.5
    """
    return float(weighing.weight * 2.0 ** (-max(age_days, 0.0) / weighing.half_life_days))


def reckon_index(
    pieces: Sequence[Piece],
    weighings: Mapping[str, Weighing],
    *,
    prior: float,
    strength: float,
    z: float,
) -> Index:
    """The index of one customer; a kind without a rule in force does not count.

    >>> weighings = {"survey": Weighing(1.0, 365)}
    >>> found = reckon_index(
    ...     [Piece("survey", 0, 100.0)], weighings, prior=70.0, strength=2.0, z=1.96
    ... )
    >>> round(found.score, 2), [round(part.pull, 2) for part in found.parts]
    (80.0, [10.0])
    """
    sums: dict[str, list[float]] = {}
    for piece in pieces:
        weighing = weighings.get(piece.kind)
        score = piece.score if weighing is None or piece.score is not None else weighing.score
        if weighing is None or score is None:
            continue
        value = faded(weighing, piece.age_days)
        held = sums.setdefault(piece.kind, [0, 0.0, 0.0])
        held[0], held[1], held[2] = held[0] + 1, held[1] + value, held[2] + value * score
    weight = sum(held[1] for held in sums.values())
    total = sum(held[2] for held in sums.values())
    whole = weight + strength
    score = (total + strength * prior) / whole
    low, high = share_interval(score / _FULL, whole, z=z)
    parts = [
        Part(kind, int(n), v, t / v if v else prior, (t - v * prior) / whole)
        for kind, (n, v, t) in sums.items()
    ]
    parts.sort(key=lambda part: (-abs(part.pull), part.kind))
    return Index(score, low * _FULL, high * _FULL, prior, weight, total, tuple(parts))
