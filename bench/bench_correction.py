"""Corrections: 1 % of a month's day curves as newer versions, against rewriting the month."""

import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.curves import MONTH, POINTS, make_lake
from busbar.metering import lake

_AT = datetime(2025, 8, 2, tzinfo=UTC)
_SHARE = 100
_GOAL_S = 1.0


def run() -> None:
    """Print the correction, what it costs the reader, and the rewriting of the month."""
    folder = Path(tempfile.mkdtemp(prefix="busbar-bench-"))
    try:
        root = folder / "lake"
        make_lake(root)
        base = lake.current_version(root)
        corrections = _corrections(root)
        append = _seconds(lambda: _append(root, corrections, base))
        changed, listing = _listed(root, base)
        rewriting = _seconds(lambda: lake.compact_month(root, MONTH))
        _require(changed == corrections.num_rows)
        print(
            f"correcting {corrections.num_rows} of {POINTS * MONTH.days} day curves, spread over "
            f"the month: {append:.2f} s (goal {_GOAL_S:.0f} s); rewriting the month "
            f"{rewriting:.2f} s; ratio 1 : {rewriting / append:.1f}"
        )
        print(f"naming the {changed} days that changed since: {listing * 1e3:.0f} ms")
    finally:
        shutil.rmtree(folder)


def _corrections(root: Path) -> pa.Table:
    """Every hundredth day curve with one interval changed and its quality EDITED."""
    period = MONTH.period
    rows = lake.read_curves(root, None, period.start, period.end)
    picked = rows.take(pa.array(np.arange(0, rows.num_rows, _SHARE))).to_pylist()
    for row in picked:
        row["active_wh"][10] += 1
        row["quality"][10] = int(lake.Quality.EDITED)
    return pa.Table.from_pylist(
        [{name: row[name] for name in lake.CURVE_SCHEMA.names} for row in picked],
        schema=lake.CURVE_SCHEMA,
    )


def _append(root: Path, corrections: pa.Table, base: int) -> None:
    lake.append_curves(
        root, corrections, commit_key="correction", at=_AT, source="bench", made_from=base
    )


def _listed(root: Path, base: int) -> tuple[int, float]:
    begun = time.perf_counter()
    changed = lake.list_changed(root, MONTH, after=base).num_rows
    return changed, time.perf_counter() - begun


def _require(holds: bool) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise RuntimeError("the correction did not arrive whole")


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
