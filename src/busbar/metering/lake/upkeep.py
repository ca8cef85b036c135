"""Upkeep: rewrite a month sorted, and free files that no snapshot needs."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake.transaction import AddAction

from busbar.kit.periods import Month
from busbar.metering.lake import storage
from busbar.metering.lake.reading import KEYS, key_numbers, order_versions, read_rows
from busbar.metering.lake.schema import FILE_SCHEMA
from busbar.metering.lake.storage import SUPERSEDED, DataFile, FileWriter

_CHUNK_ROWS = 75_000
_ATTEMPTS = 10


@dataclass(frozen=True)
class Compaction:
    """What one rewrite of a month did; `rewritten` is False when it was in order already."""

    month: str
    rewritten: bool
    files_before: int
    files_after: int
    rows_latest: int = 0
    rows_superseded: int = 0


def compact_month(root: Path, month: Month | str) -> Compaction:
    """Rewrite a month as one sorted file of latest rows and one of superseded rows.

    No row is dropped: `history` and `as_of` read the same before and after. Appends may go on
    meanwhile; their files are not touched. If another compaction removed the same files, this
    one starts again.
    """
    for _ in range(_ATTEMPTS):
        files = storage.read_snapshot(root).in_month(str(month))
        result = Compaction(
            str(month), rewritten=False, files_before=len(files), files_after=len(files)
        )
        if sum(not file.is_superseded for file in files) <= 1:  # every file is sorted in itself
            return result
        try:
            return _rewrite(root, files, result)
        except storage.CommitConflictError:
            continue
    raise storage.CommitConflictError(f"{_ATTEMPTS} attempts to compact were overtaken")


def vacuum(root: Path, *, keep: timedelta = timedelta(days=7)) -> list[str]:
    """Delete files that left the table longer than `keep` ago, and return their paths.

    Also frees files that a killed writer left without a commit. A reader that began before the
    cut, and a commit being written now, are safe as long as they take less than `keep`.
    """
    hours = int(keep.total_seconds() // 3600)
    return storage.open_table(root).vacuum(
        hours, dry_run=False, enforce_retention_duration=False, full=True
    )


def _rewrite(root: Path, files: list[DataFile], result: Compaction) -> Compaction:
    latest = storage.new_writer(root, result.month)
    superseded = storage.new_writer(root, result.month, prefix=SUPERSEDED)
    try:
        for chunk in _chunks(root, files):
            _split(root, files, chunk, latest, superseded)
        _require_all(files, latest, superseded)
        added = [w.finish(data_change=False) for w in (latest, superseded)]
        actions = [action for action in added if action is not None]
        _replace(root, files, actions, result.month)
    except storage.CommitConflictError:  # any other end leaves strays for vacuum: never a guess
        latest.discard()
        superseded.discard()
        raise
    return replace(
        result,
        rewritten=True,
        files_after=len(actions),
        rows_latest=latest.rows,
        rows_superseded=superseded.rows,
    )


def _replace(root: Path, files: list[DataFile], actions: list[AddAction], month: str) -> None:
    """Swap the files in one commit, provided that all of them are still there.

    Waits for an append that has read the table already, so that neither starves the other.
    """
    at_ms = max(action.modification_time for action in actions)
    removed = [storage.removal(file, at_ms=at_ms) for file in files]
    with storage.one_writer(root):
        for _ in range(_ATTEMPTS):
            delta = storage.open_table(root)
            if not {file.path for file in files} <= storage.live_paths(delta):
                raise storage.CommitConflictError("another compaction removed these files")
            try:
                return storage.commit(
                    delta, [*actions, *removed], metadata={"busbar": {"compacted": month}}
                )
            except storage.CommitConflictError:
                continue
    raise storage.CommitConflictError(f"{_ATTEMPTS} commits were overtaken")


def _chunks(root: Path, files: list[DataFile]) -> list[tuple[int, int]]:
    """Ranges of usage points [low, high) of a bounded number of rows each."""
    ids = read_rows(root, files, ["usage_point_id"])["usage_point_id"].to_numpy()
    ids = np.sort(ids)
    cuts = np.unique(ids[::_CHUNK_ROWS]).tolist()
    return list(zip(cuts, [*cuts[1:], int(ids[-1]) + 1], strict=True))


def _split(
    root: Path,
    files: list[DataFile],
    chunk: tuple[int, int],
    latest: FileWriter,
    superseded: FileWriter,
) -> None:
    """Write one range of usage points: newest versions to one file, the others to the other."""
    rows = read_rows(root, files, FILE_SCHEMA.names, within=chunk)
    order, first = order_versions(*(key_numbers(rows, name) for name in KEYS))
    latest.write(rows.take(pa.array(order[first])))
    superseded.write(rows.take(pa.array(order[~first])))


def _require_all(files: list[DataFile], latest: FileWriter, superseded: FileWriter) -> None:
    read = sum(file.rows for file in files)
    if latest.rows + superseded.rows != read:
        raise RuntimeError(f"compaction would keep {latest.rows + superseded.rows} of {read} rows")
