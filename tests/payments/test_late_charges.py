"""Late-payment charges: day by day, over New Year, charged once, explained."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.payments import operations, queries
from busbar.payments.models import LateCharge, Receivable
from busbar.pricing import operations as pricing_operations
from tests.payments.world import World, at, balance


@pytest.fixture(autouse=True)
def _rules(db: None) -> None:
    pricing_operations.load_seed(at=at("2026-01-01"))


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
