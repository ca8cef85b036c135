"""How a reading file is to be read: what is said now over what its source is known for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc

from busbar.imports.matching import ERROR_COLUMNS, normalize
from busbar.imports.models import ImportFile
from busbar.kit.errors import Listing, Refusal
from busbar.metering import queries as metering_queries
from busbar.metering.lake import CHANNELS
from busbar.metering.layouts import Channel, ReadingLayout
from busbar.metering.layouts.described import DEFAULT_FORMATS

PRIMARY: Final = "primary"
SECONDARY: Final = "secondary"
"""Values as the meter counts them, behind its transformers: to be multiplied with CT times PT."""

_REACTIVE = {"kwh": "kvarh", "wh": "varh", "mwh": "kvarh", "kw": "kvar", "w": "var", "mw": "kvar"}
_UNITS = tuple(dict.fromkeys([*_REACTIVE, *_REACTIVE.values()]))
"""A file of reactive energy alone may say its unit by its own name; `code` is no unit of values."""
CHANNEL_NAMES: Mapping[str, tuple[str, ...]] = {
    "active_wh": (
        "正向有功",
        "有功",
        "有功电量",
        "正向有功电量",
        "正向有功总",
        "有功功率",
        "active",
    ),
    "reactive_lag_varh": (
        "感性无功",
        "正向无功",
        "正向无功电量",
        "无功",
        "无功功率",
        "reactive_lag",
    ),
    "reactive_lead_varh": ("容性无功", "反向无功", "反向无功电量", "reactive_lead"),
    "quality": ("质量码", "数据质量", "quality"),
}
"""How the channel column of wide files names the channels of the lake."""


class UnableToImportReadings(Refusal):
    """The file as a whole cannot be taken into the lake."""


@dataclass(frozen=True)
class ReadingOptions:
    """How a file is to be read; `stamp` is empty while nobody has said where stamps stand."""

    source: str
    stamp: str
    unit: str
    midnight: str
    channel: str
    point: str
    formats: tuple[str, ...]
    side: str

    @property
    def is_secondary(self) -> bool:
        """Whether values are multiplied with the ratios of the meter installed on the day."""
        return self.side == SECONDARY

    @property
    def settings(self) -> dict[str, object]:
        """What is remembered of the source beside its stamps."""
        return {
            "unit": self.unit,
            "midnight": self.midnight,
            "formats": list(self.formats),
            "side": self.side,
        }


def settle_options(options: Mapping[str, Any]) -> ReadingOptions:
    """Lay the options over what their source is known for; nothing is written.

    Raises UnableToImportReadings for a stamp, midnight, unit, channel or side that is none.
    """
    code = str(options.get("source") or "")
    known = metering_queries.get_source(code) if code else None
    stated = dict(known.settings) | {"stamp": known.stamp_at} if known else {}
    said = {key: value for key, value in options.items() if value not in (None, "", [])}
    merged = {**stated, **said}
    settled = ReadingOptions(
        source=code,
        stamp=str(merged.get("stamp") or ""),
        unit=str(merged.get("unit") or "kwh").lower(),
        midnight=str(merged.get("midnight") or "next"),
        channel=str(merged.get("channel") or "active_wh"),
        point=str(merged.get("point") or ""),
        formats=tuple(merged.get("formats") or ()),
        side=str(merged.get("side") or PRIMARY),
    )
    _check(settled)
    return settled


def _check(settled: ReadingOptions) -> None:
    if settled.stamp not in {"start", "end", ""}:
        raise UnableToImportReadings("时标位置应为 start（区间起点）或 end（区间终点）")
    if settled.midnight not in {"next", "same"}:
        raise UnableToImportReadings("末区间的 0:00 应为 next（写次日）或 same（写当日）")
    if settled.unit not in _UNITS:
        raise UnableToImportReadings("单位应为：%(units)s", units=Listing(_UNITS))
    if settled.channel not in CHANNELS:
        raise UnableToImportReadings("数据项应为：%(channels)s", channels=Listing(CHANNELS))
    if settled.side not in {PRIMARY, SECONDARY}:
        raise UnableToImportReadings("示值应为 primary（一次侧）或 secondary（二次侧）")


def layout_of(file: ImportFile, table: pa.Table, options: ReadingOptions) -> ReadingLayout:
    """The layout of a file by its column mapping and the options."""
    mapping: dict[str, str] = file.mapping
    point = "" if options.point else mapping.get("point", "")
    if not point and not options.point:
        raise UnableToImportReadings("文件没有计量点列，请指明这份文件属于哪个计量点")
    shared: dict[str, Any] = {
        "point_column": point,
        "point_number": options.point,
        "formats": options.formats or DEFAULT_FORMATS,
    }
    if file.table == "readings_wide":
        return ReadingLayout(
            shape="wide",
            channels=_wide_channels(mapping.get("channel", ""), table, options),
            date_column=mapping["day"],
            channel_column=mapping.get("channel", ""),
            **shared,
        )
    if not options.stamp:
        raise UnableToImportReadings("请说明时标是区间起点还是终点（来源第一次导入时须写明）")
    named = [key for key in CHANNEL_NAMES if key in mapping]
    return ReadingLayout(
        shape="long",
        channels=tuple(_channel(name, mapping[name], options.unit) for name in named),
        timestamp_column=mapping["timestamp"],
        stamp=cast(Any, options.stamp),
        midnight_carries=cast(Any, options.midnight),
        **shared,
    )


def _channel(name: str, label: str, unit: str) -> Channel:
    if name == "quality":
        return Channel(name, label, "code")
    if name == "active_wh":
        return Channel(name, label, cast(Any, unit))
    scale = Decimal(1000) if unit in {"mwh", "mw"} else Decimal(1)
    return Channel(name, label, cast(Any, _REACTIVE.get(unit, unit)), scale, absolute=True)


def _wide_channels(column: str, table: pa.Table, options: ReadingOptions) -> tuple[Channel, ...]:
    """One channel for the whole file, or those that the channel column names."""
    if not column:
        return (_channel(options.channel, "", options.unit),)
    known = {normalize(text): name for name, texts in CHANNEL_NAMES.items() for text in texts}
    known |= {normalize(name): name for name in CHANNEL_NAMES}
    texts = pc.utf8_trim_whitespace(table[column].cast(pa.string()))
    labels = [text for text in pc.unique(texts).to_pylist() if text]
    named = {text: known[normalize(text)] for text in labels if normalize(text) in known}
    if len(set(named.values())) < len(named):
        raise UnableToImportReadings("列“%(column)s”用两种写法写了同一数据项", column=column)
    if "active_wh" not in named.values():
        raise UnableToImportReadings("列“%(column)s”里没有“正向有功”", column=column)
    return tuple(_channel(name, label, options.unit) for label, name in named.items())


def used_columns(layout: ReadingLayout, table: pa.Table) -> list[str]:
    """The columns that the layout may read: for wide files all, for long ones those named."""
    if layout.shape == "wide":
        return [name for name in table.column_names if name not in ERROR_COLUMNS]
    named = {layout.point_column, layout.timestamp_column, *(c.label for c in layout.channels)}
    return [name for name in table.column_names if name in named]
