"""The interval lake: 96-point day curves in one Delta Lake table.

Nouns: day curve, channel, quality, version, `LakeCommit`. Plain functions over a folder that is
handed in; no database, no clock. See docs/algorithms/lake.md for the layout and its measures.
"""

from busbar.metering.lake.appending import LakeCommit, append_curves
from busbar.metering.lake.pieces import MonthPiece, split_month
from busbar.metering.lake.reading import (
    history,
    iter_month_batches,
    list_changed,
    read_curves,
)
from busbar.metering.lake.schema import (
    CHANNELS,
    COLUMNS,
    CURVE_SCHEMA,
    INTERVALS,
    CurveTableError,
    Quality,
)
from busbar.metering.lake.storage import current_version, list_months
from busbar.metering.lake.upkeep import Compaction, compact_month, vacuum

__all__ = [
    "CHANNELS",
    "COLUMNS",
    "CURVE_SCHEMA",
    "INTERVALS",
    "Compaction",
    "CurveTableError",
    "LakeCommit",
    "MonthPiece",
    "Quality",
    "append_curves",
    "compact_month",
    "current_version",
    "history",
    "iter_month_batches",
    "list_changed",
    "list_months",
    "read_curves",
    "split_month",
    "vacuum",
]
