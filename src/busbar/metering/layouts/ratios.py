"""What the values of each row are multiplied with before they are rounded: CT times PT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from busbar.kit.errors import Phrase
from busbar.metering.layouts.keys import Findings, Mask, Places

NO_RATIO = -1


@dataclass(frozen=True)
class RatioChange:
    """From an interval on a row's values are multiplied with another ratio."""

    row: int
    interval: int
    place: int


@dataclass(frozen=True)
class RowRatios:
    """For each row of a file the place of its ratio in `factors`, `NO_RATIO` where none is known.

    Empty `factors`: values go in as delivered, and only the rows without a place are refused.
    `expectation` says of such a row what is missing.
    """

    places: Places
    factors: tuple[Decimal, ...]
    expectation: Callable[[int], Phrase]
    changes: tuple[RatioChange, ...] = ()
    """Rows of whole days on which the ratio changed, in the order of the day."""

    def of_rows(self, mine: Mask) -> RowRatios:
        """The ratios of some of the rows."""
        number = np.cumsum(mine) - 1
        changes = tuple(
            replace(change, row=int(number[change.row]))
            for change in self.changes
            if mine[change.row]
        )
        return replace(self, places=self.places[mine], changes=changes)

    def at_interval(self, interval: int) -> RowRatios:
        """The ratios in force at one interval of days that stand in a row each."""
        begun = [change for change in self.changes if change.interval <= interval]
        if not begun:
            return self
        places = self.places.copy()
        for change in begun:
            places[change.row] = change.place
        return replace(self, places=places, changes=())

    def scale(self, factor: Decimal) -> npt.NDArray[np.float64]:
        """For each row the whole multiplier as the nearest float; 0 where no ratio is known."""
        floats = np.array([*(float(factor * ratio) for ratio in self.factors), 0.0])
        scaled: npt.NDArray[np.float64] = floats[self.places]
        return scaled

    def exact(self, row: int, factor: Decimal) -> Decimal:
        """The whole multiplier of one row."""
        return factor * self.factors[int(self.places[row])]


RatioFinder = Callable[[list[str], Places, Places, Places | None], RowRatios]
"""(numbers, by row: the place of its number, its day since 1970, its interval) to ratios.

Without intervals each row is a whole day, and `changes` say where a ratio changes in it.
"""


def find_ratios(
    find: RatioFinder | None,
    findings: Findings,
    names: list[str],
    keys: tuple[Any, Any, Any, str],
) -> RowRatios | None:
    """Ask for the ratios of all rows and refuse those that have none; None for as delivered.

    `keys` are the places of the numbers, the days, the intervals (None: whole days), and the
    column that names the usage point.
    """
    if find is None:
        return None
    codes, days, intervals, column = keys
    ratios = find(names, codes, days, intervals)
    lacking = np.flatnonzero(findings.good & (ratios.places == NO_RATIO)).tolist()
    findings.reject(lacking, column, ratios.expectation)
    return ratios if ratios.factors else None
