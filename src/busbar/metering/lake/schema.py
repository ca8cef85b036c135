"""What one row of the lake is: one usage point, one day, one version, 96 values a channel."""

from enum import IntEnum
from typing import Final

import pyarrow as pa

INTERVALS: Final = 96
MINUTES: Final = 15

ACTIVE: Final = "active_wh"
LAG: Final = "reactive_lag_varh"
LEAD: Final = "reactive_lead_varh"
QUALITY: Final = "quality"

CHANNELS: Final = (ACTIVE, LAG, LEAD)
"""Energy of each quarter of an hour: active Wh, lagging (forward) varh, leading (reverse) varh.

Leading energy is stored as an absolute value. A channel that no meter delivers is null.
"""

COLUMNS: Final = (*CHANNELS, QUALITY)


class Quality(IntEnum):
    """Where the value of one interval comes from (数据质量)."""

    MEASURED = 0
    ESTIMATED = 1
    EDITED = 2
    MISSING = 3
    """Nothing is known: the value is 0 and must not be read as a measurement."""
    SUSPECT = 4
    OUTAGE = 5
    """The supply was off: the 0 is a fact, not a gap."""


VALUES: Final = pa.list_(pa.int32())
CODES: Final = pa.list_(pa.int8())


def _without_gaps(of: pa.ListType) -> pa.ListType:
    return pa.list_(pa.field("element", of.value_type, nullable=False))


CURVE_SCHEMA: Final = pa.schema(
    [
        ("usage_point_id", pa.int64()),
        ("day", pa.date32()),
        (ACTIVE, VALUES),
        (LAG, VALUES),
        (LEAD, VALUES),
        (QUALITY, CODES),
    ]
)
"""What `append_curves` takes: at most one row a usage point and day; lists of 96 or null."""

FILE_SCHEMA: Final = pa.schema(
    [
        ("usage_point_id", pa.int64()),
        ("day", pa.date32()),
        ("version", pa.int64()),
        ("committed_at", pa.timestamp("us", "UTC")),
        ("source", pa.string()),
        (ACTIVE, VALUES),
        (LAG, VALUES),
        (LEAD, VALUES),
        (QUALITY, CODES),
    ]
)
"""What a row read has; the partition `month` ('YYYY-MM') stands in the folder's name."""

STORED_SCHEMA: Final = pa.schema(
    [
        field if not pa.types.is_list(field.type) else field.with_type(_without_gaps(field.type))
        for field in FILE_SCHEMA
    ]
)
"""What a data file holds: lists that name no null inside, which are decoded a fifth faster.

Its quality is null where all 96 intervals are measured. Files of before hold every code, and
lists that could name nulls; both are read.
"""

TABLE_SCHEMA: Final = FILE_SCHEMA.append(pa.field("month", pa.string()))


class CurveTableError(ValueError):
    """A table handed to the lake breaks its shape; nothing was written."""
