"""The month's kernel: day curves to what a bill is made of, exact, numpy on Arrow batches.

All sums are whole Wh and varh. A day's sums by period come from a float64 product of the day's
96 values (below 2**31) with a 0/1 matrix: below 2**38, and below 2**43 for a run of 31 days,
so no digit can be lost (2**53). Runs are added up in int64. See docs/algorithms/lake.md.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from busbar.billing.month_sums import (
    PERIODS,
    Array,
    Ints,
    MonthAggregates,
    PeriodMaps,
)
from busbar.kit.periods import Period
from busbar.metering.lake.schema import ACTIVE, INTERVALS, LAG, LEAD, QUALITY, Quality
from busbar.metering.lake.vectors import as_dense, as_matrix, holds

_HOURLY: Final = 4
"""Mean power in W of an interval of a quarter of an hour is its Wh times this."""

_BLOCK_ROWS: Final = 1024
"""Rows multiplied at once: 768 KiB of float64, which a core's second cache holds."""

_MOST_COLUMNS: Final = 16
"""Periods of all kinds of day up to which one product of all rows beats one of each kind's rows."""

_SMALL: Final = (2**31 - 1) // INTERVALS
"""96 values up to this (90 MW) add up within int32."""

_MOST_ROWS: Final = 2**24
"""Rows of one call; 2**24 days of at most 2**38 Wh stay below 2**63."""


def aggregate_month(
    batches: Iterable[pa.RecordBatch],
    period_maps: PeriodMaps,
    *,
    turn: AbstractContextManager[object] | None = None,
) -> MonthAggregates:
    """Add up a month of day curves: at most one row a usage point and day, in any order.

    Each batch has usage_point_id, day, the three channels and quality (null: all measured). Rows
    of usage points not in the maps are skipped and counted; a day outside the maps is a
    ValueError. Fastest when the rows of one usage point lie together, as the lake gives them.
    Threads that add up beside each other share a `turn`, a lock held for each batch: numpy's many
    short steps would hand the interpreter to and fro.
    """
    totals = MonthAggregates.empty(period_maps.usage_point_ids)
    weights = _Weights.of(period_maps.masks)
    rows = 0
    for each in batches:
        batch = each if period_maps.only is None else _within(each, period_maps.only)
        rows += batch.num_rows
        if rows > _MOST_ROWS:
            raise OverflowError(f"more than {_MOST_ROWS} rows in one call")
        with turn or nullcontext():
            _add_batch(totals, batch, period_maps, weights)
    return totals


def _within(batch: pa.RecordBatch, days: Period) -> pa.RecordBatch:
    """The rows of these days."""
    column = batch.column("day")
    return batch.filter(pc.and_(pc.greater_equal(column, days.start), pc.less(column, days.end)))


@dataclass(frozen=True)
class _Weights:
    """What a day's 96 values are multiplied with to become energy by period."""

    periods: npt.NDArray[np.intp]
    """The period codes in use, of three and five also one that is not: BLAS likes even widths."""
    ones: npt.NDArray[np.float64]
    """(kinds, 96, periods): 1 where an interval belongs to a period."""

    @classmethod
    def of(cls, masks: npt.NDArray[np.uint8]) -> "_Weights":
        counts = np.bincount(masks.ravel(), minlength=PERIODS)
        periods = np.flatnonzero(counts)
        if len(periods) in {3, 5}:
            periods = np.append(periods, np.flatnonzero(counts == 0)[0])
        return cls(periods, (masks[:, :, None] == periods).astype(float))


def _known(batch: pa.RecordBatch, totals: MonthAggregates) -> pa.RecordBatch:
    """Drop rows of usage points that are not asked for.

    Looks at the first row of each stretch of equal ids: the lake keeps a point's days together,
    and asking for every row would cost half as much as decoding it.
    """
    points = batch.column("usage_point_id").to_numpy()
    if len(points) == 0:
        return batch
    starts = np.flatnonzero(np.diff(points, prepend=points[0] - 1))
    asked_for = holds(totals.usage_point_ids, points[starts])
    if asked_for.all():
        return batch
    known = np.repeat(asked_for, np.diff(np.append(starts, len(points))))
    totals.rows_skipped += int(len(known) - known.sum())
    return batch.filter(pa.array(known))


@dataclass(frozen=True)
class _Runs:
    """Stretches of rows of one usage point on rising days."""

    starts: npt.NDArray[np.intp]
    lengths: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    """Which usage point of the totals each run belongs to."""

    @classmethod
    def find(cls, points: Ints, days: Ints, known: Ints) -> "_Runs | None":
        """Find the runs; None when a usage point is not among the known (sorted) ones."""
        new = np.ones(len(points), dtype=bool)
        np.logical_or(points[1:] != points[:-1], days[1:] <= days[:-1], out=new[1:])
        starts = np.flatnonzero(new)
        lengths = np.diff(np.append(starts, len(points)))
        places = np.searchsorted(known, points[starts])
        if len(known) == 0 or (known.take(places, mode="clip") != points[starts]).any():
            return None
        return cls(starts, lengths, places)

    def sums(self, rows: Array) -> Ints:
        """Add up per-row figures."""
        sums: Ints = np.add.reduceat(rows, self.starts, axis=0, dtype=np.int64)
        return sums

    def cell_sums(self, matrix: Array) -> Ints:
        """Add up all 96 values of all rows."""
        rows = np.empty(len(matrix), dtype=np.int64)
        starts = _row_starts(matrix[:_BLOCK_ROWS])
        for start in range(0, len(matrix), _BLOCK_ROWS):
            part = matrix[start : start + _BLOCK_ROWS]
            kind = np.int32 if part.max() <= _SMALL else np.int64  # the former does not convert
            sums = np.add.reduceat(part.ravel(), starts[: len(part)], dtype=kind)
            rows[start : start + len(part)] = sums
        return self.sums(rows)


def _add_batch(
    totals: MonthAggregates,
    batch: pa.RecordBatch,
    maps: PeriodMaps,
    weights: _Weights,
) -> None:
    if batch.num_rows == 0:
        return
    points = batch.column("usage_point_id").to_numpy()
    days = batch.column("day").view(pa.int32()).to_numpy()
    runs = _Runs.find(points, days, totals.usage_point_ids)
    if runs is None:
        _add_batch(totals, _known(batch, totals), maps, weights)
        return
    active, _ = as_matrix(batch.column(ACTIVE))
    kinds = _kinds(maps, np.repeat(runs.places, runs.lengths), days)
    np.add.at(totals.days, runs.places, runs.lengths)
    by_period, peaks = _sweep(active, kinds, weights.ones)
    energy = np.add.reduceat(by_period, runs.starts, axis=0)
    into = (runs.places[:, None], weights.periods)
    np.add.at(totals.energy_wh, into, energy.astype(np.int64))
    _add_reactive(totals, batch, runs)
    _add_quality(totals, batch, runs)
    _raise_demand(totals, active, peaks, days, runs)


def _kinds(maps: PeriodMaps, places: npt.NDArray[np.intp], days: Ints) -> npt.NDArray[np.intp]:
    """Which kind of day each row is."""
    offsets = days - (maps.start - date(1970, 1, 1)).days
    if offsets.min() < 0 or offsets.max() >= maps.kind_of.shape[1]:
        raise ValueError(f"a day lies outside the month of the period maps ({maps.start:%Y-%m})")
    return maps.kind_of[maps.scheme_of[places], offsets]


def _sweep(
    active: Array, kinds: npt.NDArray[np.intp], weights: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], Array]:
    """Of each row: energy by period in Wh, (rows, periods), and its highest value.

    Whole numbers: 96 values below 2**31 stay below 2**53. Goes block by block, so that the values
    are fetched from memory once, through one buffer that stays in the processor's cache.
    """
    rows = len(active)
    sums, peaks = np.empty((rows, weights.shape[2])), np.empty(rows, dtype=active.dtype)
    buffer = np.empty((min(_BLOCK_ROWS, rows), INTERVALS))
    row_starts = _row_starts(buffer)
    for start in range(0, rows, _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        part = active[block]
        values = buffer[: len(part)]
        np.copyto(values, part)
        np.maximum.reduceat(part.ravel(), row_starts[: len(part)], out=peaks[block])
        _by_kind(values, kinds[block], weights, sums[block])
    return sums, peaks


def _by_kind(
    values: npt.NDArray[np.float64],
    kinds: npt.NDArray[np.intp],
    weights: npt.NDArray[np.float64],
    sums: npt.NDArray[np.float64],
) -> None:
    """Multiply each row with the 0/1 matrix of its kind of day, into `sums`."""
    present = np.flatnonzero(np.bincount(kinds))
    if len(present) == 1:
        np.matmul(values, weights[present[0]], out=sums)
    elif len(present) * sums.shape[1] <= _MOST_COLUMNS:
        of_all = (values @ np.concatenate(weights[present], axis=1)).reshape(-1, sums.shape[1])
        place = np.zeros(present[-1] + 1, dtype=np.intp)
        place[present] = np.arange(len(present))
        mine = np.arange(len(values)) * len(present) + place[kinds]
        np.take(of_all, mine, axis=0, out=sums, mode="clip")  # clip: into `sums` without a buffer
    else:
        for kind in present:
            rows = np.flatnonzero(kinds == kind)
            sums[rows] = values[rows] @ weights[kind]


def _add_reactive(totals: MonthAggregates, batch: pa.RecordBatch, runs: _Runs) -> None:
    for name, target in ((LAG, totals.reactive_lag_varh), (LEAD, totals.reactive_lead_varh)):
        column = batch.column(name)
        if column.null_count == len(column):  # no meter of the batch delivers it
            continue
        matrix, present = as_matrix(column)
        np.add.at(target, runs.places, runs.cell_sums(matrix))
        if name == LAG:
            delivered = runs.lengths if present is None else runs.sums(present)
            np.add.at(totals.reactive_days, runs.places, delivered)


def _add_quality(totals: MonthAggregates, batch: pa.RecordBatch, runs: _Runs) -> None:
    """Count intervals by code; only days that are not all measured are looked at closely."""
    np.add.at(totals.quality_intervals[:, 0], runs.places, runs.lengths * INTERVALS)
    column = batch.column(QUALITY)
    if column.null_count == len(column):  # all measured
        return
    codes, stated = as_dense(column)
    noted = np.flatnonzero(np.ascontiguousarray(codes).view(np.uint64).any(axis=1))
    if len(noted) == 0:
        return
    rows = noted if stated is None else np.flatnonzero(stated)[noted]
    counts = _count_codes(codes[noted])
    counts[:, 0] -= INTERVALS  # counted above as measured
    places = np.repeat(runs.places, runs.lengths)[rows]
    np.add.at(totals.quality_intervals, places, counts)


def _count_codes(codes: Array) -> Ints:
    """How many intervals of each row have each code: (rows, codes)."""
    kinds = len(Quality)
    cells = codes + np.arange(len(codes))[:, None] * kinds
    return np.bincount(cells.ravel(), minlength=len(codes) * kinds).reshape(-1, kinds)


def _row_starts(matrix: Array) -> npt.NDArray[np.intp]:
    """Where each row begins in the flat matrix: reduceat over these beats a reduction by axis."""
    return np.arange(0, matrix.size, INTERVALS)


def _raise_demand(
    totals: MonthAggregates, active: Array, row_peaks: Array, days: Ints, runs: _Runs
) -> None:
    """Keep the highest interval of each usage point, the earliest of equals."""
    run_peaks = np.maximum.reduceat(row_peaks, runs.starts)
    reaching = np.flatnonzero(row_peaks == np.repeat(run_peaks, runs.lengths))
    rows = reaching[np.searchsorted(reaching, runs.starts)]
    demand = run_peaks.astype(np.int64) * _HOURLY
    order = np.lexsort((days[rows], -demand, runs.places))
    first = np.ones(len(order), dtype=bool)
    first[1:] = np.diff(runs.places[order]) != 0
    best = order[first]
    places, rows, demand = runs.places[best], rows[best], demand[best]
    held = totals.max_demand_w[places]
    higher = (demand > held) | ((demand == held) & (days[rows] < totals.max_demand_day[places]))
    places, rows = places[higher], rows[higher]
    totals.max_demand_w[places] = demand[higher]
    totals.max_demand_day[places] = days[rows]
    totals.max_demand_interval[places] = active[rows].argmax(axis=1)
