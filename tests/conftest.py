"""What every test may ask for: a database with its triggers, and the ground data."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from busbar.journal import immutability

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


_calendar: list[Any] = []
"""The rows of the announced years, computed once a process: most tests need them."""


@pytest.fixture
def ground(db: None) -> None:
    """Calendar, time limits and seeded rule sets, as after `busbar migrate`."""
    from busbar.clocks import operations as clocks_operations
    from busbar.clocks.models import CalendarDay
    from busbar.pricing import operations as pricing_operations

    if _calendar:
        CalendarDay.objects.bulk_create(_calendar)
    else:
        clocks_operations.load_announced_years(at=GROUND_AT)
        _calendar.extend(CalendarDay.objects.all())
    clocks_operations.load_time_limits(at=GROUND_AT)
    pricing_operations.load_seed(at=GROUND_AT)


@pytest.fixture(scope="session", autouse=True)
def _journal_can_be_emptied() -> Iterator[None]:
    """Tests that commit are cleaned by emptying every table; the journal's triggers forbid it.

    The triggers are off only while the tables are emptied, never while a test runs.
    """
    empty_tables = TransactionTestCase._fixture_teardown

    def without_triggers(case: TransactionTestCase) -> None:
        immutability.remove(connection)
        try:
            empty_tables(case)
        finally:
            immutability.install(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield
