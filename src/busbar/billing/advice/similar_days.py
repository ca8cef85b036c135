"""The days to come after the days that are known: similar days, at the recent level; numpy only.

Each coming day takes the mean curve of the complete days of its kind (working day or day of
rest) among the last weeks, scaled by how the last week stood to the same means. Peaks are not
averaged: what a day of a kind reached in these weeks may be reached again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
IsWorking = Callable[[dt.date], bool]


@dataclass(frozen=True)
class Curves:
    """A usage point's days from `start`: (channels, days, 96) in Wh and varh, and their gaps.

    The first channel is active energy. `known` (days, 96): where a value is known.
    """

    start: dt.date
    channels: Ints
    known: npt.NDArray[np.bool_]

    def between(self, start: dt.date, end: dt.date) -> Curves:
        """The days [start, end), which must lie inside."""
        days = slice((start - self.start).days, (end - self.start).days)
        return Curves(start, self.channels[:, days], self.known[days])

    @property
    def full(self) -> npt.NDArray[np.bool_]:
        """Which days have every interval."""
        whole: npt.NDArray[np.bool_] = np.asarray(self.known.all(axis=1))
        return whole

    def day(self, index: int) -> dt.date:
        """The date of a day by its place."""
        return self.start + dt.timedelta(days=index)


@dataclass(frozen=True)
class Coming:
    """The coming days: (channels, days, 96), and the highest quarter they may reach in Wh."""

    channels: Ints
    highest_wh: int


def continue_curves(
    recent: Curves, start: dt.date, days: int, *, level_days: int, is_working: IsWorking
) -> Coming:
    """`days` days from `start`, after the complete ones of `recent`; at least one must be."""
    places = np.flatnonzero(recent.full)
    kinds = np.array([is_working(recent.day(int(place))) for place in places])
    coming = [is_working(start + dt.timedelta(days=n)) for n in range(days)]
    whole = recent.channels[:, places]
    means = {kind: _mean(whole, kinds == kind) for kind in (False, True)}
    scale = _level(whole[0], kinds, means, level_days)
    shape = (len(recent.channels), days, recent.channels.shape[2])
    channels = np.array([means[kind] for kind in coming], dtype=float)
    curves = np.rint(channels.transpose(1, 0, 2) * scale).astype(np.int64) if days else None
    return Coming(
        channels=np.zeros(shape, dtype=np.int64) if curves is None else curves,
        highest_wh=_highest(whole[0], kinds, set(coming)),
    )


def _mean(whole: Ints, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """The mean day of a kind; of all days where there is none of the kind."""
    of = whole[:, chosen] if chosen.any() else whole
    mean: npt.NDArray[Any] = of.mean(axis=1)
    return mean


def _level(
    active: Ints,
    kinds: npt.NDArray[np.bool_],
    means: dict[bool, npt.NDArray[Any]],
    level_days: int,
) -> float:
    """The last days' energy over what their kinds' means come to."""
    expected = sum(float(means[bool(kind)][0].sum()) for kind in kinds[-level_days:])
    return float(active[-level_days:].sum()) / expected if expected > 0 else 1.0


def _highest(active: Ints, kinds: npt.NDArray[np.bool_], coming: set[bool]) -> int:
    chosen = np.isin(kinds, list(coming))
    peaks = active[chosen] if chosen.any() else active
    return int(peaks.max()) if coming else 0
