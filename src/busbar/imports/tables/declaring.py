"""How a table is declared: its columns as people head them, and what may stand in a cell.

One declaration serves the importer, the mapping screen, the template, the docs and the
demonstration's files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.db.models import TextChoices

from busbar.imports.models import ImportKind

CellType = Literal[
    "text",
    "code",
    "account_number",
    "credit_code",
    "integer",
    "decimal",
    "date",
    "moment",
    "minute",
    "months",
    "choice",
    "flag",
    "email",
    "value",
    "roles",
    "raw",
]
"""What a cell holds: see `busbar.imports.cells`, where each has its parser and expectation."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column: our key, the Chinese heading, other headings people use."""

    key: str
    header: str
    aliases: tuple[str, ...] = ()
    cell: CellType = "text"
    required: bool = False
    choices: type[TextChoices] | None = None
    synonyms: Mapping[str, str] = field(default_factory=dict)
    at_least: int | None = None
    above_zero: bool = False
    max_length: int = 200
    about: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of table. `key_fields` name a row; `position` is its place in dependency order."""

    key: str
    name: str
    kind: ImportKind
    position: int
    fields: tuple[Field, ...]
    key_fields: tuple[str, ...]
    about: str = ""

    def field(self, key: str) -> Field:
        """The field with this key; KeyError when the table has none."""
        for candidate in self.fields:
            if candidate.key == key:
                return candidate
        raise KeyError(key)

    @property
    def required(self) -> tuple[Field, ...]:
        """The columns without which the table cannot be read."""
        return tuple(f for f in self.fields if f.required)
