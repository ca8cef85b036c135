"""Looking into a file before it is imported: its first rows, its first day as a curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa

from busbar.access.visibility import Viewer
from busbar.imports import matching
from busbar.imports.models import ColumnMapping, ImportFile, ImportRun
from busbar.imports.operations.parsing import head_of, path_of
from busbar.imports.placing import Placing
from busbar.imports.reading_options import (
    UnableToImportReadings,
    layout_of,
    settle_options,
    used_columns,
)
from busbar.imports.tables import Field, Table, get_table
from busbar.kit import tables
from busbar.kit.tables import cell_text
from busbar.metering.layouts import parse_readings
from busbar.metering.models import ReadingSource

SAMPLE_ROWS = 5
PREVIEW_ROWS = 600
"""Two days of quarters of an hour for three channels."""


@dataclass(frozen=True)
class FieldChoice:
    """One of our fields with the column that stands for it now, empty for none."""

    field: Field
    column: str

    @property
    def is_missing(self) -> bool:
        """Whether the table cannot be read without somebody choosing a column."""
        return self.field.required and not self.column


@dataclass(frozen=True)
class FileMapping:
    """A file as its mapping is settled: table (None: not recognised), fields, first rows."""

    file: ImportFile
    table: Table | None
    fields: list[FieldChoice]
    remembered: bool
    sample: list[list[str]]


@dataclass(frozen=True)
class FirstDay:
    """The first day that could be read: usage point as the file names it, kW by quarter."""

    point: str
    day: str
    load_kw: list[float]
    energy_kwh: float
    rejected: int
    ratios: tuple[str, ...]
    """CT times PT that the head of the file was multiplied with; empty for the primary side."""


def list_file_mappings(run: ImportRun) -> list[FileMapping]:
    """Every table of the run's files with what was suggested or remembered for it."""
    return [map_file(file, file.table) for file in run.files.all()]


def map_file(file: ImportFile, table_key: str) -> FileMapping:
    """The file read as this table: the stored mapping, or a suggestion for another table."""
    if not table_key:
        return FileMapping(file, None, [], remembered=False, sample=list_sample(file))
    table = get_table(table_key)
    same = table_key == file.table
    mapping = file.mapping if same else matching.suggest_mapping(table, file.header)
    return FileMapping(
        file,
        table,
        [FieldChoice(field, mapping.get(field.key, "")) for field in table.fields],
        remembered=_is_remembered(file, table_key),
        sample=list_sample(file),
    )


def list_sample(file: ImportFile, count: int = SAMPLE_ROWS) -> list[list[str]]:
    """The first rows under the header as text."""
    rows = tables.read_rows(path_of(file), head_of(file))
    width = len(file.header)
    return [[cell_text(cell) for cell in cells[:width]] for _number, cells in islice(rows, count)]


def list_sources() -> list[ReadingSource]:
    """Sources that have stated how they write their files."""
    return list(ReadingSource.objects.order_by("code"))


def read_first_day(
    file: ImportFile, *, mapping: Mapping[str, str], options: Mapping[str, Any], by: Viewer
) -> FirstDay:
    """The first day of the file's head, read as the options say; a Refusal says what is missing."""
    rows = islice(tables.read_rows(path_of(file), head_of(file)), PREVIEW_ROWS)
    lines = [[cell_text(cell) or None for cell in cells] for _number, cells in rows]
    columns = {
        name: pa.array([line[place] for line in lines], pa.string())
        for place, name in enumerate(file.header)
    }
    table = pa.table(columns)
    said = ImportFile(table=file.table, mapping=dict(mapping))
    settled = settle_options(options)
    layout = layout_of(said, table, settled)
    placing = Placing(by, multiplies=settled.is_secondary)
    used = table.select(used_columns(layout, table))
    parsed = parse_readings(used, layout, first_row=0, ratios=placing.find_ratios)
    if not parsed.curves.num_rows:
        reason = parsed.errors[0].expectation if parsed.errors else "没有一行可以读取"
        raise UnableToImportReadings("按这样的设置读不出曲线：%(reason)s", reason=reason)
    active = parsed.curves.filter(parsed.curves["active_wh"].is_valid())
    if not active.num_rows:
        raise UnableToImportReadings("文件开头没有正向有功的数据，画不出曲线")
    first = active.slice(0, 1).to_pylist()[0]
    energy = first["active_wh"]
    return FirstDay(
        point=first["point_number"],
        day=str(first["day"]),
        load_kw=[wh * 4 / 1000 for wh in energy],
        energy_kwh=sum(energy) / 1000,
        rejected=parsed.rows_rejected,
        ratios=tuple(f"{ratio.normalize():f}" for ratio in placing.ratios),
    )


def _is_remembered(file: ImportFile, table_key: str) -> bool:
    digest = matching.header_digest(file.header)
    return ColumnMapping.objects.filter(table=table_key, header_digest=digest).exists()
