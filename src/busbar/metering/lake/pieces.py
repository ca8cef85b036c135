"""Cutting a month into pieces that can be read apart: ranges of usage points over a list of files.

All versions of a usage point lie in one piece, whatever files they stand in, so the pieces'
latest rows are the month's, each once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from busbar.kit.periods import Month
from busbar.metering.lake.reading import (
    AsOf,
    candidates,
    iter_file_batches,
    sorted_points,
)
from busbar.metering.lake.schema import COLUMNS
from busbar.metering.lake.storage import DataFile, footer, read_snapshot, row_group_points
from busbar.metering.lake.wanted import Points, Wanted


@dataclass(frozen=True)
class MonthPiece:
    """A month's rows of the usage points [low, high), and all files that may hold them.

    It names files, not the table: another process may read it later. What leaves the table
    meanwhile stays on the disk for vacuum's days of grace.
    """

    root: Path
    files: tuple[DataFile, ...]
    within: tuple[int, int]
    as_of: AsOf = None

    def batches(
        self, usage_point_ids: Sequence[int] | Points, channels: Sequence[str] = COLUMNS
    ) -> Iterator[pa.RecordBatch]:
        """Stream the latest rows of those usage points that belong to this piece."""
        return iter_file_batches(
            self.root,
            self.files,
            channels,
            points=sorted_points(usage_point_ids),
            within=self.within,
            as_of=self.as_of,
            is_alone=False,
        )


def split_month(
    root: Path,
    month: Month | str,
    usage_point_ids: Sequence[int] | Points,
    *,
    pieces: int,
    as_of: AsOf = None,
) -> list[MonthPiece]:
    """Cut a month into at most so many pieces of about as many stored rows each.

    Cuts lie where a row group begins, so that few row groups are decoded for two pieces.
    Together they hold the files of one snapshot; usage points without a curve are in none.
    """
    points = sorted_points(usage_point_ids)
    files = candidates(read_snapshot(root), str(month), as_of, points)
    cuts = _cuts(root, files, Wanted(points), pieces)
    return [MonthPiece(root, _holding(files, part), part, as_of) for part in pairwise(cuts)]


def _cuts(root: Path, files: Sequence[DataFile], wanted: Wanted, pieces: int) -> list[int]:
    """The ends of the pieces, from the first usage point to behind the last."""
    ranges, rows = [np.empty((0, 2), dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for path in (root / file.path for file in files):
        groups, metadata = wanted.groups(path), footer(path)
        ranges.append(row_group_points(path)[groups])
        rows.append(np.array([metadata.row_group(g).num_rows for g in groups.tolist()], dtype=int))
    return _even_cuts(np.concatenate(ranges), np.concatenate(rows), pieces)


def _even_cuts(ranges: Points, rows: Points, pieces: int) -> list[int]:
    """Cut row groups of such ranges (lowest, highest usage point) and sizes into even pieces."""
    if len(rows) == 0:
        return []
    order = np.argsort(ranges[:, 0], kind="stable")
    before = np.cumsum(rows[order]) - rows[order]
    places = np.searchsorted(before, np.arange(pieces) * rows.sum() / pieces)
    starts = ranges[order, 0][places[places < len(order)]]
    return [*np.unique(starts).tolist(), int(ranges[:, 1].max()) + 1]


def _holding(files: Sequence[DataFile], within: tuple[int, int]) -> tuple[DataFile, ...]:
    return tuple(f for f in files if f.points[0] < within[1] and f.points[1] >= within[0])
