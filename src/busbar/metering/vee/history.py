"""Similar days: the nearest whole measured days of the same kind by the working calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from busbar.metering.lake.schema import INTERVALS, Quality
from busbar.metering.vee.days import Integers

_STRIDE = 1_000_000
"""More days than a key holds: usage point times this plus the day since 1970."""


@dataclass(frozen=True)
class History:
    """Curves of some usage points over some weeks, sorted by usage point and day.

    `keys` (n,) are usage point x 1,000,000 + day, `values` by channel (n, 96), `is_working` says
    of each day number whether the working calendar calls it one.
    """

    keys: Integers
    values: Mapping[str, Integers]
    quality: npt.NDArray[np.int8]
    is_working: Mapping[int, bool]

    def typical(
        self, point: int, day: int, channel: str, *, count: int, within: int
    ) -> Integers | None:
        """Mean (half up) of the `count` nearest similar days at most `within` days away.

        Only days measured or edited throughout count. Of two equally near the earlier is taken
        first. None without any.
        """
        places = self._similar(point, day, within)[:count]
        if len(places) == 0:
            return None
        total = self.values[channel][places].sum(axis=0)
        mean: Integers = (2 * total + len(places)) // (2 * len(places))
        return mean

    def edge(self, point: int, day: int, channel: str, interval: int) -> int | None:
        """One value of another day, None where it is not measured."""
        place = int(np.searchsorted(self.keys, point * _STRIDE + day))
        if place == len(self.keys) or self.keys[place] != point * _STRIDE + day:
            return None
        if self.quality[place, interval] not in (Quality.MEASURED, Quality.EDITED):
            return None
        return int(self.values[channel][place, interval])

    def _similar(self, point: int, day: int, within: int) -> list[int]:
        low, high = np.searchsorted(
            self.keys, [point * _STRIDE + day - within, point * _STRIDE + day + within + 1]
        ).tolist()
        kind = self.is_working.get(day)
        found = []
        for place in range(low, high):
            other = int(self.keys[place]) - point * _STRIDE
            if other != day and self.is_working.get(other) == kind and self._is_whole(place):
                found.append((abs(other - day), other, place))
        return [place for _distance, _day, place in sorted(found)]

    def _is_whole(self, place: int) -> bool:
        codes = self.quality[place]
        good = (codes == Quality.MEASURED) | (codes == Quality.EDITED)
        return int(good.sum()) == INTERVALS


def key_of(point: int, day: int) -> int:
    """The key of a usage point's day.

    >>> key_of(7, 20_000)
    7020000
    """
    return point * _STRIDE + day
