"""A file that says which account belongs to whom, to measure an archive against."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from busbar.kit.errors import Refusal

_ENCODINGS = ("utf-8-sig", "gb18030")
_ACCOUNT = re.compile(r"\d{6,16}")
_COLUMNS = 2


class UnableToReadTruth(Refusal):
    """The file does not say which account belongs to whom."""


def read_truth(path: Path) -> dict[str, str]:
    """The body of each account 户号, from a CSV of two columns, with or without a heading.

    Refuses the whole file, by row and column: a measure against half a truth would mislead.
    """
    truth: dict[str, str] = {}
    first_at: dict[str, int] = {}
    for line, row in _rows(path):
        account, body = _parse(path, line, row)
        if truth.setdefault(account, body) != body:
            raise UnableToReadTruth(
                "%(file)s 第 %(line)s 行“户号”列：%(account)s 在第 %(first)s 行已归于“%(body)s”，"
                "一个户号只应有一个主体",
                file=path.name,
                line=line,
                account=account,
                first=first_at[account],
                body=truth[account],
            )
        first_at.setdefault(account, line)
    if not truth:
        raise UnableToReadTruth("%(file)s 没有数据行：应有两列：户号、主体", file=path.name)
    return truth


def _parse(path: Path, line: int, row: list[str]) -> tuple[str, str]:
    cells = [cell.strip() for cell in row[:_COLUMNS]]
    if len(cells) < _COLUMNS:
        raise UnableToReadTruth(
            "%(file)s 第 %(line)s 行：应有两列：户号、主体", file=path.name, line=line
        )
    account, body = cells
    if not _ACCOUNT.fullmatch(account):
        raise UnableToReadTruth(
            "%(file)s 第 %(line)s 行“户号”列：应为 6–16 位数字，写的是“%(account)s”",
            file=path.name,
            line=line,
            account=account[:30],
        )
    if not body:
        raise UnableToReadTruth(
            "%(file)s 第 %(line)s 行“主体”列：不应空着", file=path.name, line=line
        )
    return account, body


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows with their numbers as a table program counts them, without heading and blanks."""
    text = _text(path)
    try:
        rows = list(enumerate(csv.reader(io.StringIO(text, newline="")), 1))
    except csv.Error as error:
        raise UnableToReadTruth("%(file)s 不是 CSV 文件", file=path.name) from error
    filled = [(line, row) for line, row in rows if any(cell.strip() for cell in row)]
    is_heading = bool(filled) and not any(c.isdigit() for c in filled[0][1][0])
    return filled[1:] if is_heading else filled


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnableToReadTruth("打不开文件 %(file)s", file=path) from error
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnableToReadTruth("%(file)s 应为 UTF-8 或 GB18030 的 CSV", file=path.name)
