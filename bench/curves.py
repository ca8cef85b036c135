"""Synthetic day curves for the measures: stated shape, seeded, no database."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from busbar.kit.periods import Month
from busbar.metering import lake
from busbar.metering.lake.vectors import as_lists

MONTH = Month(2025, 7)
POINTS = int(os.environ.get("BUSBAR_BENCH_POINTS", "20000"))
IMPORT_POINTS = int(os.environ.get("BUSBAR_BENCH_IMPORT_POINTS", "1000"))
ROUNDS = int(os.environ.get("BUSBAR_BENCH_ROUNDS", "5"))
_AT = datetime(2025, 8, 1, tzinfo=UTC)
_COMMITS = 4
_MOST_POINTS = 5000
"""Usage points of one commit, so that two hundred thousand fit into memory."""


def make_curves(first: int, points: int, seed: int = 7, *, channels: int = 3) -> pa.Table:
    """One month: a base load of 5 to 500 kWh a quarter, a day shift, 5 % noise, 1 % estimated.

    With two channels there is no leading energy, as of most meters.
    """
    rng = np.random.default_rng([seed, first])
    days = MONTH.days
    rows = points * days
    base = np.repeat(rng.uniform(5_000, 500_000, points), days)[:, None]
    shift = 0.6 + 0.4 * np.sin(np.linspace(-np.pi / 2, 3 * np.pi / 2, 96))
    noise = rng.normal(1, 0.05, (rows, 96)).astype(np.float32).clip(0.1)
    active = (base * shift * noise).astype(np.int32)
    quality = np.zeros((rows, 96), dtype=np.int8)
    quality[rng.random(rows) < 0.01, 40:50] = lake.Quality.ESTIMATED
    start = (MONTH.first - date(1970, 1, 1)).days
    numbers = np.tile(np.arange(start, start + days, dtype=np.int32), points)
    return pa.table(
        {
            "usage_point_id": np.repeat(np.arange(first, first + points, dtype=np.int64), days),
            "day": pa.array(numbers).cast(pa.date32()),
            "active_wh": as_lists(active),
            "reactive_lag_varh": as_lists(active // 3),
            "reactive_lead_varh": _leading(active, noise) if channels > 2 else _none(rows),
            "quality": as_lists(quality),
        }
    )


def _leading(active: Any, noise: Any) -> pa.ListArray:
    return as_lists((active // 50) * (noise > 1))


def _none(rows: int) -> pa.Array:
    return pa.nulls(rows, pa.list_(pa.int32()))


def make_lake(root: Path, points: int = POINTS, *, channels: int = 3, first: int = 0) -> None:
    """Append a month in a few commits and compact it."""
    each = min(-(-points // _COMMITS), _MOST_POINTS)
    for begun in range(0, points, each):
        table = make_curves(first + begun, min(each, points - begun), channels=channels)
        lake.append_curves(root, table, commit_key=f"bench-{begun}", at=_AT, source="bench")
    lake.compact_month(root, MONTH)
