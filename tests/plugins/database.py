"""Which database the tests run on, and a home of their own.

`pytest --database=sqlite` (the default) or `--database=postgresql`, which leaves out what touches
no database (arithmetic is proven once) and what is marked `one_database`. Loaded with `-p` from
pyproject.toml, because pytest-django reads the settings before any conftest.py is imported.
Nothing that a test does touches `./var` or a database that was there before.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import psycopg
import pytest
from tools.postgres import NoPostgresError, cluster

NewDatabase = Callable[[], str]

_VACUUM_EVERY = 100
_everything = ExitStack()
_tests_done = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The choice of database."""
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="database the tests run on; postgresql starts a cluster of its own",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the environment before pytest-django imports the settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    home = Path(tempfile.mkdtemp(prefix=f"busbar-test-{worker or 'main'}-"))
    _everything.callback(shutil.rmtree, home, ignore_errors=True)
    (home / "static").mkdir()  # where whitenoise looks; nothing is collected for tests
    os.environ["BUSBAR_HOME"] = str(home)
    for name in ("SECRET_KEY", "DEBUG", "BUSBAR_TLS", "BUSBAR_DEMO", "BUSBAR_HOSTS"):
        os.environ.pop(name, None)
    if not worker:  # workers inherit the controller's cluster
        _choose_database(early_config.known_args_namespace.database)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what can tell it from SQLite: rows, pages, processes."""
    if config.getoption("database") != "postgresql":
        return
    left_out = [item for item in items if not _meets_database(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _meets_database(item)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Clear rolled-back rows away now and then; the cluster does not vacuum by itself.

    Behind every fixture: here no test's transaction is open. Afterwards the planner knows as little
    of the empty tables as before they were ever filled: it takes them for ten pages, not for
    nothing, and finds a referenced row by its index.
    """
    yield
    if next(_tests_done) % _VACUUM_EVERY == 0 and "DATABASE_URL" in os.environ:
        _vacuum()


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[NewDatabase]:
    """Makes empty databases of the kind the suite runs on; their addresses."""
    url = os.environ.get("DATABASE_URL", "")
    with ExitStack() as gone_afterwards:

        def make() -> str:
            name = f"new_{uuid.uuid4().hex[:8]}"
            if not url.startswith("postgres"):
                return f"sqlite:///{tmp_path / name}.sqlite3"
            base = url.rpartition("/")[0]
            server = gone_afterwards.enter_context(
                psycopg.connect(f"{base}/postgres", autocommit=True)
            )
            server.execute(f'CREATE DATABASE "{name}"')
            gone_afterwards.callback(server.execute, f'DROP DATABASE "{name}" WITH (FORCE)')
            return f"{base}/{name}"

        yield make


@pytest.fixture
def database_url(new_database: NewDatabase) -> str:
    """An empty database of the kind the suite runs on."""
    return new_database()


def pytest_unconfigure() -> None:
    """Stop the cluster and remove the home."""
    _everything.close()


def _vacuum() -> None:
    from django.db import connection

    names = ("host", "port", "user", "password")
    there = {name: connection.settings_dict[name.upper()] for name in names}
    database = connection.settings_dict["NAME"]
    with psycopg.connect(**there, dbname=database, autocommit=True) as direct:
        direct.execute("VACUUM (SKIP_LOCKED)")
        direct.execute("UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE reltuples = 0")


def _choose_database(name: str) -> None:
    os.environ.pop("DATABASE_URL", None)
    if name == "sqlite":
        return
    try:
        os.environ["DATABASE_URL"] = _everything.enter_context(cluster())
    except NoPostgresError as missing:
        # A developer without PostgreSQL may go on; the build machine may not.
        code = 1 if os.environ.get("CI") == "true" else 0
        pytest.exit(f"skipped, {missing}" if code == 0 else str(missing), returncode=code)


def _meets_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("one_database"):
        return False
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    marks = ("django_db", "browser", "slow")
    return bool(fixtures) or any(item.get_closest_marker(mark) for mark in marks)
