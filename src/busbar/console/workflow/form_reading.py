"""What somebody filled in: read as the form means it, shown again as it was written.

Between the two nothing is judged: `busbar.workflow.forms` does that when the task is completed.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from busbar.kit.periods import CHINA
from busbar.workflow.forms import Form, FormField
from busbar.workflow.operations import FileUpload

_NUMBERS = frozenset({"integer", "decimal"})
_SPREAD = frozenset({"paragraph", "choice", "choices", "files", "table"})
_MOST_ROWS = 500
_FEW_CHOICES = 6
SPARE_ROWS = 1


@dataclass(frozen=True)
class BoundField:
    """A field with what was written in it and why that is refused.

    `value` is text, a list of texts for `choices`, and unused for `table`, whose rows are cells.
    """

    field: FormField
    name: str
    value: Any = ""
    error: str = ""
    rows: tuple[tuple[BoundField, ...], ...] = ()
    blank: tuple[BoundField, ...] = ()

    @property
    def id(self) -> str:
        """The element's id."""
        return f"field-{self.name}"

    @property
    def is_wide(self) -> bool:
        """Whether it takes the whole width."""
        return self.field.kind in _SPREAD

    @property
    def has_many_choices(self) -> bool:
        """Whether a select is easier than radios; always where the registers say what there is."""
        return bool(self.field.choice_from) or len(self.field.choices) > _FEW_CHOICES

    @property
    def is_asked_sometimes(self) -> bool:
        """Whether it must be filled in only under a condition."""
        return bool(self.field.required_when) and not self.field.required

    @property
    def limits(self) -> tuple[str, str]:
        """Smallest and largest value as text, for the browser's own help."""
        low, high = self.field.minimum, self.field.maximum
        return ("" if low is None else str(low), "" if high is None else str(high))


def read(form: Form, post: QueryDict) -> dict[str, Any]:
    """The form's values as they were sent; fields that were not sent are left out."""
    data = {one.name: _read_field(one, one.name, post) for one in form.fields}
    return {name: value for name, value in data.items() if value is not None}


def read_files(form: Form, files: MultiValueDict[str, UploadedFile[bytes]]) -> list[FileUpload]:
    """The uploads of the form's file fields; empty file inputs send nothing."""
    return [
        FileUpload(field=one.name, file_name=file.name or one.label, chunks=file.chunks())
        for one in form.fields
        if one.kind == "files"
        for file in files.getlist(one.name)
    ]


def bind(
    form: Form, *, given: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> list[BoundField]:
    """The form's fields with what was written and what is wrong with it."""
    said = errors or {}
    return [
        _bound(one, one.name, given.get(one.name), said.get(one.name, "")) for one in form.fields
    ]


def as_written(form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    """An earlier answer as it would have been written, to begin from; never its decision."""
    fields = [one for one in form.fields if one.kind != "files" and one.name != "outcome"]
    return {one.name: _written(one, data[one.name]) for one in fields if one.name in data}


def _read_field(one: FormField, name: str, post: QueryDict) -> Any:
    if one.kind == "files":
        return None
    if one.kind == "choices":
        return post.getlist(name)
    if one.kind == "table":
        return _read_rows(one, post)
    text = post.get(name)
    return _tidy(one, text) if text is not None else None


def _tidy(one: FormField, text: str) -> str:
    """Digits as people type them: full width, with spaces and grouping commas."""
    if one.kind not in _NUMBERS:
        return text
    plain = unicodedata.normalize("NFKC", text)
    return re.sub(r"(?<=\d),(?=\d{3})", "", plain).strip()


def _read_rows(one: FormField, post: QueryDict) -> list[dict[str, Any]]:
    """The rows in which anything was written, in the order of their numbers."""
    pattern = re.compile(rf"{re.escape(one.name)}-(\d{{1,6}})-\w+")
    numbers = sorted({int(m[1]) for m in map(pattern.fullmatch, post) if m})[: _MOST_ROWS + 1]
    rows = [
        {cell.name: _read_field(cell, f"{one.name}-{n}-{cell.name}", post) for cell in one.columns}
        for n in numbers
    ]
    return [row for row in rows if any(value not in (None, "", []) for value in row.values())]


def _bound(one: FormField, name: str, value: Any, error: str) -> BoundField:
    if one.kind != "table":
        return BoundField(one, name, "" if value is None else value, error)
    written = list(value or [])
    padded = [*written, *({} for _ in range(0 if written else SPARE_ROWS))]
    rows = tuple(_cells(one, str(n), row) for n, row in enumerate(padded))
    return BoundField(one, name, "", error, rows, _cells(one, "NEW", {}))


def _cells(one: FormField, number: str, row: Mapping[str, Any]) -> tuple[BoundField, ...]:
    return tuple(
        BoundField(cell, f"{one.name}-{number}-{cell.name}", _or_empty(row.get(cell.name)))
        for cell in one.columns
    )


def _or_empty(value: Any) -> Any:
    return "" if value is None else value


def _written(one: FormField, value: Any) -> Any:
    if one.kind == "table":
        return [_written_row(one.columns, row) for row in value or [] if isinstance(row, Mapping)]
    if one.kind == "choices":
        return [str(part) for part in value or []]
    if isinstance(value, bool):
        return "true" if value else "false"
    if one.kind == "datetime" and value:
        return _local(str(value))
    return "" if value is None else str(value)


def _written_row(columns: Iterable[FormField], row: Mapping[str, Any]) -> dict[str, Any]:
    return {cell.name: _written(cell, row.get(cell.name)) for cell in columns}


def _local(text: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.astimezone(CHINA):%Y-%m-%dT%H:%M}" if moment.tzinfo else text
