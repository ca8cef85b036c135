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
from busbar.metering.lake.vectors import as_read, as_stored, with_measured
from busbar.metering.lake.wanted import Mask, Points, Wanted

KEYS = ("usage_point_id", "day", "version")
_HEAD = ("usage_point_id", "day", "version", "committed_at", "source")

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
        files = candidates(snapshot, month, as_of, points)
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


def list_changed(
    root: Path,
    month: Month | str,
    *,
    after: int,
    until: int | None = None,
    usage_point_ids: Sequence[int] | Points | None = None,
) -> pa.Table:
    """Return usage_point_id, day, version of the days whose newest version came after a version.

    Sorted by usage point and day. Files that hold nothing so new are not opened, of the others
    only keys are read. `until` looks back: the newest version up to and with it counts.
    """
    points = sorted_points(usage_point_ids)
    files = [
        file
        for file in candidates(read_snapshot(root), str(month), until, points)
        if file.versions[1] > after
    ]
    rows = latest_rows(_until(read_rows(root, files, KEYS, points=points), until))
    return rows.filter(pc.greater(rows["version"], after))


def iter_month_batches(
    root: Path,
    month: Month | str,
    channels: Sequence[str] = COLUMNS,
    *,
    usage_point_ids: Sequence[int] | Points | None = None,
    as_of: AsOf = None,
) -> Iterator[pa.RecordBatch]:
    """Stream the latest rows of a month: usage_point_id, day and `channels`, no order promised.

    Rows come as they are stored: a null quality stands for 96 measured intervals, and the types
    are those of `STORED_SCHEMA`.
    Only the keys of files that may overlap are held in memory; a compacted month needs none. The
    next row group is decoded in a thread while the caller works on one.
    """
    points = sorted_points(usage_point_ids)
    snapshot = read_snapshot(root)
    files = candidates(snapshot, str(month), as_of, points)
    yield from iter_file_batches(root, files, channels, points=points, as_of=as_of)


def iter_file_batches(
    root: Path,
    files: Sequence[DataFile],
    channels: Sequence[str],
    *,
    points: Points | None = None,
    within: tuple[int, int] | None = None,
    as_of: AsOf = None,
    is_alone: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Stream the latest rows of one month's files, as `iter_month_batches` does.

    `files` must be all that may hold rows of the wanted usage points: the sorted `points` (None:
    all) that lie in the range `within` [low, high). Unless it `is_alone`, others read beside it:
    then everything is done in the caller's thread, where what was decoded lies in its cache.
    """
    wanted = Wanted(points, within)
    winners = _winners(root, files, as_of, wanted)
    columns = ["usage_point_id", "day", *channels]
    decode = partial(_decode, columns=columns, use_threads=is_alone)
    work = chain.from_iterable(_decodings(root, file, winners, wanted, decode) for file in files)
    for batches in ahead(work) if is_alone else (piece() for piece in work):
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
        groups = Wanted(points, within).groups(root / file.path)
        if len(groups):
            table = open_parquet(root, file).read_row_groups(groups.tolist(), list(columns))
            matching = _matching(table, points, within, days)
            tables.append(as_read(with_measured(matching)))
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


def candidates(
    snapshot: Snapshot, month: str, as_of: AsOf, points: Points | None
) -> list[DataFile]:
    """The files that may hold the wanted rows; superseded ones only when looking back."""
    files = _overlapping(snapshot.in_month(month), points)
    if as_of is None or (isinstance(as_of, int) and as_of >= snapshot.version):
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


def _matching(
    table: pa.Table,
    points: Points | None,
    within: tuple[int, int] | None,
    days: tuple[date, date] | None,
) -> pa.Table:
    wanted = Wanted(points, within).among(key_numbers(table, "usage_point_id"))
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


def _winners(
    root: Path, files: Sequence[DataFile], as_of: AsOf, wanted: Wanted
) -> dict[tuple[str, int], Mask]:
    """For each row group (file, number) with rows that may not count: which are the latest."""
    contested = [
        file
        for file in files
        if _may_be_newer(file, as_of) or any(file.meets(f) for f in files if f is not file)
    ]
    groups = [(file, wanted.groups(root / file.path).tolist()) for file in contested]
    groups = [(file, numbers) for file, numbers in groups if numbers]
    if not groups:
        return {}
    columns = list(KEYS) if not isinstance(as_of, datetime) else [*KEYS, "committed_at"]
    keys = [open_parquet(root, f).read_row_groups(numbers, columns) for f, numbers in groups]
    mask = _latest_mask(pa.concat_tables(keys), as_of)
    places = [(file.path, number) for file, numbers in groups for number in numbers]
    sizes = [footer(root / path).row_group(number).num_rows for path, number in places]
    return dict(zip(places, np.split(mask, np.cumsum(sizes)[:-1]), strict=True))


def _may_be_newer(file: DataFile, as_of: AsOf) -> bool:
    """Whether a file may hold rows that did not exist then."""
    if isinstance(as_of, int):
        return file.versions[1] > as_of
    return as_of is not None


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
    root: Path,
    file: DataFile,
    winners: dict[tuple[str, int], Mask],
    wanted: Wanted,
    decode: Callable[..., list[pa.RecordBatch]],
) -> Iterator[Callable[[], list[pa.RecordBatch]]]:
    """One piece of work for each row group of a file that holds a row that counts."""
    path = root / file.path
    parquet, ranges = open_parquet(root, file), row_group_points(path).tolist()
    for group in wanted.groups(path).tolist():
        part = winners.get((file.path, group))
        if part is None or part.any():
            asked = Wanted() if wanted.takes_all(*ranges[group]) else wanted
            yield partial(decode, parquet, group, part, wanted=asked)


def _decode(
    parquet: Any,
    group: int,
    part: Mask | None,
    *,
    columns: list[str],
    wanted: Wanted,
    use_threads: bool,
) -> list[pa.RecordBatch]:
    """Decode a row group and drop the rows that do not count; `part`: which are the latest."""
    table = parquet.read_row_group(group, columns, use_threads=use_threads)
    kept = part
    if not wanted.is_all:
        mine = wanted.among(key_numbers(table, "usage_point_id"))
        kept = mine if part is None else mine & part
    if kept is not None and not kept.all():
        table = table.filter(pa.array(kept))
    batches: list[pa.RecordBatch] = as_stored(table).combine_chunks().to_batches()
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
