"""Whatever is done in whatever order: notices, receipts, matches and refunds always agree."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import BankReceipt, FeeMatch, FeeNotice, FeeRefund
from busbar.kit.errors import Refusal
from tests.connections.scheme.world import World, at, row

STEPS = 40


class Clerk:
    """Does one thing at random; what is refused changes nothing, which the sums then show."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.serial = world, 0
        self.draw = random.Random(seed)  # noqa: S311 - a test's order of steps, no secret
        self.notices = [world.notice(yuan) for yuan in ("100.00", "250.55", "0.01")]

    def yuan(self) -> str:
        """A sum between a fen and 300 yuan."""
        return str(Decimal(self.draw.randint(1, 30_000)) / 100)

    def step(self) -> None:
        """One of the things people do with money."""
        doing = (self.receive, self.match, self.undo, self.ask, self.decide, self.pay_back)
        try:
            self.draw.choice(doing)()
        except Refusal:
            return

    def receive(self) -> None:
        self.serial += 1
        number = self.draw.choice([n.number for n in self.notices] + [""])
        self.world.bank(row(self.serial, self.yuan(), number))

    def match(self) -> None:
        connections_operations.match_receipt(
            receipt_id=self.any(BankReceipt),
            notice_id=self.any(FeeNotice),
            amount_yuan=self.draw.choice([None, Decimal(self.yuan())]),
            reason="核对",
            by=self.world.cashier,
            at=at("2025-04-02"),
        )

    def undo(self) -> None:
        connections_operations.undo_match(
            match_id=self.any(FeeMatch), reason="更正", by=self.world.cashier, at=at("2025-04-02")
        )

    def ask(self) -> None:
        connections_operations.request_refund(
            receipt_id=self.any(BankReceipt),
            amount_yuan=Decimal(self.yuan()),
            notice_id=self.draw.choice([None, self.any(FeeNotice)]),
            ground="退",
            by=self.world.cashier,
            at=at("2025-04-02"),
        )

    def decide(self) -> None:
        verb = self.draw.choice(
            [connections_operations.approve_refund, connections_operations.refuse_refund]
        )
        verb(
            refund_id=self.any(FeeRefund), remark="见单", by=self.world.manager, at=at("2025-04-03")
        )

    def pay_back(self) -> None:
        refund = FeeRefund.objects.filter(pk=self.any(FeeRefund)).first()
        if refund is None:
            return
        self.serial += 1
        self.world.bank(
            row(
                self.serial, f"-{refund.amount_yuan}", refund.number, booked_on=dt.date(2025, 4, 4)
            ),
            day="2025-04-05",
        )

    def any(self, model: type) -> int:
        ids = list(model.objects.values_list("pk", flat=True))
        return self.draw.choice(ids) if ids else 0


def check_sums() -> None:
    """Every row and the whole agree to the fen."""
    for receipt in BankReceipt.objects.filter(direction="in"):
        balance = connections_queries.get_receipt_balance(receipt)
        parts = balance.matched + balance.refunded_unmatched + balance.waiting
        assert parts == receipt.amount_yuan
        assert balance.waiting >= 0
        assert receipt.is_settled == (balance.waiting == 0)
        back = sum(r.amount_yuan for r in receipt.refunds.exclude(state="refused"))
        assert back <= receipt.amount_yuan
    for notice in FeeNotice.objects.all():
        owed = connections_queries.get_notice_balance(notice)
        assert 0 <= owed.refunded <= owed.matched <= owed.total
        expected = "issued" if not owed.matched else "partly_paid"
        assert notice.state == ("paid" if owed.outstanding == 0 else expected)
    for refund in FeeRefund.objects.exclude(payout=None):
        assert refund.payout.amount_yuan == refund.amount_yuan
        assert refund.payout.payer_account == refund.receipt.payer_account
    whole = connections_queries.reconcile_fees(SYSTEM_VIEWER)
    unmatched_back = sum(
        r.amount_yuan for r in FeeRefund.objects.filter(notice=None).exclude(state="refused")
    )
    assert whole.received == whole.matched + whole.waiting + unmatched_back
    assert whole.held == whole.received - whole.paid_back


@pytest.mark.parametrize("seed", range(6))
def test_the_sums_agree_after_every_step(world: World, seed: int) -> None:
    clerk = Clerk(world, seed)
    for _ in range(STEPS):
        clerk.step()
        check_sums()
    assert FeeMatch.objects.exists()
