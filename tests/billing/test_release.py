"""Bills reach the customers when they are released; what looks wrong is reviewed before."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.billing import release as billing_release
from busbar.billing.models import Bill, BillFinding
from busbar.billing.operations import (
    UnableToReleaseBills,
    UnableToReviewFindings,
    correct_bills,
    release_bills,
    renew_findings,
    review_findings,
    run_month,
)
from busbar.billing.operations import release as releasing
from busbar.journal.models import Entry
from busbar.kit.periods import Month
from busbar.supply.models import UsagePoint
from tests.billing import world
from tests.worlds import keep

pytestmark = pytest.mark.django_db
LATER = world.AT + dt.timedelta(days=1)
FEBRUARY = Month(2026, 2)
CLERK = Viewer(7, 7, "核算员", "000", frozenset({Permission.RUN_BILLS, Permission.RELEASE_BILLS}))


@pytest.fixture
def lake(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own, with prices to bill by."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    return tmp_path / "lake"


@pytest.fixture
def points(lake: Path) -> list[UsagePoint]:
    """Three accounts with their January, and February in which the last one used thrice as much."""
    return keep(_bill, lake, folder=lake)


def _bill(lake: Path) -> list[UsagePoint]:
    county = world.make_county()
    made = [world.make_account(county, number) for number in ("1001", "1002", "1003")]
    world.store(lake, world.curves(made))
    world.store(lake, world.curves(made[:2], FEBRUARY), key="february")
    tripled = world.curves(made[2:], FEBRUARY, load=world.FLAT_LOAD * 3)
    world.store(lake, tripled, key="tripled")
    for month in (world.MONTH, FEBRUARY):
        run_month(month=month, by=SYSTEM_VIEWER, at=world.AT)
    return made


def released(month: Month = FEBRUARY) -> list[str]:
    bills = Bill.objects.filter(month=str(month), released_at__isnull=False)
    return list(bills.order_by("account__number").values_list("account__number", flat=True))


def entries(event: str) -> list[dict[str, Any]]:
    return list(Entry.objects.filter(event=event).order_by("pk").values_list("changes", flat=True))


def everything() -> tuple[Any, ...]:
    return (
        list(Bill.objects.order_by("pk").values("pk", "released_at")),
        list(BillFinding.objects.order_by("pk").values()),
        Entry.objects.count(),
    )


def swing() -> BillFinding:
    return BillFinding.objects.get(kind="swing", month=str(FEBRUARY))


class TestReleaseBills:
    def test_lets_go_what_nothing_holds_back_and_keeps_the_rest(
        self, points: list[UsagePoint]
    ) -> None:
        done = release_bills(month=FEBRUARY, by=CLERK, at=LATER)

        assert (done.released, done.held) == (2, 1)
        assert released() == ["1001", "1002"]
        assert entries("billing.run.released") == [{"released": 2, "held": 1}]
        bill = Bill.objects.get(account__number="1001", month=str(FEBRUARY))
        assert bill.released_at == LATER
        amount = str(bill.amount)
        assert entries("billing.bill.released")[0] == {"amount": amount, "amount_due": amount}

    def test_releases_the_held_bill_after_its_review(self, points: list[UsagePoint]) -> None:
        release_bills(month=FEBRUARY, by=CLERK, at=LATER)
        review_findings(finding_ids=[swing().pk], note="新增一条产线", by=CLERK, at=LATER)

        done = release_bills(month=FEBRUARY, by=CLERK, at=LATER)

        assert (done.released, done.held) == (1, 0)
        assert released() == ["1001", "1002", "1003"]
        assert entries("billing.run.released")[-1] == {"released": 3, "held": 0}

    def test_a_second_time_is_refused_and_changes_nothing(self, points: list[UsagePoint]) -> None:
        release_bills(month=world.MONTH, by=CLERK, at=LATER)
        before = everything()

        with pytest.raises(UnableToReleaseBills, match="已出账的都已发行"):
            release_bills(month=world.MONTH, by=CLERK, at=LATER)

        assert everything() == before

    def test_says_that_everything_waits_for_a_review(self, points: list[UsagePoint]) -> None:
        release_bills(month=FEBRUARY, by=CLERK, at=LATER)
        before = everything()

        with pytest.raises(UnableToReleaseBills, match="1 张账单都有异常待复核"):
            release_bills(month=FEBRUARY, by=CLERK, at=LATER)

        assert everything() == before

    def test_goes_on_where_it_was_killed(
        self, points: list[UsagePoint], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(releasing, "_BATCH", 2)
        whole, calls = releasing._release_batch, []

        def dies_in_the_second(*args: Any, **kwargs: Any) -> int:
            calls.append(args)
            count = whole(*args, **kwargs)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return count

        monkeypatch.setattr(
            releasing, "_release_batch", releasing.transaction.atomic(dies_in_the_second)
        )
        with pytest.raises(KeyboardInterrupt):
            release_bills(month=world.MONTH, by=CLERK, at=LATER)
        assert released(world.MONTH) == ["1001", "1002"]
        assert len(entries("billing.bill.released")) == 2
        assert entries("billing.run.released") == []

        done = release_bills(month=world.MONTH, by=CLERK, at=LATER)

        assert done.released == 1
        assert released(world.MONTH) == ["1001", "1002", "1003"]
        assert len(entries("billing.bill.released")) == 3
        assert entries("billing.run.released") == [{"released": 3, "held": 0}]

    def test_refuses_a_month_whose_run_is_not_finished(self, points: list[UsagePoint]) -> None:
        run = Bill.objects.filter(month=str(FEBRUARY))[0].run
        type(run).objects.filter(pk=run.pk).update(state="running")
        before = everything()

        with pytest.raises(UnableToReleaseBills, match="核算还没有完成"):
            release_bills(month=FEBRUARY, by=CLERK, at=LATER)

        assert everything() == before

    def test_refuses_whoever_may_only_bill(self, points: list[UsagePoint]) -> None:
        before = everything()
        runner = Viewer(8, 8, "核算员", "000", frozenset({Permission.RUN_BILLS}))

        with pytest.raises(NotPermitted):
            release_bills(month=FEBRUARY, by=runner, at=LATER)

        assert everything() == before

    def test_leaves_alone_what_another_branch_has_billed(self, points: list[UsagePoint]) -> None:
        neighbor = Viewer(9, 9, "邻县核算员", "000001", CLERK.permissions)

        with pytest.raises(UnableToReleaseBills):
            release_bills(month=world.MONTH, by=neighbor, at=LATER)

        assert released(world.MONTH) == []

    def test_takes_as_many_queries_for_three_bills_as_for_one(
        self, points: list[UsagePoint]
    ) -> None:
        one, rest = points[0].account_id, [p.account_id for p in points[1:]]
        with CaptureQueriesContext(connection) as few:
            release_bills(month=world.MONTH, account_ids=[one], by=replace(CLERK), at=LATER)
        with CaptureQueriesContext(connection) as many:
            release_bills(month=world.MONTH, account_ids=rest, by=replace(CLERK), at=LATER)

        assert len(many) == len(few)


class TestCorrectionOfReleasedBills:
    def correct(self, lake: Path, point: UsagePoint) -> Bill:
        table = world.curves([point], load=world.FLAT_LOAD * 2, days=1)
        world.store(lake, table, key="late")
        done = correct_bills(
            month=world.MONTH,
            account_ids=[point.account_id],
            reason="补抄",
            by=SYSTEM_VIEWER,
            at=LATER,
        )
        return done.corrected[0]

    def test_owes_the_difference_and_is_told_only_when_released(
        self, lake: Path, points: list[UsagePoint]
    ) -> None:
        release_bills(month=world.MONTH, by=CLERK, at=LATER)
        new = self.correct(lake, points[0])
        mine = Bill.objects.filter(account=points[0].account_id, month=str(world.MONTH))
        assert [bill.revision for bill in mine.told()] == [0]

        release_bills(month=world.MONTH, by=CLERK, at=LATER)

        assert [bill.revision for bill in mine.told()] == [1]
        assert entries("billing.bill.released")[-1] == {
            "amount": str(new.amount),
            "amount_due": "1349.80",
        }

    def test_owes_all_where_the_customer_was_never_given_the_first(
        self, lake: Path, points: list[UsagePoint]
    ) -> None:
        new = self.correct(lake, points[0])

        release_bills(month=world.MONTH, account_ids=[points[0].account_id], by=CLERK, at=LATER)

        assert new.amount_due == new.amount
        assert entries("billing.bill.released")[-1]["amount_due"] == str(new.amount)
        assert entries("billing.bill.corrected")[-1]["amount"] == [
            str(new.amount - Decimal("1349.80")),
            str(new.amount),
        ]

    def test_looks_anew_at_the_swing_of_the_month_after(
        self, lake: Path, points: list[UsagePoint]
    ) -> None:
        before = swing()
        review_findings(finding_ids=[before.pk], note="核对过", by=CLERK, at=LATER)

        self.correct(lake, points[2])

        found = swing()
        assert found.reviewed_at is None
        assert Decimal(found.facts["before"]) - Decimal(before.facts["before"]) == Decimal(
            "1349.80"
        )


class TestReviewFindings:
    def test_says_who_looked_and_what_came_of_it(self, points: list[UsagePoint]) -> None:
        review_findings(finding_ids=[swing().pk], note=" 新增一条产线 ", by=CLERK, at=LATER)

        found = swing()
        assert (found.reviewed_at, found.reviewed_by) == (LATER, "核算员")
        assert found.review_note == "新增一条产线"
        entry = Entry.objects.get(event="billing.finding.reviewed")
        assert (entry.reason, entry.changes) == ("新增一条产线", {"finding": "swing"})

    @pytest.mark.parametrize("note", ["", "   ", "字" * 301])
    def test_wants_words_and_not_too_many(self, points: list[UsagePoint], note: str) -> None:
        before = everything()

        with pytest.raises(UnableToReviewFindings, match="意见"):
            review_findings(finding_ids=[swing().pk], note=note, by=CLERK, at=LATER)

        assert everything() == before

    def test_refuses_all_where_one_was_reviewed_before(self, points: list[UsagePoint]) -> None:
        review_findings(finding_ids=[swing().pk], note="核对过", by=CLERK, at=LATER)
        before = everything()

        with pytest.raises(UnableToReviewFindings, match="已由 核算员 复核"):
            review_findings(finding_ids=[swing().pk], note="再核", by=CLERK, at=LATER)

        assert everything() == before

    def test_refuses_what_the_viewer_does_not_see(self, points: list[UsagePoint]) -> None:
        stranger = Viewer(9, 9, "邻县核算员", "000009", CLERK.permissions)
        before = everything()

        with pytest.raises(UnableToReviewFindings, match="没有这项账单提示"):
            review_findings(finding_ids=[swing().pk], note="核对过", by=stranger, at=LATER)

        assert everything() == before

    def test_outlives_a_new_search_that_finds_the_same(self, points: list[UsagePoint]) -> None:
        review_findings(finding_ids=[swing().pk], note="核对过", by=CLERK, at=LATER)

        renew_findings(month=FEBRUARY, by=CLERK, at=LATER)

        assert swing().review_note == "核对过"


class TestWhatHoldsBack:
    def test_is_counted_and_ranked_by_the_money_at_stake(self, points: list[UsagePoint]) -> None:
        first = Bill.objects.get(account__number="1001", month=str(FEBRUARY))
        BillFinding.objects.create(
            bill=first,
            account=first.account,
            month=first.month,
            kind="curve_gaps",
            stake_yuan=first.amount / 2,
            weight=Decimal("0.001344"),
            facts={"missing": 0, "estimated": 1344, "energy_kwh": "67200"},
        )

        found = billing_release.list_to_review(CLERK, month=str(FEBRUARY))

        assert [f.account.number for f in found] == ["1003", "1001"]
        counted = billing_release.count_release(CLERK, str(FEBRUARY))
        assert (counted.issued, counted.held, counted.ready, counted.released) == (3, 2, 1, 0)

    def test_is_a_setting_of_the_company(
        self, points: list[UsagePoint], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "BUSBAR_FINDING_HOLDS", "curve_gaps")

        assert release_bills(month=FEBRUARY, by=CLERK, at=LATER).held == 0
        assert released() == ["1001", "1002", "1003"]

    def test_must_be_a_kind_that_there_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings, "BUSBAR_FINDING_HOLDS", "swing,weather")

        with pytest.raises(ImproperlyConfigured, match="weather"):
            billing_release.holding_kinds()
