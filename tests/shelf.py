"""Ground data that takes long to load: loaded once a process, laid aside, copied when needed.

Copying rows inside the database takes a hundredth of the loading. Each loader's rows lie in tables
of their own, filled before the first test (`django_db_setup` in conftest.py).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from busbar.clocks import operations as clocks_operations
from busbar.clocks.models import CalendarDay
from busbar.journal import immutability
from busbar.journal.models import Entry
from busbar.pricing import operations as pricing_operations
from busbar.workflow import operations as workflow_operations

GROUND_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
GROUND = (
    clocks_operations.load_announced_years,
    clocks_operations.load_time_limits,
    pricing_operations.load_seed,
)
"""The first three of `busbar migrate`."""
_CALENDAR_SINCE = dt.date(2022, 1, 1)
"""Of the calendar's twenty-three years those in which tests happen."""
_SHELVED = (*GROUND, workflow_operations.load_shipped_processes)

Loader = Callable[..., Any]
_shelves: dict[Loader, dict[str, str]] = {}
"""By loader, where its rows of each table lie."""
_JOURNAL = Entry._meta.db_table


def fill() -> None:
    """Load what is shelved, lay it aside, and leave every table as empty as it was."""
    _shelves.clear()
    aside: dict[str, list[str]] = defaultdict(list)
    with transaction.atomic():
        empty = [table for table in connection.introspection.table_names() if not _count(table)]
        for ordinal, load in enumerate(_SHELVED):
            load(at=GROUND_AT)
            CalendarDay.objects.filter(date__lt=_CALENDAR_SINCE).delete()
            _shelves[load] = {}
            for table in empty:
                shelf = f"shelf_{ordinal}_{table}"
                if _lay_aside(table, shelf, known=aside[table]):
                    _shelves[load][table] = shelf
                    aside[table].append(shelf)
        immutability.remove(connection)
        for table in (table for table, shelves in aside.items() if shelves):
            _run(f"DELETE FROM {table}")
        immutability.install(connection)


def lay(*loaders: Loader) -> None:
    """The rows that each loader brings, without its entries in the journal."""
    _copy(loaders, without=_JOURNAL)


def lay_ground() -> None:
    """Calendar, time limits and rule sets with the beginning of the journal."""
    _copy(GROUND)


def _copy(loaders: tuple[Loader, ...], without: str = "") -> None:
    with transaction.atomic():
        for load in loaders:
            for table, shelf in _shelves[load].items():
                if table != without:
                    rows = f"SELECT * FROM {shelf} WHERE true ON CONFLICT DO NOTHING"
                    _run(f"INSERT INTO {table} {rows}")


def _lay_aside(table: str, shelf: str, known: list[str]) -> bool:
    """Lay the rows aside that lie on no shelf yet; whether there were any."""
    if not _count(table):
        return False
    with connection.cursor() as cursor:
        key = connection.introspection.get_primary_key_column(cursor, table)
    new = " AND ".join(["true", *(f"{key} NOT IN (SELECT {key} FROM {name})" for name in known)])
    _run(f"CREATE TABLE {shelf} AS SELECT * FROM {table} WHERE {new}")
    return _count(shelf) > 0


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
