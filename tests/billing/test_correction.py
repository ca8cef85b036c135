"""A bill is corrected by another one: the old stays, the new owes the difference."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.billing import insights
from busbar.billing import queries as billing_queries
from busbar.billing.explanation import check_again
from busbar.billing.models import Bill, BillFinding, BillLine
from busbar.billing.operations import (
    UnableToCorrectBills,
    correct_bills,
    release_bills,
    run_month,
)
from busbar.billing.outdated import list_outdated
from busbar.cli.main import main
from busbar.journal.models import Entry
from busbar.supply.models import Agreement, UsagePoint
from tests.billing import world

pytestmark = pytest.mark.django_db
LATER = world.AT + dt.timedelta(days=3)


@pytest.fixture
def lake(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own, with prices to bill by."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    return tmp_path / "lake"


@pytest.fixture
def point(lake: Path) -> UsagePoint:
    """An account whose January was billed at 100 kW."""
    made = world.make_account(world.make_county(), "1001")
    world.store(lake, world.curves([made]))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
    release_bills(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
    return made


def deliver_late(lake: Path, point: UsagePoint) -> None:
    """New Year's Day was 200 kW, it turns out."""
    table = world.curves([point], load=world.FLAT_LOAD * 2, days=1)
    world.store(lake, table, key="late")


def correct(
    point: UsagePoint, *, reason: str = "补抄 1 月 1 日", by: Viewer = SYSTEM_VIEWER
) -> Any:
    return correct_bills(
        month=world.MONTH, account_ids=[point.account_id], reason=reason, by=by, at=LATER
    )


def everything() -> tuple[list[dict[str, Any]], int, int, int]:
    bills = list(Bill.objects.order_by("pk").values())
    counts = BillLine.objects.count(), BillFinding.objects.count(), Entry.objects.count()
    return (bills, *counts)


class TestListOutdated:
    def test_names_the_bill_and_the_days_that_changed(self, lake: Path, point: UsagePoint) -> None:
        other = world.make_account(point.account.unit, "1002")
        world.store(lake, world.curves([other]), key="other")
        assert list_outdated(SYSTEM_VIEWER, world.MONTH) == []

        deliver_late(lake, point)

        (found,) = list_outdated(SYSTEM_VIEWER, world.MONTH)
        assert (found.bill.account.number, found.days) == ("1001", (world.MONTH.first,))

    def test_forgets_a_bill_that_was_corrected_or_checked(
        self, lake: Path, point: UsagePoint
    ) -> None:
        deliver_late(lake, point)
        correct(point)
        assert list_outdated(SYSTEM_VIEWER, world.MONTH) == []

        same = world.curves([point], load=world.FLAT_LOAD * 3, days=1)
        world.store(lake, same, key="third")
        world.store(lake, world.curves([point], load=world.FLAT_LOAD * 2, days=1), key="back")
        assert len(list_outdated(SYSTEM_VIEWER, world.MONTH)) == 1
        assert len(correct(point).unchanged) == 1
        assert list_outdated(SYSTEM_VIEWER, world.MONTH) == []

    def test_takes_five_queries_whatever_the_number_of_bills(
        self, lake: Path, point: UsagePoint, django_assert_num_queries: Any
    ) -> None:
        deliver_late(lake, point)
        with django_assert_num_queries(5):
            assert len(list_outdated(SYSTEM_VIEWER, world.MONTH)) == 1

    def test_is_narrowed_to_what_is_seen(self, lake: Path, point: UsagePoint) -> None:
        deliver_late(lake, point)
        stranger = Viewer(
            user_id=1, employee_id=1, name="外人", unit_path="000001",
            permissions=frozenset(), sees_all=False,
        )  # fmt: skip
        assert list_outdated(stranger, world.MONTH) == []

    def test_the_command_corrects_them_all(
        self, lake: Path, point: UsagePoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        deliver_late(lake, point)

        assert main(["bill", "correct", "--month", "2026-01", "--reason", "补抄"]) == 0

        assert "更正 1 张，结果不变 0 张" in capsys.readouterr().out
        assert Bill.objects.current().get().reason == "补抄"


class TestCorrectBills:
    def test_keeps_the_old_bill_and_owes_the_difference(
        self, lake: Path, point: UsagePoint
    ) -> None:
        issued = Bill.objects.values().get()
        deliver_late(lake, point)

        (bill,) = correct(point).corrected

        old = Bill.objects.get(revision=0)
        assert {**issued, "is_current": False} == Bill.objects.values().get(pk=old.pk)
        assert (bill.revision, bill.replaces_id, bill.reason) == (1, old.pk, "补抄 1 月 1 日")
        assert (bill.energy_kwh - old.energy_kwh, bill.max_demand_kw) == (2400, 200)
        # One day of 100 kW more: 4 h at 1.00, 12 h at 0.60, 8 h at 0.30; less 0.75 %.
        assert bill.amount_due == Decimal("1360.00") - Decimal("10.20")

    def test_shows_the_difference_line_by_line(self, lake: Path, point: UsagePoint) -> None:
        deliver_late(lake, point)
        (bill,) = correct(point).corrected

        changes = billing_queries.compare_lines(bill, bill.replaces)

        moved = {change.code: change.change for change in changes if change.change}
        assert sum(moved.values()) == bill.amount_due
        assert moved["energy.peak"] == Decimal("400.00")
        assert moved["power_factor"] == Decimal("-10.20")

    def test_leaves_both_bills_to_be_recomputed(self, lake: Path, point: UsagePoint) -> None:
        deliver_late(lake, point)
        correct(point)

        first, second = billing_queries.list_revisions(Bill.objects.get(revision=1))

        assert check_again(first).is_equal
        assert check_again(second).is_equal

    def test_counts_only_the_new_one(self, lake: Path, point: UsagePoint) -> None:
        deliver_late(lake, point)
        (bill,) = correct(point).corrected

        sums = insights.map_months(SYSTEM_VIEWER, [str(world.MONTH)])[str(world.MONTH)]
        seen = billing_queries.get_bill(
            viewer=SYSTEM_VIEWER, account_number="1001", month=str(world.MONTH)
        )

        assert (sums.bills, sums.amount) == (1, bill.amount)
        assert seen.pk == bill.pk

    def test_records_who_corrected_what_and_why(self, lake: Path, point: UsagePoint) -> None:
        deliver_late(lake, point)
        (bill,) = correct(point).corrected

        entry = Entry.objects.get(event="billing.bill.corrected")
        assert (entry.subject_id, entry.reason) == (bill.pk, "补抄 1 月 1 日")
        assert entry.customer_id == point.account.customer_id
        assert entry.changes["amount"] == [str(bill.amount - bill.amount_due), str(bill.amount)]

    def test_notes_a_bill_that_comes_out_the_same(self, lake: Path, point: UsagePoint) -> None:
        other = world.make_account(point.account.unit, "1002")
        world.store(lake, world.curves([other]), key="other")  # a newer version, not of this point
        before = everything()

        result = correct(point)

        assert (result.corrected, [bill.pk for bill in result.unchanged]) == (
            [],
            [before[0][0]["id"]],
        )
        checked = Bill.objects.get().checked_version
        assert checked > Bill.objects.get().lake_version
        assert everything() == ([{**before[0][0], "checked_version": checked}], *before[1:])

    def test_twice_corrects_nothing_twice(self, lake: Path, point: UsagePoint) -> None:
        deliver_late(lake, point)
        correct(point)
        before = everything()

        assert correct(point).corrected == []

        after = everything()
        assert (len(after[0]), *after[1:]) == (2, *before[1:])

    def test_leaves_nothing_for_the_next_run_to_bill(self, lake: Path, point: UsagePoint) -> None:
        deliver_late(lake, point)
        correct(point)
        before = everything()

        run = run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=LATER)

        assert (run.billed, run.refused) == (1, 0)
        assert everything() == before

    def test_lets_a_bill_stand_that_can_no_longer_be_rated(
        self, lake: Path, point: UsagePoint
    ) -> None:
        deliver_late(lake, point)
        Agreement.objects.filter(account=point.account).update(tariff_code="GONE")
        before = everything()

        ((account, reason),) = correct(point).refused

        assert (account.pk, str(reason)) == (point.account_id, "2026-01 没有电价 GONE")
        assert everything() == before

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_is_refused_without_a_reason(self, lake: Path, point: UsagePoint, reason: str) -> None:
        deliver_late(lake, point)
        before = everything()
        with pytest.raises(UnableToCorrectBills, match="须写明原因"):
            correct(point, reason=reason)
        assert everything() == before

    def test_is_refused_where_nothing_was_billed(self, lake: Path, point: UsagePoint) -> None:
        other = world.make_account(point.account.unit, "1002")
        before = everything()
        with pytest.raises(UnableToCorrectBills, match="没有 2026-01 的账单"):
            correct(other)
        assert everything() == before

    def test_is_refused_to_who_may_not_bill(self, lake: Path, point: UsagePoint) -> None:
        reader = Viewer(
            user_id=1, employee_id=1, name="读者", unit_path="000",
            permissions=frozenset({Permission.EXPORT}), sees_all=False,
        )  # fmt: skip
        before = everything()
        with pytest.raises(NotPermitted):
            correct(point, by=reader)
        assert everything() == before
