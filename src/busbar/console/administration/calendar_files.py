"""A calendar file as rows: CSV (UTF-8 or GB18030) or the first sheet of a workbook."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from busbar.clocks.operations import CalendarRow, UnableToUploadCalendar
from busbar.kit import tables
from busbar.kit.tables import UnableToReadTable

LARGEST_BYTES = 1_048_576
"""A year has 366 rows; a megabyte holds a century."""

_HEADERS = {
    "date": ("日期", "date"),
    "kind": ("性质", "类型", "kind"),
    "name": ("名称", "节日", "节日名称", "name"),
}
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_calendar_rows(file_name: str, content: bytes) -> list[CalendarRow]:
    """The file's rows under 日期、性质、名称; a sentence when it is not such a file."""
    if len(content) > LARGEST_BYTES:
        raise UnableToUploadCalendar(f"{file_name} 超过 1 MB, 不像一份日历")
    table = _sheet(file_name, content) if content[:4] in {_ZIP, _OLE} else _csv(file_name, content)
    lines = [line for line in enumerate(table, start=1) if any(cell.strip() for cell in line[1])]
    if not lines:
        raise UnableToUploadCalendar(f"{file_name} 是空的")
    places = _places(file_name, lines[0][1])
    return [_row(number, cells, places) for number, cells in lines[1:]]


def _sheet(file_name: str, content: bytes) -> Iterator[list[str]]:
    _check_opens(file_name, content)
    try:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    except (CalamineError, zipfile.BadZipFile, ValueError, IndexError) as error:
        raise UnableToUploadCalendar(f"{file_name} 不是能打开的 Excel 文件") from error
    return ([str(cell) for cell in row] for row in rows)


def _check_opens(file_name: str, content: bytes) -> None:
    """A small workbook may claim more cells than there is memory; a child finds out."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        try:
            tables.list_heads_in_child(Path(file.name))
        except UnableToReadTable as refusal:
            raise UnableToUploadCalendar(f"{file_name}:{refusal}") from refusal


def _csv(file_name: str, content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return csv.reader(io.StringIO(text))
    raise UnableToUploadCalendar(f"{file_name} 既不是 UTF-8 也不是 GB18030 的文本")


def _places(file_name: str, header: Sequence[str]) -> dict[str, int]:
    named = [cell.strip().lower() for cell in header]
    places = {
        field: next((named.index(word) for word in words if word in named), -1)
        for field, words in _HEADERS.items()
    }
    if places["date"] < 0 or places["kind"] < 0:
        raise UnableToUploadCalendar(f"{file_name} 第 1 行应有“日期”和“性质”两列，可另有“名称”")
    return places


def _row(number: int, cells: Sequence[str], places: dict[str, int]) -> CalendarRow:
    def cell(field: str) -> str:
        place = places[field]
        return cells[place].strip() if 0 <= place < len(cells) else ""

    return CalendarRow(number, cell("date"), cell("kind"), cell("name"))
