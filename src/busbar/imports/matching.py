"""Which table a header is, and which column is which field: pure text, no database."""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from busbar.imports.tables import Field, Table

ERROR_COLUMNS = ("原行号", "错误列", "期望")
"""Columns that an error file has beside the original ones; ignored when it comes back."""

_SIMILAR = 0.84
_NOISE = re.compile(r"[\s_\-/.()（）\[\]【】:：*#]|kva|kw\b|千伏安|千瓦|kv\b|千伏")
_POINT = re.compile(r"[PpVv]?0*\d{1,3}|\d{1,2}:\d{2}(:00)?")
_FULL_DAY = 90

Mapping = dict[str, str]
"""Our field: their column."""


@dataclass(frozen=True)
class Recognition:
    """A table that fits a header, and the mapping that came about."""

    table: Table
    mapping: Mapping
    missing: tuple[str, ...]
    """Headings of required fields that no column was found for."""
    score: float


def header_digest(header: Sequence[str]) -> str:
    """What a remembered mapping is found by: the column names in any order, error columns aside.

    >>> header_digest(["户号", "户名"]) == header_digest(["户名", "户号", "期望"])
    True
    """
    names = sorted(name for name in header if name not in ERROR_COLUMNS)
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def find_repeat(header: Sequence[str], mapping: Mapping) -> tuple[str, int, int] | None:
    """A column that is read and whose name stands twice in the header: name and both places.

    Repeats come numbered (`kit.tables`). Which of the two is meant is for the file to say; names
    that nothing is read from may repeat.

    >>> find_repeat(["户号", "备注", "户号#2", "备注#2"], {"number": "户号"})
    ('户号', 1, 3)
    """
    for place, name in enumerate(header, start=1):
        base, mark, _number = name.rpartition("#")
        if not mark or base not in header:
            continue
        if {base, name} & set(mapping.values()) or _POINT.fullmatch(base.strip()):
            return base, header.index(base) + 1, place
    return None


def normalize(name: str) -> str:
    """A heading without what people write differently: width, case, brackets, units.

    >>> normalize("合同容量（ＫＶＡ）"), normalize("Account_Number")
    ('合同容量', 'accountnumber')
    """
    text = unicodedata.normalize("NFKC", name).lower()
    return _NOISE.sub("", text) or text.strip()


def suggest_mapping(table: Table, header: Sequence[str]) -> Mapping:
    """Our field to their column: by exact heading, other heading, written alike, similar."""
    columns = [name for name in header if name not in ERROR_COLUMNS]
    mapping: Mapping = {}
    for matches in (_exact, _alias, _written_alike, _similar):
        _take(table, columns, mapping, matches)
    return mapping


_Match = Callable[[Field, str], bool]


def _take(table: Table, columns: list[str], mapping: Mapping, matches: _Match) -> None:
    for field in table.fields:
        if field.key in mapping:
            continue
        free = [name for name in columns if name not in mapping.values() and matches(field, name)]
        if free:
            mapping[field.key] = free[0]


def _exact(field: Field, name: str) -> bool:
    return name.strip() == field.header


def _alias(field: Field, name: str) -> bool:
    return name.strip() in field.aliases


def _written_alike(field: Field, name: str) -> bool:
    return normalize(name) in {normalize(known) for known in (field.header, *field.aliases)}


def _similar(field: Field, name: str) -> bool:
    known = (normalize(heading) for heading in (field.header, *field.aliases))
    return any(
        difflib.SequenceMatcher(None, heading, normalize(name)).ratio() >= _SIMILAR
        for heading in known
    )


def recognize(
    tables: Sequence[Table], header: Sequence[str], title: str = ""
) -> Recognition | None:
    """The table that fits best, None where none does. `title` (sheet, file name) may name it."""
    found = [recognition for t in tables if (recognition := _fit(t, header, title)) is not None]
    return max(found, key=lambda r: (not r.missing, r.score), default=None)


def _fit(table: Table, header: Sequence[str], title: str) -> Recognition | None:
    mapping = suggest_mapping(table, header)
    missing = tuple(f.header for f in table.required if f.key not in mapping)
    found = len(table.required) - len(missing)
    named = table.name in title or table.key in title.lower()
    if not mapping or (found * 2 < len(table.required) and not named):
        return None
    wide = sum(_POINT.fullmatch(name.strip()) is not None for name in header) >= _FULL_DAY
    if table.key in {"readings_wide", "readings_long"} and wide != (table.key == "readings_wide"):
        return None
    exact = sum(_exact(table.field(key), name) for key, name in mapping.items())
    score = len(mapping) + exact + 10 * named + found / len(table.required)
    return Recognition(table, mapping, missing, score)
