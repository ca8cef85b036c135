"""Some usage points' days as validation sees them: their curves, what is known beside them.

Everything is read once for a batch of points; the arithmetic is that of `vee`. The weeks around a
day are read only of points that need them: where something is lacking or in doubt.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from busbar.clocks import queries as clocks_queries
from busbar.metering import lake
from busbar.metering.circumstances import (
    EPOCH,
    ONE_DAY,
    Key,
    Keys,
    read_capacities,
    read_power_off,
    read_registers,
)
from busbar.metering.lake import CHANNELS, INTERVALS, Quality
from busbar.metering.lake.schema import ACTIVE, QUALITY
from busbar.metering.lake.vectors import as_matrix
from busbar.metering.queries import lake_root
from busbar.metering.vee import Days, History, find_reopened, long_gaps, reopen
from busbar.metering.vee.days import UNKNOWN, Integers, Mask
from busbar.metering.vee.gaps import CodesOf
from busbar.metering.vee.history import key_of
from busbar.supply.models import UsagePoint

SOURCE = "VEE"
"""Who the lake names as the source of what validation wrote."""


@dataclass(frozen=True)
class Surroundings:
    """How much of the neighborhood is read for similar days, and how long a gap may be filled."""

    within_days: int
    similar_days: int
    longest_points: int
    """Intervals of a gap that may be estimated without a register."""


@dataclass(frozen=True)
class Judged:
    """The days asked for, in order, with their neighborhood and the lake's version of each row."""

    keys: Keys
    days: Days
    neighborhood: Neighborhood
    versions: Integers
    account_ids: dict[int, int]
    around: Surroundings
    reopened: Mapping[int, tuple[Integers, dict[str, Integers]]]
    """Rows whose estimates are made anew, with quality and values as they are stored."""

    def withheld(self, row: int, wanted: Mask) -> Mask:
        """The wanted intervals of a row whose gap is too long to be filled without a person.

        What the day's register tells may be filled however long the gap is.
        """
        if self.days.register_wh[row] != UNKNOWN:
            return np.zeros_like(wanted)
        key = self.keys[row]
        longest = self.around.longest_points
        return long_gaps(self.days.quality[row], wanted, self._codes_beside(key), longest=longest)

    def _codes_beside(self, key: Key) -> CodesOf:
        history = self.neighborhood.of(key.point)

        def codes(distance: int) -> npt.NDArray[np.int8] | None:
            found = history.codes(key.point, key.number + distance)
            if found is not None or key_of(key.point, key.number + distance) not in self.absent:
                return found
            return np.full(INTERVALS, Quality.MISSING, dtype=np.int8)

        return codes

    @cached_property
    def absent(self) -> frozenset[int]:
        """Days that were asked for and have no curve."""
        return frozenset(
            _number(key)
            for key, version in zip(self.keys, self.versions, strict=True)
            if version == UNKNOWN
        )

    def typical(self, row: int, channel: str) -> Integers | None:
        """The similar day of a row in one channel."""
        return self.neighborhood.typical(self.keys[row], channel)

    def edge(self, row: int, channel: str, *, after: bool) -> int | None:
        """The value next to the day: yesterday's last or tomorrow's first, if measured."""
        key = self.keys[row]
        day, interval = (key.number + 1, 0) if after else (key.number - 1, INTERVALS - 1)
        return self.neighborhood.of(key.point).edge(key.point, day, channel, interval)


class Neighborhood:
    """The weeks around the days of a batch, of those points that somebody asks for."""

    def __init__(self, keys: Keys, around: Surroundings, *, as_of: int) -> None:
        first, end = keys.span
        self._start = first - dt.timedelta(days=around.within_days)
        self._end = end + dt.timedelta(days=around.within_days)
        self._around, self._as_of = around, as_of
        self._histories: dict[int, History] = {}

    def look_at(self, points: Iterable[int]) -> None:
        """Read the weeks of these points at once, so far as they are not known."""
        wanted = sorted(set(points) - self._histories.keys())
        if not wanted:
            return
        curves = lake.read_curves(
            lake_root(), wanted, self._start, self._end, as_of=self._as_of,
            channels=(*CHANNELS, QUALITY),
        )  # fmt: skip
        quality, _present = as_matrix(curves[QUALITY])
        values = {name: _as_wide(curves[name]) for name in CHANNELS}
        history = History(_numbers(curves), values, np.asarray(quality), self._is_working)
        self._histories.update(dict.fromkeys(wanted, history))

    @cached_property
    def _is_working(self) -> dict[int, bool]:
        calendar = clocks_queries.get_calendar(self._start, self._end)
        days = [self._start + n * ONE_DAY for n in range((self._end - self._start).days)]
        return {(day - EPOCH).days: calendar.is_working_day(day) for day in days}

    def of(self, point: int) -> History:
        """A point's weeks."""
        self.look_at([point])
        return self._histories[point]

    def typical(self, key: Key, channel: str) -> Integers | None:
        """The similar day of a point's day in one channel."""
        around = self._around
        return self.of(key.point).typical(
            key.point, key.number, channel, count=around.similar_days, within=around.within_days
        )


def read_days(keys: Keys, around: Surroundings, *, as_of: int) -> Judged:
    """Read what validation needs of the days (sorted by point and day) as of a lake version.

    A day without a curve is MISSING throughout. Queries are constant.
    """
    points = UsagePoint.objects.filter(pk__in=keys.points)
    accounts = dict(points.values_list("pk", "account_id"))
    neighborhood = Neighborhood(keys, around, as_of=as_of)
    values, present, quality, versions, is_own = _stored(keys, as_of)
    registers = read_registers(keys)

    def typical(rows: Sequence[int]) -> list[Integers | None]:
        neighborhood.look_at(keys[row].point for row in rows)
        return [neighborhood.typical(keys[row], ACTIVE) for row in rows]

    days = Days(
        values=values,
        present=present,
        quality=quality,
        capacity_kva=read_capacities(keys, accounts),
        register_wh=registers.energy_wh,
        unit_wh=registers.unit_wh,
        ratios=tuple(registers.ratios),
        power_off=read_power_off(keys),
        clock_offset_s=registers.clock_offset_s,
        typical=typical,
    )
    return Judged(keys, days, neighborhood, versions, accounts, around, _reopen(days, is_own))


def _reopen(days: Days, is_own: Mask) -> dict[int, tuple[Integers, dict[str, Integers]]]:
    reopened = find_reopened(days, is_own)
    stored = {
        row: (days.quality[row].copy(), {n: days.values[n][row].copy() for n in CHANNELS})
        for row in np.flatnonzero(reopened.any(axis=1)).tolist()
    }
    reopen(days, reopened)
    return stored


def _number(key: Key) -> int:
    return key_of(key.point, key.number)


def _numbers(curves: pa.Table) -> Integers:
    days = curves["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    numbers: Integers = curves["usage_point_id"].to_numpy() * key_of(1, 0) + days
    return numbers


def _as_wide(column: Any) -> Integers:
    matrix, present = as_matrix(column)
    wide: Integers = matrix.astype(np.int64)
    if present is not None:
        wide[~present] = UNKNOWN
    return wide


def _stored(
    keys: Keys, as_of: int
) -> tuple[dict[str, Integers], dict[str, Mask], npt.NDArray[np.int8], Integers, Mask]:
    """Values and presence by channel, quality and version of the days; MISSING where none is.

    And which of them validation wrote.
    """
    numbers = np.array([_number(key) for key in keys])
    curves = lake.read_curves(
        lake_root(), keys.points, *keys.span, as_of=as_of, channels=(*CHANNELS, QUALITY)
    )
    found = _numbers(curves)
    curves = curves.filter(pa.array(np.isin(found, numbers)))
    held = np.isin(numbers, found)
    quality = np.full((len(keys), INTERVALS), Quality.MISSING, dtype=np.int8)
    quality[held] = as_matrix(curves[QUALITY])[0]
    versions = np.full(len(keys), UNKNOWN, dtype=np.int64)
    versions[held] = curves["version"].to_numpy()
    is_own = np.zeros(len(keys), dtype=bool)
    is_own[held] = pc.equal(curves["source"], SOURCE).to_numpy()
    values, present = {}, {}
    for name in CHANNELS:
        matrix, there = as_matrix(curves[name])
        values[name] = np.zeros((len(keys), INTERVALS), dtype=np.int64)
        values[name][held] = matrix
        present[name] = held.copy()
        if there is not None:
            present[name][held] = there
    return values, present, quality, versions, is_own
