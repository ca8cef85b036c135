"""Who finds SQLite written by another waits, gives up in time, doubles nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import ConnectionHandler, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

Connect = Callable[..., BaseDatabaseWrapper]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Connections to one file, as the product's settings open them."""
    opened: list[BaseDatabaseWrapper] = []

    def one_more(timeout: float = 30) -> BaseDatabaseWrapper:
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": timeout,
            "init_command": "PRAGMA journal_mode=WAL",
        }
        place = {"ENGINE": "busbar.config.sqlite", "NAME": str(tmp_path / "x"), "OPTIONS": options}
        opened.append(ConnectionHandler({"default": place})["default"])
        opened[-1].inc_thread_sharing()
        return opened[-1]

    with one_more().cursor() as cursor:
        cursor.execute("CREATE TABLE word (word TEXT)")
    yield one_more
    for connection in opened:
        connection.close()


def run(connection: BaseDatabaseWrapper, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def words(connection: BaseDatabaseWrapper) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM word ORDER BY rowid")
        return [word for (word,) in cursor.fetchall()]


def write_while_busy(writer: BaseDatabaseWrapper, write: Callable[[], None]) -> list[str]:
    """Let a thread write while the writer holds the file; what stands there in the end."""
    run(writer, "BEGIN IMMEDIATE")
    run(writer, "INSERT INTO word VALUES ('first')")
    thread = threading.Thread(target=write)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    run(writer, "COMMIT")
    thread.join(30)
    return words(writer)


class TestWaiting:
    def test_a_statement_is_tried_until_the_other_is_done(self, connect: Connect) -> None:
        writer, other = connect(), connect()

        found = write_while_busy(writer, lambda: run(other, "INSERT INTO word VALUES ('second')"))

        assert found == ["first", "second"]

    def test_so_is_the_beginning_of_a_transaction(self, connect: Connect) -> None:
        writer, other = connect(), connect()

        def write() -> None:
            run(other, "BEGIN IMMEDIATE")
            run(other, "INSERT INTO word VALUES ('second')")
            run(other, "COMMIT")

        assert write_while_busy(writer, write) == ["first", "second"]

    def test_many_rows_outside_a_transaction_stand_there_once(self, connect: Connect) -> None:
        writer, other = connect(), connect()

        def write() -> None:
            with other.cursor() as cursor:
                cursor.executemany("INSERT INTO word VALUES (%s)", [("a",), ("b",)])

        assert write_while_busy(writer, write) == ["first", "a", "b"]

    def test_is_given_up_after_the_time_and_changes_nothing(self, connect: Connect) -> None:
        writer, other = connect(), connect(timeout=0.05)
        run(writer, "BEGIN IMMEDIATE")

        with pytest.raises(OperationalError, match="database is locked"):
            run(other, "INSERT INTO word VALUES ('late')")

        run(writer, "ROLLBACK")
        assert words(writer) == []

    def test_what_is_wrong_is_said_at_once(self, connect: Connect) -> None:
        with pytest.raises(OperationalError, match="no such table"):
            run(connect(), "INSERT INTO missing VALUES (1)")


def test_the_product_is_served_by_it() -> None:
    from django.db import connection

    assert connection.settings_dict["ENGINE"] == "busbar.config.sqlite"
