"""The journal: written with the work, refused to change, and its chain tells on whoever did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from busbar.journal import immutability
from busbar.journal import operations as journal_operations
from busbar.journal import queries as journal_queries
from busbar.journal.chain import GENESIS, entry_hash
from busbar.journal.models import Entry, OutboxCursor
from busbar.journal.operations import SYSTEM, Actor, Happening

AT = dt.datetime(2026, 3, 2, 1, 0, 0, 123456, tzinfo=dt.UTC)
CLERK = Actor(7, "李工")


def happening(number: int, **facts: object) -> Happening:
    """A happening about account `number`."""
    return Happening(
        **(
            {"event": "test.account.opened", "subject_type": "account", "subject_id": number}
            | facts
        )
    )


def write(*numbers: int) -> list[Entry]:
    """One entry for each number."""
    return [journal_operations.record(happening=happening(n), actor=CLERK, at=AT) for n in numbers]


@transaction.atomic
def failing_work(begin: Callable[[], object]) -> None:
    """Work in one transaction that begins well and fails."""
    begin()
    raise RuntimeError("work failed")


@contextmanager
def tampering() -> Iterator[None]:
    """The hand of somebody with full rights on the database."""
    immutability.remove(connection)
    try:
        yield
    finally:
        immutability.install(connection)


def sql(statement: str, *values: object) -> None:
    """Run raw SQL against the journal's table."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.django_db
class TestRecord:
    """Appending."""

    def test_all_that_was_said_is_kept(self) -> None:
        said = happening(
            1,
            subject_label="0001 东海钢铁",
            customer_id=5,
            unit_path="000001",
            changes={"name": ["甲", "乙"]},
            reason="更名",
        )
        journal_operations.record(happening=said, actor=CLERK, at=AT)
        kept = Entry.objects.get()
        assert (kept.event, kept.subject_type, kept.subject_id, kept.subject_label) == (
            "test.account.opened",
            "account",
            1,
            "0001 东海钢铁",
        )
        assert (kept.customer_id, kept.unit_path, kept.actor_id, kept.actor_name) == (
            5,
            "000001",
            7,
            "李工",
        )
        assert (kept.changes, kept.reason, kept.occurred_at) == ({"name": ["甲", "乙"]}, "更名", AT)

    def test_each_follows_the_one_before(self) -> None:
        first, second, third = write(1, 2, 3)
        assert first.previous_hash == GENESIS
        assert [second.previous_hash, third.previous_hash] == [first.hash, second.hash]

    def test_several_of_one_operation_are_chained_in_order(self) -> None:
        entries = journal_operations.record_many(
            happenings=[happening(n) for n in range(2500)], actor=SYSTEM, at=AT
        )
        assert [e.subject_id for e in Entry.objects.order_by("id")] == list(range(2500))
        assert journal_queries.verify_chain() == journal_queries.Verification(
            2500, entries[-1].hash, None
        )

    def test_none_at_all_writes_nothing(self) -> None:
        assert journal_operations.record_many(happenings=[], actor=SYSTEM, at=AT) == []
        assert journal_queries.get_head_hash() == GENESIS

    def test_values_of_the_trade_hash_as_the_database_gives_them_back(self) -> None:
        changes = {
            "amount": Decimal("12.50"),
            "day": dt.date(2026, 3, 1),
            "at": AT,
            "factor": 0.1,
            "large": 1e16,
            "zero": -0.0,
            "count": 10**15,
            "nothing": None,
            "文字": "“引号”\n换行",
            "list": [{"b": 1, "a": 2}],
        }
        journal_operations.record(happening=happening(1, changes=changes), actor=CLERK, at=AT)
        assert journal_queries.verify_chain().broken is None
        kept = Entry.objects.get().changes
        assert (kept["amount"], kept["day"], kept["factor"]) == ("12.50", "2026-03-01", "0.1")

    def test_another_time_zone_is_the_same_moment(self) -> None:
        china = AT.astimezone(dt.timezone(dt.timedelta(hours=8)))
        journal_operations.record(happening=happening(1), actor=CLERK, at=china)
        assert journal_queries.verify_chain().broken is None


@pytest.mark.django_db(transaction=True)
class TestTransaction:
    """An entry appears or vanishes with the work."""

    def test_it_vanishes_with_work_that_fails(self) -> None:
        write(1)
        with pytest.raises(RuntimeError, match="work failed"):
            failing_work(lambda: write(2))
        assert [e.subject_id for e in Entry.objects.all()] == [1]

    def test_the_chain_goes_on_from_what_was_kept(self) -> None:
        write(1)
        with pytest.raises(RuntimeError, match="work failed"):
            failing_work(lambda: write(2))
        write(3)
        verification = journal_queries.verify_chain()
        assert (verification.entries, verification.broken) == (2, None)


@pytest.mark.django_db
class TestAppendOnly:
    """The database refuses, whoever asks."""

    def refused(self, statement: str) -> None:
        """The statement fails and the entries stand."""
        before = list(Entry.objects.order_by("id").values())
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            sql(statement)
        assert list(Entry.objects.order_by("id").values()) == before
        assert len(before) == 2

    @pytest.fixture(autouse=True)
    def _entries(self) -> None:
        write(1, 2)

    def test_an_update(self) -> None:
        self.refused("UPDATE journal_entry SET reason = 'x'")

    def test_a_delete(self) -> None:
        self.refused("DELETE FROM journal_entry")

    def test_a_truncate(self) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has no TRUNCATE")
        self.refused("TRUNCATE journal_entry")

    def test_a_replace(self) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("only SQLite has REPLACE")
        self.refused(
            "INSERT OR REPLACE INTO journal_entry "
            "SELECT id, occurred_at, 'forged', subject_type, subject_id, subject_label,"
            " customer_id, unit_path, actor_id, actor_name, reason, changes, previous_hash, hash"
            " FROM journal_entry"
        )

    def test_the_orm(self) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Entry.objects.update(reason="x")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Entry.objects.all().delete()
        assert Entry.objects.filter(reason="").count() == 2


@pytest.mark.django_db(transaction=True)
class TestTurn:
    """PostgreSQL's lock is asked for once a transaction, and again where it was lost."""

    @pytest.fixture(autouse=True)
    def _only_postgresql(self) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite's writers queue without a lock of ours")

    @contextmanager
    def asked(self, times: int) -> Iterator[None]:
        """How often the lock is asked for, and that it is held at the end."""
        with CaptureQueriesContext(connection) as queries:
            yield
        assert sum("pg_advisory_xact_lock" in query["sql"] for query in queries) == times
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
            )
            assert cursor.fetchone() == (1,)

    def test_an_operation_of_many_entries_waits_once(self) -> None:
        with transaction.atomic(), self.asked(1):
            journal_operations.take_turn()
            write(1, 2)
            with transaction.atomic():
                write(3)

    def test_the_next_transaction_waits_anew(self) -> None:
        write(1)
        with transaction.atomic(), self.asked(1):
            write(2)
        with pytest.raises(RuntimeError):
            failing_work(lambda: write(3))
        with transaction.atomic(), self.asked(1):
            write(4)
        assert journal_queries.verify_chain().broken is None

    def test_a_part_rolled_back_loses_the_turn_that_it_took(self) -> None:
        with transaction.atomic():
            with pytest.raises(RuntimeError):
                failing_work(lambda: write(1))
            with self.asked(1):
                write(2)

    def test_a_part_rolled_back_keeps_the_turn_taken_before_it(self) -> None:
        with transaction.atomic():
            journal_operations.take_turn()
            with pytest.raises(RuntimeError):
                failing_work(lambda: write(1))
            with self.asked(0):
                write(2)


@pytest.mark.django_db
class TestVerifyChain:
    """What somebody with full rights on the database did is found."""

    @pytest.fixture
    def entries(self) -> list[Entry]:
        """Five entries in a chain that holds."""
        entries = write(1, 2, 3, 4, 5)
        assert journal_queries.verify_chain().broken is None
        return entries

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("occurred_at", "2026-03-02 01:00:01+00:00"),
            ("event", "test.account.closed"),
            ("subject_type", "meter"),
            ("subject_id", 99),
            ("subject_label", "x"),
            ("customer_id", 99),
            ("unit_path", "000"),
            ("actor_id", None),
            ("actor_name", "王工"),
            ("reason", "x"),
            ("changes", '{"a": 1}'),
        ],
    )
    def test_an_altered_row(self, entries: list[Entry], column: str, value: object) -> None:
        with tampering():
            sql(f"UPDATE journal_entry SET {column} = %s WHERE id = %s", value, entries[2].pk)
        broken = journal_queries.verify_chain().broken
        assert broken is not None
        assert broken.entry_id == entries[2].pk
        assert "被改动" in broken.explanation

    def test_an_altered_row_with_its_hash_made_right(self, entries: list[Entry]) -> None:
        entries[2].reason = "x"
        facts = journal_queries.facts_of(entries[2])
        forged = entry_hash(entries[2].previous_hash, facts)
        with tampering():
            sql(
                "UPDATE journal_entry SET reason = 'x', hash = %s WHERE id = %s",
                forged,
                entries[2].pk,
            )
        broken = journal_queries.verify_chain().broken
        assert broken is not None
        assert broken.entry_id == entries[3].pk

    def test_a_removed_row(self, entries: list[Entry]) -> None:
        with tampering():
            sql("DELETE FROM journal_entry WHERE id = %s", entries[1].pk)
        broken = journal_queries.verify_chain().broken
        assert broken is not None
        assert broken.entry_id == entries[2].pk
        assert "删除、插入或调换" in broken.explanation

    def test_a_removed_first_row(self, entries: list[Entry]) -> None:
        with tampering():
            sql("DELETE FROM journal_entry WHERE id = %s", entries[0].pk)
        broken = journal_queries.verify_chain().broken
        assert broken is not None
        assert broken.entry_id == entries[1].pk

    def test_an_inserted_row(self, entries: list[Entry]) -> None:
        write(6)
        last = Entry.objects.order_by("-id")[0]
        with tampering():
            # A row with a right hash of its own, put between the second and the third.
            sql("UPDATE journal_entry SET id = id + 1000 WHERE id > %s", entries[1].pk)
            sql(
                "UPDATE journal_entry SET id = %s WHERE id = %s",
                entries[1].pk + 1,
                last.pk + 1000,
            )
        broken = journal_queries.verify_chain().broken
        assert broken is not None
        assert broken.entry_id == entries[1].pk + 1

    def test_two_rows_swapped(self, entries: list[Entry]) -> None:
        second, third = entries[1].pk, entries[2].pk
        with tampering():
            sql("UPDATE journal_entry SET id = 900 WHERE id = %s", second)
            sql("UPDATE journal_entry SET id = %s WHERE id = %s", second, third)
            sql("UPDATE journal_entry SET id = %s WHERE id = 900", third)
        broken = journal_queries.verify_chain().broken
        assert broken is not None
        assert broken.entry_id == second

    def test_a_cut_tail_shows_against_the_head_somebody_kept(self, entries: list[Entry]) -> None:
        head = journal_queries.get_head_hash()
        with tampering():
            sql("DELETE FROM journal_entry WHERE id > %s", entries[2].pk)
        assert journal_queries.verify_chain().broken is None
        broken = journal_queries.verify_chain(expected_head=head).broken
        assert broken is not None
        assert "末尾条目已被删除" in broken.explanation

    def test_an_older_head_is_still_in_a_longer_chain(self, entries: list[Entry]) -> None:
        assert journal_queries.verify_chain(expected_head=entries[1].hash).broken is None
        assert journal_queries.verify_chain(expected_head=GENESIS).broken is None

    @pytest.mark.usefixtures("entries")
    def test_an_emptied_journal_shows_against_a_kept_head(self) -> None:
        head = journal_queries.get_head_hash()
        with tampering():
            sql("DELETE FROM journal_entry")
        assert journal_queries.verify_chain(expected_head=head).broken is not None


@pytest.mark.django_db
class TestTimeline:
    """A customer's entries, newest first, page by page."""

    def test_pages_follow_one_another(self) -> None:
        for number in range(5):
            said = happening(number, customer_id=1 if number != 2 else 2)
            journal_operations.record(happening=said, actor=CLERK, at=AT)
        first = journal_queries.list_customer_entries(customer_id=1, before_id=None, limit=3)
        rest = journal_queries.list_customer_entries(customer_id=1, before_id=first[-1].pk, limit=3)
        assert [e.subject_id for e in (*first, *rest)] == [4, 3, 1, 0]


@pytest.mark.django_db
class TestOutbox:
    """A consumer takes each entry of its events once, in order."""

    def take(self, consumer: str = "bills", *prefixes: str) -> list[int]:
        """Take until nothing is left; the subjects taken."""
        taken = []
        while entry := journal_operations.take_next_entry(
            consumer=consumer, prefixes=prefixes or ["test."]
        ):
            taken.append(entry.subject_id)
        return taken

    def test_each_is_taken_once(self) -> None:
        write(1, 2, 3)
        assert self.take() == [1, 2, 3]
        write(4)
        assert self.take() == [4]
        assert self.take() == []

    def test_consumers_do_not_disturb_each_other(self) -> None:
        write(1, 2)
        assert self.take("bills") == [1, 2]
        assert self.take("letters") == [1, 2]

    def test_events_of_others_are_passed_over_for_good(self) -> None:
        write(1, 2)
        assert self.take("bills", "other.") == []
        cursor = OutboxCursor.objects.get(consumer="bills")
        assert cursor.last_entry_id == journal_queries.get_head_id()

    def test_several_prefixes_are_taken_in_their_common_order(self) -> None:
        for number, event in enumerate(["a.x.done", "b.x.done", "c.x.done", "a.y.done"]):
            journal_operations.record(happening=happening(number, event=event), actor=CLERK, at=AT)
        assert self.take("bills", "a.", "c.x") == [0, 2, 3]

    def test_work_that_fails_leaves_the_entry_for_the_next_time(self) -> None:
        write(1)
        with pytest.raises(RuntimeError, match="work failed"):
            failing_work(
                lambda: journal_operations.take_next_entry(consumer="bills", prefixes=["test."])
            )
        assert self.take() == [1]

    def test_the_plain_cursor_reads_on_from_where_it_was_set(self) -> None:
        entries = write(1, 2, 3)
        journal_operations.advance_cursor(consumer="export", entry_id=entries[0].pk)
        left = journal_queries.list_entries_after(consumer="export", limit=10)
        assert [e.subject_id for e in left] == [2, 3]
