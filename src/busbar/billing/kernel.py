"""The month's kernel: day curves to what a bill is made of, exact, numpy on Arrow batches.

All sums are whole Wh and varh. A day's sums by period come from a float64 product of the day's
96 values (below 2**31) with a 0/1 matrix: below 2**38, and below 2**43 for a run of 31 days,
so no digit can be lost (2**53). Runs are added up in int64. See docs/algorithms/lake.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from busbar.kit.periods import Month, Period
from busbar.metering.lake.schema import ACTIVE, INTERVALS, LAG, LEAD, QUALITY, Quality
from busbar.metering.lake.vectors import as_matrix

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]

PERIODS: Final = 6
"""Most time-of-use periods a scheme may have; what a code means is the tariff's business."""

_HOURLY: Final = 4
"""Mean power in W of an interval of a quarter of an hour is its Wh times this."""

_BLOCK_ROWS: Final = 1024
"""Rows multiplied at once: 768 KiB of float64."""

_MOST_ROWS: Final = 2**24
"""Rows of one call; 2**24 days of at most 2**38 Wh stay below 2**63."""


@dataclass(frozen=True)
class PeriodMaps:
    """Which time-of-use period each interval of a day belongs to, for each usage point.

    `masks` (kinds, 96): the distinct days, as period codes 0..5. `kind_of` (schemes, days): which
    of them a scheme has on each day from `start`. `scheme_of` gives each id of
    `usage_point_ids` (sorted) its place among the schemes. `only` names the days that are added
    up, where that is not the whole month.
    """

    start: date
    masks: npt.NDArray[np.uint8]
    kind_of: npt.NDArray[np.intp]
    usage_point_ids: Ints
    scheme_of: npt.NDArray[np.intp]
    only: Period | None = None

    @classmethod
    def build(
        cls,
        month: Month,
        codes: Mapping[tuple[int, date], Sequence[int] | Array],
        schemes: Mapping[int, int],
        *,
        only: Period | None = None,
    ) -> "PeriodMaps":
        """Build from `codes[scheme id, day]` (96 codes 0..5) and `schemes[usage point id]`.

        Every day of the month must be there for every scheme in use; KeyError names the absent.
        """
        used = sorted(set(schemes.values()))
        days = [month.first + timedelta(days=i) for i in range(month.days)]
        vectors = np.array([[codes[scheme, day] for day in days] for scheme in used])
        vectors = vectors.reshape(-1, INTERVALS)
        if vectors.size and (vectors.min() < 0 or vectors.max() >= PERIODS):
            raise ValueError(f"period codes must lie in 0..{PERIODS - 1}")
        masks, kinds = np.unique(vectors, axis=0, return_inverse=True)
        points = np.array(sorted(schemes), dtype=np.int64)
        place = {scheme: i for i, scheme in enumerate(used)}
        return cls(
            start=month.first,
            masks=masks.astype(np.uint8),
            kind_of=kinds.reshape(len(used), len(days)).astype(np.intp),
            usage_point_ids=points,
            scheme_of=np.array([place[schemes[int(p)]] for p in points], dtype=np.intp),
            only=only,
        )

    def within(self, low: int, high: int) -> "PeriodMaps":
        """The same for the usage points of [low, high) only."""
        first, end = np.searchsorted(self.usage_point_ids, [low, high])
        part = slice(int(first), int(end))
        return replace(
            self, usage_point_ids=self.usage_point_ids[part], scheme_of=self.scheme_of[part]
        )


@dataclass(frozen=True)
class PointMonth:
    """One usage point's month: energies in Wh and varh, demand in W, quality in intervals."""

    usage_point_id: int
    days: int
    energy_wh: tuple[int, ...]
    """By period code 0..5."""
    total_wh: int
    reactive_lag_varh: int
    reactive_lead_varh: int
    reactive_days: int
    """Days with lagging energy delivered: fewer than `days` means the power factor has gaps."""
    max_demand_w: int
    max_demand_day: date | None
    max_demand_interval: int
    """0 is 00:00–00:15; the earliest of equals; -1 without any curve."""
    quality_intervals: dict[Quality, int]

    @classmethod
    def joined(cls, parts: "Sequence[PointMonth]") -> "PointMonth":
        """Stretches of one usage point's month together, given in the order of their days."""
        if len(parts) == 1:
            return parts[0]
        peak = max(parts, key=lambda part: part.max_demand_w)  # the first of equals: the earliest
        return replace(
            peak,
            days=sum(part.days for part in parts),
            energy_wh=tuple(map(sum, zip(*(part.energy_wh for part in parts), strict=True))),
            total_wh=sum(part.total_wh for part in parts),
            reactive_lag_varh=sum(part.reactive_lag_varh for part in parts),
            reactive_lead_varh=sum(part.reactive_lead_varh for part in parts),
            reactive_days=sum(part.reactive_days for part in parts),
            quality_intervals={
                q: sum(part.quality_intervals[q] for part in parts) for q in Quality
            },
        )


@dataclass
class MonthAggregates:
    """The same for all usage points of the maps, as arrays in the order of `usage_point_ids`."""

    usage_point_ids: Ints
    days: Ints
    energy_wh: Ints
    """(usage points, 6)"""
    reactive_lag_varh: Ints
    reactive_lead_varh: Ints
    reactive_days: Ints
    max_demand_w: Ints
    max_demand_day: Ints
    """Days since 1970-01-01, -1 without any curve."""
    max_demand_interval: Ints
    quality_intervals: Ints
    """(usage points, 6) by `Quality`"""
    rows_skipped: int = 0
    """Rows of usage points that the maps do not name."""

    @classmethod
    def empty(cls, usage_point_ids: Ints) -> "MonthAggregates":
        """Nothing added up yet."""
        count = len(usage_point_ids)

        def zeros(*width: int) -> Ints:
            return np.zeros((count, *width), dtype=np.int64)

        return cls(
            usage_point_ids=usage_point_ids,
            days=zeros(),
            energy_wh=zeros(PERIODS),
            reactive_lag_varh=zeros(),
            reactive_lead_varh=zeros(),
            reactive_days=zeros(),
            max_demand_w=zeros() - 1,
            max_demand_day=zeros() - 1,
            max_demand_interval=zeros() - 1,
            quality_intervals=zeros(len(Quality)),
        )

    @property
    def total_wh(self) -> Ints:
        """Active energy of all periods."""
        total: Ints = self.energy_wh.sum(axis=1)
        return total

    def put(self, part: "MonthAggregates") -> None:
        """Take over the usage points of a part, which must all be among these."""
        places = np.searchsorted(self.usage_point_ids, part.usage_point_ids)
        for name, mine in self.arrays().items():
            mine[places] = part.arrays()[name]
        self.rows_skipped += part.rows_skipped

    def arrays(self) -> dict[str, Ints]:
        """All figures by name, one row a usage point."""
        return {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}

    def of(self, usage_point_id: int) -> PointMonth:
        """One usage point's month; KeyError when the maps did not name it."""
        i = int(np.searchsorted(self.usage_point_ids, usage_point_id))
        if i == len(self.usage_point_ids) or self.usage_point_ids[i] != usage_point_id:
            raise KeyError(usage_point_id)
        day = int(self.max_demand_day[i])
        return PointMonth(
            usage_point_id=usage_point_id,
            days=int(self.days[i]),
            energy_wh=tuple(self.energy_wh[i].tolist()),
            total_wh=int(self.energy_wh[i].sum()),
            reactive_lag_varh=int(self.reactive_lag_varh[i]),
            reactive_lead_varh=int(self.reactive_lead_varh[i]),
            reactive_days=int(self.reactive_days[i]),
            max_demand_w=max(int(self.max_demand_w[i]), 0),
            max_demand_day=None if day < 0 else date(1970, 1, 1) + timedelta(days=day),
            max_demand_interval=int(self.max_demand_interval[i]),
            quality_intervals={q: int(self.quality_intervals[i, q]) for q in Quality},
        )


def aggregate_month(batches: Iterable[pa.RecordBatch], period_maps: PeriodMaps) -> MonthAggregates:
    """Add up a month of day curves: at most one row a usage point and day, in any order.

    Each batch has usage_point_id, day, the three channels and quality. Rows of usage points not
    in the maps are skipped and counted; a day outside the maps is a ValueError. Fastest when
    the rows of one usage point lie together, as the lake gives them.
    """
    totals = MonthAggregates.empty(period_maps.usage_point_ids)
    weights = _weights(period_maps.masks)
    rows = 0
    for each in batches:
        batch = each if period_maps.only is None else _within(each, period_maps.only)
        rows += batch.num_rows
        if rows > _MOST_ROWS:
            raise OverflowError(f"more than {_MOST_ROWS} rows in one call")
        _add_batch(totals, batch, period_maps, weights)
    return totals


def _within(batch: pa.RecordBatch, days: Period) -> pa.RecordBatch:
    """The rows of these days."""
    column = batch.column("day")
    return batch.filter(pc.and_(pc.greater_equal(column, days.start), pc.less(column, days.end)))


def _weights(masks: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """(kinds, 96, 6): 1 where an interval belongs to a period."""
    weights: npt.NDArray[np.float64] = (masks[:, :, None] == np.arange(PERIODS)).astype(float)
    return weights


def _known(batch: pa.RecordBatch, totals: MonthAggregates) -> pa.RecordBatch:
    """Drop rows of usage points that are not asked for.

    Looks at the first row of each stretch of equal ids: the lake keeps a point's days together,
    and asking for every row would cost half as much as decoding it.
    """
    points = batch.column("usage_point_id").to_numpy()
    if len(points) == 0:
        return batch
    starts = np.flatnonzero(np.diff(points, prepend=points[0] - 1))
    asked_for = _holds(totals.usage_point_ids, points[starts])
    if asked_for.all():
        return batch
    known = np.repeat(asked_for, np.diff(np.append(starts, len(points))))
    totals.rows_skipped += int(len(known) - known.sum())
    return batch.filter(pa.array(known))


def _holds(sorted_ids: Ints, wanted: Ints) -> npt.NDArray[np.bool_]:
    """Which of the wanted ids the sorted ids hold."""
    if len(sorted_ids) == 0:
        return np.zeros(len(wanted), dtype=bool)
    places = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    held: npt.NDArray[np.bool_] = sorted_ids[places] == wanted
    return held


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
        np.logical_or(np.diff(points) != 0, np.diff(days) <= 0, out=new[1:])
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
        sums: Ints = np.add.reduceat(matrix.ravel(), self.starts * INTERVALS, dtype=np.int64)
        return sums


def _add_batch(
    totals: MonthAggregates,
    batch: pa.RecordBatch,
    maps: PeriodMaps,
    weights: npt.NDArray[np.float64],
) -> None:
    if batch.num_rows == 0:
        return
    points = batch.column("usage_point_id").to_numpy()
    days = batch.column("day").cast(pa.int32()).to_numpy().astype(np.int64)
    runs = _Runs.find(points, days, totals.usage_point_ids)
    if runs is None:
        _add_batch(totals, _known(batch, totals), maps, weights)
        return
    active, _ = as_matrix(batch.column(ACTIVE))
    kinds = _kinds(maps, np.repeat(runs.places, runs.lengths), days)
    np.add.at(totals.days, runs.places, runs.lengths)
    energy = np.add.reduceat(_by_period(active, kinds, weights), runs.starts, axis=0)
    np.add.at(totals.energy_wh, runs.places, energy.astype(np.int64))
    _add_reactive(totals, batch, runs)
    _add_quality(totals, batch, runs)
    _raise_demand(totals, active, days, runs)


def _kinds(maps: PeriodMaps, places: npt.NDArray[np.intp], days: Ints) -> npt.NDArray[np.intp]:
    """Which kind of day each row is."""
    offsets = days - (maps.start - date(1970, 1, 1)).days
    if offsets.min() < 0 or offsets.max() >= maps.kind_of.shape[1]:
        raise ValueError(f"a day lies outside the month of the period maps ({maps.start:%Y-%m})")
    return maps.kind_of[maps.scheme_of[places], offsets]


def _by_period(
    active: Array, kinds: npt.NDArray[np.intp], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(rows, 6) in Wh, whole numbers: 96 values below 2**31 stay below 2**53.

    Goes block by block through one buffer that stays in the processor's cache.
    """
    sums = np.empty((len(active), PERIODS))
    buffer = np.empty((min(_BLOCK_ROWS, len(active)), INTERVALS))
    for start in range(0, len(active), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        values = buffer[: len(active[block])]
        np.copyto(values, active[block])
        _by_kind(values, kinds[block], weights, sums[block])
    return sums


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
        return
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
    codes, _ = as_matrix(batch.column(QUALITY))
    np.add.at(totals.quality_intervals[:, 0], runs.places, runs.lengths * INTERVALS)
    eights = np.ascontiguousarray(codes).view(np.uint64)
    rows = np.flatnonzero(eights.any(axis=1))
    if len(rows) == 0:
        return
    closely, places = codes[rows], np.repeat(runs.places, runs.lengths)[rows]
    for code in list(Quality)[1:]:
        counts = (closely == code).sum(axis=1)
        np.add.at(totals.quality_intervals[:, code], places, counts)
        np.subtract.at(totals.quality_intervals[:, 0], places, counts)


def _raise_demand(totals: MonthAggregates, active: Array, days: Ints, runs: _Runs) -> None:
    """Keep the highest interval of each usage point, the earliest of equals."""
    row_peaks = active.max(axis=1)
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
