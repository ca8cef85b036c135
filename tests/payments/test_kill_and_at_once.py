"""`kill -9` in the middle of an import and of matching; several at the same moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from busbar.journal import queries as journal_queries
from busbar.payments import operations as payments_operations
from busbar.payments import queries as payments_queries
from busbar.payments.bank_file import read_bank_file
from busbar.payments.models import (
    LedgerTransaction,
    Payment,
    PaymentFile,
    PaymentMatch,
    Receivable,
)
from tests.connections.attack.racing import at_once, refusals
from tests.payments.world import BANK, World, at, make_world

ACCOUNTS, ROWS, KILLS = 40, 1600, 6

CHILD = """
import django, sys, datetime as dt
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from pathlib import Path
from busbar.access import queries as access_queries
from busbar.access.models import Employee
from busbar.payments import operations
from busbar.payments.bank_file import read_bank_file
from busbar.payments.operations import importing
importing._BATCH = 50
by = access_queries.get_viewer(Employee.objects.get(number="E1").user)
at = dt.datetime(2026, 2, 20, 2, 0, tzinfo=dt.UTC)
rows, refused = read_bank_file(Path(sys.argv[2]))
print("ready", flush=True)
operations.import_payments(
    collection_number=sys.argv[3], name="big.csv", rows=rows, refused=refused, by=by, at=at
)
from busbar.payments.models import Payment, Receivable
for payment in Payment.objects.filter(waiting_fen__gt=0).order_by("id"):
    owed = Receivable.objects.filter(open_fen__gt=0).order_by("id").first()
    if owed is None:
        break
    operations.match_payment(
        payment_id=payment.pk, reference=owed.reference, reason="核对", by=by, at=at
    )
print("done", flush=True)
"""


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def run_child(path: Path, seconds: float | None) -> bool:
    """Whether the child came to its end; killed so long after it was ready (None: never)."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src"),
    }
    name = str(connection.settings_dict["NAME"])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, name, str(path), BANK],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "ready"
    if seconds is not None:
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
    told = child.stdout.read()
    child.wait()
    return "done" in told


def write_file(world: World, path: Path) -> int:
    """A bank file over every account, one row in four without a word; its sum in fen."""
    lines, total = ["流水号,交易日期,对方户名,对方账号,金额,附言"], 0
    for number in range(ROWS):
        fen = 100 + number
        total += fen
        remark = world.accounts[number % ACCOUNTS].number if number % 4 else "往来"
        lines.append(
            f"K{number:05d},2026-02-10,某公司{number},95{number:06d},{fen / 100:.2f},{remark}"
        )
    path.write_text("\n".join(lines), encoding="utf-8")
    return total


def check() -> None:
    """Nothing half-done: ledger and rows agree, the journal is whole, each match is posted."""
    assert payments_queries.list_disagreements() == []
    assert journal_queries.verify_chain().broken is None
    for payment in Payment.objects.prefetch_related("matches"):
        live = sum(m.amount_fen for m in payment.matches.all() if m.undone_at is None)
        assert live + payment.waiting_fen == payment.amount_fen


@pytest.mark.slow
class TestKill:
    def test_a_killed_import_goes_on_and_loses_and_doubles_nothing(
        self, world: World, tmp_path: Path
    ) -> None:
        for number in range(ACCOUNTS):
            world.bill(world.account(f"31010{number:05d}"), "5000.00")
        path = tmp_path / "big.csv"
        total = write_file(world, path)
        draw, killed = random.Random(5), 0  # noqa: S311 - moments of a test, no secret
        seen = 0
        for _ in range(KILLS):
            killed += not run_child(path, draw.uniform(0.05, 0.9))
            check()
            assert Payment.objects.count() >= seen
            seen = Payment.objects.count()

        assert run_child(path, None)

        check()
        assert killed >= KILLS // 2
        assert Payment.objects.count() == ROWS
        assert sum(Payment.objects.values_list("amount_fen", flat=True)) == total
        assert PaymentFile.objects.get().state == "finished"
        rows, refused = read_bank_file(path)
        before = LedgerTransaction.objects.count()
        payments_operations.import_payments(
            collection_number=BANK, name="big.csv", rows=rows, refused=refused,
            by=world.cashier, at=at("2026-02-21"),
        )  # fmt: skip
        assert (Payment.objects.count(), LedgerTransaction.objects.count()) == (ROWS, before)


@pytest.mark.slow
class TestAtOnce:
    def test_two_cashiers_match_one_payment_and_one_of_them_is_told(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "50.00")
        payment = world.pay("50.00", "货款")

        answers = at_once(*[lambda: self.match(world, payment.pk, owed.reference)] * 4)

        assert len(refusals(answers)) == 3
        assert PaymentMatch.objects.count() == 1
        check()

    def match(self, world: World, payment_id: int, reference: str) -> PaymentMatch:
        return payments_operations.match_payment(
            payment_id=payment_id, reference=reference, reason="核对",
            by=world.cashier, at=at("2026-02-21"),
        )  # fmt: skip

    def test_four_payments_on_one_bill_settle_it_once(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "100.00")
        payments = [world.pay("50.00", f"货款{n}", payer_account=f"7{n}") for n in range(4)]

        answers = at_once(
            *[lambda pk=p.pk: self.match(world, pk, owed.reference) for p in payments]
        )

        assert len(refusals(answers)) == 2
        assert Receivable.objects.get().open_fen == 0
        check()

    def test_the_same_file_at_once_is_kept_once(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "100.00")
        rows = [world.row("60.00", owed.reference), world.row("40.00", owed.reference)]

        answers = at_once(*[lambda: world.bank(*rows)] * 3)

        assert refusals(answers) == []
        assert Payment.objects.count() == 2
        assert Receivable.objects.get().open_fen == 0
        check()

    def test_bills_raised_at_once_are_owed_once(self, world: World) -> None:
        account = world.account("3101000001")
        for month in ("2025-11", "2025-12", "2026-01"):
            world.issue(account, "10.00", month)

        answers = at_once(
            *[lambda: payments_operations.raise_receivables(by=world.cashier, at=at("2026-02-03"))]
            * 3
        )

        assert sorted(answers) == [0, 0, 3]
        check()
