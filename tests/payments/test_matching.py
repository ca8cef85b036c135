"""Money finds what it pays, or waits for a person with the reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.billing.models import Bill
from busbar.journal.models import Entry
from busbar.kit.phrases import recall
from busbar.payments import operations as payments_operations
from busbar.payments import queries as payments_queries
from busbar.payments.models import (
    LedgerTransaction,
    PayerLink,
    Payment,
    PaymentMatch,
    Receivable,
)
from busbar.payments.operations import UnableToMatch, UnableToUndoMatch
from tests.payments.world import World, at, balance


def events() -> list[str]:
    rows = Entry.objects.filter(event__startswith="payments.").order_by("id")
    return list(rows.values_list("event", flat=True))


def agree() -> None:
    assert payments_queries.list_disagreements() == []


class TestReceivables:
    def test_a_bill_owes_its_amount_until_fifteen_days_after_issue(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "1234.56")

        assert (owed.amount_fen, owed.open_fen) == (123456, 123456)
        assert (owed.issued_on, owed.due_on) == (dt.date(2026, 2, 3), dt.date(2026, 2, 18))
        assert owed.reference.startswith("DF")
        assert balance(owed.account) == (123456, 0, 0)
        agree()

    def test_raising_again_changes_nothing(self, world: World) -> None:
        world.bill(world.account("3101000001"), "10.00")
        before = LedgerTransaction.objects.count()

        assert payments_operations.raise_receivables(by=world.cashier, at=at("2026-02-04")) == 0
        assert LedgerTransaction.objects.count() == before

    def test_the_nearest_unit_s_own_term_holds_from_its_day(self, world: World) -> None:
        payments_operations.set_payment_term(
            days_after_issue=5,
            valid_from=dt.date(2026, 2, 1),
            source="供用电合同范本",
            unit_id=world.county.pk,
            by=world.accountant,
            at=at("2026-01-20"),
        )
        account = world.account("3101000001")

        assert world.bill(account, "1.00").due_on == dt.date(2026, 2, 8)
        assert world.bill(account, "1.00", "2025-12").due_on == dt.date(2026, 1, 18)

    def test_a_bill_below_nought_is_credit_and_pays_the_next(self, world: World) -> None:
        account = world.account("3101000001")
        credit = world.bill(account, "-30.00")
        assert (credit.open_fen, balance(account)) == (0, (0, 3000, 0))

        owed = world.bill(account, "100.00", "2026-02")

        assert (owed.open_fen, balance(account)) == (7000, (7000, 0, 0))
        agree()


class TestBillsNotReleased:
    """What the customer was not given, it does not owe."""

    def test_owe_nothing_until_they_are_released(self, world: World) -> None:
        account = world.account("3101000001")
        bill = world.issue(account, "100.00")
        Bill.objects.filter(pk=bill.pk).update(released_at=None)

        assert payments_operations.raise_receivables(by=world.cashier, at=at("2026-02-04")) == 0
        Bill.objects.filter(pk=bill.pk).update(released_at=at("2026-02-06"))
        assert payments_operations.raise_receivables(by=world.cashier, at=at("2026-02-07")) == 1

        assert Receivable.objects.get().issued_on == dt.date(2026, 2, 6)
        assert balance(account) == (10000, 0, 0)
        agree()


class TestCorrections:
    """A corrected bill replaces the first one and adds only the difference."""

    def correct(self, world: World, owed: Receivable, yuan: str) -> Receivable:
        first = owed.bill
        Bill.objects.filter(pk=first.pk).update(is_current=False)
        second = Bill.objects.get(pk=first.pk)
        second.pk, second.amount, second.is_current = None, Decimal(yuan), True
        second.revision, second.replaces, second.reason = 1, first, "补录读数"
        second.save()
        payments_operations.raise_receivables(by=world.cashier, at=at("2026-02-12"))
        return Receivable.objects.get(bill=second)

    def test_upwards_the_difference_is_owed_beside_the_first(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "100.00")

        more = self.correct(world, owed, "130.50")

        assert (more.amount_fen, more.open_fen) == (3050, 3050)
        assert balance(owed.account) == (13050, 0, 0)
        agree()

    def test_downwards_the_difference_settles_what_is_open(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "100.00")

        self.correct(world, owed, "80.00")

        owed.refresh_from_db()
        assert owed.open_fen == 8000
        assert balance(owed.account) == (8000, 0, 0)
        agree()

    def test_after_payment_it_is_credit(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "100.00")
        world.pay("100.00", owed.reference)

        self.correct(world, owed, "80.00")

        assert balance(owed.account) == (0, 2000, 0)
        agree()


class TestBankFile:
    def test_a_reference_pays_its_bill(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "88.00")

        payment = world.pay("88.00", f"电费 {owed.reference}")

        owed.refresh_from_db()
        assert (owed.open_fen, owed.settled_on) == (0, dt.date(2026, 2, 10))
        assert (payment.waiting_fen, payment.hold) == (0, "")
        assert PaymentMatch.objects.get().way == "by_reference"
        assert "payments.receivable.settled" in events()
        agree()

    def test_a_number_of_an_account_pays_the_oldest_first_and_the_rest_is_credit(
        self, world: World
    ) -> None:
        account = world.account("3101000001")
        newer = world.bill(account, "50.00", "2026-01")
        older = world.bill(account, "20.00", "2025-12")

        world.pay("60.00", "户号3101000001")
        newer.refresh_from_db()
        older.refresh_from_db()
        assert (older.open_fen, newer.open_fen) == (0, 1000)

        world.pay("12.00", "3101000001", booked_on=dt.date(2026, 2, 12))
        assert balance(account) == (0, 200, 0)
        agree()

    def test_a_payer_who_paid_before_is_known(self, world: World) -> None:
        account = world.account("3101000001")
        world.bill(account, "50.00")
        world.pay("50.00", "3101000001")
        later = world.bill(account, "70.00", "2026-02")

        world.pay("70.00", "货款")

        later.refresh_from_db()
        assert later.open_fen == 0
        assert PaymentMatch.objects.order_by("id").last().way == "by_payer"

    def test_a_payer_of_two_accounts_is_not_guessed(self, world: World) -> None:
        for number in ("3101000001", "3101000002"):
            account = world.account(number)
            world.bill(account, "50.00")
            world.pay("50.00", number)
            world.bill(account, "60.00", "2026-02")

        payment = world.pay("60.00", "")

        assert (payment.waiting_fen, payment.hold) == (6000, "unknown")
        found = payments_queries.suggest(world.cashier, [payment])[payment.pk]
        assert {s.receivable.account.number for s in found} == {"3101000001", "3101000002"}
        agree()

    def test_the_same_again_is_held_as_a_duplicate(self, world: World) -> None:
        account = world.account("3101000001")
        owed = world.bill(account, "50.00")
        world.pay("50.00", owed.reference)

        again = world.pay("50.00", owed.reference, booked_on=dt.date(2026, 2, 12))

        assert (again.waiting_fen, again.hold) == (5000, "duplicate")
        assert balance(account) == (0, 0, 0)
        agree()

    def test_twice_in_one_file_is_held_too(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "50.00")

        world.bank(world.row("50.00", owed.reference), world.row("50.00", owed.reference))

        assert list(Payment.objects.order_by("id").values_list("hold", flat=True)) == [
            "",
            "duplicate",
        ]

    def test_a_second_part_is_no_duplicate(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "100.00")

        world.pay("50.00", owed.reference)
        second = world.pay("50.00", owed.reference)

        assert second.hold == ""
        owed.refresh_from_db()
        assert owed.open_fen == 0

    def test_a_mistyped_reference_names_nobody(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "50.00")
        wrong = owed.reference[:-1] + str((int(owed.reference[-1]) + 1) % 10)

        payment = world.pay("50.00", wrong)

        assert payment.hold == "unknown"

    def test_the_same_file_twice_changes_nothing(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "50.00")
        rows = [world.row("50.00", owed.reference), world.row("-3.00", "手续费")]
        first = world.bank(*rows)
        before = (Entry.objects.count(), LedgerTransaction.objects.count())

        second = world.bank(*rows, day="2026-02-25")

        assert (second.pk, second.kept) == (first.pk, 2)
        assert (Entry.objects.count(), LedgerTransaction.objects.count()) == before
        agree()

    def test_a_row_of_another_file_and_one_of_tomorrow_are_refused(self, world: World) -> None:
        row = world.row("50.00")
        world.bank(row)

        file = world.bank(row, world.row("1.00", booked_on=dt.date(2026, 2, 21)))

        assert file.kept == 0
        assert [str(recall(r["expectation"])) for r in file.refused] == [
            "这个流水号 2026-02-20 已导入过，同一流水只记一次",
            "不能晚于导入当日",
        ]
        assert Payment.objects.count() == 1


class TestByHand:
    def test_a_cashier_matches_with_a_reason_and_takes_it_back(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "50.00")
        payment = world.pay("80.00", "材料款")

        match = payments_operations.match_payment(
            payment_id=payment.pk,
            reference=owed.reference,
            reason="电话核实",
            by=world.cashier,
            at=at("2026-02-21"),
        )
        payment.refresh_from_db()
        assert (match.amount_fen, payment.waiting_fen, payment.hold) == (5000, 3000, "surplus")
        assert PayerLink.objects.get().payer_account == "95588001"

        payments_operations.undo_match(
            match_id=match.pk, reason="核错户", by=world.cashier, at=at("2026-02-22")
        )
        payment.refresh_from_db()
        owed.refresh_from_db()
        assert (payment.waiting_fen, owed.open_fen, owed.settled_on) == (8000, 5000, None)
        assert not PayerLink.objects.exists()
        assert events()[-2:] == ["payments.payment.unmatched", "payments.receivable.reopened"]
        agree()

    def test_more_than_waits_or_is_owed_is_refused_and_changes_nothing(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "50.00")
        payment = world.pay("30.00", "材料款")

        for yuan in ("30.01", "50.01", "0", "1.001"):
            with pytest.raises(UnableToMatch):
                payments_operations.match_payment(
                    payment_id=payment.pk,
                    reference=owed.reference,
                    amount_yuan=Decimal(yuan),
                    reason="试",
                    by=world.cashier,
                    at=at("2026-02-21"),
                )
        assert not PaymentMatch.objects.exists()
        agree()

    def test_credit_that_was_used_cannot_be_taken_back(self, world: World) -> None:
        account = world.account("3101000001")
        payment = world.pay("30.00", "预存")
        match = payments_operations.credit_payment(
            payment_id=payment.pk,
            account_number=account.number,
            reason="客户要求预存",
            by=world.cashier,
            at=at("2026-02-21"),
        )
        world.bill(account, "10.00")

        with pytest.raises(UnableToUndoMatch, match=r"余额只剩 20\.00 元"):
            payments_operations.undo_match(
                match_id=match.pk, reason="更正", by=world.cashier, at=at("2026-02-22")
            )
        assert balance(account) == (0, 2000, 0)
        agree()

    def test_a_deposit_is_kept_apart_and_can_settle_a_bill(self, world: World) -> None:
        account = world.account("3101000001")
        payment = world.pay("30.00", "保证金")
        payments_operations.credit_payment(
            payment_id=payment.pk,
            account_number=account.number,
            as_deposit=True,
            reason="合同第九条",
            by=world.cashier,
            at=at("2026-02-21"),
        )
        owed = world.bill(account, "100.00")
        assert balance(account) == (10000, 0, 3000)

        payments_operations.settle_from_balance(
            reference=owed.reference,
            source="deposit",
            reason="销户抵扣",
            by=world.cashier,
            at=at("2026-02-22"),
        )

        assert balance(account) == (7000, 0, 0)
        agree()

    def test_another_branch_s_payment_is_not_there(self, world: World) -> None:
        payment = world.pay("30.00")
        stranger = type(world.cashier)(
            9, 9, "外人", "000001", permissions=world.cashier.permissions
        )
        owed = world.bill(world.account("3101000001"), "30.00")

        with pytest.raises(UnableToMatch, match="没有这笔缴费"):
            payments_operations.match_payment(
                payment_id=payment.pk,
                reference=owed.reference,
                reason="试",
                by=stranger,
                at=at("2026-02-21"),
            )
        assert Receivable.objects.get().open_fen == 3000
