"""Reading files of all layouts to day curves: wide 96-point rows or long interval rows.

Pure Arrow and numpy: a table that was parsed already goes in with the description of its layout;
day curves by the external number of the usage point come out, and one `RowError` for each bad row.
"""

from busbar.metering.layouts.described import (
    Channel,
    ParsedReadings,
    ReadingLayout,
    RowError,
    UnableToUseLayout,
)
from busbar.metering.layouts.joining import Part, join_parts
from busbar.metering.layouts.keys import MOST_BAD_ROWS, point_texts, too_many_bad_rows
from busbar.metering.layouts.parsing import parse_readings
from busbar.metering.layouts.ratios import NO_RATIO, RatioChange, RatioFinder, RowRatios

__all__ = [
    "MOST_BAD_ROWS",
    "NO_RATIO",
    "Channel",
    "ParsedReadings",
    "Part",
    "RatioChange",
    "RatioFinder",
    "ReadingLayout",
    "RowError",
    "RowRatios",
    "UnableToUseLayout",
    "join_parts",
    "parse_readings",
    "point_texts",
    "too_many_bad_rows",
]
