"""Curves of a month by the stated shapes: active, lagging and leading energy of every quarter.

Every point draws from its own stream of (seed, month, point), so neither the number of points
nor the order or the size of a chunk changes anybody's curve.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from busbar.demo.parameters import Parameters
from busbar.demo.shapes import BY_CODE, INTERVALS, QUARTERS, Floats, expected_share
from busbar.demo.values import Load, Transformer, UsagePoint
from busbar.demo.weather import month_days, sunshine, temperatures
from busbar.kit.periods import Month

STEP_WH = 10
"""Real exports resolve 0.01 kWh at best; so do these."""
CAPACITORS = 0.15
"""Fixed capacitors: their kvar as a share of the peak demand in kW."""
_ON = frozenset({"running", "hot_standby"})
_LEAST_AVAILABLE = 0.3

Matrix = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PointMonth:
    """A point's month: whole Wh and varh, (days, 96)."""

    point: UsagePoint
    active: Matrix
    lag: Matrix
    lead: Matrix


@dataclass
class MonthMaker:
    """Makes curves of one month; keeps each city's weather and each shape's expectation."""

    parameters: Parameters
    month: Month
    _expected: dict[tuple[str, int], Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.days = month_days(self.month)

    def expected(self, shape: str, city: int) -> Floats:
        """Share of the peak without noise, by shape and city."""
        key = (shape, city)
        if key not in self._expected:
            warmth = temperatures(self.parameters, city, self.month)
            sun = sunshine(self.parameters, city, self.month)
            self._expected[key] = expected_share(BY_CODE[shape], self.days, warmth, sun)
        return self._expected[key]

    def make(self, point: UsagePoint, transformers: Sequence[Transformer] = ()) -> PointMonth:
        """One point's month; `transformers` of its account bound what can be drawn."""
        load = point.load
        if load is None:
            raise ValueError(f"the curves of {point.number} are not generated")
        draws = self.parameters.stream("curve", self.month.year, self.month.number, point.serial)
        share = self.expected(load.shape, load.city) * _noise(draws, load, len(self.days))
        share *= _trend(load, self.days, self.parameters.month_list[0].first)[:, None]
        share *= available_share(transformers, self.days)[:, None]
        active_wh = share * (load.peak_kw * 1000 / QUARTERS)
        return PointMonth(point, *_reactive(load, share, active_wh))

    def make_all(
        self, points: Sequence[tuple[UsagePoint, Sequence[Transformer]]]
    ) -> Iterator[PointMonth]:
        """Every point that has a generated load, in order."""
        for point, transformers in points:
            if point.load is not None:
                yield self.make(point, transformers)


def _noise(draws: np.random.Generator, load: Load, days: int) -> Floats:
    """A day's luck, a slow wander within the day and the quarter's own unrest, mean 1."""
    strength = BY_CODE[load.shape].noise
    daily = 1 + 0.6 * strength * draws.standard_normal((days, 1))
    knots = draws.standard_normal((days, INTERVALS // 8 + 1))
    places = np.arange(INTERVALS) / 8
    left = places.astype(int)
    wander = knots[:, left] + (knots[:, left + 1] - knots[:, left]) * (places - left)
    quick = draws.standard_normal((days, INTERVALS))
    noise: Floats = np.clip(daily + strength * (0.6 * wander + 0.4 * quick), 0.02, 2.0)
    return noise


def _trend(load: Load, days: list[dt.date], start: dt.date) -> Floats:
    """Growth (or shrinking) since the first month with curves, compounded by the year."""
    years = np.array([(day - start).days for day in days]) / 365.25
    trend: Floats = np.power(1 + load.growth_per_year, years)
    return trend


def available_share(transformers: Sequence[Transformer], days: list[dt.date]) -> Floats:
    """How much of the account's load its switched-on transformers leave, day by day.

    Half of what a sealed unit carried moves to the others; something always stays on.
    """
    total = sum(t.capacity_kva for t in transformers)
    if not total:
        return np.ones(len(days))
    on = np.array([sum(_capacity_on(t, day) for t in transformers) for day in days])
    return np.maximum(1 - 0.5 * (1 - on / total), _LEAST_AVAILABLE)


def _capacity_on(transformer: Transformer, day: dt.date) -> int:
    for span in transformer.states:
        if span.start <= day and (span.end is None or day < span.end):
            return transformer.capacity_kva if span.state in _ON else 0
    return 0


def _reactive(load: Load, share: Floats, active_wh: Floats) -> tuple[Matrix, Matrix, Matrix]:
    """Whole active, lagging and leading energy.

    The power factor falls as the load does; fixed capacitors turn light load leading.
    """
    light = BY_CODE[load.shape].light
    factor = np.clip(load.power_factor - light * np.clip(1 - share, 0, 1), 0.5, 0.995)
    reactive = active_wh * np.sqrt(1 / factor**2 - 1)
    if load.compensates:
        reactive = reactive - CAPACITORS * load.peak_kw * 1000 / QUARTERS
    return _whole(active_wh), _whole(np.maximum(reactive, 0)), _whole(np.maximum(-reactive, 0))


def _whole(values: Floats) -> Matrix:
    return np.rint(values / STEP_WH).astype(np.int64) * STEP_WH
