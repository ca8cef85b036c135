"""A slow piece of row-by-row work for the crash test; runs inside the real worker."""

from __future__ import annotations

import datetime as dt
import time

from busbar.jobs.outbox import Reaction, react_to_all
from busbar.journal import operations as journal_operations
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM, Happening

AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
ROWS = 60


def copy(entry: Entry) -> None:
    """Answer one row, slowly, with one row."""
    time.sleep(0.05)
    answer = Happening("test.row.answered", "row", entry.subject_id)
    journal_operations.record(happening=answer, actor=SYSTEM, at=AT)


def answer_rows() -> int:
    """The task: answer every row that has no answer yet."""
    return react_to_all(Reaction("answers", ("test.row.asked",), copy))


def ask() -> None:
    """Rows to answer, and the one task that answers them."""
    from django_q.tasks import async_task

    asked = [Happening("test.row.asked", "row", n) for n in range(ROWS)]
    journal_operations.record_many(happenings=asked, actor=SYSTEM, at=AT)
    async_task("tests.jobs.slow_work.answer_rows")


def state() -> dict[str, object]:
    """What the database says: answered subjects, tasks waiting, tasks done, the chain."""
    from django_q.models import OrmQ, Success

    from busbar.journal import queries as journal_queries

    answers = Entry.objects.filter(event="test.row.answered").order_by("id")
    return {
        "answered": list(answers.values_list("subject_id", flat=True)),
        "waiting": OrmQ.objects.count(),
        "done": Success.objects.filter(func__endswith="answer_rows").count(),
        "chain_holds": journal_queries.verify_chain().broken is None,
    }
