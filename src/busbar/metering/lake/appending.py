"""Appending day curves: one Delta commit a file, once a key, only what changed."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from busbar.metering.lake import storage
from busbar.metering.lake.merging import Changes, find_changes, find_corrected
from busbar.metering.lake.schema import CURVE_SCHEMA, CurveTableError

_ATTEMPTS = 50


@dataclass(frozen=True)
class LakeCommit:
    """What one append did. Rows are day curves."""

    commit_key: str
    version: int
    """The Delta version of the commit, which its rows carry; of the table if nothing changed."""
    already: bool
    """The key had been committed before: nothing was written now, the counts are of then."""
    rows_received: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_unchanged: int = 0
    rows_overtaken: int = 0
    """Rows left out because a newer version stood than the one they were made from."""
    months: tuple[str, ...] = ()

    @property
    def rows_written(self) -> int:
        """Rows stored: first versions and newer versions."""
        return self.rows_new + self.rows_changed


def append_curves(
    root: Path,
    table: pa.Table,
    *,
    commit_key: str,
    at: datetime,
    source: str,
    made_from: int | None = None,
) -> LakeCommit:
    """Store day curves (`CURVE_SCHEMA`) in one commit and say what changed.

    A usage point and day that equals its latest version is left out; one that differs becomes a
    newer version. A null channel and a MISSING interval say nothing: they keep what is stored.
    `commit_key` names the delivery (the hash of the file, say): a second append under the same
    key writes nothing, so a crash after the lake's commit and before the database's is repaired
    by running again. Raises `CurveTableError` when the table breaks its shape.

    `made_from` marks corrections: whole curves that differ from what stood at that version. A
    usage point and day that has a newer one by now is left out, so that no correction undoes
    what it did not see; values are not compared again, which makes a correction cheap.
    """
    if at.tzinfo is None:
        raise ValueError("a commit's moment needs its time zone")
    table = _checked(table)
    with storage.one_writer(root):
        for _ in range(_ATTEMPTS):
            delta = storage.open_table(root)
            earlier = delta.transaction_version(commit_key)
            if earlier is not None:
                return _earlier(root, commit_key, earlier, table.num_rows)
            try:
                return _append(root, delta, table, commit_key, (at, source), made_from)
            except storage.CommitConflictError:
                continue
    raise storage.CommitConflictError(f"{_ATTEMPTS} attempts to append were overtaken")


def _append(
    root: Path,
    delta: DeltaTable,
    table: pa.Table,
    commit_key: str,
    told: tuple[datetime, str],
    made_from: int | None,
) -> LakeCommit:
    """Try one commit, which must become exactly the version its rows are stamped with."""
    snapshot = storage.read_snapshot(root)
    if snapshot.version != delta.version():
        raise storage.CommitConflictError("the table moved on between two looks")
    result = LakeCommit(commit_key, snapshot.version, already=False, rows_received=table.num_rows)
    stamped = _Stamp(snapshot.version + 1, *told)
    writers: list[storage.FileWriter] = []
    try:
        for month, part in _by_month(table):
            changes = (
                find_changes(snapshot, month, part)
                if made_from is None
                else find_corrected(snapshot, month, part, made_from)
            )
            result = _counted(result, month, changes)
            if changes.rows.num_rows:
                writers.append(storage.new_writer(root, month))
                writers[-1].write(stamped.on(changes.rows))
        return _commit(delta, writers, replace(result, version=stamped.version))
    except (storage.CommitConflictError, CurveTableError):
        # Certainly not committed. After any other error it may be: vacuum frees what is not.
        for writer in writers:
            writer.discard()
        raise


def _commit(delta: DeltaTable, writers: list[storage.FileWriter], result: LakeCommit) -> LakeCommit:
    if not writers:
        return replace(result, version=result.version - 1)
    actions = [writer.finish(data_change=True) for writer in writers]
    storage.commit(
        delta,
        [action for action in actions if action is not None],
        metadata={"busbar": asdict(result)},
        transaction=(result.commit_key, result.version),
    )
    return result


@dataclass(frozen=True)
class _Stamp:
    """The facts that every row of one commit shares."""

    version: int
    at: datetime
    source: str

    def on(self, rows: pa.Table) -> pa.Table:
        count = rows.num_rows
        moment = pa.scalar(self.at, type=pa.timestamp("us", "UTC"))
        return (
            rows.append_column("version", pa.array(np.full(count, self.version, dtype=np.int64)))
            .append_column("committed_at", pa.repeat(moment, count))
            .append_column("source", pa.repeat(pa.scalar(self.source), count))
        )


def _counted(result: LakeCommit, month: str, changes: Changes) -> LakeCommit:
    wrote = changes.rows.num_rows > 0
    return replace(
        result,
        rows_new=result.rows_new + changes.new,
        rows_changed=result.rows_changed + changes.changed,
        rows_unchanged=result.rows_unchanged + changes.unchanged,
        rows_overtaken=result.rows_overtaken + changes.overtaken,
        months=(*result.months, month) if wrote else result.months,
    )


def _earlier(root: Path, commit_key: str, version: int, received: int) -> LakeCommit:
    """Describe a commit made before, from its log entry while that is kept."""
    known = LakeCommit(commit_key, version, already=True, rows_received=received)
    path = storage.log_file(root, version)
    if not path.exists():
        return known
    for line in path.read_text(encoding="utf-8").splitlines():
        facts: dict[str, Any] = json.loads(line).get("commitInfo", {}).get("busbar", {})
        if facts.get("commit_key") == commit_key:
            return LakeCommit(**{**facts, "months": tuple(facts["months"]), "already": True})
    return known


def _checked(table: pa.Table) -> pa.Table:
    """Sort by usage point and day; refuse wrong columns and repeated keys."""
    try:
        ordered = table.select(CURVE_SCHEMA.names).cast(CURVE_SCHEMA)
    except (KeyError, pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as wrong:
        raise CurveTableError(f"日曲线表的列与规定不符：{wrong}") from wrong
    if ordered["usage_point_id"].null_count or ordered["day"].null_count:
        raise CurveTableError("日曲线表的用电点和日期不得为空")
    ordered = ordered.sort_by([("usage_point_id", "ascending"), ("day", "ascending")])
    points = ordered["usage_point_id"].to_numpy()
    days = ordered["day"].cast(pa.int32()).to_numpy()
    if ((np.diff(points) == 0) & (np.diff(days) == 0)).any():
        raise CurveTableError("同一用电点同一日期在一次写入中出现多行")
    return ordered.combine_chunks()


def _by_month(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Split by month, keeping the order within each."""
    months = table["day"].to_numpy().astype("datetime64[M]")
    for month in np.unique(months):
        yield str(month), table.filter(pa.array(months == month)).combine_chunks()
