"""`kill -9` in the middle of the day's round: run again, it is as if nobody had killed it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection, transaction

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.arrears import operations
from busbar.arrears.models import CasePause, CaseState, CaseStep, DunningCase
from busbar.journal import queries as journal_queries
from busbar.journal.models import Entry
from busbar.notifications.models import Message
from busbar.payments import queries as payments_queries
from busbar.workflow.models import ProcessInstance, UserTask
from tests.arrears.world import OVERDUE, Ladder, make_ladder
from tests.payments.world import at

ACCOUNTS, KILLS, LATER = 24, 5, "2026-03-27"

CHILD = """
import django, sys, datetime as dt
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.arrears import operations
at = dt.datetime(2026, 3, 27, 7, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
print("ready", flush=True)
operations.run_day(by=SYSTEM_VIEWER, at=at)
print("done", flush=True)
"""


@pytest.fixture
def ladder(transactional_db: None) -> Ladder:
    return make_ladder()


def run_child(entries: int | None) -> bool:
    """Whether the child came to its end; killed when the journal has so many more entries."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src"),
    }
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(connection.settings_dict["NAME"])],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "ready"
    if entries is not None:
        wanted = Entry.objects.count() + entries
        while child.poll() is None and Entry.objects.count() < wanted:
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
    told = child.stdout.read()
    child.wait()
    return "done" in told


def undisturbed(ladder: Ladder) -> object:
    """What the round leaves behind where nobody disturbs it; taken back again."""
    with transaction.atomic():
        prepare(ladder)
        operations.run_day(by=SYSTEM_VIEWER, at=at(LATER, 7))
        left = books()
        transaction.set_rollback(True)
    return left


def prepare(ladder: Ladder) -> None:
    """Of the 户号 a third is dunned, promised or paid already; the rest is still to be opened."""
    accounts = [ladder.world.account(f"31010{n:05d}") for n in range(100, 100 + ACCOUNTS)]
    bills = {account.number: ladder.world.bill(account, "500.00") for account in accounts[:8]}
    ladder.open()
    for account in accounts[:4]:
        operations.pause_case(
            number=DunningCase.objects.get(account=account).number, kind="promise", reason="分期",
            until=at("2026-03-25").date(), by=SYSTEM_VIEWER, at=at(OVERDUE),
        )  # fmt: skip
    for account in accounts[4:8]:
        ladder.world.pay("500.00", bills[account.number].reference)
    for account in accounts[8:]:
        ladder.world.bill(account, "500.00")


def books() -> object:
    """What the round leaves behind, without the keys that depend on the order of writing."""
    cases = DunningCase.objects.order_by("account__number").values_list(
        "account__number", "state", "outcome", "oldest_due_on", "opened_at", "closed_at",
        "next_step", "next_at",
    )  # fmt: skip
    steps = CaseStep.objects.order_by("case__account__number", "id").values_list(
        "case__account__number", "kind", "at", "text"
    )
    pauses = CasePause.objects.order_by("case__account__number").values_list(
        "case__account__number", "ended_at", "ended_because"
    )
    told = Message.objects.order_by("kind", "body").values_list("kind", "body")
    entries = Entry.objects.order_by("event", "subject_label").values_list("event", "reason")
    tasks = UserTask.objects.open().order_by("element").values_list("element", flat=True)
    processes = ProcessInstance.objects.order_by("state").values_list("state", flat=True)
    return [sorted(map(str, rows)) for rows in (
        cases, steps, pauses, told, entries, tasks, processes,
    )]  # fmt: skip


def check() -> None:
    """Nothing half-done: each case has its first step and its process, no 户号 has two."""
    open_cases = DunningCase.objects.exclude(state=CaseState.CLOSED)
    accounts = list(open_cases.values_list("account", flat=True))
    assert len(accounts) == len(set(accounts))
    for case in DunningCase.objects.all():
        assert case.process_id is not None
        assert CaseStep.objects.filter(case=case, kind="reminded").count() == 1
    assert DunningCase.objects.count() == ProcessInstance.objects.count()
    assert journal_queries.verify_chain().broken is None
    assert payments_queries.list_disagreements() == []


@pytest.mark.slow
class TestKill:
    def test_a_killed_round_goes_on_and_ends_as_an_undisturbed_one(self, ladder: Ladder) -> None:
        expected = undisturbed(ladder)
        assert not DunningCase.objects.exists()
        prepare(ladder)
        draw = random.Random(7)  # noqa: S311 - moments of a test, no secret

        killed = 0
        left: set[int] = set()
        for _ in range(KILLS):
            killed += not run_child(draw.randint(1, 12))
            check()
            left.add(CaseStep.objects.count())
        assert run_child(None)

        check()
        assert killed == KILLS
        assert len(left) > 2
        assert max(left) < CaseStep.objects.count()
        assert books() == expected
