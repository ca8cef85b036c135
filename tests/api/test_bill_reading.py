"""Comparison, days, paper, advice, forecast, group bills and other systems' bills for programs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import BillHeading, ShadowItem
from busbar.billing.operations import store_shadow_lines
from busbar.customers.models import Customer, CustomerGroup
from busbar.kit.periods import Month
from tests.api import billed as b
from tests.api.affair import ROOT, get, post
from tests.api.billed import BILL, FOREIGN, JANUARY, OWN, Billed, refused
from tests.billing import world
from tests.billing.advice import year as years

pytestmark = pytest.mark.django_db


@pytest.fixture
def billed(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Billed:
    return b.make(tmp_path, monkeypatch)


class TestComparison:
    def test_adds_up_by_effect_and_by_line(self, billed: Billed) -> None:
        billed.deliver_late()
        client = billed.clerk()
        post(client, f"{BILL}/correction", {"reason": "补抄"})

        found = get(client, f"{BILL}/comparison")

        assert (found["before_month"], found["difference"]) == ("2025-12", "1397.80")
        for rows, name in (("effects", "amount"), ("lines", "change")):
            total = sum(Decimal(row[name]) for row in found[rows])
            assert total == Decimal("1397.80"), rows
        moved = {row["effect"]: row["amount"] for row in found["effects"]}
        assert moved["volume"] == "1397.80"

    def test_needs_both_bills(self, billed: Billed) -> None:
        client = billed.clerk()

        refused(client, f"{BILL}/comparison?before=2024-01", 404)
        refused(client, f"bills/{FOREIGN}/{JANUARY}/comparison", 404)
        assert get(client, f"{BILL}/comparison?before=2026-01")["difference"] == "0.00"


class TestBill:
    def test_tells_its_days(self, billed: Billed) -> None:
        days = get(billed.clerk(), f"{BILL}/days")

        assert len(days) == 31
        assert (days[0]["day"], Decimal(days[0]["total_kwh"])) == ("2026-01-01", 2400)
        assert {k: Decimal(v) for k, v in days[0]["by_period"].items()} == {
            "peak": 400, "flat": 1200, "valley": 800,
        }  # fmt: skip

    def test_comes_out_the_same_again(self, billed: Billed) -> None:
        again = get(billed.clerk(), f"{BILL}/recalculation")

        assert (again["is_equal"], again["total"]) == (True, "73106.80")
        assert again["lines_differing"] == []

    def test_is_given_as_pdf(self, billed: Billed) -> None:
        client = billed.program(Role.MANAGER)

        answer = client.get(f"{ROOT}/{BILL}/paper")

        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
        assert f"{OWN}-{JANUARY}.pdf" in answer["Content-Disposition"]
        refused(client, f"bills/{FOREIGN}/{JANUARY}/paper", 404)


class TestAdvice:
    def test_says_what_is_missing(self, billed: Billed) -> None:
        told = refused(billed.clerk(), f"advice/{OWN}?on=2026-02-02", 409)

        assert "账单只有 2 张，至少要 9 张" in told["detail"]
        refused(billed.clerk(), f"advice/{FOREIGN}", 404)

    def test_names_the_cheapest_way_and_what_it_saves(self, billed: Billed) -> None:
        loads = {m: {"kw": 100} for m in years.months_until(Month(2025, 11), 7)}
        years.bill_months(billed.lake, billed.points, loads)

        found = get(billed.clerk(), f"advice/{OWN}?on=2026-02-02")

        # 30,000 yuan a month by capacity, 4,000 by the actual demand of 100 kW, less 0.75 %.
        best = found["basic"]["best"]
        assert (best["mode"], best["yearly_saving_yuan"]) == ("actual_demand", "309660.00")
        assert found["basic"]["present"]["yearly_saving_yuan"] == "0.00"
        assert (found["coverage"]["bills"], len(found["months"])) == (9, 9)
        assert found["switch"]["rules"]

    def test_refuses_a_day_out_of_reach(self, billed: Billed) -> None:
        told = refused(billed.clerk(), f"advice/{OWN}?on=2199-01-01", 409)
        assert "1990 至 2100" in told["detail"]


class TestForecast:
    def test_tells_the_bill_so_far_and_at_the_end(self, billed: Billed) -> None:
        found = get(billed.clerk(), f"advice/{OWN}/forecast?on=2026-01-21")

        # 20 days of 1,360 yuan and 30,000, less 0.75 %; and 0.02 yuan for each of 48,000 kWh.
        assert (found["month"], found["through"]) == (JANUARY, "2026-01-20")
        assert found["so_far"]["amount"] == "57731.00"
        assert found["end"]["amount"] == "73106.80"
        assert sum(Decimal(line["amount"]) for line in found["end"]["lines"]) == Decimal("73106.80")
        assert [day["is_known"] for day in found["days"]] == [True] * 20 + [False] * 11

    def test_says_what_is_missing(self, billed: Billed) -> None:
        told = refused(billed.clerk(), f"advice/{OWN}/forecast?on=2026-02-02", 409)

        assert "2026-02 在 2026-02-02 之前没有完整一天的负荷曲线" in told["detail"]
        refused(billed.clerk(), f"advice/{FOREIGN}/forecast", 404)


class TestGroupBill:
    @pytest.fixture
    def group(self, billed: Billed) -> None:
        """Both customers belong to one group; December and January are released."""
        group = CustomerGroup.objects.create(code="G1", name="长风集团")
        Customer.objects.update(group=group)
        billed.release()

    def test_adds_up_what_is_seen_by_site(self, billed: Billed, group: None) -> None:
        found = get(billed.clerk(), f"group-bills/groups/G1/{JANUARY}?by=site")

        assert (found["name"], found["accounts"], found["is_whole"]) == ("长风集团", 1, False)
        assert (found["amount"], found["average_price"]) == ("73106.80", "0.9826")
        (line,) = found["parts"][0]["lines"]
        assert (line["account_number"], line["site"], line["amount"]) == (OWN, "厂区", "73106.80")

    def test_is_whole_for_who_sees_all(self, billed: Billed, group: None) -> None:
        client = billed.program(Role.MANAGER, billed.region.province)

        found = get(client, f"group-bills/groups/G1/{JANUARY}")

        assert (found["accounts"], found["amount"]) == (2, "146213.60")
        assert (found["customers"], found["is_whole"]) == (2, True)

    def test_of_a_customer_counts_what_is_not_released(self, billed: Billed) -> None:
        found = get(billed.clerk(), f"group-bills/customers/K{OWN}/{JANUARY}")

        assert (found["accounts"], found["unreleased"], found["parts"]) == (0, 1, [])

    def test_of_others_is_not_found(self, billed: Billed) -> None:
        CustomerGroup.objects.create(code="G2", name="他人")
        client = billed.clerk()

        refused(client, f"group-bills/groups/G2/{JANUARY}", 404)
        refused(client, f"group-bills/customers/K{FOREIGN}/{JANUARY}", 404)

    def test_stands_under_headings_of_the_customer_s_own(self, billed: Billed, group: None) -> None:
        client = billed.program(Role.ACCOUNT_MANAGER)

        told = post(client, "group-bills/headings", {"accounts": [OWN], "name": "一号厂"})

        assert told == {"name": "一号厂", "accounts": 1}
        found = get(client, f"group-bills/groups/G1/{JANUARY}?by=own")
        assert [part["name"] for part in found["parts"]] == ["一号厂"]

    def test_headings_are_for_who_keeps_customers(self, billed: Billed) -> None:
        asked = {"accounts": [OWN], "name": "一号厂"}

        post(billed.program(Role.PLANNER), "group-bills/headings", asked, status=403)
        manager = billed.program(Role.ACCOUNT_MANAGER)
        foreign = {"accounts": [OWN, FOREIGN], "name": "x"}
        post(manager, "group-bills/headings", foreign, status=409)

        assert not BillHeading.objects.exists()


def row(number: str, item: str, amount: str, month: str = JANUARY) -> dict[str, object]:
    return {"account": number, "month": month, "item": item, "amount": Decimal(amount)}


class TestShadowBills:
    @pytest.fixture
    def kept(self, billed: Billed) -> None:
        """January of both accounts and December of the own one."""
        rows = [
            row(OWN, "高峰电费", "12500.00"),
            row(OWN, "合计", "73000.00"),
            row(OWN, "合计", "73106.80", "2025-12"),
            row(FOREIGN, "合计", "1.00"),
        ]
        store_shadow_lines(rows=rows, by=SYSTEM_VIEWER, at=world.AT)

    def test_are_ranked_by_difference_and_paged(self, billed: Billed, kept: None) -> None:
        client = billed.clerk()

        first = get(client, "shadow-bills?limit=1")
        second = get(client, f"shadow-bills?limit=1&after={first['next']}")

        assert [(r["account_number"], r["month"], r["difference"]) for r in first["items"]] == [
            (OWN, JANUARY, "-106.80")
        ]
        assert [(r["month"], r["difference"]) for r in second["items"]] == [("2025-12", "0.00")]
        assert second["next"] is None
        narrowed = get(client, "shadow-bills?month=2025-12")["items"]
        assert [row["month"] for row in narrowed] == ["2025-12"]

    def test_are_compared_line_by_line(self, billed: Billed, kept: None) -> None:
        client = billed.clerk()

        found = get(client, f"shadow-bills/{OWN}/{JANUARY}")

        peak = next(line for line in found["lines"] if line["code"] == "energy.peak")
        assert (peak["their_yuan"], peak["our_yuan"]) == ("12500.00", "12400.00")
        assert peak["difference"] == "100.00"
        parts = [Decimal(line["difference"]) for line in found["lines"]]
        whole = sum(parts, Decimal(found["unstated_yuan"]))
        assert whole == Decimal(found["difference"]) == Decimal("-106.80")
        refused(client, f"shadow-bills/{FOREIGN}/{JANUARY}", 404)

    def test_items_are_mapped_by_who_may_bill(self, billed: Billed) -> None:
        store_shadow_lines(rows=[row(OWN, "月租", "1.00")], by=SYSTEM_VIEWER, at=world.AT)
        asked = {"item": "月租", "code": "basic"}

        post(billed.program(Role.PLANNER), "shadow-bills/items", asked, status=403)
        assert ShadowItem.objects.get().code == ""
        told = post(billed.clerk(), "shadow-bills/items", asked)

        assert (told["code"], ShadowItem.objects.get().code) == ("basic", "basic")
        post(billed.clerk(), "shadow-bills/items", {"item": "月租", "code": "x"}, status=409)
