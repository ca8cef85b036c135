"""Runs, findings, release and correction for programs."""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from busbar.access.models import Role
from busbar.api.billing import acts
from busbar.billing import operations as billing_operations
from busbar.billing.models import Bill, BillRefusal, BillRun, OutdatedBill
from busbar.customers.models import Customer, CustomerGroup
from busbar.jobs import billing as billing_jobs
from busbar.journal.models import Entry
from busbar.kit.errors import Phrase
from busbar.kit.phrases import as_typed
from busbar.supply.models import Agreement
from tests.api import billed as b
from tests.api.affair import get, post
from tests.api.billed import BILL, FOREIGN, JANUARY, OWN, Billed, refused
from tests.billing import world

pytestmark = pytest.mark.django_db
RUN = f"bill-runs/{JANUARY}"


@pytest.fixture
def billed(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Billed:
    return b.make(tmp_path, monkeypatch)


def last_user(billed: Billed) -> int:
    """The user of whoever was hired last."""
    return list(billed.region.people.values())[-1].user_id


def count(client: Client, path: str) -> int:
    get(client, path)
    with CaptureQueriesContext(connection) as queries:
        get(client, path)
    return len(queries)


class TestRuns:
    def test_are_listed_by_month_with_the_visible_counts(self, billed: Billed) -> None:
        client = billed.clerk()

        first = get(client, "bill-runs?limit=1")
        second = get(client, f"bill-runs?limit=1&after={first['next']}")

        row = first["items"][0]
        assert (row["month"], row["state"], row["billed"]) == (JANUARY, "finished", 1)
        assert (row["is_whole"], first["next"]) == (False, JANUARY)
        assert [row["month"] for row in second["items"]] == ["2025-12"]
        assert second["next"] is None

    def test_count_the_company_or_a_group_of_it_for_the_province(self, billed: Billed) -> None:
        group = CustomerGroup.objects.create(code="G1", name="集团")
        Customer.objects.filter(number=f"K{OWN}").update(group=group)
        client = billed.program(Role.MANAGER, billed.region.province)

        whole, part = get(client, "bill-runs"), get(client, "bill-runs?group=G1")

        assert [(r["billed"], r["is_whole"]) for r in whole["items"]] == [(2, True)] * 2
        assert [(r["billed"], r["is_whole"]) for r in part["items"]] == [(1, False)] * 2

    def test_tell_how_far_the_bills_have_come(self, billed: Billed) -> None:
        billed.find()
        billed.find(FOREIGN)

        shown = get(billed.clerk(), RUN)

        names = ("issued", "released", "held", "ready", "to_review")
        assert [shown[name] for name in names] == [1, 0, 1, 0, 1]

    def test_tell_who_could_not_be_billed(self, billed: Billed) -> None:
        run = BillRun.objects.get(month=JANUARY)
        for point in billed.points:
            BillRefusal.objects.create(run=run, account=point.account, reason=Phrase("没有电价"))

        items = get(billed.clerk(), f"{RUN}/refusals")["items"]

        assert [(row["account_number"], row["reason"]) for row in items] == [(OWN, "没有电价")]

    def test_are_queued_in_the_caller_s_name(self, billed: Billed) -> None:
        client = billed.clerk()

        told = post(client, "bill-runs", {"month": JANUARY})

        assert told == {"month": JANUARY, "job": "bill_month"}
        task = OrmQ.objects.get().task
        assert task["func"] == "busbar.jobs.billing.bill_month"
        assert task["args"] == (JANUARY, last_user(billed))

    def test_are_not_queued_without_right_or_curves(self, billed: Billed) -> None:
        post(billed.program(Role.MANAGER), "bill-runs", {"month": JANUARY}, status=403)
        told = post(billed.clerk(), "bill-runs", {"month": "2026-02"}, status=409)

        assert told["detail"] == "2026-02 还没有导入任何负荷曲线"
        assert OrmQ.objects.count() == 0


class TestFindings:
    def test_are_ranked_by_money_and_paged(self, billed: Billed) -> None:
        finding = billed.find()
        billed.find(FOREIGN, "90000.00")
        client = billed.program(Role.MANAGER, billed.region.province)

        first = get(client, f"{RUN}/findings?limit=1")
        second = get(client, f"{RUN}/findings?limit=1&after={first['next']}")

        assert [row["account_number"] for row in first["items"]] == [FOREIGN]
        row = second["items"][0]
        assert (row["id"], row["stake_yuan"], row["holds"]) == (finding.pk, "25000.00", True)
        assert second["next"] is None
        own = get(billed.clerk(), f"{RUN}/findings")["items"]
        assert [row["account_number"] for row in own] == [OWN]
        assert "上一页" in refused(client, f"{RUN}/findings?after=x", 409)["detail"]

    def test_take_as_many_queries_for_one_as_for_two(self, billed: Billed) -> None:
        client = billed.program(Role.MANAGER, billed.region.province)
        billed.find()
        before = count(client, f"{RUN}/findings")
        billed.find(FOREIGN)

        assert count(client, f"{RUN}/findings") == before

    def test_are_reviewed_with_a_note(self, billed: Billed) -> None:
        finding, client = billed.find(), billed.clerk()

        refused = post(client, f"bill-findings/{finding.pk}/review", {"note": " "}, status=409)
        shown = post(client, f"bill-findings/{finding.pk}/review", {"note": "新增一条产线"})

        assert refused["detail"] == "复核须写明意见"
        assert (shown["review_note"], shown["reviewed_by"]) == ("新增一条产线", "职员E001")
        assert get(client, f"{RUN}/findings")["items"] == []
        assert [row["id"] for row in get(client, f"{BILL}/findings")] == [finding.pk]

    def test_are_reviewed_by_nobody_else(self, billed: Billed) -> None:
        finding, foreign = billed.find(), billed.find(FOREIGN)
        path, asked = f"bill-findings/{finding.pk}/review", {"note": "核对过"}

        post(billed.program(Role.MANAGER), path, asked, status=403)
        post(billed.clerk(), f"bill-findings/{foreign.pk}/review", asked, status=404)

        finding.refresh_from_db()
        foreign.refresh_from_db()
        assert (finding.reviewed_at, foreign.reviewed_at) == (None, None)


class TestRelease:
    def test_of_a_month_is_queued(self, billed: Billed) -> None:
        told = post(billed.clerk(), f"{RUN}/release", {})

        assert told == {"month": JANUARY, "job": "release_month"}
        assert billing_jobs.release_month(*OrmQ.objects.get().task["args"]) == (
            "2026-01：已发行 1 张账单，待复核 0 张"
        )
        assert billed.bill(FOREIGN).released_at is None

    def test_of_a_month_is_refused_where_all_is_held_back_or_not_allowed(
        self, billed: Billed
    ) -> None:
        billed.find()

        told = post(billed.clerk(), f"{RUN}/release", {}, status=409)
        post(billed.program(Role.MANAGER), f"{RUN}/release", {}, status=403)
        post(billed.clerk(), "bill-runs/2024-01/release", {}, status=404)

        assert "1 张账单都有异常待复核" in told["detail"]
        assert OrmQ.objects.count() == 0

    def test_of_a_bill_is_done_at_once(self, billed: Billed) -> None:
        shown = post(billed.clerk(), f"{BILL}/release", {})

        assert shown["released_at"] is not None
        assert billed.bill().released_at is not None

    def test_of_a_bill_is_for_who_may(self, billed: Billed) -> None:
        post(billed.program(Role.MANAGER), f"{BILL}/release", {}, status=403)
        post(billed.clerk(), f"bills/{FOREIGN}/{JANUARY}/release", {}, status=404)

        assert not Bill.objects.exclude(released_at=None).exists()


def refuse(bill: Bill) -> None:
    """A correction met with a refusal."""
    OutdatedBill.objects.create(
        bill=bill, account=bill.account, month=bill.month, refusal=as_typed("没有电价"),
        found_at=world.AT, tried_at=world.AT,
    )  # fmt: skip


class TestCorrection:
    def test_names_the_bills_whose_curves_changed(self, billed: Billed) -> None:
        client = billed.clerk()
        assert get(client, f"{RUN}/outdated") == {"items": [], "next": None}
        billed.deliver_late()

        found = get(client, f"{RUN}/outdated")

        assert [row["bill"]["account_number"] for row in found["items"]] == [OWN]
        assert found["items"][0]["days"] == ["2026-01-01"]
        whole = billed.program(Role.MANAGER, billed.region.province)
        first = get(whole, f"{RUN}/outdated?limit=1")
        second = get(whole, f"{RUN}/outdated?limit=1&after={first['next']}")
        assert first["next"] == OWN
        assert [row["bill"]["account_number"] for row in second["items"]] == [FOREIGN]
        assert second["next"] is None

    def test_of_one_bill_owes_the_difference(self, billed: Billed) -> None:
        billed.release()
        billed.deliver_late()

        told = post(billed.clerk(), f"{BILL}/correction", {"reason": "补抄 1 月 1 日"})

        # 2,400 kWh more: 1,360 yuan less 0.75 %, and 0.02 yuan each.
        assert told["corrected"] == [
            {"account_number": OWN, "revision": 1, "before_yuan": "73106.80",
             "amount": "74504.60", "amount_due": "1397.80"}
        ]  # fmt: skip
        assert (told["unchanged"], told["refused"]) == ([], [])
        client = billed.clerk()
        assert get(client, BILL)["reason"] == "补抄 1 月 1 日"
        before = get(client, f"{BILL}?revision=0")
        assert (before["amount"], before["is_current"]) == ("73106.80", False)

    def test_of_one_bill_says_that_nothing_changed(self, billed: Billed) -> None:
        told = post(billed.clerk(), f"{BILL}/correction", {"reason": "核对"})

        assert told == {"corrected": [], "unchanged": [OWN], "refused": []}

    def test_of_a_month_leaves_the_other_county_alone(self, billed: Billed) -> None:
        billed.deliver_late()

        told = post(billed.clerk(), f"{RUN}/correction", {"reason": "补抄"})

        assert [row["account_number"] for row in told["corrected"]] == [OWN]
        assert billed.bill(FOREIGN).revision == 0

    def test_of_a_month_counts_what_could_not_be_corrected_and_what_remains(
        self, billed: Billed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        billed.deliver_late()
        Agreement.objects.filter(account__number=OWN).update(tariff_code="GONE")
        client = billed.program(Role.BILLING_CLERK, billed.region.province)
        at = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
        monkeypatch.setattr(acts, "now", lambda: at)

        told = post(client, f"{RUN}/correction", {"reason": "补抄"})

        assert told.pop("corrected") == [
            {"account_number": FOREIGN, "revision": 1, "before_yuan": "73106.80",
             "amount": "74504.60", "amount_due": "74504.60"}
        ]  # fmt: skip
        assert told == {
            "unchanged": [],
            "refused": [{"account_number": OWN, "reason": "2026-01 没有电价 GONE"}],
            "corrected_count": 1,
            "unchanged_count": 0,
            "refused_count": 1,
            "remaining": 1,
            "remaining_refused": 1,
        }
        (row,) = get(client, f"{RUN}/outdated")["items"]
        assert (row["refusal"], row["refused_at"]) == (
            "2026-01 没有电价 GONE", "2026-03-02T09:30:00Z",
        )  # fmt: skip

    def test_of_a_month_gets_past_what_it_could_not_correct(
        self, billed: Billed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        billed.deliver_late()
        Agreement.objects.filter(account__number=OWN).update(tariff_code="GONE")
        client = billed.program(Role.BILLING_CLERK, billed.region.province)
        correct = billing_operations.correct_outdated_bills
        one = functools.partial(correct, most=1)
        monkeypatch.setattr(billing_operations, "correct_outdated_bills", one)

        first = post(client, f"{RUN}/correction", {"reason": "补抄"})
        second = post(client, f"{RUN}/correction", {"reason": "补抄"})

        counts = ("corrected_count", "refused_count", "remaining", "remaining_refused")
        assert [first[name] for name in counts] == [0, 1, 2, 1]
        assert [second[name] for name in counts] == [1, 0, 1, 1]

    def test_of_a_month_names_the_first_reasons_and_counts_all(
        self, billed: Billed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        billed.deliver_late()
        Agreement.objects.update(tariff_code="GONE")
        client = billed.program(Role.BILLING_CLERK, billed.region.province)
        monkeypatch.setattr(acts, "MOST_REASONS", 1)

        told = post(client, f"{RUN}/correction", {"reason": "补抄"})

        assert [row["account_number"] for row in told["refused"]] == [OWN]
        assert (told["refused_count"], told["remaining"], told["remaining_refused"]) == (2, 2, 2)

    def test_of_a_month_is_refused_where_none_is_outdated(self, billed: Billed) -> None:
        told = post(billed.clerk(), f"{RUN}/correction", {"reason": "核对"}, status=409)

        assert told["detail"] == "2026-01 没有出账后依据有变的账单，无须更正"
        assert Bill.objects.filter(revision__gt=0).count() == 0

    def test_listing_takes_as_many_queries_for_one_refused_as_for_two(self, billed: Billed) -> None:
        client = billed.program(Role.BILLING_CLERK, billed.region.province)
        refuse(billed.bill(OWN))
        before = count(client, f"{RUN}/outdated")
        refuse(billed.bill(FOREIGN))

        assert count(client, f"{RUN}/outdated") == before

    def test_is_for_who_may_and_says_why(self, billed: Billed) -> None:
        billed.deliver_late()
        entries = Entry.objects.filter(event="billing.bill.corrected")
        manager, asked = billed.program(Role.MANAGER), {"reason": "补抄"}

        post(manager, f"{BILL}/correction", asked, status=403)
        post(manager, f"{RUN}/correction", asked, status=403)
        post(billed.clerk(), f"bills/{FOREIGN}/{JANUARY}/correction", asked, status=404)
        told = post(billed.clerk(), f"{BILL}/correction", {"reason": " "}, status=409)

        assert told["detail"] == "更正账单须写明原因"
        assert not entries.exists()
        assert not Bill.objects.filter(revision__gt=0).exists()


def test_the_world_stands(billed: Billed) -> None:
    assert Bill.objects.count() == 4
    assert str(world.MONTH) == JANUARY
