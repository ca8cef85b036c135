"""Many writers and a reader at once: the chain does not fork, the outbox misses nothing."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from busbar.journal import operations as journal_operations
from busbar.journal import queries as journal_queries
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM, Happening

AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
WRITERS, EACH = 4, 25


def in_thread(work: Callable[[], object]) -> Callable[[], object]:
    """The work with its own connection, closed at the end."""

    def run() -> object:
        try:
            return work()
        finally:
            connection.close()

    return run


def write_alternately(writer: int) -> None:
    """Commit every second transaction and roll the others back."""
    for n in range(EACH * 2):
        try:
            with transaction.atomic():
                happening = Happening("test.row.written", "row", writer * 1000 + n)
                journal_operations.record(happening=happening, actor=SYSTEM, at=AT)
                if n % 2:
                    raise RuntimeError("rolled back")  # noqa: TRY301 - the point of the test
        except RuntimeError:
            continue


@pytest.mark.django_db(transaction=True)
class TestConcurrentWriters:
    """Threads with connections of their own."""

    def test_the_chain_stays_one_line(self) -> None:
        with ThreadPoolExecutor(WRITERS) as pool:
            works = [in_thread(lambda w=w: write_alternately(w)) for w in range(WRITERS)]
            for done in [pool.submit(work) for work in works]:
                done.result()
        verification = journal_queries.verify_chain()
        assert (verification.entries, verification.broken) == (WRITERS * EACH, None)
        assert Entry.objects.values("previous_hash").distinct().count() == WRITERS * EACH

    def test_a_reader_meanwhile_takes_every_entry_once_and_in_order(self) -> None:
        finished = threading.Event()
        taken: list[int] = []

        def read() -> None:
            while True:
                last_round = finished.is_set()
                while entry := journal_operations.take_next_entry(
                    consumer="reader", prefixes=["test.row."]
                ):
                    taken.append(entry.pk)
                if last_round:
                    return

        with ThreadPoolExecutor(WRITERS + 1) as pool:
            reading = pool.submit(in_thread(read))
            works = [in_thread(lambda w=w: write_alternately(w)) for w in range(WRITERS)]
            for done in [pool.submit(work) for work in works]:
                done.result()
            finished.set()
            reading.result()
        assert taken == list(Entry.objects.order_by("id").values_list("id", flat=True))
        assert len(taken) == WRITERS * EACH

    def test_two_readers_share_the_entries_without_doubling(self) -> None:
        for n in range(40):
            journal_operations.record(
                happening=Happening("test.row.written", "row", n), actor=SYSTEM, at=AT
            )
        taken: list[int] = []

        def read() -> None:
            while entry := journal_operations.take_next_entry(
                consumer="reader", prefixes=["test.row."]
            ):
                taken.append(entry.subject_id)

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(in_thread(read)) for _ in range(2)]:
                done.result()
        assert sorted(taken) == list(range(40))
