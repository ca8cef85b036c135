"""The long shape: one row an interval, a column a channel."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from busbar.kit.errors import Listing, Phrase
from busbar.metering.lake.schema import INTERVALS, MINUTES, QUALITY, Quality
from busbar.metering.layouts.described import (
    Channel,
    ParsedReadings,
    ReadingLayout,
    UnableToUseLayout,
)
from busbar.metering.layouts.keys import (
    Findings,
    build_curves,
    empty_quality,
    point_codes,
    reject_repeats,
)
from busbar.metering.layouts.ratios import RatioFinder, RowRatios, find_ratios
from busbar.metering.layouts.stamps import DAY_MINUTES, NO_STAMP, parse_minutes
from busbar.metering.layouts.values import BLANK, EXPECTATIONS, GOOD, Cells, convert_cells

Array = npt.NDArray[Any]

_SPARSE_POINTS: Final = 12
"""From this many intervals a day on, none of them at :15 or :45 means a coarser file."""


@dataclass(frozen=True)
class _Rows:
    """Where each row goes: its curve (sorted by usage point, then day) and interval 0..95."""

    curve: Array
    interval: Array
    points: Array
    days: Array


def parse_long(
    table: pa.Table, layout: ReadingLayout, first_row: int, find: RatioFinder | None = None
) -> ParsedReadings:
    """Turn interval rows to day curves; a bad or absent interval is MISSING."""
    findings = Findings(table, first_row, np.ones(table.num_rows, dtype=bool))
    codes, names = point_codes(findings, layout)
    starts = _interval_starts(findings, layout)
    column = layout.point_column or layout.timestamp_column
    ratios = find_ratios(find, findings, names, (codes, *_day_and_interval(starts), column))
    keys = codes * 10_000_000 + starts // MINUTES
    reject_repeats(findings, keys, layout.timestamp_column, Phrase("用电点的同一时段"))
    rows = _place(findings, codes, starts)
    _require_quarters(rows, findings.good)
    cells = {channel.name: _cells(findings, channel, ratios) for channel in layout.channels}
    curves, missing = _fill(findings, rows, names, cells)
    return ParsedReadings(
        curves=curves,
        errors=findings.sorted_errors(),
        rows_read=table.num_rows,
        rows_rejected=int((~findings.good).sum()),
        intervals_missing=missing,
        values_rounded=sum(cell.rounded for cell in cells.values()),
    )


def _day_and_interval(starts: Array) -> tuple[Array, Array]:
    days, minutes = np.divmod(starts, DAY_MINUTES)
    return days, minutes // MINUTES


def _interval_starts(findings: Findings, layout: ReadingLayout) -> Array:
    """Return the local minute at which each row's interval starts (0 for rejected rows)."""
    column = findings.table[layout.timestamp_column]
    formats = tuple(form for form in layout.formats if "HH" in form)
    minutes = parse_minutes(column, formats, timezone=layout.timezone)
    unread = findings.good & (minutes == NO_STAMP)
    findings.reject(
        np.flatnonzero(unread).tolist(),
        layout.timestamp_column,
        Phrase("应为整分的时间，格式为 %(forms)s", forms=Listing(formats)),
    )
    minutes = np.where(minutes == NO_STAMP, 0, minutes)
    off_grid = findings.good & (minutes % MINUTES != 0)
    findings.reject(
        np.flatnonzero(off_grid).tolist(), layout.timestamp_column, Phrase("应落在 15 分钟的整点上")
    )
    return _to_start(minutes, layout)


def _to_start(minutes: Array, layout: ReadingLayout) -> Array:
    if layout.stamp == "start":
        return minutes
    if layout.midnight_carries == "same":
        minutes = np.where(minutes % DAY_MINUTES == 0, minutes + DAY_MINUTES, minutes)
    return minutes - MINUTES


def _place(findings: Findings, codes: Array, starts: Array) -> _Rows:
    days, minutes = np.divmod(starts, DAY_MINUTES)
    keys = codes * 1_000_000 + days
    distinct, curve = np.unique(keys[findings.good], return_inverse=True)
    placed = np.zeros(len(keys), dtype=np.int64)
    placed[findings.good] = curve
    points, dates = np.divmod(distinct, 1_000_000)
    return _Rows(placed, minutes // MINUTES, points, dates)


def _require_quarters(rows: _Rows, good: npt.NDArray[np.bool_]) -> None:
    """Refuse hourly and half-hourly files: their gaps are not missing readings."""
    if not good.any():
        return
    step = 4 // np.gcd.reduce(np.append(rows.interval[good] % 4, 4))
    most = int(np.bincount(rows.curve[good]).max())
    if most >= _SPARSE_POINTS and step in (1, 2):
        raise UnableToUseLayout(
            "文件每日只有 %(value)s 个点；系统只接受每日 96 个点（15 分钟）的曲线，不作展开",
            value=24 * step,
        )


def _cells(findings: Findings, channel: Channel, ratios: RowRatios | None) -> Cells:
    cells = convert_cells(findings.table[channel.label], channel, ratios)
    bad = findings.good & (cells.faults > BLANK)
    findings.reject(
        np.flatnonzero(bad).tolist(),
        channel.label,
        lambda row: EXPECTATIONS[int(cells.faults[row])],
    )
    return cells


def _fill(
    findings: Findings, rows: _Rows, names: list[str], cells: dict[str, Cells]
) -> tuple[pa.Table, int]:
    """Put the cells in their places; an interval counts when every channel has a value."""
    count = len(rows.points)
    known = findings.good.copy()
    for name, cell in cells.items():
        known &= (cell.faults == GOOD) | (name == QUALITY)  # a blank code means measured
    curve, interval = rows.curve[known], rows.interval[known]
    values: dict[str, Array] = {QUALITY: empty_quality(count)}
    values[QUALITY][curve, interval] = Quality.MEASURED
    for name, cell in cells.items():
        matrix = values.setdefault(name, np.zeros((count, INTERVALS), dtype=np.int32))
        matrix[curve, interval] = cell.values[known]
    for name, matrix in values.items():
        if name != QUALITY:
            matrix[values[QUALITY] == Quality.MISSING] = 0
    everywhere = np.ones(count, dtype=bool)
    present = dict.fromkeys(values, everywhere)
    missing = int((values[QUALITY] == Quality.MISSING).sum())
    return build_curves(rows.points, names, rows.days, values, present), missing
