"""Tables out of files: CSV (UTF-8 or GB18030), Excel, Parquet; told by content, never by name.

`list_heads` says what tables a file holds; `read_rows` yields `(row as the file counts, cells)`
and `read_columns` gives an Arrow table for bulk work. Row 1 is the file's first line.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from busbar.kit import contents, parquet_sizes
from busbar.kit.errors import Refusal
from busbar.kit.phrases import recall

DELIMITERS = (",", "\t", ";", "|")
_HEADER_WITHIN = 10
"""A title may stand above the header, in the first ten rows."""
MOST_COLUMNS = 2_000
"""Every interval of a day in seven channels is 672; more is no table that a person made."""
_LONGEST_LINE = 1 << 20
_CHILD_SECONDS = 300
_SPREADSHEETS = (contents.XLSX, contents.XLS)

_BROKEN_PARQUET = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What Arrow says of bytes that are no Parquet; its words are English and of no help."""

RowNumbers = npt.NDArray[np.int64]


class UnableToReadTable(Refusal):
    """The file is no table that can be read, and why."""


@dataclass(frozen=True)
class TableHead:
    """One table of a file: a CSV, a sheet, a Parquet file. `rows` are those under the header."""

    sheet: str
    header: tuple[str, ...]
    header_row: int
    rows: int


def list_heads(path: Path) -> list[TableHead]:
    """The tables of a file; a sheet without a header row is left out.

    Raises UnableToReadTable for anything but CSV text, Excel and Parquet, and for files that
    would unpack beyond reason.
    """
    kind = _kind(path)
    if kind == contents.TEXT:
        return [_csv_head(path)]
    if kind == contents.PARQUET:
        return [_parquet_head(path)]
    return list_heads_in_child(path)


def list_heads_in_child(path: Path) -> list[TableHead]:
    """The tables of a workbook, found in a process of its own (`spreadsheet_heads`).

    UnableToReadTable when it cannot be opened safely: a few kilobytes can claim a sheet that
    takes the reader's process down, and then only the child dies.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-m", "busbar.kit.spreadsheet_heads", str(path)],
            env=environment,
            capture_output=True,
            timeout=_CHILD_SECONDS,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as broken:
        raise UnableToReadTable("Excel 文件过大或已损坏，无法打开；请另存为 CSV 再试") from broken
    answer = json.loads(child.stdout)
    if isinstance(answer, dict):
        refusal = recall(answer)
        raise UnableToReadTable.saying(refusal)
    return [TableHead(sheet, tuple(header), row, rows) for sheet, header, row, rows in answer]


def list_sheet_heads(path: Path) -> list[TableHead]:
    """The tables of a workbook, read in this process: only for one that is known to open."""
    return [head for name, rows in _sheets(path) if (head := _head(name, rows)) is not None]


def read_rows(path: Path, head: TableHead) -> Iterator[tuple[int, list[Any]]]:
    """Rows under the header with the number they have in the file; wholly blank ones left out.

    CSV cells are text; Excel and Parquet cells keep their type. Every row is as long as the
    header, or longer where the file has cells beyond it.
    """
    kind = _kind(path)
    if kind == contents.TEXT:
        rows: Iterator[Sequence[Any]] = _csv_rows(path)
    elif kind == contents.PARQUET:
        rows = _parquet_rows(path)
    else:
        rows = iter(_sheet(path, head.sheet))
    width = len(head.header)
    for number, row in enumerate(rows, start=1):
        if number > head.header_row and any(cell not in ("", None) for cell in row):
            yield number, [*row, *[""] * (width - len(row))]


def read_columns(path: Path, head: TableHead) -> tuple[pa.Table, RowNumbers]:
    """The rows under the header as Arrow columns, with the number of each row in the file.

    CSV columns are strings, so that nothing is lost before it is understood.
    """
    kind = _kind(path)
    if kind == contents.PARQUET:
        try:
            table = pq.ParquetFile(path).read().rename_columns(list(head.header))
        except _BROKEN_PARQUET as broken:
            raise UnableToReadTable("Parquet 文件已损坏") from broken
        return table, np.arange(2, table.num_rows + 2, dtype=np.int64)
    if kind == contents.TEXT:
        fast = _csv_columns(path, head)
        if fast is not None:
            return fast
    return _columns_of(read_rows(path, head), head)


def _kind(path: Path) -> str:
    try:
        kind = contents.detect_content(path)
    except contents.UnableToAcceptFile as refusal:
        raise UnableToReadTable.saying(refusal) from refusal
    if kind not in (contents.TEXT, contents.PARQUET, *_SPREADSHEETS):
        raise UnableToReadTable("只能读取 CSV（UTF-8 或 GB18030）、Excel 和 Parquet 文件")
    return kind


def _head(sheet: str, rows: Sequence[Sequence[Any]]) -> TableHead | None:
    """The first row with two filled cells is the header; a single column is one too."""
    for index, row in enumerate(rows[:_HEADER_WITHIN]):
        filled = sum(cell not in ("", None) for cell in row)
        wide = max((len(r) for r in rows[:_HEADER_WITHIN]), default=0)
        if filled > 1 or (filled == 1 and wide == 1):
            body = rows[index + 1 :]
            count = sum(any(cell not in ("", None) for cell in r) for r in body)
            return TableHead(sheet, _names(row), index + 1, count)
    return None


def _names(cells: Sequence[Any]) -> tuple[str, ...]:
    """Column names: trimmed, blanks named by place, repeats numbered.

    >>> _names(["户号", "", "户号", None])
    ('户号', '第2列', '户号#2')
    """
    kept = list(cells)
    while kept and kept[-1] in ("", None):
        kept.pop()
    if len(kept) > MOST_COLUMNS:
        raise UnableToReadTable(
            "表头有 %(count)s 列，至多 %(most)s 列",
            count=f"{len(kept):,}",
            most=f"{MOST_COLUMNS:,}",
        )
    names: list[str] = []
    for place, cell in enumerate(kept, start=1):
        name = ("" if cell is None else cell_text(cell)).strip().lstrip("\ufeff")
        name = name or f"第{place}列"
        repeats = sum(n == name or n.startswith(f"{name}#") for n in names)
        names.append(f"{name}#{repeats + 1}" if repeats else name)
    return tuple(names)


def cell_text(cell: Any) -> str:
    """A cell as a person would read it: whole numbers without `.0`, dates as yyyy-mm-dd.

    >>> cell_text(3101000001.0), cell_text(dt.datetime(2025, 1, 2)), cell_text(None)
    ('3101000001', '2025-01-02', '')
    """
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ", timespec="minutes")
    return str(cell)


def _csv_head(path: Path) -> TableHead:
    first: list[list[str]] = []
    _check_lines(path)
    rows = _csv_rows(path)
    for row in rows:
        first.append(row)
        if len(first) == _HEADER_WITHIN:
            break
    head = _head("", first)
    if head is None:
        raise UnableToReadTable("文件没有表头")
    rest = sum(any(row) for row in rows)
    return TableHead("", head.header, head.header_row, head.rows + rest)


def _csv_rows(path: Path) -> Iterator[list[str]]:
    encoding = contents.detect_encoding(path) or "utf-8-sig"
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(file.read(8192))
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter)
        try:
            yield from reader
        except csv.Error as broken:
            limit = csv.field_size_limit()
            raise UnableToReadTable(
                "第 %(row)s 行无法读取：每格至多 %(most)s 个字符，请检查引号是否成对",
                row=reader.line_num,
                most=f"{limit:,}",
            ) from broken


def _check_lines(path: Path) -> None:
    """Refuse a text without line ends before it is read as one row of a million cells."""
    with path.open("rb") as file:
        while block := file.read(_LONGEST_LINE):
            if len(block) == _LONGEST_LINE and b"\n" not in block and b"\r" not in block:
                raise UnableToReadTable("文件中有一行超过 1 MB，不像一张表")


def _delimiter(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()][:_HEADER_WITHIN]

    def weight(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        return sum(count > 0 for count in counts), max(counts, default=0)

    return max(DELIMITERS, key=weight)


def _csv_columns(path: Path, head: TableHead) -> tuple[pa.Table, RowNumbers] | None:
    """The fast way by Arrow; None where the file has rows of other lengths or blank lines."""
    encoding = contents.detect_encoding(path) or "utf-8-sig"
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(file.read(8192))
    try:
        table = pa_csv.read_csv(
            path,
            read_options=pa_csv.ReadOptions(
                encoding="utf-8" if encoding == "utf-8-sig" else encoding,
                column_names=list(head.header),
                skip_rows=head.header_row,
                block_size=8 << 20,
            ),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(head.header, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != head.rows:
        return None
    return table, np.arange(head.header_row + 1, head.header_row + 1 + table.num_rows)


def _columns_of(
    rows: Iterator[tuple[int, list[Any]]], head: TableHead
) -> tuple[pa.Table, RowNumbers]:
    numbers: list[int] = []
    columns: list[list[str | None]] = [[] for _ in head.header]
    for number, row in rows:
        numbers.append(number)
        for column, cell in zip(columns, row, strict=False):
            column.append(_long_text(cell) or None)
    arrays = [pa.array(column, pa.string()) for column in columns]
    return pa.table(arrays, names=list(head.header)), np.array(numbers, dtype=np.int64)


def _long_text(cell: Any) -> str:
    """As `cell_text`, with the time of day kept for stamps."""
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", timespec="seconds")
    return cell_text(cell)


def _parquet_head(path: Path) -> TableHead:
    try:
        file = pq.ParquetFile(path)
        unpacked = parquet_sizes.unpacked_bytes(path)
    except _BROKEN_PARQUET as broken:
        raise UnableToReadTable("Parquet 文件不完整") from broken
    if unpacked > parquet_sizes.MOST_BYTES:
        most = parquet_sizes.MOST_BYTES >> 30
        raise UnableToReadTable("Parquet 文件展开后超过 %(most)s GB，请分成几份再导入", most=most)
    nested = [field.name for field in file.schema_arrow if pa.types.is_nested(field.type)]
    if nested:
        raise UnableToReadTable(
            "Parquet 的“%(column)s”列是嵌套结构，请先展开为单值的列", column=nested[0]
        )
    return TableHead("", _names(file.schema_arrow.names), 1, file.metadata.num_rows)


def _parquet_rows(path: Path) -> Iterator[Sequence[Any]]:
    yield ()  # stands for the header, so that the first row is number 2
    try:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=10_000):
            columns = [column.to_pylist() for column in batch.columns]
            yield from (list(row) for row in zip(*columns, strict=True))
    except _BROKEN_PARQUET as broken:
        raise UnableToReadTable("Parquet 文件已损坏") from broken


def _sheets(path: Path) -> Iterator[tuple[str, list[list[Any]]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with path.open("rb") as file:
            workbook = CalamineWorkbook.from_filelike(file)
            for name in workbook.sheet_names:
                yield name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except CalamineError as broken:
        raise UnableToReadTable("Excel 文件无法读取，可能已损坏或不是标准格式") from broken


def _sheet(path: Path, name: str) -> list[list[Any]]:
    return next((rows for sheet, rows in _sheets(path) if sheet == name), [])
