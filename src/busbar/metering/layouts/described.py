"""The nouns of a reading file: its layout, its channels, what came out and what did not."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

import pyarrow as pa

from busbar.kit.errors import Phrase, Refusal
from busbar.metering.lake.schema import ACTIVE, CODES, LAG, LEAD, QUALITY, VALUES

Unit = Literal["kwh", "wh", "mwh", "kw", "w", "mw", "kvarh", "varh", "kvar", "var", "code"]

UNIT_FACTORS: Final[dict[str, Decimal]] = {
    "wh": Decimal(1),
    "kwh": Decimal(1000),
    "mwh": Decimal(1_000_000),
    "w": Decimal("0.25"),
    "kw": Decimal(250),
    "mw": Decimal(250_000),
    "varh": Decimal(1),
    "kvarh": Decimal(1000),
    "var": Decimal("0.25"),
    "kvar": Decimal(250),
    "code": Decimal(1),
}
"""Wh or varh of a quarter of an hour for one unit; power is the mean of the interval."""

DEFAULT_FORMATS: Final = (
    "yyyy-mm-dd HH:MM",
    "yyyy-mm-dd HH:MM:SS",
    "yyyy-mm-ddTHH:MM:SS",
    "yyyy/mm/dd HH:MM",
    "yyyy/mm/dd HH:MM:SS",
    "yyyy-mm-dd",
    "yyyy/mm/dd",
    "yyyymmdd",
    "yyyy年mm月dd日",
)

PARSED_SCHEMA: Final = pa.schema(
    [
        ("point_number", pa.string()),
        ("day", pa.date32()),
        (ACTIVE, VALUES),
        (LAG, VALUES),
        (LEAD, VALUES),
        (QUALITY, CODES),
    ]
)


class UnableToUseLayout(Refusal):
    """The file as a whole does not fit the layout: no row can be read."""


@dataclass(frozen=True)
class Channel:
    """Where one channel of the lake comes from.

    `name` is a channel of the lake or `quality` (codes 0 to 5, unit `code`). `label` is the
    column that holds it (long) or the text that names it in `channel_column` (wide; empty when
    the file has one channel only). Values times `multiplier` are in `unit`.
    """

    name: str
    label: str = ""
    unit: Unit = "kwh"
    multiplier: Decimal = Decimal(1)
    absolute: bool = False
    """Drop the sign: some meters export leading energy as negative numbers."""

    @property
    def factor(self) -> Decimal:
        """What a value of the file is multiplied with to give Wh, varh or the code."""
        return UNIT_FACTORS[self.unit] * self.multiplier


@dataclass(frozen=True)
class ReadingLayout:
    """How a reading file is laid out."""

    shape: Literal["wide", "long"]
    channels: tuple[Channel, ...]
    point_column: str = ""
    """The column of the usage point's number; empty when `point_number` names the only one."""
    point_number: str = ""
    date_column: str = ""
    """Wide: the day. The 96 columns are found by name: P1..P96, 1..96, 00:15..24:00 or
    00:00..23:45.
    """
    channel_column: str = ""
    timestamp_column: str = ""
    """Long: the moment that names the interval, by its start or end as `stamp` says."""
    stamp: Literal["start", "end"] = "start"
    midnight_carries: Literal["next", "same"] = "next"
    """The day that a 0:00 at the end of the last interval bears: the next, or wrongly the same."""
    formats: tuple[str, ...] = DEFAULT_FORMATS
    """Tried in order for each cell: yyyy mm dd (day) HH MM SS (time)."""
    timezone: str = "Asia/Shanghai"
    """Local time of naive stamps, and what aware ones are converted to."""


@dataclass(frozen=True)
class RowError:
    """Why a row, or a cell of it, was left out: row as the file counts, 1 is its first line."""

    row: int
    column: str
    value: str
    expectation: Phrase


@dataclass(frozen=True)
class ParsedReadings:
    """Day curves (`PARSED_SCHEMA`, sorted by number and day), the bad rows, and counts."""

    curves: pa.Table
    errors: list[RowError] = field(default_factory=list)
    rows_read: int = 0
    rows_rejected: int = 0
    intervals_missing: int = 0
    """Intervals of the curves that nothing good was delivered for (quality MISSING)."""
    values_rounded: int = 0
    """Values finer than 1 Wh, rounded half up."""
