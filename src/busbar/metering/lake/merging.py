"""What a delivery changes: compare day curves with their latest stored version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from busbar.metering.lake.reading import latest_rows, read_rows
from busbar.metering.lake.schema import ACTIVE, CHANNELS, COLUMNS, LAG, LEAD, QUALITY, Quality
from busbar.metering.lake.storage import Snapshot
from busbar.metering.lake.vectors import as_lists, as_matrix

Matrix = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Changes:
    """The rows to store of one month, and how many were new, changed and unchanged."""

    rows: pa.Table
    new: int
    changed: int
    unchanged: int
    overtaken: int = 0


@dataclass
class Curves:
    """Day curves as matrices (rows, 96); `present` says which rows have the channel at all."""

    values: dict[str, Matrix]
    present: dict[str, Mask]

    @classmethod
    def of(cls, table: pa.Table) -> "Curves":
        """Unpack the list columns of a table."""
        values, present = {}, {}
        for name in COLUMNS:
            values[name], some = as_matrix(table[name])
            present[name] = np.ones(table.num_rows, dtype=bool) if some is None else some
        return cls(values, present)

    def take(self, rows: npt.NDArray[np.intp]) -> "Curves":
        """The rows at the given places."""
        return Curves(
            {name: matrix[rows] for name, matrix in self.values.items()},
            {name: mask[rows] for name, mask in self.present.items()},
        )

    def equals(self, other: "Curves") -> Mask:
        """Row by row: the same channels, values and quality."""
        same = np.ones(len(self.present[QUALITY]), dtype=bool)
        for name in COLUMNS:
            same &= self.present[name] == other.present[name]
            same &= (self.values[name] == other.values[name]).all(axis=1)
        return same


def find_changes(snapshot: Snapshot, month: str, incoming: pa.Table) -> Changes:
    """Return the rows of a month (sorted, keys unique) that differ from what is stored."""
    curves = completed(Curves.of(incoming))
    places, stored_rows = _stored(snapshot, month, incoming, COLUMNS)
    changed = np.zeros(incoming.num_rows, dtype=bool)
    new = np.ones(incoming.num_rows, dtype=bool)
    new[places] = False
    if len(places):
        stored = Curves.of(stored_rows)
        merged = overlay(Curves.of(incoming).take(places), stored)
        changed[places] = ~merged.equals(stored)
        for name in COLUMNS:
            curves.values[name] = _replaced(curves.values[name], places, merged.values[name])
            curves.present[name][places] = merged.present[name]
    kept = np.flatnonzero(new | changed)
    return Changes(
        _table(incoming, curves, kept),
        new=int(new.sum()),
        changed=int(changed.sum()),
        unchanged=incoming.num_rows - len(kept),
    )


def find_corrected(snapshot: Snapshot, month: str, incoming: pa.Table, made_from: int) -> Changes:
    """Return the rows of a month that nobody changed since the version they were made from.

    They are whole curves and differ, as whoever made them has read: only keys are looked at.
    """
    places, stored_rows = _stored(snapshot, month, incoming, ())
    late = places[stored_rows["version"].to_numpy() > made_from]
    kept = np.setdiff1d(np.arange(incoming.num_rows), late)
    changed = len(places) - len(late)
    return Changes(
        _table(incoming, completed(Curves.of(incoming)), kept),
        new=len(kept) - changed,
        changed=changed,
        unchanged=0,
        overtaken=len(late),
    )


def completed(curves: Curves) -> Curves:
    """Fill what a row that stands alone may not lack: active energy and quality."""
    no_active = ~curves.present[ACTIVE]
    no_quality = ~curves.present[QUALITY] | no_active
    if no_quality.any():
        quality = curves.values[QUALITY].copy()
        quality[~curves.present[QUALITY]] = Quality.MEASURED
        quality[no_active] = Quality.MISSING
        curves.values[QUALITY] = quality
    gaps = curves.values[QUALITY] == Quality.MISSING
    if gaps.any():
        curves.values[ACTIVE] = np.where(gaps, np.int32(0), curves.values[ACTIVE])
    curves.present[ACTIVE] = np.ones_like(no_active)
    curves.present[QUALITY] = np.ones_like(no_active)
    return curves


def overlay(incoming: Curves, stored: Curves) -> Curves:
    """Lay a delivery over what is stored: a null channel or MISSING interval says nothing."""
    only_reactive = ~incoming.present[ACTIVE]
    laid = completed(Curves(dict(incoming.values), dict(incoming.present)))
    silent = laid.values[QUALITY] == Quality.MISSING
    values = {
        name: np.where(silent, stored.values[name], laid.values[name]) for name in (ACTIVE, QUALITY)
    }
    present = {name: laid.present[name] for name in (ACTIVE, QUALITY)}
    for name in (LAG, LEAD):
        kept = (silent & ~only_reactive[:, None]) | ~laid.present[name][:, None]
        values[name] = np.where(kept, stored.values[name], laid.values[name])
        present[name] = laid.present[name] | stored.present[name]
    return Curves(values, present)


def _stored(
    snapshot: Snapshot, month: str, incoming: pa.Table, curves: Sequence[str]
) -> tuple[npt.NDArray[np.intp], pa.Table]:
    """Return (places in the delivery that are stored already, their latest rows in order).

    The rows hold the keys and of the curves the columns that are named.
    """
    points = np.unique(incoming["usage_point_id"].to_numpy())
    files = [file for file in snapshot.in_month(month) if not file.is_superseded]
    columns = ("usage_point_id", "day", "version", *curves)
    rows = latest_rows(read_rows(snapshot.root, files, columns, points=points))
    mine, theirs = _keys(incoming), _keys(rows)
    found = np.searchsorted(theirs, mine)
    found[found == len(theirs)] = 0
    hit = theirs[found] == mine if len(theirs) else np.zeros(len(mine), dtype=bool)
    return np.flatnonzero(hit), rows.take(pa.array(found[hit]))


def _keys(table: pa.Table) -> npt.NDArray[np.int64]:
    """One number a usage point and day, in the order of both (a month has 31 days at most)."""
    points = table["usage_point_id"].to_numpy()
    day_of_month = table["day"].to_numpy().astype("datetime64[D]")
    day_of_month = (day_of_month - day_of_month.astype("datetime64[M]")).astype(np.int64)
    keys: npt.NDArray[np.int64] = points * 32 + day_of_month
    return keys


def _replaced(matrix: Matrix, places: npt.NDArray[np.intp], rows: Matrix) -> Matrix:
    """A copy with some rows replaced (Arrow's memory cannot be written to)."""
    result = matrix.copy()
    result[places] = rows
    return result


def _table(incoming: pa.Table, curves: Curves, kept: npt.NDArray[np.intp]) -> pa.Table:
    keys = incoming.select(["usage_point_id", "day"])
    if len(kept) < incoming.num_rows:
        keys, curves = keys.take(pa.array(kept)), curves.take(kept)
    columns: list[Any] = [keys["usage_point_id"], keys["day"]]
    columns += [as_lists(curves.values[name], curves.present[name]) for name in CHANNELS]
    columns.append(as_lists(curves.values[QUALITY]))
    return pa.table(columns, names=["usage_point_id", "day", *COLUMNS])
