"""SQLite where somebody who signs in is not starved by a job that writes without pause.

SQLite has one writer. Who finds it busy waits by SQLite's own rule: ever longer, up to a tenth of
a second between two looks. A job that commits and begins again within a millisecond is free too
shortly to be met so, and a sign-in waited until the whole job was done. Here those who wait look
every few milliseconds, and give up after the same time as ever.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.backends.sqlite3 import base

_T = TypeVar("_T")
_LOOK_EVERY = 0.002
"""Seconds between two looks: about the gap that a loop leaves between its transactions."""
_PRIMARY = 0xFF
"""The part of an extended result code that says what it is at heart."""


class PatientCursor(base.SQLiteCursorWrapper):
    """Tries a statement again while another connection writes."""

    patience = 0.0
    """Seconds; the connection's `timeout`, which the settings name."""

    def execute(self, query: str, params: Any = None) -> Any:
        """One statement."""
        run = super().execute
        return self._while_busy(lambda: run(query, params))

    def executemany(self, query: str, param_list: Any) -> Any:
        """One statement for many rows.

        Outside a transaction each row is one of its own, and what is half done is not tried
        again: there SQLite waits as it does.
        """
        if self.connection.in_transaction:
            return super().executemany(query, param_list)
        super().execute(f"PRAGMA busy_timeout = {int(self.patience * 1000)}")
        try:
            return super().executemany(query, param_list)
        finally:
            super().execute("PRAGMA busy_timeout = 0")

    def _while_busy(self, run: Callable[[], _T]) -> _T:
        until = time.monotonic() + self.patience
        while True:
            try:
                return run()
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & _PRIMARY == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > until:
                    raise
            time.sleep(_LOOK_EVERY)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection to SQLite with patient cursors."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Opened with SQLite's own waiting; afterwards the cursors wait."""
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def create_cursor(self, name: str | None = None) -> PatientCursor:
        """A cursor that waits as long as the connection is told to."""
        cursor: PatientCursor = self.connection.cursor(factory=PatientCursor)
        cursor.patience = float(self.settings_dict["OPTIONS"]["timeout"])
        return cursor
