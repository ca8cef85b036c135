"""Importing readings against PostgreSQL taking the same points by COPY, both durable.

Ours is a Parquet file of rows of 96 values, once as texts and once as numbers: read, validated,
compared with what is stored, written as versions, brought to the disk and committed. Theirs is
`COPY` from memory into a table of one row a reading and channel with its primary key.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.curves import IMPORT_POINTS, MONTH, ROUNDS, make_curves
from bench.postgres import copy_narrow, is_here, serving
from busbar.metering import lake
from busbar.metering.lake.storage import read_snapshot
from busbar.metering.lake.vectors import as_matrix
from busbar.metering.layouts import Channel, ReadingLayout, parse_readings

NAMES = dict(zip(lake.CHANNELS, ("正向有功", "正向无功", "反向无功"), strict=True))
TARGET, TARGET_BYTES = 10, 2.0
_AT = datetime(2025, 8, 1, tzinfo=UTC)
_LAYOUT = ReadingLayout(
    shape="wide",
    point_column="编号",
    date_column="日期",
    channel_column="数据项",
    channels=tuple(Channel(*both, unit="wh") for both in NAMES.items()),
)


def run() -> None:
    """Print the ratio, and bytes a reading."""
    folder = Path(tempfile.mkdtemp(prefix="busbar-bench-import-"))
    try:
        curves = make_curves(0, IMPORT_POINTS)
        readings = curves.num_rows * lake.INTERVALS * len(NAMES)
        print(
            f"{IMPORT_POINTS} usage points x {MONTH.days} days x 96 x {len(NAMES)} channels "
            f"({readings / 1e6:.1f} M readings), {ROUNDS} rounds"
        )
        ours = {}
        for kind in ("string", "int32"):
            file = folder / f"{kind}.parquet"
            pq.write_table(_as_file(curves, kind), file)
            ours[kind] = [
                _timed(lambda f=file, r=f"{kind}{n}": _import(f, folder / r)) for n in range(ROUNDS)
            ]
            words = {"string": "texts", "int32": "numbers"}[kind]
            print(f"  file of {words} to committed versions: {_said(ours[kind], readings)}")
        appended = [_timed(lambda n=n: _append(folder / f"a{n}", curves)) for n in range(ROUNDS)]
        print(f"  of which comparing, writing, committing: {_said(appended, readings)}")
        size = sum(f.size for f in read_snapshot(folder / "a0").files) / readings
        print(f"  {size:.2f} B a reading, quality included (target {TARGET_BYTES:.1f})")
        _print_postgres(curves, readings, ours)
    finally:
        shutil.rmtree(folder)


def _print_postgres(curves: pa.Table, readings: int, ours: dict[str, list[float]]) -> None:
    if not is_here():
        print("  PostgreSQL is not installed: no reference")
        return
    with serving(durable=True) as connection:
        copied = [copy_narrow(connection, curves, lake.CHANNELS) for _ in range(2)]
    theirs = [measured.seconds for measured in copied]
    print(
        f"  PostgreSQL {copied[0].version}, COPY into a keyed table, synced to the disk: "
        f"{_said(theirs, readings)}, {copied[0].bytes_a_row:.0f} B a reading"
    )
    for kind, mine in ours.items():
        print(
            f"  ratio of a file of {'texts' if kind == 'string' else 'numbers'}: quickest "
            f"{min(theirs) / min(mine):.1f}, "
            f"median {statistics.median(theirs) / statistics.median(mine):.1f} (target {TARGET})"
        )


def _said(seconds: list[float], readings: int) -> str:
    return (
        f"quickest {min(seconds):.2f} s, median {statistics.median(seconds):.2f} s "
        f"({readings / min(seconds) / 1e6:.2f} M readings/s)"
    )


def _as_file(curves: pa.Table, kind: str) -> pa.Table:
    """The wide file: a number, a day, the channel's name and 96 values in Wh a row."""
    parts = []
    for channel, name in NAMES.items():
        matrix, _ = as_matrix(curves[channel])
        columns: dict[str, object] = {
            "编号": pc.binary_join_element_wise("U", curves["usage_point_id"].cast("string"), ""),
            "日期": curves["day"].cast("string"),
            "数据项": pa.array([name] * curves.num_rows),
        }
        for i in range(lake.INTERVALS):
            columns[f"P{i + 1}"] = pa.array(np.ascontiguousarray(matrix[:, i])).cast(kind)
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


def _import(file: Path, root: Path) -> None:
    parsed = parse_readings(pq.read_table(file), _LAYOUT)
    assert not parsed.errors
    ids = pc.cast(pc.utf8_slice_codeunits(parsed.curves["point_number"], 1), pa.int64())
    named = parsed.curves.drop(["point_number"]).append_column("usage_point_id", ids)
    _append(root, named)


def _append(root: Path, curves: pa.Table) -> None:
    done = lake.append_curves(root, curves, commit_key="bench", at=_AT, source="bench")
    assert done.rows_written == IMPORT_POINTS * MONTH.days


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
