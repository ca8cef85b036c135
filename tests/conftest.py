"""What every test may ask for: a database with its triggers, and the ground data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from busbar.access.visibility import Viewer
from busbar.journal import immutability
from busbar.payments import guards
from busbar.workflow import library
from tests import shelf

# A busy machine is no finding: how long an example takes is measured in bench/, not here.
hypothesis_settings.register_profile(
    "busbar", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("busbar")


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
    if connection.vendor == "sqlite":
        path = Path(os.environ["BUSBAR_HOME"]) / "test.sqlite3"
        database["TEST"]["NAME"] = str(path)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The database, and what takes long to load laid aside in it."""
    with django_db_blocker.unblock():
        shelf.fill()


@pytest.fixture
def ground(db: None) -> None:
    """Calendar, time limits and seeded rule sets, as after `busbar migrate`."""
    shelf.lay_ground()


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
