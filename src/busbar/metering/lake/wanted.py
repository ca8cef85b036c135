"""Which usage points a reading of the lake is about, asked of row groups and of rows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from busbar.metering.lake.storage import row_group_points
from busbar.metering.lake.vectors import holds

Points = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Wanted:
    """Which usage points are asked for: sorted ids, a range [low, high), both, or all."""

    points: Points | None = None
    within: tuple[int, int] | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.points is None and self.within is None

    def groups(self, path: Path) -> Points:
        """The row groups of a file whose range of usage points holds a wanted one."""
        ranges = row_group_points(path)
        held = np.ones(len(ranges), dtype=bool)
        if self.points is not None:
            begin = np.searchsorted(self.points, ranges[:, 0], side="left")
            held &= np.searchsorted(self.points, ranges[:, 1], side="right") > begin
        if self.within is not None:
            held &= (ranges[:, 1] >= self.within[0]) & (ranges[:, 0] < self.within[1])
        return np.flatnonzero(held)

    def takes_all(self, low: int, high: int) -> bool:
        """Whether every usage point from low to high is wanted, so that none is looked for."""
        if self.within is not None and not self.within[0] <= low <= high < self.within[1]:
            return False
        if self.points is None:
            return True
        begin, end = np.searchsorted(self.points, [low, high + 1])
        return bool(end - begin == high - low + 1)

    def among(self, ids: Points) -> Mask:
        """Which rows, by their usage points, are wanted.

        Looks at the first row of each stretch of equal ids: a point's days lie together.
        """
        starts = np.append(0, np.flatnonzero(ids[1:] != ids[:-1]) + 1)[: len(ids)]
        firsts = ids[starts]
        held = np.ones(len(starts), dtype=bool)
        if self.points is not None:
            held &= holds(self.points, firsts)
        if self.within is not None:
            held &= (firsts >= self.within[0]) & (firsts < self.within[1])
        return np.repeat(held, np.diff(np.append(starts, len(ids))))
