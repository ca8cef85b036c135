"""A bill is corrected by another one: the old stays, the new owes the difference."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.billing import insights
from busbar.billing import queries as billing_queries
from busbar.billing.explanation import check_again
from busbar.billing.models import Bill, BillFinding, BillLine, OutdatedBill
from busbar.billing.operations import (
    MonthCorrection,
    UnableToCorrectBills,
    compare_month,
    correct_bills,
    correct_outdated_bills,
    release_bills,
    run_month,
)
from busbar.billing.outdated import get_outdated, list_outdated
from busbar.cli import bill_outdated
from busbar.cli.main import main
from busbar.journal.models import Entry
from busbar.supply.models import Agreement, UsagePoint
from tests.billing import world
from tests.worlds import keep

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
    return keep(_bill, lake, folder=lake)


def _bill(lake: Path) -> UsagePoint:
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

    def test_keeps_why_and_when_a_bill_could_not_be_rated(
        self, lake: Path, point: UsagePoint
    ) -> None:
        Agreement.objects.filter(account=point.account).update(tariff_code="GONE")

        correct(point)

        (found,) = list_outdated(SYSTEM_VIEWER, world.MONTH)
        assert found.change is not None
        assert (str(found.change.refusal), found.change.refused_at) == (
            "2026-01 没有电价 GONE",
            LATER,
        )
        assert (found.days, found.change.parts, found.change.amount_now) == ((), [], None)

    def test_forgets_why_once_the_bill_can_be_rated(self, lake: Path, point: UsagePoint) -> None:
        Agreement.objects.filter(account=point.account).update(tariff_code="GONE")
        correct(point)
        Agreement.objects.filter(account=point.account).update(tariff_code="TWO-PART")

        done = correct(point)

        assert (done.corrected, len(done.unchanged), done.refused) == ([], 1, [])
        assert OutdatedBill.objects.count() == 0

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


GONE = "2026-01 没有电价 GONE"


class TestCorrectOutdatedBills:
    """Five bills with newer curves; the first two by 户号 can no longer be rated."""

    @pytest.fixture
    def points(self, lake: Path) -> list[UsagePoint]:
        return keep(self.bill_five, lake, folder=lake)

    def bill_five(self, lake: Path) -> list[UsagePoint]:
        county = world.make_county()
        made = [world.make_account(county, f"100{n}") for n in range(1, 6)]
        world.store(lake, world.curves(made))
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        world.store(lake, world.curves(made, load=world.FLAT_LOAD * 2, days=1), key="late")
        lose(*made[:2])
        return made

    def test_gets_past_those_that_cannot_be_rated(self, points: list[UsagePoint]) -> None:
        told = [call(hours=n) for n in range(3)]

        assert [numbers(done.corrected) for done in told] == [[], ["1003", "1004"], ["1005"]]
        assert [refused(done) for done in told] == [
            [("1001", GONE), ("1002", GONE)],
            [],
            [("1001", GONE)],
        ]
        assert [(done.remaining, done.remaining_refused) for done in told] == [
            (5, 2),
            (3, 2),
            (2, 2),
        ]
        # 71,618.80 yuan and a day of 100 kW more.
        corrected = [bill.amount for done in told for bill in done.corrected]
        assert corrected == [Decimal("72968.60")] * 3

    def test_takes_whom_it_tried_longest_ago_first(self, points: list[UsagePoint]) -> None:
        call(hours=0, most=5)

        told = [refused(call(hours=n, most=1)) for n in (1, 2, 3)]

        assert told == [[("1001", GONE)], [("1002", GONE)], [("1001", GONE)]]

    def test_takes_first_what_the_comparison_finds_can_be_rated_again(
        self, points: list[UsagePoint]
    ) -> None:
        call(hours=0, most=5)
        Agreement.objects.filter(account=points[1].account).update(tariff_code="TWO-PART")
        compare_month(month=world.MONTH, by=SYSTEM_VIEWER, at=LATER + dt.timedelta(hours=12))

        done = call(hours=13, most=1)

        assert (numbers(done.corrected), refused(done)) == (["1002"], [])
        assert (done.remaining, done.remaining_refused) == (1, 1)

    def test_the_comparison_lets_stand_what_a_correction_met_with(
        self, points: list[UsagePoint]
    ) -> None:
        call(hours=0, most=5)
        before = list(OutdatedBill.objects.order_by("pk").values())

        compare_month(month=world.MONTH, by=SYSTEM_VIEWER, at=LATER + dt.timedelta(hours=12))

        assert list(OutdatedBill.objects.order_by("pk").values()) == before
        assert [row["tried_at"] for row in before] == [LATER, LATER]

    def test_takes_what_the_comparison_found_it_cannot_rate_last(
        self, points: list[UsagePoint]
    ) -> None:
        compare_month(month=world.MONTH, by=SYSTEM_VIEWER, at=LATER)

        done = call(hours=1, most=3)

        assert numbers(done.corrected) == ["1003", "1004", "1005"]
        assert (done.remaining, done.remaining_refused) == (2, 2)

    def test_tries_none_twice_at_one_moment(self, points: list[UsagePoint]) -> None:
        assert [len(call(hours=0).refused) for _ in range(3)] == [2, 0, 0]
        before = everything(), list(OutdatedBill.objects.values())

        with pytest.raises(UnableToCorrectBills, match="2026-01 没有出账后依据有变的账单"):
            call(hours=0)

        assert (everything(), list(OutdatedBill.objects.values())) == before

    def test_is_refused_without_a_reason(self, points: list[UsagePoint]) -> None:
        before = everything()
        with pytest.raises(UnableToCorrectBills, match="须写明原因"):
            call(hours=0, reason=" ")
        assert (everything(), OutdatedBill.objects.count()) == (before, 0)

    def test_is_refused_to_who_may_not_bill(self, points: list[UsagePoint]) -> None:
        reader = Viewer(
            user_id=1, employee_id=1, name="读者", unit_path="000",
            permissions=frozenset({Permission.EXPORT}), sees_all=False,
        )  # fmt: skip
        before = everything()
        with pytest.raises(NotPermitted):
            call(hours=0, by=reader)
        assert (everything(), OutdatedBill.objects.count()) == (before, 0)

    def test_counts_what_the_caller_sees(self, points: list[UsagePoint]) -> None:
        stranger = Viewer(
            user_id=1, employee_id=1, name="外人", unit_path="000001",
            permissions=frozenset({Permission.RUN_BILLS}), sees_all=False,
        )  # fmt: skip
        before = everything()
        with pytest.raises(UnableToCorrectBills, match="没有出账后依据有变的账单"):
            call(hours=0, by=stranger)
        assert everything() == before

    def test_asks_as_many_queries_for_many_refused_as_for_one(
        self, points: list[UsagePoint]
    ) -> None:
        call(hours=0, most=5)
        with CaptureQueriesContext(connection) as one:
            assert len(call(hours=1, most=1).refused) == 1

        with CaptureQueriesContext(connection) as two:
            assert len(call(hours=2, most=5).refused) == 2

        assert len(two) == len(one)

    def test_the_command_tries_every_bill_once_and_names_the_reasons(
        self,
        points: list[UsagePoint],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(bill_outdated, "MOST_REASONS", 1)

        assert main(["bill", "correct", "--month", "2026-01", "--reason", "补抄"]) == 1

        told = capsys.readouterr()
        assert told.out == "2026-01：更正 3 张，结果不变 0 张，不能核算 2 张\n"
        assert told.err == f"busbar: 户号 1001 不能更正：{GONE}\nbusbar: 另有 1 户不能更正\n"

    def test_the_command_lists_why_and_since_when(
        self, points: list[UsagePoint], capsys: pytest.CaptureFixture[str]
    ) -> None:
        call(hours=0, most=5)

        assert main(["bill", "outdated", "2026-01"]) == 0

        assert capsys.readouterr().out == (
            f"1001 曲线有变：2026-01-01 等 1 天；不能核算（2026-02-04）：{GONE}\n"
            f"1002 曲线有变：2026-01-01 等 1 天；不能核算（2026-02-04）：{GONE}\n"
            "2026-01：核对 5 张账单，依据已变 2 张\n"
        )

    def test_the_page_s_order_is_that_of_the_next_call(self, points: list[UsagePoint]) -> None:
        call(hours=0)

        found = get_outdated(SYSTEM_VIEWER, world.MONTH, most=2)

        assert [row.bill.account.number for row in found.first] == ["1003", "1004"]
        assert (found.total, found.refused) == (5, 2)


def lose(*points: UsagePoint) -> None:
    """Their tariff is gone from the archive."""
    accounts = [point.account_id for point in points]
    Agreement.objects.filter(account__in=accounts).update(tariff_code="GONE")


def call(
    *, hours: int, most: int = 2, reason: str = "补抄", by: Viewer = SYSTEM_VIEWER
) -> MonthCorrection:
    at = LATER + dt.timedelta(hours=hours)
    return correct_outdated_bills(month=world.MONTH, reason=reason, by=by, at=at, most=most)


def numbers(bills: list[Bill]) -> list[str]:
    return [bill.account.number for bill in bills]


def refused(done: MonthCorrection) -> list[tuple[str, str]]:
    return [(account.number, str(reason)) for account, reason in done.refused]
