"""Triggers by which the database itself keeps the ledger: balanced, append-only, months closed.

A transaction's lines are written first (their key to the head is checked at commit), then the
head: it is refused unless the lines add up to it on both sides. A head that stands takes no more
lines. Used by the migration; tests that must empty tables take the triggers off.
"""

# ruff: noqa: S608 - the names of tables are constants of this file

from django.db.backends.base.base import BaseDatabaseWrapper

_HEAD, _LINE, _MONTH = (
    "payments_ledgertransaction",
    "payments_ledgerline",
    "payments_ledgermonth",
)
_TABLES = (_HEAD, _LINE)
_APPEND = "the ledger is append-only"
_BALANCE = "a ledger transaction must balance"
_CLOSED = "a closed month takes no postings"
_SUMS = f"""SELECT COUNT(*), COALESCE(SUM(debit_fen), 0), COALESCE(SUM(credit_fen), 0),
    COALESCE(SUM(CASE WHEN month <> NEW.month THEN 1 ELSE 0 END), 0)
    FROM {_LINE} WHERE transaction_id = NEW.id"""

_SQLITE = [
    *(
        f"""CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, '{_APPEND}'); END"""
        for table in _TABLES
        for verb in ("UPDATE", "DELETE")
    ),
    # REPLACE removes a row without asking the trigger on DELETE.
    f"""CREATE TRIGGER IF NOT EXISTS {_LINE}_no_late BEFORE INSERT ON {_LINE}
        WHEN EXISTS (SELECT 1 FROM {_HEAD} WHERE id = NEW.transaction_id)
          OR EXISTS (SELECT 1 FROM {_LINE} WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, '{_APPEND}'); END""",
    f"""CREATE TRIGGER IF NOT EXISTS {_HEAD}_balance BEFORE INSERT ON {_HEAD}
        BEGIN
          SELECT RAISE(ABORT, '{_APPEND}') WHERE EXISTS
            (SELECT 1 FROM {_HEAD} WHERE id = NEW.id);
          SELECT RAISE(ABORT, '{_CLOSED}') WHERE EXISTS
            (SELECT 1 FROM {_MONTH} WHERE month = NEW.month AND state = 'closed');
          SELECT RAISE(ABORT, '{_BALANCE}')
            WHERE ({_SUMS}) <> (NEW.line_count, NEW.total_fen, NEW.total_fen, 0);
        END""",
]
_POSTGRESQL = [
    f"""CREATE OR REPLACE FUNCTION payments_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{_APPEND}'; END $$""",
    *(
        f"""CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION payments_refuse()"""
        for table in _TABLES
    ),
    *(
        f"""CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION payments_refuse()"""
        for table in _TABLES
    ),
    f"""CREATE OR REPLACE FUNCTION payments_no_late() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
          IF EXISTS (SELECT 1 FROM {_HEAD} WHERE id = NEW.transaction_id) THEN
            RAISE EXCEPTION '{_APPEND}';
          END IF;
          RETURN NEW;
        END $$""",
    f"""CREATE OR REPLACE TRIGGER {_LINE}_no_late BEFORE INSERT ON {_LINE}
        FOR EACH ROW EXECUTE FUNCTION payments_no_late()""",
    f"""CREATE OR REPLACE FUNCTION payments_balance() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
          IF EXISTS (SELECT 1 FROM {_MONTH} WHERE month = NEW.month AND state = 'closed') THEN
            RAISE EXCEPTION '{_CLOSED}';
          END IF;
          IF NOT EXISTS (SELECT 1 FROM ({_SUMS}) AS s(n, debit, credit, elsewhere)
             WHERE n = NEW.line_count AND debit = NEW.total_fen AND credit = NEW.total_fen
               AND elsewhere = 0)
          THEN RAISE EXCEPTION '{_BALANCE}';
          END IF;
          RETURN NEW;
        END $$""",
    f"""CREATE OR REPLACE TRIGGER {_HEAD}_balance BEFORE INSERT ON {_HEAD}
        FOR EACH ROW EXECUTE FUNCTION payments_balance()""",
]
_DROP = {
    "sqlite": [
        *(
            f"DROP TRIGGER IF EXISTS {table}_no_{verb}"
            for table in _TABLES
            for verb in ("UPDATE", "DELETE")
        ),
        f"DROP TRIGGER IF EXISTS {_LINE}_no_late",
        f"DROP TRIGGER IF EXISTS {_HEAD}_balance",
    ],
    "postgresql": [
        *(
            f"DROP TRIGGER IF EXISTS {table}_no_{what} ON {table}"
            for table in _TABLES
            for what in ("change", "truncate")
        ),
        f"DROP TRIGGER IF EXISTS {_LINE}_no_late ON {_LINE}",
        f"DROP TRIGGER IF EXISTS {_HEAD}_balance ON {_HEAD}",
    ],
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Let this database keep the ledger."""
    _run(connection, _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off, for a migration that reshapes a table or a test's clean-up."""
    _run(connection, _DROP[connection.vendor])


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
