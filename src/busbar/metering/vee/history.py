"""Similar days: the nearest whole measured days of the same kind by the working calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from busbar.metering.lake.schema import Quality
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

    def codes(self, point: int, day: int) -> npt.NDArray[np.int8] | None:
        """The qualities of a day, None where there is no curve."""
        place = self._place(point, day)
        return None if place is None else self.quality[place]

    def edge(self, point: int, day: int, channel: str, interval: int) -> int | None:
        """One value of another day, None where it is not measured."""
        place = self._place(point, day)
        if place is None:
            return None
        if self.quality[place, interval] not in (Quality.MEASURED, Quality.EDITED):
            return None
        return int(self.values[channel][place, interval])

    def _place(self, point: int, day: int) -> int | None:
        key = key_of(point, day)
        place = int(np.searchsorted(self.keys, key))
        return place if place < len(self.keys) and self.keys[place] == key else None

    def _similar(self, point: int, day: int, within: int) -> list[int]:
        low, high = np.searchsorted(
            self.keys, [point * _STRIDE + day - within, point * _STRIDE + day + within + 1]
        ).tolist()
        kind = self.is_working.get(day)
        found = []
        for place in (low + np.flatnonzero(self._is_whole[low:high])).tolist():
            other = int(self.keys[place]) - point * _STRIDE
            if other != day and self.is_working.get(other) == kind:
                found.append((abs(other - day), other, place))
        return [place for _distance, _day, place in sorted(found)]

    @cached_property
    def _is_whole(self) -> npt.NDArray[np.bool_]:
        """Of each row whether it is measured or edited throughout."""
        good = (self.quality == Quality.MEASURED) | (self.quality == Quality.EDITED)
        whole: npt.NDArray[np.bool_] = good.all(axis=1)
        return whole


def key_of(point: int, day: int) -> int:
    """The key of a usage point's day.

    >>> key_of(7, 20_000)
    7020000
    """
    return point * _STRIDE + day
