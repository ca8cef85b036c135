"""Tariffs and their drafts for programs: the same operations, the same four eyes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.journal.models import Entry
from busbar.pricing.models import DraftState, Tariff, TariffDraft
from tests.api.affair import ROOT, get, post
from tests.console.work_region import FOREIGN, OWN, Region, make_billed, make_units

pytestmark = pytest.mark.django_db
DOCUMENT: dict[str, Any] = {
    "code": "TWO-PART",
    "base_from": "2020-01-01",
    "valid_from": "2099-01-01",
    "scheme": "TOU-TWO-PART",
    "prices": {"peak": "1.2", "flat": "0.6", "valley": "0.3"},
    "capacity_price": "30",
    "demand_price": 40,
    "source": "某发改价格〔2026〕1 号",
    "certainty": "A",
}
BILL = {
    "kind": "bill",
    "period": {"start": "2026-01-01", "end": "2026-02-01"},
    "segments": [{"energies": [{"measures": "peak", "quantity": 100}]}],
}


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties, a bill each for December and January."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    return made


@pytest.fixture
def clerk(region: Region) -> Client:
    """Who drafts."""
    return region.client(Role.BILLING_CLERK)


@pytest.fixture
def manager(region: Region) -> Client:
    """Who adopts."""
    return region.client(Role.MANAGER)


class TestTariffs:
    @pytest.mark.parametrize(
        ("asked", "is_found"),
        [
            ({}, True),
            ({"region": "测试省", "category": "industry_two_part", "voltage_class": "10kV"}, True),
            ({"region": "广东"}, False),
            ({"category": "residential"}, False),
            ({"voltage_class": "110kV"}, False),
            ({"on": "2019-12-31"}, False),
            ({"on": "2020-01-01"}, True),
        ],
    )
    def test_are_found_by_region_category_voltage_and_day(
        self, clerk: Client, asked: dict[str, str], *, is_found: bool
    ) -> None:
        shown = get(clerk, "tariffs", **asked)

        assert ("TWO-PART" in {row["code"] for row in shown["items"]}) == is_found

    def test_are_listed_by_page_newest_first(self, clerk: Client) -> None:
        old = Tariff.objects.get(code="TWO-PART")
        for year in (2019, 2021):
            Tariff.objects.create(
                code="TWO-PART", name=old.name, region="翻页省", category=old.category,
                voltage_class="10kV", valid_from=dt.date(year, 1, 1), certainty=old.certainty,
            )  # fmt: skip

        first = get(clerk, "tariffs", region="翻页省", limit=1)
        second = get(clerk, "tariffs", region="翻页省", limit=1, after=first["next"])

        assert [row["valid_from"] for row in first["items"]] == ["2021-01-01"]
        assert [row["valid_from"] for row in second["items"]] == ["2019-01-01"]
        assert second["next"] is None
        assert clerk.get(f"{ROOT}/tariffs?after=x").status_code == 409

    def test_show_a_version_with_the_months_billed_at_it(self, clerk: Client) -> None:
        versions = get(clerk, "tariffs/TWO-PART")
        shown = get(clerk, "tariffs/TWO-PART/2020-01-01")

        assert [v["valid_from"] for v in versions] == ["2020-01-01"]
        assert (shown["scheme"], shown["months_used"]) == ("TOU-TWO-PART", ["2025-12", "2026-01"])
        assert clerk.get(f"{ROOT}/tariffs/NONE").status_code == 404
        assert clerk.get(f"{ROOT}/tariffs/TWO-PART/2020-01-02").status_code == 404


class TestDrafts:
    def test_lead_from_draft_to_version_and_back(self, clerk: Client, manager: Client) -> None:
        made = post(clerk, "tariff-drafts", DOCUMENT)
        path = f"tariff-drafts/{made['id']}"

        assert made["prices"] == {"peak": "1.2", "flat": "0.6", "valley": "0.3"}
        assert not any(one["is_error"] for one in get(clerk, f"{path}/checks"))
        assert get(manager, path)["state"] == "drafted"
        assert post(manager, f"{path}/adopt", {"remark": "同意"})["state"] == "adopted"
        assert [v["valid_from"] for v in get(clerk, "tariffs/TWO-PART")][1:] == ["2099-01-01"]

        assert post(manager, f"{path}/withdraw", {"reason": "发文推迟"})["reason"] == "发文推迟"
        assert Tariff.objects.filter(code="TWO-PART").count() == 1

    def test_are_discarded_with_a_reason(self, clerk: Client) -> None:
        made = post(clerk, "tariff-drafts", DOCUMENT)

        shown = post(clerk, f"tariff-drafts/{made['id']}/discard", {"reason": "重复"})

        assert (shown["state"], shown["reason"]) == ("discarded", "重复")

    def test_are_not_for_everybody_to_decide(self, clerk: Client, region: Region) -> None:
        made = post(clerk, "tariff-drafts", DOCUMENT)
        told = Entry.objects.filter(event__startswith="pricing.").count()

        post(clerk, f"tariff-drafts/{made['id']}/adopt", {}, status=403)
        post(region.client(Role.REGULATOR), "tariff-drafts", DOCUMENT, status=403)

        assert TariffDraft.objects.get().state == DraftState.DRAFTED
        assert Entry.objects.filter(event__startswith="pricing.").count() == told

    def test_with_errors_are_not_adopted(self, clerk: Client, manager: Client) -> None:
        wrong = DOCUMENT | {"prices": {"flat": "0.6", "valley": "0.3"}}
        made = post(clerk, "tariff-drafts", wrong)

        answer = post(manager, f"tariff-drafts/{made['id']}/adopt", {}, status=409)

        assert "没有它的电价" in answer["detail"]
        assert Tariff.objects.filter(code="TWO-PART").count() == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"prices": {"noon": "1"}},
            {"valid_from": "2099-13-01"},
            {"source": ""},
            {"certainty": "sure"},
            {"price": "1"},
        ],
    )
    def test_that_say_something_unknown_are_not_kept(
        self, clerk: Client, wrong: dict[str, Any]
    ) -> None:
        post(clerk, "tariff-drafts", DOCUMENT | wrong, status=409)

        assert not TariffDraft.objects.exists()

    def test_are_listed_by_page_at_the_same_cost(self, clerk: Client) -> None:
        counts = []
        for year in (2091, 2092, 2093):
            post(clerk, "tariff-drafts", DOCUMENT | {"valid_from": f"{year}-01-01"})
            with CaptureQueriesContext(connection) as seen:
                page = get(clerk, "tariff-drafts", limit=2, state="drafted")
            counts.append(len(seen))

        rest = get(clerk, "tariff-drafts", limit=2, after=page["next"])
        assert [row["valid_from"][:4] for row in page["items"] + rest["items"]] == [
            "2093", "2092", "2091",
        ]  # fmt: skip
        assert len(set(counts)) == 1


class TestTestBills:
    def test_show_issued_bills_of_the_own_branch_only(self, clerk: Client) -> None:
        made = post(clerk, "tariff-drafts", DOCUMENT)

        shown = get(clerk, f"tariff-drafts/{made['id']}/test-bills", month="2026-01")
        foreign = get(
            clerk, f"tariff-drafts/{made['id']}/test-bills", month="2026-01", account=FOREIGN
        )

        (one,) = shown["bills"]
        lines = {line["name"]: line["difference_yuan"] for line in one["lines"]}
        assert (one["account_number"], shown["standing"]) == (OWN, 1)
        assert sum(map(float, lines.values())) == pytest.approx(float(one["difference_yuan"]))
        assert foreign["bills"] == []

    def test_take_a_typed_document(self, clerk: Client) -> None:
        made = post(clerk, "tariff-drafts", DOCUMENT)
        path = f"tariff-drafts/{made['id']}/test-bill"
        entries = Entry.objects.count()

        shown = post(clerk, path, BILL)
        refused = post(clerk, path, {"kind": "late_payment"}, status=409)

        peak = next(line for line in shown["lines"] if line["price_before"] == "1")
        assert (peak["price_after"], peak["difference_yuan"]) == ("1.2", "20.00")
        assert "试算只接受" in refused["detail"]
        assert Entry.objects.count() == entries
        post(clerk, "tariff-drafts/999999/test-bill", BILL, status=404)
