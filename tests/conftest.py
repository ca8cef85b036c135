"""What every test may ask for: a database with its triggers, and the ground data."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from busbar.access.visibility import Viewer
from busbar.journal import immutability
from busbar.payments import guards
from busbar.workflow import library

# A busy machine is no finding: how long an example takes is measured in bench/, not here.
hypothesis_settings.register_profile(
    "busbar", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("busbar")

GROUND_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="session", autouse=True)
def _quick_settings() -> None:
    """Pages name static files as they are, uncollected; passwords are hashed in one round."""
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """SQLite tests use a file in WAL mode, as the product does, not Django's in-memory database."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        path = Path(os.environ["BUSBAR_HOME"]) / "test.sqlite3"
        database["TEST"]["NAME"] = str(path)


@pytest.fixture(scope="session")
def _ground_shelf(django_db_setup: None, django_db_blocker: Any) -> list[str]:
    """The ground data, loaded once a process and laid aside in tables of their own; their names.

    Most tests need it, and copying rows inside the database takes a hundredth of the loading.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        empty = {table for table in connection.introspection.table_names() if not _count(table)}
        _load_ground()
        filled = sorted(table for table in empty if _count(table))
        immutability.remove(connection)
        with connection.cursor() as cursor:
            for table in filled:
                cursor.execute(f"CREATE TABLE shelf_{table} AS SELECT * FROM {table}")
                cursor.execute(f"DELETE FROM {table}")
        immutability.install(connection)
    return filled


def _load_ground() -> None:
    from busbar.clocks import operations as clocks_operations
    from busbar.pricing import operations as pricing_operations

    clocks_operations.load_announced_years(at=GROUND_AT)
    clocks_operations.load_time_limits(at=GROUND_AT)
    pricing_operations.load_seed(at=GROUND_AT)


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


@pytest.fixture
def ground(db: None, _ground_shelf: list[str]) -> None:
    """Calendar, time limits and seeded rule sets, as after `busbar migrate`."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in _ground_shelf:
            cursor.execute(f"INSERT INTO {table} SELECT * FROM shelf_{table}")


@pytest.fixture(autouse=True)
def _versions_are_numbered_anew() -> Iterator[None]:
    """A rolled-back test gives its rows' numbers to the next: what they stood for is forgotten."""
    yield
    library.forget_numbers()


@pytest.fixture(autouse=True)
def _viewers_look_anew(request: pytest.FixtureRequest) -> None:
    """A viewer lives for one request; one that a test module keeps was found for another test."""
    for kept in vars(request.module).values():
        if isinstance(kept, Viewer):
            for name in ("sees_company", "units", "team_customers"):
                vars(kept).pop(name, None)


@pytest.fixture(autouse=True)
def _every_test_begins_in_chinese() -> Iterator[None]:
    """A page read in English leaves the thread speaking it."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def _journal_can_be_emptied() -> Iterator[None]:
    """Tests that commit are cleaned by emptying every table; the journal's triggers forbid it.

    The triggers are off only while the tables are emptied, never while a test runs.
    """
    empty_tables = TransactionTestCase._fixture_teardown

    def without_triggers(case: TransactionTestCase) -> None:
        immutability.remove(connection)
        guards.remove(connection)
        try:
            empty_tables(case)
        finally:
            immutability.install(connection)
            guards.install(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield
