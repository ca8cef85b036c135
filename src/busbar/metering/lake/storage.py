"""The Delta table underneath: snapshots, data files with row-group statistics, strict commits.

Data files are written with pyarrow (delta-rs cannot give nested columns their own encoding) and
enter the table through one Delta commit of add and remove actions.
"""

import fcntl
import json
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from busbar.metering.lake.schema import ACTIVE, LAG, LEAD, QUALITY, STORED_SCHEMA, TABLE_SCHEMA
from busbar.metering.lake.vectors import without_measured

ROW_GROUP_ROWS: Final = 7_500
SUPERSEDED: Final = "superseded-"
"""Files of this prefix hold only rows for which a newer version stands in another live file."""

_CHECKPOINT_EVERY = "50"
_ENCODINGS: Final = {
    ACTIVE: "DELTA_BINARY_PACKED",
    LAG: "DELTA_BINARY_PACKED",
    LEAD: "BYTE_STREAM_SPLIT",  # mostly 0: differences would keep the few others' size for all
}


class CommitConflictError(Exception):
    """Another writer committed first: read again and retry."""


@dataclass(frozen=True)
class DataFile:
    """One live Parquet file and the range of what it holds (inclusive)."""

    path: str
    month: str
    rows: int
    size: int
    points: tuple[int, int]
    days: tuple[date, date]
    versions: tuple[int, int]

    @property
    def is_superseded(self) -> bool:
        """Whether every row of the file is known to have a newer version."""
        return self.path.rsplit("/", 1)[-1].startswith(SUPERSEDED)

    def meets(self, other: "DataFile") -> bool:
        """Whether both files may hold the same usage point on the same day."""
        return (
            self.points[0] <= other.points[1]
            and other.points[0] <= self.points[1]
            and self.days[0] <= other.days[1]
            and other.days[0] <= self.days[1]
        )


@dataclass(frozen=True)
class Snapshot:
    """The files of the table at one Delta version; `version` is -1 before the first commit."""

    root: Path
    version: int
    files: tuple[DataFile, ...]

    def in_month(self, month: str) -> list[DataFile]:
        """The live files of one month, oldest versions first."""
        found = [file for file in self.files if file.month == month]
        return sorted(found, key=lambda file: (file.versions, file.path))


_snapshots: dict[str, tuple[tuple[int, ...], Snapshot]] = {}


def read_snapshot(root: Path) -> Snapshot:
    """Return the newest snapshot; a cached one while no later commit file exists (µs, not ms)."""
    cached = _snapshots.get(str(root))
    if cached is not None and _is_current(root, *cached):
        return cached[1]
    if not is_table(root):
        return Snapshot(root, -1, ())
    table = DeltaTable(str(root))
    snapshot = Snapshot(root, table.version(), tuple(_live_files(table)))
    mark = _mark(root, snapshot.version)
    if mark is not None:
        _snapshots[str(root)] = (mark, snapshot)
    return snapshot


def is_table(root: Path) -> bool:
    """Whether a lake stands in this folder."""
    return (root / "_delta_log").is_dir() and DeltaTable.is_deltatable(str(root))


def current_version(root: Path) -> int:
    """Return the newest version, to be kept beside a result and read again with `as_of`."""
    return read_snapshot(root).version


def list_months(root: Path) -> list[str]:
    """List the months ('YYYY-MM') of which the lake holds anything."""
    return sorted({file.month for file in read_snapshot(root).files})


def log_file(root: Path, version: int) -> Path:
    """The commit file of a version."""
    return root / "_delta_log" / f"{version:020d}.json"


def _mark(root: Path, version: int) -> tuple[int, ...] | None:
    """What identifies a commit file, so that a folder made anew is noticed."""
    try:
        stat = log_file(root, version).stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _is_current(root: Path, mark: tuple[int, ...], snapshot: Snapshot) -> bool:
    newer = log_file(root, snapshot.version + 1)
    return not newer.exists() and _mark(root, snapshot.version) == mark


def _live_files(table: DeltaTable) -> Iterator[DataFile]:
    for row in _add_actions(table).to_pylist():
        yield DataFile(
            path=row["path"],
            month=row["partition.month"],
            rows=row["num_records"],
            size=row["size_bytes"],
            points=(row["min.usage_point_id"], row["max.usage_point_id"]),
            days=(row["min.day"], row["max.day"]),
            versions=(row["min.version"], row["max.version"]),
        )


def live_paths(table: DeltaTable) -> set[str]:
    """The files of an opened table."""
    return set(_add_actions(table)["path"].to_pylist())


def _add_actions(table: DeltaTable) -> pa.Table:
    """What the log says of each live file. (`pa.table` would import pandas, which takes 1 s.)"""
    return pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True)).read_all()


def open_table(root: Path) -> DeltaTable:
    """Open the lake's Delta table, creating it when the folder holds none."""
    if not is_table(root):
        root.mkdir(parents=True, exist_ok=True)
        try:
            DeltaTable.create(
                str(root),
                schema=TABLE_SCHEMA,
                partition_by=["month"],
                mode="error",
                name="day_curves",
                description="One row a usage point, day and version: 96 values a channel",
                configuration={"delta.checkpointInterval": _CHECKPOINT_EVERY},
            )
        except DeltaError:  # another process made it between the look and the creation
            if not is_table(root):
                raise
    return DeltaTable(str(root))


# --- data files -------------------------------------------------------------------------------


def new_writer(root: Path, month: str, *, prefix: str = "curves-") -> "FileWriter":
    """Begin a data file in a month's folder; it is no part of the table until committed."""
    folder = root / f"month={month}"
    folder.mkdir(exist_ok=True)
    return FileWriter(root, month, f"month={month}/{prefix}{uuid.uuid4().hex}.parquet")


class FileWriter:
    """Writes rows sorted by usage point and day, and keeps the ranges the commit must state."""

    def __init__(self, root: Path, month: str, path: str) -> None:
        self.root, self.month, self.path = root, month, path
        self.rows = 0
        self._ranges: dict[str, list[Any]] = {}
        self._writer = pq.ParquetWriter(
            root / path,
            STORED_SCHEMA,
            compression="zstd",
            compression_level=3,
            use_dictionary=["version", "committed_at", "source", f"{QUALITY}.list.element"],
            column_encoding={
                "usage_point_id": "DELTA_BINARY_PACKED",
                "day": "DELTA_BINARY_PACKED",
                **{f"{channel}.list.element": coded for channel, coded in _ENCODINGS.items()},
            },
            write_statistics=["usage_point_id", "day", "version"],
        )

    def write(self, table: pa.Table) -> None:
        """Append rows; the caller keeps the order from one call to the next."""
        if table.num_rows == 0:
            return
        stored = without_measured(table).select(STORED_SCHEMA.names).cast(STORED_SCHEMA)
        self._writer.write_table(stored, row_group_size=ROW_GROUP_ROWS)
        self.rows += table.num_rows
        for name in ("usage_point_id", "day", "version"):
            values = table[name].to_numpy()
            self._ranges.setdefault(name, []).extend([values.min(), values.max()])

    def finish(self, *, data_change: bool) -> AddAction | None:
        """Close the file and describe it for the commit; an empty one is deleted."""
        self._writer.close()
        if self.rows == 0:
            self.discard()
            return None
        stat = _sync(self.root / self.path)
        partition = {"month": self.month}
        at_ms = stat.st_mtime_ns // 1_000_000
        return AddAction(self.path, stat.st_size, partition, at_ms, data_change, self._stats())

    def discard(self) -> None:
        """Remove the file of a commit that will not happen."""
        self._writer.close()
        (self.root / self.path).unlink(missing_ok=True)

    def _stats(self) -> str:
        low = {name: _plain(min(values)) for name, values in self._ranges.items()}
        high = {name: _plain(max(values)) for name, values in self._ranges.items()}
        nulls = dict.fromkeys(self._ranges, 0)
        return json.dumps(
            {"numRecords": self.rows, "minValues": low, "maxValues": high, "nullCount": nulls}
        )


def _plain(value: Any) -> int | str:
    return str(value) if isinstance(value, np.datetime64) else int(value)


def _sync(path: Path) -> os.stat_result:
    """Bring a data file to the disk before a commit may name it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def removal(file: DataFile, *, at_ms: int) -> RemoveAction:
    """The action that takes a rewritten file out of the table.

    `at_ms` must be the file system's clock: vacuum counts the days of grace from it.
    """
    return RemoveAction(
        path=file.path,
        data_change=False,
        deletion_timestamp=at_ms,
        size=file.size,
        partition_values={"month": file.month},
    )


def commit(
    table: DeltaTable,
    actions: Sequence[AddAction | RemoveAction],
    *,
    metadata: dict[str, Any],
    transaction: tuple[str, int] | None = None,
) -> None:
    """Commit file actions as exactly the version after the one `table` was opened at.

    Raises `CommitConflictError` when another writer was first. delta-rs may not retry: its
    conflict check lets two rewrites of the same files pass.
    """
    transactions = [Transaction(*transaction)] if transaction else None
    try:
        table.create_write_transaction(
            list(actions),
            "append",
            table.schema(),
            ["month"],
            commit_properties=CommitProperties(metadata, 0, transactions),
        )
    except CommitFailedError as failed:
        raise CommitConflictError(str(failed)) from failed


@contextmanager
def one_writer(root: Path) -> Iterator[None]:
    """Let the writers of one machine queue instead of overtaking each other for ever.

    Only a courtesy: what keeps two writers apart is the strict commit. The system frees the
    lock of a process that dies.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / "_append.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@lru_cache(maxsize=1024)
def footer(path: Path) -> pq.FileMetaData:
    """Return a data file's footer; files never change, their names are never used twice."""
    return pq.read_metadata(path)


def open_parquet(root: Path, file: DataFile) -> pq.ParquetFile:
    """Open a data file with its cached footer."""
    path = root / file.path
    return pq.ParquetFile(path, metadata=footer(path), pre_buffer=True)


@lru_cache(maxsize=1024)
def row_group_points(path: Path) -> npt.NDArray[np.int64]:
    """Return (row groups, 2): the smallest and largest usage point of each of a file's groups."""
    metadata, ranges = footer(path), []
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(0).statistics
        ranges.append((statistics.min, statistics.max))
    found = np.array(ranges, dtype=np.int64).reshape(-1, 2)
    found.flags.writeable = False  # everybody reads the one that is kept
    return found
