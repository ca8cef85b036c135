"""What the values of each row are multiplied with before they are rounded: CT times PT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from busbar.metering.layouts.keys import Findings, Mask, Places

NO_RATIO = -1


@dataclass(frozen=True)
class RowRatios:
    """For each row of a file the place of its ratio in `factors`, `NO_RATIO` where none is known.

    Empty `factors`: values go in as delivered, and only the rows without a place are refused.
    `expectation` says of such a row what is missing.
    """

    places: Places
    factors: tuple[Decimal, ...]
    expectation: Callable[[int], str]

    def of_rows(self, mine: Mask) -> RowRatios:
        """The ratios of some of the rows."""
        return replace(self, places=self.places[mine])

    def scale(self, factor: Decimal) -> npt.NDArray[np.float64]:
        """For each row the whole multiplier as the nearest float; 0 where no ratio is known."""
        floats = np.array([*(float(factor * ratio) for ratio in self.factors), 0.0])
        scaled: npt.NDArray[np.float64] = floats[self.places]
        return scaled

    def exact(self, row: int, factor: Decimal) -> Decimal:
        """The whole multiplier of one row."""
        return factor * self.factors[int(self.places[row])]


RatioFinder = Callable[[list[str], Places, Places], RowRatios]
"""(numbers, for each row the place of its number, for each row its day since 1970) to ratios."""


def find_ratios(
    find: RatioFinder | None, findings: Findings, names: list[str], keys: tuple[Any, Any, str]
) -> RowRatios | None:
    """Ask for the ratios of all rows and refuse those that have none; None for as delivered.

    `keys` are the places of the numbers, the days, and the column that names the usage point.
    """
    if find is None:
        return None
    codes, days, column = keys
    ratios = find(names, codes, days)
    lacking = np.flatnonzero(findings.good & (ratios.places == NO_RATIO)).tolist()
    findings.reject(lacking, column, ratios.expectation)
    return ratios if ratios.factors else None
