"""The wide shape: one row a usage point, day and channel, 96 columns of values."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from busbar.kit.errors import Listing, Phrase
from busbar.metering.lake.schema import ACTIVE, CHANNELS, INTERVALS, MINUTES, QUALITY, Quality
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
from busbar.metering.layouts.values import BLANK, EXPECTATIONS, convert_cells, first_fault

Array = npt.NDArray[Any]

_NUMBERED: Final = re.compile(r"[PpVv]?0*(\d{1,3})")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")


@dataclass(frozen=True)
class _Block:
    """The cells of all rows: whole values, what is wrong with each, how many were rounded."""

    values: Array
    faults: Array
    rounded: int


def parse_wide(
    table: pa.Table, layout: ReadingLayout, first_row: int, find: RatioFinder | None = None
) -> ParsedReadings:
    """Turn rows of 96 values to day curves; one bad value rejects its row, a blank is MISSING."""
    columns = value_columns(table.column_names, layout)
    findings = Findings(table, first_row, np.ones(table.num_rows, dtype=bool))
    codes, names = point_codes(findings, layout)
    days = _days(findings, layout)
    column = layout.point_column or layout.date_column
    ratios = find_ratios(find, findings, names, (codes, days, None, column))
    channels = _channels(findings, layout)
    block = _block(findings, layout, columns, channels, ratios)
    keys = (codes * 1_000_000 + days) * 10 + channels
    reject_repeats(findings, keys, layout.date_column, Phrase("用电点、日期和数据项"))
    curves, missing = _fill(findings, layout, names, codes * 1_000_000 + days, channels, block)
    return ParsedReadings(
        curves=curves,
        errors=findings.sorted_errors(),
        rows_read=table.num_rows,
        rows_rejected=int((~findings.good).sum()),
        intervals_missing=missing,
        values_rounded=block.rounded,
    )


def value_columns(names: list[str], layout: ReadingLayout) -> list[str]:
    """Return the 96 columns of values in the order of the day.

    >>> layout = ReadingLayout(shape="wide", channels=(), date_column="日期")
    >>> value_columns(["日期", *(f"P{i}" for i in range(1, 97))], layout)[-1]
    'P96'
    """
    keep = {layout.point_column, layout.date_column, layout.channel_column}
    others = [name for name in names if name not in keep]
    clocks = {name: _clock(name) for name in others if _CLOCK.fullmatch(name.strip())}
    numbered = {name: _number(name) for name in others if _NUMBERED.fullmatch(name.strip())}
    places = clocks if len(clocks) >= len(numbered) else numbered
    ordered = sorted(places, key=places.__getitem__)
    _require_96([places[name] for name in ordered], clock=places is clocks)
    return ordered


def _clock(name: str) -> int:
    hour, minute = _CLOCK.fullmatch(name.strip()).groups()  # type: ignore[union-attr] # it matched
    return int(hour) * 60 + int(minute)


def _number(name: str) -> int:
    return int(_NUMBERED.fullmatch(name.strip()).group(1))  # type: ignore[union-attr] # it matched


def _require_96(places: list[int], *, clock: bool) -> None:
    if len(places) in (24, 48):
        raise UnableToUseLayout(
            "文件每日只有 %(count)s 个点；系统只接受每日 96 个点（15 分钟）的曲线，不作展开",
            count=len(places),
        )
    starts = list(range(0, DAY_MINUTES, MINUTES))
    fitting = (
        [starts, [start + MINUTES for start in starts]]
        if clock
        else [list(range(1, INTERVALS + 1))]
    )
    if places not in fitting:
        raise UnableToUseLayout(
            "文件有 %(count)s 个数值列；应恰有 96 列，名为 P1..P96、00:15..24:00 或 00:00..23:45",
            count=len(places),
        )


def _days(findings: Findings, layout: ReadingLayout) -> Array:
    column = findings.table[layout.date_column]
    minutes = parse_minutes(column, layout.formats, timezone=layout.timezone)
    unread = findings.good & ((minutes == NO_STAMP) | (minutes % DAY_MINUTES != 0))
    forms = Listing(form for form in layout.formats if "HH" not in form)
    wrong = np.flatnonzero(unread).tolist()
    findings.reject(wrong, layout.date_column, Phrase("应为日期，格式为 %(forms)s", forms=forms))
    return np.where(minutes == NO_STAMP, 0, minutes // DAY_MINUTES)


def _channels(findings: Findings, layout: ReadingLayout) -> Array:
    """Return for each row the place of its channel in the layout."""
    rows = findings.table.num_rows
    if not layout.channel_column:
        return np.zeros(rows, dtype=np.int64)
    texts = pc.utf8_trim_whitespace(findings.table[layout.channel_column].cast(pa.string()))
    labels = [channel.label for channel in layout.channels]
    places = pc.index_in(texts, value_set=pa.array(labels, pa.string())).fill_null(-1).to_numpy()
    unknown = np.flatnonzero(findings.good & (places < 0)).tolist()
    findings.reject(
        unknown, layout.channel_column, Phrase("应为 %(known)s 之一", known=Listing(labels))
    )
    return np.asarray(np.maximum(places, 0), dtype=np.int64)


def _block(
    findings: Findings,
    layout: ReadingLayout,
    columns: list[str],
    channels: Array,
    ratios: RowRatios | None,
) -> _Block:
    """Convert all cells, channel by channel, and reject rows with a bad one."""
    rows = findings.table.num_rows
    values = np.zeros((rows, INTERVALS), dtype=np.int32)
    faults = np.zeros((rows, INTERVALS), dtype=np.int8)
    rounded = 0
    for place, channel in enumerate(layout.channels):
        mine = channels == place
        table = findings.table if mine.all() else findings.table.filter(pa.array(mine))
        part = _convert(table, columns, channel, ratios.of_rows(mine) if ratios else None)
        values[mine], faults[mine] = part.values, part.faults
        rounded += part.rounded
    bad = [(row, column) for row, column in first_fault(faults) if findings.good[row]]
    for row, column in bad:
        findings.reject([row], columns[column], EXPECTATIONS[int(faults[row, column])])
    return _Block(values, faults, rounded)


def _convert(
    table: pa.Table, columns: list[str], channel: Channel, ratios: RowRatios | None
) -> _Block:
    values = np.zeros((table.num_rows, INTERVALS), dtype=np.int32)
    faults = np.zeros((table.num_rows, INTERVALS), dtype=np.int8)

    def convert(interval: int) -> int:
        column = table[columns[interval]]
        cells = convert_cells(column, channel, ratios and ratios.at_interval(interval))
        values[:, interval], faults[:, interval] = cells.values, cells.faults
        return cells.rounded

    with ThreadPoolExecutor(pa.cpu_count()) as threads:  # Arrow and numpy let each other run
        rounded = sum(threads.map(convert, range(INTERVALS)))
    return _Block(values, faults, rounded)


@dataclass(frozen=True)
class _Target:
    """The curves being filled and where the good rows of each channel go."""

    keys: Array
    """Usage point and day of each row of the file, as one number."""
    distinct: Array
    """The keys of the curves, sorted."""
    channels: Array
    good: Array
    values: dict[str, Array]
    present: dict[str, npt.NDArray[np.bool_]]

    def rows_of(self, place: int) -> tuple[Array, Array]:
        """Return (rows of the file that hold a channel, the curve of each)."""
        rows = np.flatnonzero(self.good & (self.channels == place))
        return rows, np.searchsorted(self.distinct, self.keys[rows])


def _fill(
    findings: Findings,
    layout: ReadingLayout,
    names: list[str],
    keys: Array,
    channels: Array,
    block: _Block,
) -> tuple[pa.Table, int]:
    """Bring the channels of each usage point and day together in one curve."""
    distinct = np.unique(keys[findings.good])
    values: dict[str, Array] = {QUALITY: empty_quality(len(distinct))}
    present = {QUALITY: np.zeros(len(distinct), dtype=bool)}
    target = _Target(keys, distinct, channels, findings.good, values, present)
    for place, channel in enumerate(layout.channels):
        if channel.name in CHANNELS:
            _put_channel(target, place, channel.name, block)
    for place, channel in enumerate(layout.channels):
        if channel.name == QUALITY and ACTIVE in values:
            _put_codes(target, place, block)
    missing = int((values[QUALITY][present[QUALITY]] == Quality.MISSING).sum())
    points, days = np.divmod(distinct, 1_000_000)
    return build_curves(points, names, days, values, present), missing


def _put_channel(target: _Target, place: int, name: str, block: _Block) -> None:
    rows, curve = target.rows_of(place)
    count = len(target.distinct)
    target.values[name] = np.zeros((count, INTERVALS), dtype=np.int32)
    target.values[name][curve] = block.values[rows]
    target.present[name] = np.zeros(count, dtype=bool)
    target.present[name][curve] = True
    if name == ACTIVE:
        blank = block.faults[rows] == BLANK
        target.values[QUALITY][curve] = np.where(blank, Quality.MISSING, Quality.MEASURED)
        target.present[QUALITY][curve] = True


def _put_codes(target: _Target, place: int, block: _Block) -> None:
    """Lay delivered quality codes over the curves; a blank value stays MISSING."""
    rows, curve = target.rows_of(place)
    given = target.present[QUALITY][curve]
    rows, curve = rows[given], curve[given]
    codes = target.values[QUALITY][curve]
    stated = (block.faults[rows] != BLANK) & (codes != Quality.MISSING)
    codes = np.where(stated, block.values[rows], codes)
    target.values[QUALITY][curve] = codes
    active = target.values[ACTIVE][curve]
    target.values[ACTIVE][curve] = np.where(codes == Quality.MISSING, 0, active)
