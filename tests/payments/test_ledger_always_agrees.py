"""10,000 random operations against a naive bookkeeper in memory: every sum agrees, always."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections import Counter
from decimal import Decimal

import pytest

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import Bill
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month
from busbar.payments import operations as payments_operations
from busbar.payments import queries as payments_queries
from busbar.payments.bank_file import BankRow
from busbar.payments.models import (
    AccountBalance,
    LateCharge,
    LedgerCode,
    LedgerMonth,
    LedgerTransaction,
    MoneySource,
    Payment,
    PaymentMatch,
    PaymentRefund,
    PointKind,
    PostingKind,
    Receivable,
)
from busbar.payments.operations import UnableToMatch
from busbar.pricing import operations as pricing_operations
from tests.payments.world import World, at, open_counter
from tests.shelf import lay

OPERATIONS = int(os.environ.get("BUSBAR_LEDGER_OPERATIONS", "10000"))
_LOOK_EVERY = 500
_BILLS, _ROWS = 5, 10
DOINGS = {
    "bill", "correct", "bank_file", "match", "credit", "undo", "settle", "counter", "hand_in",
    "ask", "decide", "pay_back", "late", "claim", "take_back", "close", "reopen",
}  # fmt: skip
_BELOW_NOUGHT, _EXACT = 0.05, 0.3


class Bookkeeper:
    """Knows only what came, what was billed and what went where; adds it up by hand."""

    def __init__(self) -> None:
        self.billed: dict[str, int] = {}
        self.received = 0
        self.paid: dict[str, int] = {}
        self.back = 0

    def owes(self, number: str) -> int:
        """Bills less money: below nought it is credit or deposit."""
        return self.billed.get(number, 0) - self.paid.get(number, 0)


class Office:
    """Does one thing at random, and tells the bookkeeper what it did."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.book = world, Bookkeeper()
        lay(pricing_operations.load_seed)
        self.draw = random.Random(seed)  # noqa: S311 - a test's order of steps, no secret
        self.accounts = [world.account(f"31010000{n:02d}") for n in range(8)]
        self.points = [
            open_counter(world, PointKind.COUNTER, "W1"),
            open_counter(world, PointKind.AGENCY, "D1"),
        ]
        self.month = Month(2000, 1)
        self.charges = 0
        self.claims: dict[int, dict[LedgerCode, int]] = {}
        self.done = self.refused = 0
        self.did: Counter[str] = Counter()

    def step(self) -> None:
        """One thing people do with money; what is refused must change nothing.

        A file of ten rows is ten operations, and so is a run of five bills five.
        """
        doing = self.draw.choice(
            (
                *(self.bill,) * 3,
                self.correct,
                *(self.bank_file,) * 4,
                *(self.match,) * 4,
                self.credit,
                *(self.undo,) * 3,
                self.settle,
                self.counter,
                self.hand_in,
                self.ask,
                self.decide,
                self.pay_back,
                self.late,
                self.claim,
                self.take_back,
                self.close,
                self.reopen,
            )
        )
        try:
            self.done += doing() or 1
            self.did[doing.__name__] += 1
        except Refusal:
            self.refused += 1

    def fen(self) -> int:
        return self.draw.choice((1, 100, self.draw.randint(1, 50_000)))

    def yuan(self, fen: int | None = None) -> Decimal:
        return Decimal(self.fen() if fen is None else fen) / 100

    def number(self) -> str:
        return self.draw.choice(self.accounts).number

    def bill(self) -> int:
        """Five bills of five months, raised at once."""
        for _ in range(_BILLS):
            self.month = self.month.next
            account, fen = self.draw.choice(self.accounts), self.fen()
            if self.draw.random() < _BELOW_NOUGHT:
                fen = -fen
            self.world.issue(account, str(self.yuan(fen)), str(self.month))
            self.book.billed[account.number] = self.book.billed.get(account.number, 0) + fen
        payments_operations.raise_receivables(by=self.world.cashier, at=at("2026-02-03"))
        return _BILLS

    def correct(self) -> None:
        """A bill replaces one that went out and adds its difference, up or down."""
        first = (
            Bill.objects.filter(is_current=True)
            .order_by("id")[self.draw.randint(0, max(Bill.objects.count() - 1, 0)) :]
            .first()
        )
        if first is None:
            raise UnableToMatch("没有账单")
        Bill.objects.filter(pk=first.pk).update(is_current=False)
        second = Bill.objects.select_related("account").get(pk=first.pk)
        second.pk, second.amount = None, first.amount + self.draw.choice((1, -1)) * self.yuan()
        second.is_current, second.revision = True, first.revision + 1
        second.replaces, second.reason = first, "补录读数"
        second.save()
        payments_operations.raise_receivables(by=self.world.cashier, at=at("2026-02-12"))
        self.book.billed[second.account.number] += int((second.amount - first.amount) * 100)

    def late(self) -> None:
        """Late-payment charges on what was overdue a month ago: owed like bills."""
        payments_operations.charge_late_payments(by=SYSTEM_VIEWER, at=at("2026-04-02"))
        self.note_charges()

    def note_charges(self) -> None:
        """Charges and what was taken back of them, each read off once."""
        for charge in LateCharge.objects.filter(pk__gt=self.charges).select_related(
            "receivable__account"
        ):
            self.charges = max(self.charges, charge.pk)
            number = charge.receivable.account.number
            self.book.billed[number] += charge.receivable.amount_fen

    def claim(self) -> None:
        """A breach with its multiple, or a compensation: owed beside the bills, or credit."""
        account, fen = self.draw.choice(self.accounts), self.fen()
        parts = self.draw.choice(
            (
                {LedgerCode.REVENUE: fen, LedgerCode.CLAIM_INCOME: 3 * fen},
                {LedgerCode.COMPENSATION: -fen},
            )
        )
        owed = payments_operations.owe_beside_bills(
            account=account, parts=parts, text="追补", by=self.world.manager, at=at("2026-02-12")
        )
        self.claims[owed.pk] = parts
        self.book.billed[account.number] = self.book.billed.get(account.number, 0) + owed.amount_fen

    def take_back(self) -> None:
        """One of them was wrong."""
        if not self.claims:
            return
        key = self.draw.choice(sorted(self.claims))
        owed = Receivable.objects.select_related("account").get(pk=key)
        payments_operations.take_back(
            owed=owed,
            parts=self.claims.pop(key),
            reason="认定有误",
            by=self.world.manager,
            at=at("2026-02-23"),
        )
        self.book.billed[owed.account.number] -= owed.amount_fen

    def close(self) -> None:
        """January 2026 or February, and all months before it, which charges late payments."""
        payments_operations.close_month(
            month=Month(2026, self.draw.choice((1, 2))), by=self.world.chief, at=at("2026-03-05")
        )
        self.note_charges()

    def reopen(self) -> None:
        last = LedgerMonth.objects.filter(state="closed").order_by("-month").first()
        payments_operations.reopen_month(
            month=Month.parse(last.month if last else "2026-01"),
            reason="更正",
            by=self.world.chief,
            at=at("2026-03-06"),
        )

    def bank_file(self) -> int:
        """Ten rows: by reference, by 户号, without a word; some twice, some exact."""
        owing = list(Receivable.objects.order_by("-id")[:30])
        rows = [self.bank_row(owing) for _ in range(_ROWS)]
        file = self.world.bank(*rows)
        self.book.received += sum(int(row.amount_yuan * 100) for row in rows)
        for payment in file.payments.prefetch_related("matches__account"):
            self.arrived(payment)
        return _ROWS

    def bank_row(self, owing: list[Receivable]) -> BankRow:
        owed = self.draw.choice(owing) if owing else None
        remark = self.draw.choice(("", self.number(), owed.reference if owed else "", "货款"))
        exact = owed is not None and owed.open_fen and self.draw.random() < _EXACT
        fen = owed.open_fen if owed and exact else self.fen()
        return self.world.row(
            str(self.yuan(fen)),
            remark,
            payer_account=f"9558{self.draw.randint(0, 5)}",
            booked_on=dt.date(2026, 2, self.draw.randint(1, 19)),
        )

    def arrived(self, payment: Payment) -> None:
        """What an import matched by itself, read off its matches once."""
        for match in payment.matches.all():
            self.note(match, 1)

    def note(self, match: PaymentMatch, sign: int) -> None:
        if match.account is None:
            self.book.back += sign * match.amount_fen  # takings: the same money a second time
        elif match.source == MoneySource.PAYMENT:
            number = match.account.number
            self.book.paid[number] = self.book.paid.get(number, 0) + sign * match.amount_fen

    def payment(self) -> int:
        ids = list(Payment.objects.filter(waiting_fen__gt=0).values_list("pk", flat=True)[:50])
        return self.draw.choice(ids) if ids else 0

    def match(self) -> None:
        owing = list(Receivable.objects.filter(open_fen__gt=0)[:30])
        match = payments_operations.match_payment(
            payment_id=self.payment(),
            reference=self.draw.choice(owing).reference if owing else "",
            amount_yuan=self.draw.choice((None, self.yuan())),
            reason="核对",
            by=self.world.cashier,
            at=at("2026-02-21"),
        )
        self.note(match, 1)

    def credit(self) -> None:
        match = payments_operations.credit_payment(
            payment_id=self.payment(),
            account_number=self.number(),
            as_deposit=self.draw.random() < 0.5,
            amount_yuan=self.draw.choice((None, self.yuan())),
            reason="预存",
            by=self.world.cashier,
            at=at("2026-02-21"),
        )
        self.note(match, 1)

    def undo(self) -> None:
        ids = list(PaymentMatch.objects.filter(undone_at=None).values_list("pk", flat=True)[:200])
        match = payments_operations.undo_match(
            match_id=self.draw.choice(ids) if ids else 0,
            reason="更正",
            by=self.world.cashier,
            at=at("2026-02-22"),
        )
        self.note(match, -1)
        self.note_charges()

    def settle(self) -> None:
        owing = list(Receivable.objects.filter(open_fen__gt=0)[:30])
        payments_operations.settle_from_balance(
            reference=self.draw.choice(owing).reference if owing else "",
            source=self.draw.choice((MoneySource.CREDIT, MoneySource.DEPOSIT)),
            reason="冲抵",
            by=self.world.cashier,
            at=at("2026-02-22"),
        )

    def counter(self) -> None:
        fen = self.fen()
        payment = payments_operations.take_payment(
            point_id=self.draw.choice(self.points),
            account_number=self.number(),
            amount_yuan=self.yuan(fen),
            payer_name="张会计",
            by=self.world.cashier,
            at=at("2026-02-10"),
        )
        self.book.received += fen
        self.arrived(payment)

    def hand_in(self) -> None:
        point = payments_queries.list_points(self.world.cashier).get(
            pk=self.draw.choice(self.points)
        )
        takings = payments_operations.hand_in_takings(
            point_id=point.pk,
            day=dt.date(2026, 2, 10),
            counted_yuan=self.yuan(point.untaken_fen),
            by=self.world.cashier,
            at=at("2026-02-11"),
        )
        if self.draw.random() < 0.7:
            payment = self.world.pay(str(takings.booked_yuan), takings.number, payer_account="")
            self.book.received += takings.booked_fen
            self.arrived(payment)

    def ask(self) -> None:
        ids = list(Payment.objects.order_by("-id").values_list("pk", flat=True)[:50])
        source = self.draw.choice(list(MoneySource))
        number, fen = self.number(), self.fen()
        payments_operations.request_refund(
            payment_id=self.draw.choice(ids) if ids else 0,
            amount_yuan=self.yuan(fen),
            source=source,
            account_number=number,
            ground="退",
            by=self.world.cashier,
            at=at("2026-02-12"),
        )
        if source != MoneySource.PAYMENT:
            self.book.paid[number] = self.book.paid.get(number, 0) - fen
        self.book.back += fen

    def decide(self) -> None:
        refund = PaymentRefund.objects.filter(state="requested").first()
        if refund is None:
            return
        if self.draw.random() < 0.5:
            payments_operations.approve_refund(
                refund_id=refund.pk, remark="同意", by=self.world.accountant, at=at("2026-02-13")
            )
            return
        payments_operations.refuse_refund(
            refund_id=refund.pk, remark="不退", by=self.world.accountant, at=at("2026-02-13")
        )
        self.book.back -= refund.amount_fen
        if refund.account is not None:
            number = refund.account.number
            self.book.paid[number] = self.book.paid.get(number, 0) + refund.amount_fen

    def pay_back(self) -> None:
        refund = PaymentRefund.objects.filter(state="approved").first()
        if refund is None:
            return
        if not refund.to_account:
            payments_operations.pay_refund_in_cash(
                refund_id=refund.pk, by=self.world.cashier, at=at("2026-02-14")
            )
            return
        row = self.world.row(
            str(-refund.amount_yuan),
            refund.number,
            payer_account=refund.to_account,
            booked_on=dt.date(2026, 2, 14),
        )
        self.world.bank(row)

    def check(self) -> None:
        """Rows, ledger and bookkeeper say the same to the fen."""
        assert payments_queries.list_disagreements() == []
        balances = {b.account.number: b for b in AccountBalance.objects.select_related("account")}
        for account in self.accounts:
            row = balances.get(account.number, AccountBalance())
            kept = row.owed_fen - row.credit_fen - row.deposit_fen
            assert kept == self.book.owes(account.number), account.number
        waiting = sum(Payment.objects.values_list("waiting_fen", flat=True))
        assert self.book.received == sum(self.book.paid.values()) + waiting + self.book.back
        numbers = LedgerTransaction.objects.order_by("id").values_list("id", flat=True)
        assert list(numbers) == list(range(1, len(numbers) + 1))


@pytest.mark.slow
def test_every_sum_agrees_after_every_stretch(world: World) -> None:
    office, looked = Office(world, 20261129), 0
    while office.done < OPERATIONS:
        office.step()
        if office.done - looked >= _LOOK_EVERY:
            looked = office.done
            office.check()
    office.check()
    assert office.done >= 10_000 or "BUSBAR_LEDGER_OPERATIONS" in os.environ
    assert office.refused
    assert set(office.did) == DOINGS
    assert LateCharge.objects.exclude(reverses=None).count() >= 10
    assert LedgerMonth.objects.filter(state="closed", trial_balance__has_key="bank").exists()
    kinds = set(LedgerTransaction.objects.values_list("kind", flat=True).distinct())
    assert kinds == set(PostingKind.values) - {PostingKind.PAID_OUT}
