"""Worlds that take long to build: built once a process, then given to each test as rows.

A world is what a builder did to the database (and to a folder) and the objects it returned. The
first test that asks lets it build; the others get the same rows written into their own
transaction, a copy of the folder and a copy of the objects, in a tenth of the time. Nothing is
shared: what a test does to its world is its own.
"""

from __future__ import annotations

import copy
import datetime as dt
import enum
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from django.apps import apps
from django.db import connection, transaction

from busbar.access.models import Employee, OrganizationUnit
from busbar.billing.models import Bill
from busbar.clocks.models import CalendarDay, TimeLimit
from busbar.customers.models import Customer, CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.payments.models import LedgerMonth
from busbar.pricing.models import Tariff
from busbar.workflow.models import ProcessVersion

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Rows = dict[str, str]
"""By primary key, a row as the literals of its columns."""
_PLAIN = (str, int, bool, dt.date, enum.Enum, type(None))
_LAST = LedgerMonth._meta.db_table
"""The ledger takes no postings of a month that is closed: months come after them."""


@dataclass(frozen=True)
class _World:
    """Statements that write the rows, the folder's copy, and what the builder returned."""

    statements: list[str]
    folder: Path | None
    made: Any


_TELLING = (
    OrganizationUnit, Employee, Customer, CustomerAccount, Bill, Tariff, CalendarDay, TimeLimit,
    ProcessVersion,
)  # fmt: skip
"""Some of these there are in every world; what else there is, the journal tells apart."""
_END = ("id", "hash")
_FOLDERS = tempfile.TemporaryDirectory(prefix="busbar-worlds-")
_worlds: dict[tuple[Any, ...], _World] = {}
_missed: Counter[tuple[Any, ...]] = Counter()
_ENOUGH = 3
"""A builder that never finds the database as it was is let build without further ado."""


def keep(build: Callable[..., _T], *words: Any, folder: Path | None = None) -> _T:
    """What `build(*words)` returns and writes, built where no test of this process did before.

    A world is known by its builder, its plain words and by what the database holds already; words
    of other kinds must be of that. PostgreSQL never gives a key twice, not even after a rollback:
    there only what stands on nothing, or on a kept world, is found again. `folder` is where the
    builder writes files.
    """
    plain = tuple(word for word in words if isinstance(word, _PLAIN))
    key = (build.__module__, build.__qualname__, plain, _standing())
    if key in _worlds:
        return _lay(_worlds[key], folder)
    _missed[key[:-1]] += 1
    if _missed[key[:-1]] > _ENOUGH:
        return build(*words)
    before = _all_rows()
    made = build(*words)
    _worlds[key] = _World(_written_since(before), _copied(folder), copy.deepcopy(made))
    return made


def kept(build: Callable[_P, _T]) -> Callable[_P, _T]:
    """A builder that keeps its world, as `keep` does."""

    @wraps(build)
    def kept_or_built(*words: _P.args, **named: _P.kwargs) -> _T:
        if named:
            return build(*words, **named)
        return keep(build, *words)

    return kept_or_built


def _lay(world: _World, folder: Path | None) -> Any:
    """Write the world's rows and files; a copy of its objects."""
    with transaction.atomic(), connection.cursor() as cursor:
        # The builder's acts left this transaction at its turn with the journal.
        journal_operations.take_turn()
        if connection.vendor == "postgresql":
            cursor.execute(";\n".join(world.statements))
        else:
            for statement in world.statements:
                cursor.execute(statement)
    if folder is not None and world.folder is not None:
        shutil.copytree(world.folder, folder, dirs_exist_ok=True)
    return copy.deepcopy(world.made)


def _copied(folder: Path | None) -> Path | None:
    if folder is None or not folder.exists():
        return None
    return Path(shutil.copytree(folder, tempfile.mkdtemp(dir=_FOLDERS.name), dirs_exist_ok=True))


def _written_since(before: dict[str, _Rows]) -> list[str]:
    """Statements that bring every table from what it was to what it is."""
    statements = []
    after = _all_rows()
    for table in _tables():
        old, now = before.get(table, {}), after.get(table, {})
        gone = [pk for pk, row in old.items() if now.get(pk) != row]
        new = [row for pk, row in now.items() if old.get(pk) != row]
        columns = _columns_of_all()[table]
        if gone:
            statements.append(f"DELETE FROM {table} WHERE {columns[0]} IN ({','.join(gone)})")
        if new:
            names = ",".join(columns)
            rows = ",\n".join(f"({row})" for row in new)
            statements.append(f"INSERT INTO {table} ({names}) VALUES {rows}")
    return statements


@cache
def _tables() -> list[str]:
    """Every table of the product in the order in which rows are written."""
    return sorted(_columns_of_all(), key=lambda name: (name == _LAST, name))


@cache
def _columns_of_all() -> dict[str, list[str]]:
    """The columns of every table, the primary key first."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        fields = sorted(model._meta.concrete_fields, key=lambda field: not field.primary_key)
        if model._meta.managed and not model._meta.proxy:
            names = [connection.ops.quote_name(field.column) for field in fields]
            found[model._meta.db_table] = names
    return found


def _all_rows() -> dict[str, _Rows]:
    """The rows of every table that has some."""
    asked = ", ".join(f"EXISTS (SELECT 1 FROM {table})" for table in _tables())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}")
        has_rows = cursor.fetchone()
    return {table: _rows(table) for table, has in zip(_tables(), has_rows, strict=True) if has}


def _rows(table: str) -> _Rows:
    key, *_ = columns = _columns_of_all()[table]
    row = "||','||".join(map(_literal, columns))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_literal(key)}, {row} FROM {table} ORDER BY {key}")
        return dict(cursor.fetchall())


def _literal(column: str) -> str:
    is_sqlite = connection.vendor == "sqlite"
    return f"quote({column})" if is_sqlite else f"quote_nullable({column}::text)"


def _standing() -> tuple[Any, ...]:
    """What the database holds already, as good as known: counts, keys and the journal's end."""
    asked = [
        f"(SELECT {what} FROM {model._meta.db_table})"
        for model in _TELLING
        for what in ("count(*)", f"max({model._meta.pk.column})")
    ]
    asked += [f"(SELECT {what} FROM journal_entry ORDER BY id DESC LIMIT 1)" for what in _END]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(asked)}")
        found: tuple[Any, ...] = cursor.fetchone()
    return found
