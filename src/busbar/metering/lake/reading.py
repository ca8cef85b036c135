"""Reading day curves: the latest version of each usage point and day, now or as of then.

Versions are merged on read. `as_of` filters on the rows' own `version` or `committed_at`, not on
Delta's log, so it stays right after compaction and vacuum, which keep superseded rows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from busbar.kit.periods import Month
from busbar.metering.lake.schema import COLUMNS, FILE_SCHEMA
from busbar.metering.lake.storage import (
    DataFile,
    Snapshot,
    footer,
    open_parquet,
    read_snapshot,
    row_group_points,
)

KEYS = ("usage_point_id", "day", "version")
_HEAD = ("usage_point_id", "day", "version", "committed_at", "source")

Points = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
AsOf = int | datetime | None
T = TypeVar("T")


def read_curves(
    root: Path,
    usage_point_ids: Sequence[int] | Points | None,
    start: date,
    end: date,
    *,
    as_of: AsOf = None,
    channels: Sequence[str] = COLUMNS,
) -> pa.Table:
    """Return the latest rows of the usage points (None: all) on the days [start, end).

    Columns: usage_point_id, day, version, committed_at, source, then `channels` (any of
    `COLUMNS`), sorted by usage point and day. `as_of` is a version (int) or an aware moment:
    the rows that were the latest then. A usage point or day without a curve has no row.
    """
    columns = (*_HEAD, *channels)
    points = sorted_points(usage_point_ids)
    snapshot = read_snapshot(root)
    tables = []
    for month in _months(start, end):
        files = _candidates(snapshot, month, as_of, points)
        rows = read_rows(root, files, columns, points=points, days=(start, end))
        tables.append(latest_rows(_until(rows, as_of)))
    return (
        pa.concat_tables(tables).sort_by([("usage_point_id", "ascending"), ("day", "ascending")])
        if len(tables) > 1
        else _first(tables, columns)
    )


def history(root: Path, usage_point_id: int, day: date) -> pa.Table:
    """Return every stored version of one usage point and day, oldest first, all columns."""
    points = sorted_points([usage_point_id])
    files = _overlapping(read_snapshot(root).in_month(str(Month.of(day))), points)
    days = (day, day + timedelta(days=1))
    return read_rows(root, files, FILE_SCHEMA.names, points=points, days=days).sort_by("version")


def iter_month_batches(
    root: Path,
    month: Month | str,
    channels: Sequence[str] = COLUMNS,
    *,
    usage_point_ids: Sequence[int] | Points | None = None,
    as_of: AsOf = None,
) -> Iterator[pa.RecordBatch]:
    """Stream the latest rows of a month: usage_point_id, day and `channels`, no order promised.

    Only the keys of files that may overlap are held in memory; a compacted month needs none. The
    next row group is decoded in a thread while the caller works on one.
    """
    points = sorted_points(usage_point_ids)
    files = _candidates(read_snapshot(root), str(month), as_of, points)
    winners = _winners(root, files, as_of)
    columns = ["usage_point_id", "day", *channels]
    work = (_decodings(root, file, columns, winners.get(file.path), points) for file in files)
    for batches in ahead(chain.from_iterable(work)):
        yield from batches


def sorted_points(usage_point_ids: Sequence[int] | Points | None) -> Points | None:
    """Return the ids sorted and without repeats, or None for all."""
    if usage_point_ids is None:
        return None
    return np.unique(np.asarray(usage_point_ids, dtype=np.int64))


def read_rows(
    root: Path,
    files: Sequence[DataFile],
    columns: Sequence[str],
    *,
    points: Points | None = None,
    within: tuple[int, int] | None = None,
    days: tuple[date, date] | None = None,
) -> pa.Table:
    """Return all stored rows (every version) of the files that match, unordered.

    `points` are sorted ids, `within` a range of ids [low, high), `days` a range [start, end).
    """
    tables = [_empty(columns)]
    for file in files:
        groups = _groups(footer(root / file.path), points, within)
        if len(groups):
            table = open_parquet(root, file).read_row_groups(groups.tolist(), list(columns))
            tables.append(_matching(table, points, within, days))
    return pa.concat_tables(tables).combine_chunks()


def latest_rows(rows: pa.Table) -> pa.Table:
    """Keep the highest version of each usage point and day, sorted by both."""
    points, days, versions = (key_numbers(rows, name) for name in KEYS)
    order, first = order_versions(points, days, versions)
    kept = order[first]
    if len(kept) == rows.num_rows and bool((np.diff(kept) == 1).all()):
        return rows
    return rows.take(pa.array(kept))


def order_versions(points: Any, days: Any, versions: Any) -> tuple[npt.NDArray[np.intp], Mask]:
    """Return (order by usage point, day, newest version first; where a new key begins)."""
    order = np.lexsort((-versions, days, points))
    first = np.ones(len(order), dtype=bool)
    np.logical_or(np.diff(points[order]) != 0, np.diff(days[order]) != 0, out=first[1:])
    return order, first


def _first(tables: list[pa.Table], columns: Sequence[str]) -> pa.Table:
    return tables[0] if tables else _empty(columns)


def _empty(columns: Sequence[str]) -> pa.Table:
    return pa.schema([FILE_SCHEMA.field(name) for name in columns]).empty_table()


def key_numbers(rows: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """Return a key column as integers; a day as its number since 1970."""
    column = rows[name]
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    numbers: npt.NDArray[np.int64] = column.to_numpy().astype(np.int64, copy=False)
    return numbers


def _months(start: date, end: date) -> list[str]:
    found, month = [], Month.of(start)
    while month.first < end:
        found.append(str(month))
        month = month.next
    return found


def _candidates(
    snapshot: Snapshot, month: str, as_of: AsOf, points: Points | None
) -> list[DataFile]:
    """The files that may hold the wanted rows; superseded ones only when looking back."""
    files = _overlapping(snapshot.in_month(month), points)
    if as_of is None:
        return [file for file in files if not file.is_superseded]
    if isinstance(as_of, int):
        return [file for file in files if file.versions[0] <= as_of]
    return files


def _overlapping(files: list[DataFile], points: Points | None) -> list[DataFile]:
    if points is None:
        return files
    if len(points) == 0:
        return []
    return [f for f in files if f.points[0] <= points[-1] and points[0] <= f.points[1]]


def _groups(metadata: Any, points: Points | None, within: tuple[int, int] | None) -> Points:
    """The row groups whose range of usage points holds a wanted one."""
    ranges = row_group_points(metadata)
    wanted = np.ones(len(ranges), dtype=bool)
    if points is not None:
        begin = np.searchsorted(points, ranges[:, 0], side="left")
        wanted &= np.searchsorted(points, ranges[:, 1], side="right") > begin
    if within is not None:
        wanted &= (ranges[:, 1] >= within[0]) & (ranges[:, 0] < within[1])
    return np.flatnonzero(wanted)


def _matching(
    table: pa.Table,
    points: Points | None,
    within: tuple[int, int] | None,
    days: tuple[date, date] | None,
) -> pa.Table:
    ids = key_numbers(table, "usage_point_id")
    wanted = np.ones(len(ids), dtype=bool)
    if points is not None:
        wanted &= np.isin(ids, points)
    if within is not None:
        wanted &= (ids >= within[0]) & (ids < within[1])
    if days is not None:
        low, high = (_day_number(day) for day in days)
        stored = key_numbers(table, "day")
        wanted &= (stored >= low) & (stored < high)
    return table if bool(wanted.all()) else table.filter(pa.array(wanted))


def _day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _until(rows: pa.Table, as_of: AsOf) -> pa.Table:
    """Rows that existed at a version or moment."""
    if as_of is None:
        return rows
    return rows.filter(_existed(rows, as_of))


def _existed(rows: pa.Table, as_of: int | datetime) -> Any:
    if isinstance(as_of, int):
        return pc.less_equal(rows["version"], as_of)
    moment = pa.scalar(as_of, type=pa.timestamp("us", "UTC"))
    return pc.less_equal(rows["committed_at"], moment)


def _winners(root: Path, files: list[DataFile], as_of: AsOf) -> dict[str, Mask]:
    """For each file with rows that may not count: which of its rows are the latest."""
    contested = [
        file
        for file in files
        if as_of is not None or any(file.meets(other) for other in files if other is not file)
    ]
    if not contested:
        return {}
    columns = list(KEYS) if not isinstance(as_of, datetime) else [*KEYS, "committed_at"]
    keys = [open_parquet(root, file).read(columns) for file in contested]
    masks = _latest_mask(pa.concat_tables(keys), as_of)
    ends = np.cumsum([table.num_rows for table in keys])[:-1]
    return {f.path: mask for f, mask in zip(contested, np.split(masks, ends), strict=True)}


def _latest_mask(keys: pa.Table, as_of: AsOf) -> Mask:
    points, days, versions = (key_numbers(keys, name) for name in KEYS)
    existed = np.ones(len(points), dtype=bool)
    if as_of is not None:
        existed = _existed(keys, as_of).to_numpy().astype(bool)
    places = np.flatnonzero(existed)
    order, first = order_versions(points[places], days[places], versions[places])
    mask = np.zeros(len(points), dtype=bool)
    mask[places[order[first]]] = True
    return mask


def _decodings(
    root: Path, file: DataFile, columns: list[str], mask: Mask | None, points: Points | None
) -> Iterator[Callable[[], list[pa.RecordBatch]]]:
    """One piece of work for each row group of a file that holds a row that counts."""
    metadata = footer(root / file.path)
    parquet = open_parquet(root, file)
    sizes = [metadata.row_group(g).num_rows for g in range(metadata.num_row_groups)]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    for group in _groups(metadata, points, None).tolist():
        part = None if mask is None else mask[starts[group] : starts[group + 1]]
        if part is None or part.any():
            yield partial(_decode, parquet, group, columns, part, points)


def _decode(
    parquet: Any, group: int, columns: list[str], part: Mask | None, points: Points | None
) -> list[pa.RecordBatch]:
    """Decode a row group and drop the rows that do not count."""
    table = parquet.read_row_group(group, columns)
    wanted = part
    if points is not None:
        mine = np.isin(key_numbers(table, "usage_point_id"), points)
        wanted = mine if part is None else mine & part
    if wanted is not None and not wanted.all():
        table = table.filter(pa.array(wanted))
    batches: list[pa.RecordBatch] = table.combine_chunks().to_batches()
    return batches


def ahead(work: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Yield the results of the work in order, doing the next piece while one is looked at."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        waiting: Future[T] | None = None
        for piece in work:
            following = thread.submit(piece)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
