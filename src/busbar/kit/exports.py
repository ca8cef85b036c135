"""Tables into files that a spreadsheet may open without running anything in them.

A text that begins with = + - @, a tab or a carriage return would be taken for a formula: it gets
an apostrophe in front, which `unescape` takes off again when such a file comes back. Numbers,
also negative ones written as text, are no formulas and stay as they are.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO, Any

_DANGEROUS = re.compile(r"'*\s*[=+\-@＝＋－＠]|'*[\t\r]")
"""How a formula may begin, full-width signs and blanks before it included; apostrophes too, so
that what is neutralized and what was written so stay apart."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def neutralize(value: Any) -> Any:
    """The value as it may stand in an exported cell.

    >>> neutralize("=1+1"), neutralize("-0.75"), neutralize("@客户"), neutralize(Decimal("-3"))
    ("'=1+1", '-0.75', "'@客户", Decimal('-3'))
    """
    if not isinstance(value, str):
        return value
    if _DANGEROUS.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def unescape(text: str) -> str:
    """Take off the apostrophe that `neutralize` put on.

    >>> unescape("'=1+1"), unescape("'90年代"), unescape("a")
    ('=1+1', "'90年代", 'a')
    """
    return text[1:] if text.startswith("'") and _DANGEROUS.match(text[1:]) else text


def write_csv(file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """CSV in UTF-8 with a byte order mark, so that a spreadsheet reads the Chinese."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([neutralize(name) for name in header])
    for row in rows:
        writer.writerow([neutralize(_plain(cell)) for cell in row])
    text.flush()
    text.detach()


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterable[str]:
    """The same, line by line, for a streamed answer (encode as UTF-8)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([neutralize(name) for name in header])
    yield _emptied(buffer)
    for row in rows:
        writer.writerow([neutralize(_plain(cell)) for cell in row])
        yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def write_xlsx(
    file: IO[bytes], sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]
) -> None:
    """A workbook of `(sheet name, header, rows)`; the header is bold and stays in sight."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    workbook = Workbook(write_only=True)
    for name, header, rows in sheets:
        sheet = workbook.create_sheet(_sheet_name(name))
        sheet.freeze_panes = "A2"
        cells = [WriteOnlyCell(sheet, value=neutralize(title)) for title in header]
        for cell in cells:
            cell.font = Font(bold=True)
        sheet.append(cells)
        for row in rows:
            sheet.append([_excel(neutralize(_plain(cell))) for cell in row])
    workbook.save(file)


def _plain(cell: Any) -> Any:
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, str | int | float | Decimal | dt.date) or cell is None:
        return cell
    return str(cell)


def _excel(cell: Any) -> Any:
    if isinstance(cell, dt.datetime) and cell.tzinfo is not None:
        return cell.replace(tzinfo=None)
    return _ILLEGAL.sub("", cell) if isinstance(cell, str) else cell


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", name)[:31]
