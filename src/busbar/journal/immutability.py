"""Triggers by which the database itself refuses to change or remove journal entries.

Used by the migration; tests that must empty tables take them off and put them back.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

_TABLE = "journal_entry"

_SQLITE = [
    *(
        f"""CREATE TRIGGER IF NOT EXISTS {_TABLE}_no_{verb} BEFORE {verb} ON {_TABLE}
            BEGIN SELECT RAISE(ABORT, 'journal entries are append-only'); END"""
        for verb in ("UPDATE", "DELETE")
    ),
    # REPLACE removes a row without asking the trigger on DELETE.
    """CREATE TRIGGER IF NOT EXISTS journal_entry_no_REPLACE BEFORE INSERT ON journal_entry
       WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.id OR hash = NEW.hash)
       BEGIN SELECT RAISE(ABORT, 'journal entries are append-only'); END""",
]
_POSTGRESQL = [
    """CREATE OR REPLACE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'journal entries are append-only'; END $$""",
    f"""CREATE OR REPLACE TRIGGER {_TABLE}_no_change BEFORE UPDATE OR DELETE ON {_TABLE}
        FOR EACH ROW EXECUTE FUNCTION journal_refuse()""",
    f"""CREATE OR REPLACE TRIGGER {_TABLE}_no_truncate BEFORE TRUNCATE ON {_TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse()""",
]
_DROP = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS {_TABLE}_no_{verb}" for verb in ("UPDATE", "DELETE", "REPLACE")
    ],
    "postgresql": [
        f"DROP TRIGGER IF EXISTS {_TABLE}_no_{what} ON {_TABLE}" for what in ("change", "truncate")
    ],
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the journal append-only in this database."""
    _run(connection, _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off, for a migration that reshapes the table or a test's clean-up."""
    _run(connection, _DROP[connection.vendor])


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
