"""The ledger balances by the database's own will, closes by month, and is never rewritten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from django.db import DatabaseError, transaction

from busbar.access.visibility import NotPermitted
from busbar.journal.models import Entry
from busbar.kit.periods import Month
from busbar.payments import operations as payments_operations
from busbar.payments import queries as payments_queries
from busbar.payments.models import (
    LedgerCode,
    LedgerLine,
    LedgerMonth,
    LedgerTransaction,
    Payment,
    PostingKind,
)
from busbar.payments.operations import ledger
from busbar.payments.operations.ledger import Posting, Side, UnableToPost
from busbar.payments.operations.months import UnableToCloseMonth, UnableToReopenMonth
from busbar.pricing import operations as pricing_operations
from tests.payments.world import World, at
from tests.shelf import lay

FEBRUARY = Month(2026, 2)


def posting(world: World, *sides: Side, on: dt.date = dt.date(2026, 2, 5)) -> Posting:
    return Posting(PostingKind.RECEIVED, world.county.pk, on, "试", sides)


BALANCED = (Side(LedgerCode.BANK, 100), Side(LedgerCode.UNMATCHED, -100))


def head(world: World, number: int, **facts: object) -> LedgerTransaction:
    usual = {
        "id": number,
        "month": "2026-02",
        "posted_on": dt.date(2026, 2, 5),
        "kind": "received",
        "unit": world.county,
        "text": "试",
        "total_fen": 100,
        "line_count": 2,
        "posted_at": at("2026-02-05"),
        "posted_by_name": "试",
    }
    return LedgerTransaction(**{**usual, **facts})


def line(number: int, position: int, debit: int, credit: int, month: str = "2026-02") -> LedgerLine:
    return LedgerLine(
        transaction_id=number,
        position=position,
        month=month,
        account_id="bank" if debit else "unmatched",
        debit_fen=debit,
        credit_fen=credit,
    )


class TestPosting:
    def test_numbers_have_no_gaps(self, world: World) -> None:
        for _ in range(3):
            ledger.post(postings=[posting(world, *BALANCED)], by_name="会计", at=at("2026-02-05"))

        assert list(LedgerTransaction.objects.order_by("id").values_list("id", flat=True)) == [
            1, 2, 3,
        ]  # fmt: skip

    def test_what_does_not_balance_is_refused(self, world: World) -> None:
        with pytest.raises(UnableToPost, match="借贷不平"):
            ledger.post(
                postings=[posting(world, Side(LedgerCode.BANK, 100), Side(LedgerCode.CASH, -99))],
                by_name="会计",
                at=at("2026-02-05"),
            )
        assert not LedgerTransaction.objects.exists()


class TestDatabase:
    """Whoever writes past the operations meets the triggers."""

    def refuses(self, *rows: LedgerLine | LedgerTransaction) -> None:
        with pytest.raises(DatabaseError):
            self.write(rows)

    @transaction.atomic
    def write(self, rows: Sequence[LedgerLine | LedgerTransaction]) -> None:
        for row in rows:
            row.save(force_insert=True)

    def test_an_unbalanced_head_is_refused(self, world: World) -> None:
        self.refuses(line(1, 1, 100, 0), line(1, 2, 0, 99), head(world, 1))

    def test_a_head_without_its_lines_is_refused(self, world: World) -> None:
        self.refuses(head(world, 1))

    def test_a_line_of_another_month_is_refused(self, world: World) -> None:
        self.refuses(line(1, 1, 100, 0), line(1, 2, 0, 100, "2026-03"), head(world, 1))

    def test_a_posted_transaction_takes_no_more_lines(self, world: World) -> None:
        ledger.post(postings=[posting(world, *BALANCED)], by_name="会计", at=at("2026-02-05"))
        self.refuses(line(1, 3, 5, 0))

    def test_rows_are_neither_changed_nor_removed(self, world: World) -> None:
        ledger.post(postings=[posting(world, *BALANCED)], by_name="会计", at=at("2026-02-05"))
        for rows in (LedgerLine.objects.all(), LedgerTransaction.objects.all()):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows._raw_delete("default")
        for rows, change in (
            (LedgerLine.objects.all(), {"debit_fen": 7}),
            (LedgerTransaction.objects.all(), {"text": "改"}),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.update(**change)
        assert LedgerLine.objects.count() == 2

    def test_a_closed_month_takes_no_head(self, world: World) -> None:
        LedgerMonth.objects.create(
            month="2026-02", state="closed", closed_at=at("2026-03-01"), closed_by_name="会计"
        )
        self.refuses(line(1, 1, 100, 0), line(1, 2, 0, 100), head(world, 1))


class TestMonthClose:
    @pytest.fixture(autouse=True)
    def _rules(self, db: None) -> None:
        lay(pricing_operations.load_seed)

    def test_the_trial_balance_is_kept_and_later_postings_go_on(self, world: World) -> None:
        world.bill(world.account("3101000001"), "50.00")
        world.pay("20.00", "3101000001")

        closed = payments_operations.close_month(
            month=FEBRUARY, by=world.chief, at=at("2026-03-02")
        )

        # 30.00 for ten days at 2 permille are 0.60.
        assert closed.trial_balance["receivable"] == [0, 5060, 2000, 3060]
        assert closed.trial_balance["late_income"] == [0, 0, 60, -60]
        assert sum(row[3] for row in closed.trial_balance.values()) == 0
        payment = world.pay("30.00", "3101000001")
        late = LedgerTransaction.objects.order_by("-id").first()
        assert payment.booked_on == dt.date(2026, 2, 10)
        assert late is not None
        assert late.month == "2026-03"
        again = payments_queries.get_trial_balance(world.chief, FEBRUARY)
        assert {t.code: t.closing_fen for t in again}["receivable"] == 3060

    def test_a_month_that_is_not_over_stays_open(self, world: World) -> None:
        with pytest.raises(UnableToCloseMonth, match="还没有结束"):
            payments_operations.close_month(month=FEBRUARY, by=world.chief, at=at("2026-02-28"))
        assert not LedgerMonth.objects.exists()

    def test_earlier_months_close_with_it(self, world: World) -> None:
        world.bill(world.account("3101000001"), "50.00", "2025-11")
        world.bill(world.account("3101000002"), "50.00", "2026-01")

        payments_operations.close_month(month=FEBRUARY, by=world.chief, at=at("2026-03-02"))

        assert list(LedgerMonth.objects.order_by("month").values_list("month", flat=True)) == [
            "2025-12", "2026-02",
        ]  # fmt: skip

    def test_a_county_does_not_close_the_company_s_books(self, world: World) -> None:
        with pytest.raises(NotPermitted):
            payments_operations.close_month(
                month=FEBRUARY, by=world.accountant, at=at("2026-03-02")
            )

    def test_books_that_disagree_are_not_closed(self, world: World) -> None:
        world.pay("20.00", "")
        Payment.objects.update(waiting_fen=1000)

        with pytest.raises(UnableToCloseMonth, match="待核销款"):
            payments_operations.close_month(month=FEBRUARY, by=world.chief, at=at("2026-03-02"))

    def test_reopening_needs_the_right_and_a_reason(self, world: World) -> None:
        payments_operations.close_month(month=FEBRUARY, by=world.chief, at=at("2026-03-02"))
        with pytest.raises(NotPermitted):
            payments_operations.reopen_month(
                month=FEBRUARY, reason="改错", by=world.accountant, at=at("2026-03-03")
            )
        with pytest.raises(UnableToReopenMonth, match="原因"):
            payments_operations.reopen_month(
                month=FEBRUARY, reason=" ", by=world.chief, at=at("2026-03-03")
            )
        assert LedgerMonth.objects.get().state == "closed"

        payments_operations.reopen_month(
            month=FEBRUARY, reason="补记一笔手续费", by=world.chief, at=at("2026-03-03")
        )

        assert LedgerMonth.objects.get().state == "open"
        entry = Entry.objects.order_by("-id").first()
        assert entry is not None
        assert (entry.event, entry.reason) == ("payments.month.reopened", "补记一笔手续费")

    def test_an_earlier_month_is_not_reopened_behind_a_closed_one(self, world: World) -> None:
        world.bill(world.account("3101000001"), "50.00", "2025-12")
        payments_operations.close_month(month=FEBRUARY, by=world.chief, at=at("2026-03-02"))

        with pytest.raises(UnableToReopenMonth, match="最后一个月"):
            payments_operations.reopen_month(
                month=Month(2026, 1), reason="改错", by=world.chief, at=at("2026-03-03")
            )
