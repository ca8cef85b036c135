"""One piece of a month, added up where the cluster wants it: what Spark's workers run.

Each worker imports this from its own installation of Busbar; `code_digest` keeps a worker with
another version from adding up by other rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

import pyarrow as pa

from busbar.billing import kernel, month_sums
from busbar.billing.kernel import aggregate_month
from busbar.billing.month_sums import Ints, MonthAggregates, PeriodMaps
from busbar.metering import lake
from busbar.metering.lake import MonthPiece

Measure = Callable[[MonthPiece, PeriodMaps], MonthAggregates]


def measure_piece(
    piece: MonthPiece, maps: PeriodMaps, *, turn: AbstractContextManager[object] | None = None
) -> MonthAggregates:
    """Sum the usage points of one piece; `turn` as `aggregate_month` takes it."""
    mine = maps.within(*piece.within)
    return aggregate_month(piece.batches(mine.usage_point_ids), mine, turn=turn)


@cache
def code_digest() -> str:
    """A digest of the code that decides what a month's sums are."""
    own = (kernel.__file__, month_sums.__file__)
    files = [*map(Path, own), *sorted(Path(lake.__file__).parent.glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def to_batch(sums: MonthAggregates) -> pa.RecordBatch:
    """Sums as one Arrow batch: a column a figure, lists where there are several."""
    return pa.RecordBatch.from_pydict({n: _column(a) for n, a in sums.arrays().items()})


def from_batch(batch: pa.RecordBatch) -> MonthAggregates:
    """The way back."""
    ids = batch.column("usage_point_ids").to_numpy()
    figures = {}
    for name, empty in MonthAggregates.empty(ids).arrays().items():
        column = batch.column(name)
        flat = column.flatten() if pa.types.is_list(column.type) else column
        figures[name] = flat.to_numpy().reshape(empty.shape)
    return MonthAggregates(**figures)


def _column(figures: Ints) -> pa.Array:
    if figures.ndim == 1:
        return pa.array(figures)
    width = figures.shape[1]
    ends = pa.array(range(0, figures.size + 1, width), type=pa.int32())
    return pa.ListArray.from_arrays(ends, pa.array(figures.ravel()))
