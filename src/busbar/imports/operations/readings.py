"""Reading files: layout, usage points, one commit into the lake (R20).

The lake commits before the database: a stop between them is healed by the next run, which names
the same delivery by the same key and is told what was done then.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from busbar.access.visibility import Viewer
from busbar.imports.matching import ERROR_COLUMNS, normalize
from busbar.imports.models import ImportFile, ImportRun, RowError
from busbar.imports.operations.parsing import head_of, path_of, row_error
from busbar.imports.tables import get_table
from busbar.kit import tables
from busbar.kit.errors import Refusal
from busbar.metering import operations as metering_operations
from busbar.metering import queries as metering_queries
from busbar.metering.lake import CURVE_SCHEMA
from busbar.metering.layouts import Channel, ReadingLayout, parse_readings
from busbar.metering.layouts import RowError as LayoutError
from busbar.metering.layouts.described import DEFAULT_FORMATS, UNIT_FACTORS
from busbar.metering.models import MeterInstallation
from busbar.supply.models import UsagePoint

_NAMED_ERRORS = 1000
"""Rows of one unknown usage point that are listed; the others are counted."""
_REACTIVE = {"kwh": "kvarh", "wh": "varh", "mwh": "kvarh", "kw": "kvar", "w": "var", "mw": "kvar"}
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
class _Facts:
    """How a file is to be read: what was said now, over what its source is known for."""

    source: str
    stamp: str
    unit: str
    midnight: str
    channel: str
    point: str
    formats: tuple[str, ...]


def import_readings(run: ImportRun, file: ImportFile, *, by: Viewer, at: dt.datetime) -> None:
    """Bring one reading file into the lake; file counts are day curves."""
    if ImportFile.objects.filter(pk=file.pk, done=True).exists():
        return
    facts = _facts_of(run, by=by, at=at)
    table, numbers = tables.read_columns(path_of(file), head_of(file))
    layout = _layout_of(file, table, facts)
    source = _Source(file, table, numbers, layout)
    used = table.select(_used(layout, table))
    parsed = parse_readings(used, layout, first_row=source.first_row)
    placed = _place(parsed.curves, by)
    errors, refused = _errors(source, parsed.errors, placed.unknown)
    done = None
    if placed.curves.num_rows:
        done = metering_operations.append_curves(
            curves=placed.curves,
            commit_key=_commit_key(file, layout, placed.curves),
            source=facts.source or file.name,
            file_name=file.name,
            by=by,
            at=at,
        )
    with transaction.atomic():
        file = ImportFile.objects.select_for_update().get(pk=file.pk)
        if file.done:
            return
        RowError.objects.bulk_create(errors, batch_size=1000)
        file.refused, file.done = refused, True
        if done is not None and not done.already:
            file.created, file.updated = done.rows_new, done.rows_changed
            file.unchanged = done.rows_unchanged
        elif done is not None:
            _count_earlier(file, done, placed.curves.num_rows)
        file.save(update_fields=["created", "updated", "unchanged", "refused", "done"])


def _count_earlier(file: ImportFile, done: Any, rows: int) -> None:
    """The lake had this delivery: made by this run before a stop, or by an earlier import."""
    earlier = ImportFile.objects.filter(sha256=file.sha256, done=True).exclude(pk=file.pk)
    if earlier.filter(created__gt=0).exists() or done.rows_received == 0:
        file.unchanged = rows
    else:
        file.created, file.updated = done.rows_new, done.rows_changed
        file.unchanged = done.rows_unchanged


def _facts_of(run: ImportRun, *, by: Viewer, at: dt.datetime) -> _Facts:
    options: dict[str, Any] = dict(run.options)
    code = str(options.get("source") or "")
    known = metering_queries.get_source(code) if code else None
    stated = dict(known.settings) | {"stamp": known.stamp_at} if known else {}
    said = {key: value for key, value in options.items() if value not in (None, "", [])}
    merged = {**stated, **said}
    stamp = str(merged.get("stamp") or "")
    if stamp not in {"start", "end", ""}:
        raise UnableToImportReadings("时标位置应为 start(区间起点)或 end(区间终点)")
    unit = str(merged.get("unit") or "kwh").lower()
    if unit not in UNIT_FACTORS:
        raise UnableToImportReadings(f"单位应为:{'、'.join(_REACTIVE)}")
    facts = _Facts(
        source=code,
        stamp=stamp,
        unit=unit,
        midnight=str(merged.get("midnight") or "next"),
        channel=str(merged.get("channel") or "active_wh"),
        point=str(merged.get("point") or ""),
        formats=tuple(merged.get("formats") or ()),
    )
    if code and stamp:
        settings = {"unit": facts.unit, "midnight": facts.midnight, "formats": list(facts.formats)}
        metering_operations.state_source(code=code, stamp_at=stamp, settings=settings, by=by, at=at)
    return facts


def _layout_of(file: ImportFile, table: pa.Table, facts: _Facts) -> ReadingLayout:
    mapping: dict[str, str] = file.mapping
    point = "" if facts.point else mapping.get("point", "")
    if not point and not facts.point:
        raise UnableToImportReadings("文件没有计量点列,请指明这份文件属于哪个计量点")
    shared: dict[str, Any] = {
        "point_column": point,
        "point_number": facts.point,
        "formats": facts.formats or DEFAULT_FORMATS,
    }
    if file.table == "readings_wide":
        return ReadingLayout(
            shape="wide",
            channels=_wide_channels(mapping.get("channel", ""), table, facts),
            date_column=mapping["day"],
            channel_column=mapping.get("channel", ""),
            **shared,
        )
    if not facts.stamp:
        raise UnableToImportReadings("请说明时标是区间起点还是终点(来源第一次导入时须写明)")
    named = [key for key in CHANNEL_NAMES if key in mapping]
    return ReadingLayout(
        shape="long",
        channels=tuple(_channel(name, mapping[name], facts.unit) for name in named),
        timestamp_column=mapping["timestamp"],
        stamp=cast(Any, facts.stamp),
        midnight_carries=cast(Any, facts.midnight),
        **shared,
    )


def _channel(name: str, label: str, unit: str) -> Channel:
    if name == "quality":
        return Channel(name, label, "code")
    if name == "active_wh":
        return Channel(name, label, cast(Any, unit))
    scale = Decimal(1000) if unit in {"mwh", "mw"} else Decimal(1)
    return Channel(name, label, cast(Any, _REACTIVE.get(unit, unit)), scale, absolute=True)


def _wide_channels(column: str, table: pa.Table, facts: _Facts) -> tuple[Channel, ...]:
    """One channel for the whole file, or those that the channel column names."""
    if not column:
        return (_channel(facts.channel, "", facts.unit),)
    known = {normalize(text): name for name, texts in CHANNEL_NAMES.items() for text in texts}
    known |= {normalize(name): name for name in CHANNEL_NAMES}
    labels = [text for text in pc.unique(table[column]).to_pylist() if text]
    named = {text: known[normalize(text)] for text in labels if normalize(text) in known}
    if len(set(named.values())) < len(named):
        raise UnableToImportReadings(f"列“{column}”用两种写法写了同一数据项")
    if "active_wh" not in named.values():
        raise UnableToImportReadings(f"列“{column}”里没有“正向有功”")
    return tuple(_channel(name, label, facts.unit) for label, name in named.items())


def _used(layout: ReadingLayout, table: pa.Table) -> list[str]:
    """The columns that the layout may read: for wide files all, for long ones those named."""
    if layout.shape == "wide":
        return [name for name in table.column_names if name not in ERROR_COLUMNS]
    named = {layout.point_column, layout.timestamp_column, *(c.label for c in layout.channels)}
    return [name for name in table.column_names if name in named]


@dataclass(frozen=True)
class _Placed:
    """Curves by usage point id, and the numbers (with days, None for all) that lead nowhere."""

    curves: pa.Table
    unknown: dict[str, str]
    """Number as the file has it: what was expected."""


def _place(curves: pa.Table, by: Viewer) -> _Placed:
    """Usage points by their number, else by the meter that hung there on the day."""
    coded = curves["point_number"].combine_chunks().dictionary_encode()
    names: list[str] = coded.dictionary.to_pylist()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    days = curves["day"].cast(pa.int32()).to_numpy()
    ids = np.zeros(len(codes), dtype=np.int64)
    unknown: dict[str, str] = {}
    points = _points_by_number(names, by)
    spans = _spans_by_serial([name for name in names if name not in points], by)
    for code, name in enumerate(names):
        mine = codes == code
        if name in points:
            ids[mine] = points[name]
        elif name in spans:
            _place_meter(ids, mine, days, spans[name])
            if (ids[mine] == 0).any():
                unknown[name] = "该表在部分日期未装在任何计量点,这些日期未导入"
        else:
            unknown[name] = "没有这个计量点编号或表号,或不在您的管辖范围内"
    kept = curves.filter(pa.array(ids > 0)).drop_columns(["point_number"])
    kept = kept.add_column(0, "usage_point_id", pa.array(ids[ids > 0]))
    return _Placed(kept.select(CURVE_SCHEMA.names), unknown)


def _points_by_number(names: list[str], by: Viewer) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(names), 5000):
        seen = UsagePoint.objects.visible_to(by).filter(number__in=names[start : start + 5000])
        found |= dict(seen.values_list("number", "pk"))
    return found


_Spans = list[tuple[int, int, int]]


def _spans_by_serial(serials: list[str], by: Viewer) -> dict[str, _Spans]:
    """For each meter: (first day, day after the last, usage point), days since 1970."""
    found: dict[str, _Spans] = {}
    for start in range(0, len(serials), 5000):
        part = serials[start : start + 5000]
        seen = MeterInstallation.objects.visible_to(by).filter(meter__serial__in=part)
        for serial, begins, ends, point in seen.values_list(
            "meter__serial", "installed_on", "removed_on", "usage_point_id"
        ):
            span = (_day_number(begins), _day_number(ends or dt.date.max), point)
            found.setdefault(serial, []).append(span)
    return found


def _day_number(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days


def _place_meter(
    ids: npt.NDArray[np.int64],
    mine: npt.NDArray[np.bool_],
    days: npt.NDArray[np.int32],
    spans: _Spans,
) -> None:
    for begins, ends, point in spans:
        ids[mine & (days >= begins) & (days < ends)] = point


def _commit_key(file: ImportFile, layout: ReadingLayout, curves: pa.Table) -> str:
    """Names the delivery: these bytes, read in this way, for these usage points.

    Points are part of it: a file that came before one of its points was registered brings
    that point's curves when it comes again.
    """
    points = pc.unique(curves["usage_point_id"]).to_pylist()
    told = json.dumps([file.sheet, repr(layout), sorted(points), curves.num_rows])
    return f"{file.sha256}:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class _Source:
    """The file's rows as they were read, to name and keep those that are refused."""

    file: ImportFile
    table: pa.Table
    numbers: tables.RowNumbers
    layout: ReadingLayout

    @property
    def first_row(self) -> int:
        """The file's row of the first data."""
        return int(self.numbers[0]) if len(self.numbers) else 2

    def error(self, place: int, column: str, value: str, expectation: str) -> RowError:
        """An error of the row at this place of the table."""
        cells = self.table.slice(place, 1).to_pylist()[0]
        record = {name: tables.cell_text(cell) for name, cell in cells.items()}
        return row_error(self.file, int(self.numbers[place]), column, value, expectation, record)

    def rows_of(self, name: str) -> list[int]:
        """Places of the rows of one usage point."""
        if not self.layout.point_column:
            return list(range(self.table.num_rows))
        texts = pc.utf8_trim_whitespace(self.table[self.layout.point_column].cast(pa.string()))
        same = pc.equal(texts, name).to_numpy(zero_copy_only=False)
        return [int(place) for place in np.flatnonzero(same == True)]  # noqa: E712 - null is not True


def _errors(
    source: _Source, found: list[LayoutError], unknown: dict[str, str]
) -> tuple[list[RowError], int]:
    """The errors with the file's own row numbers, and how many rows were refused."""
    places = [(e, e.row - source.first_row) for e in found]
    errors = [source.error(place, e.column, e.value, e.expectation) for e, place in places]
    refused = {place for _, place in places}
    column = source.layout.point_column or get_table(source.file.table).field("point").header
    for name, expectation in unknown.items():
        rows = source.rows_of(name)
        refused |= set(rows)
        errors += [source.error(p, column, name, expectation) for p in rows[:_NAMED_ERRORS]]
    errors.sort(key=lambda error: error.row)
    return errors, len(refused)
