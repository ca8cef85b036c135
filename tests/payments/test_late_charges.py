"""Late-payment charges: day by day, over New Year, charged once, explained."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.journal.models import Entry
from busbar.kit.periods import Month
from busbar.payments import operations, queries
from busbar.payments.models import (
    LateCharge,
    LedgerMonth,
    LedgerTransaction,
    PaymentMatch,
    Receivable,
)
from busbar.payments.operations import UnableToUndoMatch
from busbar.pricing import operations as pricing_operations
from tests.payments.world import World, at, balance
from tests.shelf import lay


@pytest.fixture(autouse=True)
def _rules(db: None) -> None:
    lay(pricing_operations.load_seed)


def charge(day: str) -> int:
    return operations.charge_late_payments(by=SYSTEM_VIEWER, at=at(day))


def test_a_bill_paid_late_owes_two_permille_a_day(world: World) -> None:
    account = world.account("3101000001")
    owed = world.bill(account, "10000.00")  # due on 18 February
    world.bank(
        world.row("10000.00", owed.reference, booked_on=dt.date(2026, 2, 28)), day="2026-03-01"
    )
    assert charge("2026-03-01") == 1
    late = LateCharge.objects.select_related("receivable").get()
    assert (late.receivable.amount_fen, late.until) == (20_000, dt.date(2026, 2, 28))
    assert late.lines[0]["formula"] == "10000 × 10 × 2‰ = 200.00 元"
    assert late.lines[0]["rules"][0]["article"]
    assert balance(account) == (20_000, 0, 0)
    assert queries.list_disagreements() == []


def test_twice_charges_nothing_more(world: World) -> None:
    owed = world.bill(world.account("3101000001"), "10000.00")
    world.bank(
        world.row("10000.00", owed.reference, booked_on=dt.date(2026, 2, 28)), day="2026-03-01"
    )
    assert (charge("2026-03-01"), charge("2026-03-01"), charge("2026-05-01")) == (1, 0, 0)


def test_an_open_bill_is_charged_at_each_month_end_and_when_paid(world: World) -> None:
    account = world.account("3101000001")
    owed = world.bill(account, "10000.00")
    assert charge("2026-03-15") == 1  # 19 to 28 February
    assert charge("2026-03-31") == 0
    assert charge("2026-04-01") == 1  # March
    world.bank(
        world.row("10000.00", owed.reference, booked_on=dt.date(2026, 4, 5)), day="2026-04-06"
    )
    assert charge("2026-04-07") == 1  # 1 to 5 April
    fen = list(
        Receivable.objects.filter(bill=None).order_by("id").values_list("amount_fen", flat=True)
    )
    assert fen == [20_000, 62_000, 10_000]
    assert queries.list_disagreements() == []


def test_across_new_year_the_rate_is_three_permille(world: World) -> None:
    account = world.account("3101000001")
    world.issue(account, "1000.00", "2025-11")  # issued 3 December, due 18 December
    operations.raise_receivables(by=SYSTEM_VIEWER, at=at("2025-12-03"))
    assert charge("2026-02-01") == 1
    late = LateCharge.objects.select_related("receivable").get()
    # 19 to 31 December at 2 permille, January at 3: 26 + 93 yuan.
    assert late.receivable.amount_fen == 2_600 + 9_300
    assert [line["amount_yuan"] for line in late.lines] == ["26.00", "93.00"]


def test_credit_that_came_later_settles_on_the_day_it_came(world: World) -> None:
    account = world.account("3101000001")
    world.bill(account, "10000.00")  # due on 18 February
    assert charge("2026-03-02") == 1  # 19 to 28 February
    world.issue(account, "-10000.00", "2026-02")  # in the customer's favor

    operations.raise_receivables(by=SYSTEM_VIEWER, at=at("2026-03-05"))

    owed = Receivable.objects.get(month="2026-01", bill__isnull=False)
    assert (owed.open_fen, owed.settled_on) == (0, dt.date(2026, 3, 5))
    assert charge("2026-03-06") == 1  # 1 to 5 March
    assert balance(account) == (30_000, 0, 0)
    assert not LateCharge.objects.filter(is_reversed=True).exists()
    assert queries.list_disagreements() == []


def test_the_last_of_the_money_decides_whichever_was_matched_last(world: World) -> None:
    owed = world.bill(world.account("3101000001"), "10000.00")  # due on 18 February
    early = world.pay("9000.00", "货款", booked_on=dt.date(2026, 2, 10))
    world.bank(
        world.row("1000.00", owed.reference, booked_on=dt.date(2026, 2, 28)), day="2026-03-01"
    )

    operations.match_payment(
        payment_id=early.pk, reference=owed.reference, reason="核对",
        by=SYSTEM_VIEWER, at=at("2026-03-03"),
    )  # fmt: skip

    owed.refresh_from_db()
    assert owed.settled_on == dt.date(2026, 2, 28)
    assert charge("2026-03-04") == 1
    assert LateCharge.objects.get().lines[0]["formula"] == "1000 × 10 × 2‰ = 20.00 元"


def test_a_charge_is_paid_by_its_reference(world: World) -> None:
    account = world.account("3101000001")
    owed = world.bill(account, "10000.00")
    world.bank(
        world.row("10000.00", owed.reference, booked_on=dt.date(2026, 2, 28)), day="2026-03-01"
    )
    charge("2026-03-01")
    world.pay("200.00", LateCharge.objects.get().receivable.reference)
    assert balance(account) == (0, 0, 0)


def test_paid_on_the_due_day_owes_nothing(world: World) -> None:
    owed = world.bill(world.account("3101000001"), "10000.00")
    world.bank(world.row("10000.00", owed.reference, booked_on=dt.date(2026, 2, 18)))
    assert charge("2026-03-01") == 0


def paid_late(world: World) -> Receivable:
    """10,000.00 due on 18 February, paid on the 28th and charged 200.00 for ten days."""
    owed = world.bill(world.account("3101000001"), "10000.00")
    row = world.row("10000.00", owed.reference, booked_on=dt.date(2026, 2, 28))
    world.bank(row, day="2026-03-01")
    charge("2026-03-01")
    return owed


def undo(match: PaymentMatch, day: str = "2026-03-05") -> None:
    operations.undo_match(match_id=match.pk, reason="记错户", by=SYSTEM_VIEWER, at=at(day))


def amounts() -> list[int]:
    rows = LateCharge.objects.order_by("id")
    return list(rows.values_list("receivable__amount_fen", flat=True))


class TestReversal:
    """What is taken back is an entry of its own; nothing is removed or changed in the books."""

    def test_the_charge_falls_with_the_match_that_caused_it(self, world: World) -> None:
        owed = paid_late(world)
        posted = LedgerTransaction.objects.count()

        undo(PaymentMatch.objects.get())

        assert amounts() == [20_000, -20_000]
        first, second = LateCharge.objects.order_by("id")
        assert (first.is_reversed, second.reverses) == (True, first)
        assert "核销撤销：记错户" in second.lines[0]["formula"]
        first.receivable.refresh_from_db()
        assert (first.receivable.open_fen, first.receivable.settled_on) == (0, dt.date(2026, 3, 5))
        assert balance(owed.account) == (1_000_000, 0, 0)
        kinds = LedgerTransaction.objects.filter(pk__gt=posted).order_by("id")
        assert list(kinds.values_list("kind", flat=True)) == ["undone", "late_reversed", "matched"]
        assert Entry.objects.filter(event="payments.late_payment.reversed").count() == 1
        assert queries.list_disagreements() == []

    def test_a_charge_that_was_paid_becomes_credit(self, world: World) -> None:
        owed = paid_late(world)
        world.pay("200.00", LateCharge.objects.get().receivable.reference)

        undo(PaymentMatch.objects.order_by("id")[0])

        assert balance(owed.account) == (1_000_000, 20_000, 0)
        assert queries.list_disagreements() == []

    def test_the_open_bill_is_charged_anew_at_the_month_s_end(self, world: World) -> None:
        owed = paid_late(world)
        undo(PaymentMatch.objects.get())

        assert charge("2026-04-01") == 1  # 19 February to 31 March, 41 days
        assert amounts() == [20_000, -20_000, 82_000]
        assert balance(owed.account) == (1_082_000, 0, 0)
        assert charge("2026-04-02") == 0

    def test_the_same_money_matched_again_is_charged_again(self, world: World) -> None:
        owed = paid_late(world)
        match = PaymentMatch.objects.get()
        undo(match)

        operations.match_payment(
            payment_id=match.payment_id, reference=owed.reference, reason="核对",
            by=SYSTEM_VIEWER, at=at("2026-03-06"),
        )  # fmt: skip

        assert charge("2026-03-07") == 1
        assert amounts() == [20_000, -20_000, 20_000]
        assert balance(owed.account) == (20_000, 0, 0)
        assert queries.list_disagreements() == []

    def test_charges_of_months_in_which_the_bill_was_open_stay(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "10000.00")
        charge("2026-03-01")
        row = world.row("10000.00", owed.reference, booked_on=dt.date(2026, 3, 5))
        world.bank(row, day="2026-03-06")
        charge("2026-03-07")

        undo(PaymentMatch.objects.get(), "2026-03-09")

        assert amounts() == [20_000, 10_000, -10_000]
        assert balance(owed.account) == (1_020_000, 0, 0)
        assert queries.list_disagreements() == []

    def test_money_of_an_earlier_day_takes_the_month_s_charge_back(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "10000.00")
        waiting = world.pay("10000.00", "货款", booked_on=dt.date(2026, 2, 10))
        charge("2026-03-01")
        operations.match_payment(
            payment_id=waiting.pk, reference=owed.reference, reason="核对",
            by=SYSTEM_VIEWER, at=at("2026-03-03"),
        )  # fmt: skip

        assert charge("2026-03-04") == 0

        assert amounts() == [20_000, -20_000]
        assert balance(owed.account) == (0, 0, 0)
        assert charge("2026-03-05") == 0
        assert amounts() == [20_000, -20_000]
        assert queries.list_disagreements() == []

    def test_part_of_it_paid_earlier_is_charged_by_what_was_unpaid(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "10000.00")
        waiting = world.pay("9990.00", "货款", booked_on=dt.date(2026, 2, 10))
        charge("2026-03-01")
        operations.match_payment(
            payment_id=waiting.pk, reference=owed.reference, reason="核对",
            by=SYSTEM_VIEWER, at=at("2026-03-03"),
        )  # fmt: skip

        assert charge("2026-04-01") == 1

        # 10.00 yuan for 41 days at 2 permille.
        assert amounts() == [20_000, -20_000, 82]
        assert queries.list_disagreements() == []

    def test_what_settled_a_charge_that_fell_cannot_be_undone(self, world: World) -> None:
        owed = paid_late(world)
        undo(PaymentMatch.objects.get())
        offset = PaymentMatch.objects.get(source="credit")

        with pytest.raises(UnableToUndoMatch, match="已冲回"):
            undo(offset)

        offset.refresh_from_db()
        assert offset.undone_at is None
        assert balance(owed.account) == (1_000_000, 0, 0)

    def test_money_taken_from_a_charge_that_fell_leaves_it_settled(self, world: World) -> None:
        owed = paid_late(world)
        late = LateCharge.objects.get().receivable
        world.pay("200.00", late.reference)
        undo(PaymentMatch.objects.order_by("id")[0])

        undo(PaymentMatch.objects.get(receivable=late), "2026-03-06")

        late.refresh_from_db()
        assert late.open_fen == 0
        assert balance(owed.account) == (1_000_000, 0, 0)
        assert queries.list_disagreements() == []


class TestMonthClose:
    def close(self, world: World, day: str) -> LedgerMonth:
        return operations.close_month(month=Month(2026, 2), by=world.chief, at=at(day))

    def test_charges_up_to_the_month_s_end_are_in_its_trial_balance(self, world: World) -> None:
        world.bill(world.account("3101000001"), "10000.00")

        closed = self.close(world, "2026-03-10")

        assert closed.trial_balance["late_income"] == [0, 0, 20_000, -20_000]
        assert LateCharge.objects.get().until == dt.date(2026, 2, 28)

    def test_a_month_closed_late_takes_only_its_own_days(self, world: World) -> None:
        world.bill(world.account("3101000001"), "10000.00")

        closed = self.close(world, "2026-05-10")
        charge("2026-05-10")

        assert closed.trial_balance["late_income"] == [0, 0, 20_000, -20_000]
        assert amounts() == [20_000, 122_000]  # March and April
        assert LedgerTransaction.objects.latest("id").month == "2026-04"

    def test_a_reversal_after_the_close_is_posted_in_the_next_month(self, world: World) -> None:
        paid_late(world)
        self.close(world, "2026-03-04")

        undo(PaymentMatch.objects.get())

        assert set(
            LedgerTransaction.objects.filter(kind="late_reversed").values_list("month", flat=True)
        ) == {"2026-03"}
        assert queries.list_disagreements() == []
