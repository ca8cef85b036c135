"""What programs get: the same rows as the console shows, and nothing more."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from busbar.access.models import ApiToken, User
from busbar.billing.models import Bill, BillFinding, OutdatedBill
from busbar.kit.errors import Phrase
from tests.api.conftest import Region
from tests.billing import world

pytestmark = pytest.mark.django_db


def numbers(body: dict[str, object], key: str) -> list[str]:
    return [item[key] for item in body["items"]]  # type: ignore[index,attr-defined] # JSON


class TestSignIn:
    def test_is_needed(self, region: Region) -> None:
        answer = Client().get("/api/v1/customers")

        assert answer.status_code == 401

    def test_by_token_reads(self, api: Client) -> None:
        answer = api.get("/api/v1/customers")

        assert answer.status_code == 200

    def test_by_an_expired_token_is_refused(self, api: Client) -> None:
        ApiToken.objects.update(expires_at=world.AT - dt.timedelta(days=1))

        answer = api.get("/api/v1/customers")

        assert answer.status_code == 401

    def test_by_session_reads(self, region: Region) -> None:
        User.objects.filter(username="clerk").update(must_change_password=False)
        browser = Client()
        browser.force_login(User.objects.get(username="clerk"))

        answer = browser.get("/api/v1/customers")

        assert answer.status_code == 200

    def test_by_session_needs_the_csrf_token_to_post(self, region: Region) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(User.objects.get(username="clerk"))

        answer = browser.post("/api/v1/bills/quote", {}, content_type="application/json")

        assert answer.status_code == 403


class TestVisibility:
    @pytest.mark.parametrize(
        ("address", "key", "own"),
        [
            ("customers", "number", "K1001"),
            ("accounts", "number", "1001"),
            ("sites", "code", "S1001"),
            ("usage-points", "number", "U1001"),
            ("transformers", "number", "T1001"),
            ("agreements", "number", "A1001"),
            ("bills?month=2026-01", "account_number", "1001"),
        ],
    )
    def test_lists_only_the_own_county(self, api: Client, address: str, key: str, own: str) -> None:
        answer = api.get(f"/api/v1/{address}")

        assert numbers(answer.json(), key) == [own]

    @pytest.mark.parametrize(
        "address",
        [
            "customers/K2001",
            "accounts/2001",
            "bills/2001/2026-01",
            "curves/U2001?start=2026-01-01&end=2026-01-02",
        ],
    )
    def test_hides_the_other_county_as_if_it_did_not_exist(self, api: Client, address: str) -> None:
        answer = api.get(f"/api/v1/{address}")

        assert answer.status_code == 404


class TestBills:
    def test_carry_lines_with_formula_and_rule(self, api: Client) -> None:
        bill = api.get("/api/v1/bills/1001/2026-01").json()

        assert bill["energy_kwh"] == "74400"
        basic = next(line for line in bill["lines"] if line["code"].startswith("basic"))
        assert basic["amount"] == "30000.00"
        assert "测试价格表" in {rule["source"] for rule in basic["rules"]}

    def test_that_are_outdated_say_what_changed(self, api: Client) -> None:
        bill = Bill.objects.get(account__number="1001")
        nothing = api.get("/api/v1/bill-runs/2026-01/outdated").json()
        OutdatedBill.objects.create(
            bill=bill,
            account=bill.account,
            month=bill.month,
            parts=["agreement"],
            amount_now=bill.amount + 1,
            found_at=world.AT,
        )

        found = api.get("/api/v1/bill-runs/2026-01/outdated").json()

        assert nothing == {"items": [], "next": None}
        (row,) = found["items"]
        assert row["bill"]["account_number"] == "1001"
        assert (row["parts"], row["part_names"]) == (["agreement"], ["合同"])
        assert (row["amount_now"], row["refusal"]) == (str(bill.amount + 1), "")

    def test_that_are_outdated_in_another_county_are_hidden(self, api: Client) -> None:
        hidden = Bill.objects.exclude(account__number="1001").first()
        assert hidden is not None
        OutdatedBill.objects.create(
            bill=hidden,
            account=hidden.account,
            month=hidden.month,
            refusal=Phrase("没有电价"),
            found_at=world.AT,
        )

        found = api.get("/api/v1/bill-runs/2026-01/outdated").json()

        assert found["items"] == []

    def test_say_whether_they_are_the_customer_s_and_what_holds_them_back(
        self, api: Client
    ) -> None:
        bill = Bill.objects.get(account__number="1001")
        BillFinding.objects.create(
            bill=bill, account=bill.account, month=bill.month, kind="swing", weight=1, facts={}
        )
        held = api.get("/api/v1/bills/1001/2026-01").json()
        waiting = api.get("/api/v1/bills", {"month": "2026-01", "released": "false"}).json()
        Bill.objects.update(released_at=world.AT)

        shown = api.get("/api/v1/bills/1001/2026-01").json()
        none = api.get("/api/v1/bills", {"month": "2026-01", "released": "false"}).json()

        assert (held["released_at"], held["held_by"]) == (None, ["swing"])
        assert [row["account_number"] for row in waiting["items"]] == ["1001"]
        assert shown["released_at"].startswith("2026-02-01")
        assert (shown["held_by"], none["items"]) == ([], [])

    def test_can_be_quoted_without_touching_data(self, api: Client) -> None:
        document = {"kind": "power_factor", "standard": "0.90", "active_kwh": 1, "nonsense": 2}

        answer = api.post("/api/v1/bills/quote", document, content_type="application/json")

        assert answer.status_code == 409
        assert "nonsense" in answer.json()["detail"]


class TestCurves:
    def test_give_the_day_by_interval_start(self, api: Client) -> None:
        body = api.get("/api/v1/curves/U1001?start=2026-01-01&end=2026-01-03").json()

        assert [day["day"] for day in body["days"]] == ["2026-01-01", "2026-01-02"]
        assert body["days"][0]["active_wh"] == [25_000] * 96

    def test_refuse_more_than_a_quarter_at_once(self, api: Client) -> None:
        answer = api.get("/api/v1/curves/U1001?start=2026-01-01&end=2026-06-01")

        assert (answer.status_code, answer.json()["detail"]) == (400, "起止日期须相差 1 至 92 天")


class TestPages:
    def test_follow_by_key(self, api: Client, region: Region) -> None:
        first = api.get("/api/v1/units?").json()

        assert [unit["code"] for unit in first] == ["C"]
        page = api.get("/api/v1/customers?limit=1").json()
        assert page["next"] is None
        beyond = api.get("/api/v1/customers?limit=1&after=K1001").json()
        assert beyond["items"] == []
