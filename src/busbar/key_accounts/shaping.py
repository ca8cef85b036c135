"""Typical days: clusters of normalised 96-value profiles, matched to those before, named (R72).

Plain arrays; no database. See docs/algorithms/recognition.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_SHAPES = 7
"""As many as there are words for days; fewer where fewer customers differ."""
CUSTOMERS_A_SHAPE = 8
ONE_WITHIN = 1.5
"""Centers nearer than this are one shape: a seventh of the mean in every quarter of the day."""
SAME_WITHIN = 3.5
"""Euclidean distance of two normalised days up to which the later is the earlier one's shape:
a third of the mean in every quarter of the day."""


@dataclass(frozen=True)
class Shape:
    """A cluster: its code, its profile (mean one), its members as places in the input."""

    code: str
    profile: Floats
    members: Ints


def normalized(days: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Rows divided by their mean, and which of them have any load."""
    means = days.mean(axis=1)
    known = means > 0
    return days[known] / means[known, None], known


def find_shapes(
    profiles: Floats, *, seed: int, before: Mapping[str, Sequence[float]] | None = None
) -> list[Shape]:
    """Cluster normalised days; with shapes of before they begin there and keep their codes.

    The same input and seed give the same shapes.
    """
    from sklearn.cluster import KMeans

    before = before or {}
    count = min(MOST_SHAPES, max(1, len(profiles) // CUSTOMERS_A_SHAPE), len(profiles))
    if not count:
        return []
    start = _start(profiles, np.array(list(before.values()), dtype=np.float64), count)
    model = KMeans(
        n_clusters=count,
        init="k-means++" if start is None else start,
        n_init=10 if start is None else 1,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer distinct days than clusters: the rest stay empty
        labels = _merged(profiles, model.fit_predict(profiles))
    used = sorted(set(labels.tolist()))
    centers = np.array([profiles[labels == label].mean(axis=0) for label in used])
    codes = match_codes(centers, before)
    members = [np.flatnonzero(labels == label) for label in used]
    found = [Shape(c, p, m) for c, p, m in zip(codes, centers, members, strict=True)]
    return sorted(found, key=lambda shape: (-len(shape.members), shape.code))


def _start(profiles: Floats, before: Floats, count: int) -> Floats | None:
    """The centers of before, and for each further one the day that is farthest from all."""
    if not len(before):
        return None
    centers = before[:count]
    while len(centers) < count:
        distance = np.linalg.norm(profiles[:, None, :] - centers[None, :, :], axis=2).min(axis=1)
        centers = np.vstack([centers, profiles[int(distance.argmax())]])
    return centers


def _merged(profiles: Floats, labels: Ints) -> Ints:
    """Labels with clusters of hardly different centers joined, the nearest first."""
    labels = labels.astype(np.int64)
    while True:
        used = sorted(set(labels.tolist()))
        centers = np.array([profiles[labels == label].mean(axis=0) for label in used])
        distance = np.linalg.norm(centers[:, None, :] - centers[None, :, :], axis=2)
        np.fill_diagonal(distance, np.inf)
        if len(used) == 1 or distance.min() >= ONE_WITHIN:
            return labels
        first, second = divmod(int(distance.argmin()), len(used))
        labels = np.where(labels == used[second], used[first], labels)


def match_codes(centers: Floats, before: Mapping[str, Sequence[float]]) -> list[str]:
    """The code of the nearest earlier shape, each given once and only where alike; else new."""
    from scipy.optimize import linear_sum_assignment

    codes: list[str] = [""] * len(centers)
    if before:
        old = np.array(list(before.values()), dtype=np.float64)
        distance = np.linalg.norm(centers[:, None, :] - old[None, :, :], axis=2)
        names = list(before)
        for mine, theirs in zip(*linear_sum_assignment(distance), strict=True):
            if distance[mine, theirs] <= SAME_WITHIN:
                codes[mine] = names[theirs]
    last = max((int(code[1:]) for code in before), default=0)
    for place, code in enumerate(codes):
        if not code:
            last += 1
            codes[place] = f"S{last:02d}"
    return codes


def name_kind(profile: Sequence[float]) -> str:
    """The word for a day whose mean is one.

    >>> name_kind([1.0] * 96), name_kind([2.5] * 24 + [0.5] * 72)
    ('continuous', 'night')
    """
    day = np.asarray(profile, dtype=np.float64)
    night, work, evening = (float(part.mean()) for part in (day[0:24], day[36:68], day[72:88]))
    if float(day.max()) <= 1.25:  # noqa: PLR2004 - the words' own bounds, said in the docs
        return "continuous"
    if night >= 1.15 * max(work, 0.01):
        return "night"
    if evening >= 1.15 * work:
        return "evening"
    if evening >= 0.8 * work and night < 0.75 * work:
        return "two_shift"
    return _by_day(day, night, work)


def _by_day(day: Floats, night: float, work: float) -> str:
    noon = float(day[47:54].min())
    peaks = min(float(day[32:48].max()), float(day[54:72].max()))
    if night < 0.6 * work:
        return "double" if noon < 0.8 * peaks else "day"
    return "gentle"


def idle_percent(working: float, idle: float) -> int | None:
    """A free day's energy in percent of a working day's.

    >>> idle_percent(200.0, 50.0)
    25
    """
    return round(100 * idle / working) if working > 0 else None
