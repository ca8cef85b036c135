"""`busbar django migrate`: an empty database gets its tables at once, the same as step by step."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.plugins.database import NewDatabase

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

COLUMNS = """
    SELECT attrelid::regclass || '.' || attname, format_type(atttypid, atttypmod), attnotnull,
           attidentity, pg_get_expr(adbin, adrelid)
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    JOIN pg_class ON pg_class.oid = attrelid
    WHERE attnum > 0 AND NOT attisdropped AND relkind = 'r'
      AND relnamespace = 'public'::regnamespace
"""
CONSTRAINTS = """
    SELECT conrelid::regclass, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
TRIGGERS = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
FUNCTIONS = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"


def migrate(url: str, home: Path, *words: str) -> str:
    """What the real command says."""
    return django(url, home, "migrate", "--skip-checks", *words)


def django(url: str, home: Path, *words: str) -> str:
    """What a command prints that runs on this database."""
    done = subprocess.run(
        [sys.executable, "-m", "django", *words],
        env={
            **os.environ,
            "BUSBAR_HOME": str(home),
            "DATABASE_URL": url,
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
            "PYTHONHASHSEED": "0",  # Django writes a set of JSON words into checks as it comes
        },
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


REFUSED_ROW = """
import datetime as dt
from busbar.imports.models import ImportFile, ImportRun, RowError
from busbar.kit.errors import Phrase
run = ImportRun.objects.create(kind="archive", state="done", created_at=dt.datetime.now(dt.UTC))
file = ImportFile.objects.create(run=run, name="户号.csv", table="accounts", size_bytes=1)
said = Phrase("应为不超过 %(most)s 个字符", most=20)
RowError.objects.create(file=file, row=7, column="户号", value="x", expectation=said)
"""
SAY_WHY = "from busbar.imports.models import RowError; print(RowError.objects.get().expectation)"


def read(url: str, query: str) -> list[str]:
    """Rows as sorted texts."""
    if url.startswith("postgres"):
        with psycopg.connect(url) as server:
            return sorted(map(str, server.execute(query)))
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
        return sorted(map(str, file.execute(query)))


def describe(url: str) -> list[str]:
    """Everything the database keeps to, in an order of its own."""
    if url.startswith("postgres"):
        queries = (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS)
        return [row for query in queries for row in read(url, query)]
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
        rows = file.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return sorted(f"{name}: {part}" for name, sql in rows for part in _parts(sql))


def _parts(sql: str) -> list[str]:
    """A table's columns and constraints each by itself: the order of columns differs."""
    sql = re.sub(r'\s+|"', " ", sql)
    if not sql.startswith("CREATE TABLE"):
        return [" ".join(sql.split())]
    parts, depth = [""], 0
    for letter in sql[sql.index("(") + 1 : sql.rindex(")")]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [" ".join(part.split()) for part in parts]


class TestAnEmptyDatabase:
    def test_gets_what_the_migrations_come_to(
        self, new_database: NewDatabase, tmp_path: Path
    ) -> None:
        at_once, replayed = new_database(), new_database()
        migrate(at_once, tmp_path)
        said = migrate(replayed, tmp_path, "--replay")
        assert "Applying journal.0002_append_only... OK" in said
        assert describe(at_once) == describe(replayed)
        noted = "SELECT app, name FROM django_migrations"
        assert read(at_once, noted) == read(replayed, noted)
        for table in ("django_content_type", "auth_permission"):
            counted = f"SELECT count(*) FROM {table}"
            assert read(at_once, counted) == read(replayed, counted) != ["(0,)"]

    def test_has_nothing_left_to_do(self, new_database: NewDatabase, tmp_path: Path) -> None:
        url = new_database()
        migrate(url, tmp_path)
        before = describe(url)
        assert "No migrations to apply" in migrate(url, tmp_path)
        assert describe(url) == before

    def test_can_go_a_migration_back_and_forth(
        self, new_database: NewDatabase, tmp_path: Path
    ) -> None:
        url = new_database()
        migrate(url, tmp_path)
        before = describe(url)
        migrate(url, tmp_path, "claims", "zero")
        assert describe(url) != before
        assert "Applying claims.0001_initial... OK" in migrate(url, tmp_path)
        assert describe(url) == before


class TestADatabaseWithTables:
    def test_is_taken_step_by_step(self, new_database: NewDatabase, tmp_path: Path) -> None:
        url = new_database()
        migrate(url, tmp_path, "journal", "0001")
        begun = str(describe(url))
        assert "journal_entry" in begun
        assert "access_employee" not in begun
        assert "Applying journal.0002_append_only... OK" in migrate(url, tmp_path, "journal")
        assert "append-only" in str(describe(url))

    def test_keeps_what_was_said_before_sentences_were_kept(
        self, new_database: NewDatabase, tmp_path: Path
    ) -> None:
        url = new_database()
        migrate(url, tmp_path)
        django(url, tmp_path, "shell", "-v", "0", "-c", REFUSED_ROW)
        kept = "SELECT expectation FROM imports_rowerror"

        migrate(url, tmp_path, "imports", "0004")
        assert read(url, kept) == ["('应为不超过 20 个字符',)"]

        migrate(url, tmp_path)
        assert "%(text)s" in str(read(url, kept))
        said = django(url, tmp_path, "shell", "-v", "0", "-c", SAY_WHY)
        assert said == "应为不超过 20 个字符\n"
