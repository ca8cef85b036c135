"""A file's rows to values, before anything is written: what cannot be read is set aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from busbar.imports.cells import CellRefused, parse_cell
from busbar.imports.models import ImportFile, RowError
from busbar.imports.tables import Field, Table, get_table
from busbar.kit import tables
from busbar.kit.errors import Phrase
from busbar.kit.tables import TableHead, cell_text

_REPORT_EVERY = 2000


@dataclass
class ParsedFile:
    """Rows that could be read, with their places and originals; and the errors of the others."""

    file: ImportFile
    table: Table
    rows: list[dict[str, Any]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    originals: list[list[Any]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    refused: int = 0

    def column_of(self, key: str) -> str:
        """The file's own heading of our field, or ours where the file lacks it."""
        column = self.file.mapping.get(key)
        if column:
            return str(column)
        known = {f.key: f.header for f in self.table.fields}
        return known.get(key, key)


def path_of(file: ImportFile) -> Path:
    """Where the bytes lie."""
    return Path(settings.BUSBAR_HOME) / file.path


def head_of(file: ImportFile) -> TableHead:
    """The table of the file as it was found when it came in."""
    return TableHead(file.sheet, tuple(file.header), file.header_row, file.rows)


def parse_file(file: ImportFile, report: Callable[[int], None]) -> ParsedFile:
    """Read every row; `report` hears the number of rows read, now and then."""
    parsed = ParsedFile(file, get_table(file.table))
    places = {name: place for place, name in enumerate(file.header)}
    columns = [
        (f, places[file.mapping[f.key]]) for f in parsed.table.fields if f.key in file.mapping
    ]
    for count, (number, cells) in enumerate(tables.read_rows(path_of(file), head_of(file)), 1):
        _parse_row(parsed, columns, number, cells)
        if count % _REPORT_EVERY == 0:
            report(count)
    return parsed


def _parse_row(
    parsed: ParsedFile, columns: list[tuple[Field, int]], number: int, cells: list[Any]
) -> None:
    values: dict[str, Any] = {}
    errors: list[RowError] = []
    for column, place in columns:
        try:
            values[column.key] = parse_cell(column, cells[place])
        except CellRefused as refused:
            errors.append(_error(parsed, number, cells, column.key, cells[place], refused))
    extra = cells[len(parsed.file.header) :]
    if any(cell not in ("", None) for cell in extra):
        text = Phrase("表头之外还有内容：列数应与表头一致")
        errors.append(_error(parsed, number, cells, "", extra[0], text))
    if errors:
        parsed.errors += errors
        parsed.refused += 1
    else:
        parsed.rows.append(values)
        parsed.places.append(number)
        parsed.originals.append(cells)


def _error(
    parsed: ParsedFile, number: int, cells: list[Any], key: str, value: Any, expectation: Phrase
) -> RowError:
    return row_error(
        parsed.file,
        number,
        parsed.column_of(key) if key else "",
        cell_text(value),
        expectation,
        dict(zip(parsed.file.header, map(cell_text, cells), strict=False)),
    )


def row_error(
    file: ImportFile,
    number: int,
    column: str,
    value: str,
    expectation: Phrase,
    record: dict[str, str],
) -> RowError:
    """An error row; column and value cut to what the table holds."""
    return RowError(
        file=file,
        row=number,
        column=column[:100],
        value=value[:300],
        expectation=expectation,
        record=record,
    )
