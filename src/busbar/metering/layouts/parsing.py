"""From a parsed table to day curves: the two shapes, keys, duplicates, gaps."""

import pyarrow as pa

from busbar.kit.errors import Listing
from busbar.metering.layouts.described import ParsedReadings, ReadingLayout, UnableToUseLayout
from busbar.metering.layouts.long import parse_long
from busbar.metering.layouts.ratios import RatioFinder
from busbar.metering.layouts.wide import parse_wide


def parse_readings(
    table: pa.Table,
    layout: ReadingLayout,
    *,
    first_row: int = 2,
    ratios: RatioFinder | None = None,
) -> ParsedReadings:
    """Read a whole file's table by its layout; `first_row` is the file's row of the first data.

    `ratios` finds what the values of a row are multiplied with, by number and day, before they
    are rounded to 1 Wh; without it they are energy of the primary side. Bad rows come back as
    errors, good ones as curves. Raises `UnableToUseLayout` when a column
    is absent or the file has 24 or 48 points a day.
    """
    _require_columns(table, layout)
    parse = parse_wide if layout.shape == "wide" else parse_long
    return parse(table, layout, first_row, ratios)


def _require_columns(table: pa.Table, layout: ReadingLayout) -> None:
    if layout.shape == "wide":
        named = [layout.point_column, layout.date_column, layout.channel_column]
    else:
        named = [layout.point_column, layout.timestamp_column]
        named += [channel.label for channel in layout.channels]
    absent = [name for name in named if name and name not in table.column_names]
    if absent:
        raise UnableToUseLayout(
            "文件缺少列：%(absent)s；应与所选布局的列名一致", absent=Listing(absent)
        )
    if not (layout.point_column or layout.point_number):
        raise UnableToUseLayout("布局未说明用电点编号所在的列，也未给出固定的用电点编号")
