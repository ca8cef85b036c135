"""Advice, the running month and other systems' bills on the screen."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import ShadowItem
from busbar.billing.operations import store_shadow_lines
from busbar.kit.periods import Month
from tests.billing import world
from tests.billing.advice import year as years
from tests.console.work_region import FOREIGN, OWN, Region, make_billed, make_units

pytestmark = pytest.mark.django_db


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties with an account each, billed for December and January."""
    made = make_units()
    made.points = make_billed(made, tmp_path / "lake", monkeypatch)  # type: ignore[attr-defined]
    return made


@pytest.fixture
def clerk(region: Region) -> Client:
    return region.client(Role.BILLING_CLERK)


def row(number: str, item: str, amount: str) -> dict[str, object]:
    return {"account": number, "month": "2026-01", "item": item, "amount": Decimal(amount)}


class TestAdvice:
    def test_says_what_is_missing(self, clerk: Client) -> None:
        page = clerk.get(f"/advice/{OWN}/?on=2026-02-02").content.decode()
        assert "账单只有 2 张，至少要 9 张" in page

    def test_shows_the_cheapest_way_and_what_it_saves(
        self, region: Region, clerk: Client, tmp_path: Path
    ) -> None:
        points = region.points  # type: ignore[attr-defined]
        loads = {m: {"kw": 100} for m in years.months_until(Month(2025, 11), 7)}
        years.bill_months(tmp_path / "lake", points, loads)

        answer = clerk.get(f"/advice/{OWN}/?on=2026-02-02")

        # 30,000 yuan a month by capacity, 4,000 by the actual demand of 100 kW, less 0.75 %.
        assert answer.context["best_name"] == "按实际最大需量"
        assert "309,660.00" in answer.content.decode()

    def test_leads_to_the_application_whoever_may_apply(
        self, region: Region, clerk: Client, tmp_path: Path
    ) -> None:
        points = region.points  # type: ignore[attr-defined]
        loads = {m: {"kw": 100} for m in years.months_until(Month(2025, 11), 7)}
        years.bill_months(tmp_path / "lake", points, loads)
        agent = region.client(Role.SERVICE_AGENT)

        context = agent.get(f"/advice/{OWN}/?on=2026-02-02").context
        others = clerk.get(f"/advice/{OWN}/?on=2026-02-02")
        form = agent.get(context["application"]).context["form"]

        assert context["application"] == (
            f"/changes/new/?account={OWN}&kind=charge_mode_change&basic_charge_mode=actual_demand"
        )
        assert form["basic_charge_mode"].value() == "actual_demand"
        assert "申请变更" not in others.content.decode()

    def test_is_not_found_in_another_branch(self, clerk: Client) -> None:
        assert clerk.get(f"/advice/{FOREIGN}/").status_code == 404
        assert clerk.get(f"/advice/{FOREIGN}/forecast/").status_code == 404


class TestForecast:
    def test_says_that_the_month_has_no_curve(self, clerk: Client) -> None:
        page = clerk.get(f"/advice/{OWN}/forecast/?on=2026-02-02").content.decode()
        assert "2026-02 在 2026-02-02 之前没有完整一天的负荷曲线" in page

    def test_shows_the_bill_so_far_and_at_the_end(self, clerk: Client) -> None:
        answer = clerk.get(f"/advice/{OWN}/forecast/?on=2026-01-21")

        assert str(answer.context["outlook"].through) == "2026-01-20"
        # 20 days of 1,360 yuan and 30,000, less 0.75 %; and 0.02 yuan for each of 48,000 kWh.
        assert "57,731.00" in answer.content.decode()


class TestShadowBills:
    def test_ranks_and_compares(self, clerk: Client) -> None:
        rows = [row(OWN, "高峰电费", "12400.00"), row(FOREIGN, "高峰电费", "1.00")]
        store_shadow_lines(rows=rows, by=SYSTEM_VIEWER, at=world.AT)

        listed = clerk.get("/shadow-bills/").content.decode()
        page = clerk.get(f"/shadow-bills/{OWN}/2026-01/").content.decode()

        assert OWN in listed
        assert FOREIGN not in listed
        assert "高峰电费" in page
        assert clerk.get(f"/shadow-bills/{FOREIGN}/2026-01/").status_code == 404

    def test_goes_on_where_the_page_ended(
        self, clerk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.billing_advice.PAGE", 1)
        rows = [row(OWN, "合计", "9.00"), row(OWN, "合计", "8.00") | {"month": "2025-12"}]
        store_shadow_lines(rows=rows, by=SYSTEM_VIEWER, at=world.AT)

        first = clerk.get("/shadow-bills/").context
        second = clerk.get("/shadow-bills/", {"after": first["next_after"]}).context

        months = {each["bills"][0].month for each in (first, second)}
        assert months == {"2026-01", "2025-12"}
        assert (first["more"], second["more"]) == (True, False)
        assert clerk.get("/shadow-bills/?after=x").context["bills"] == first["bills"]

    def test_remembers_what_an_item_is(self, clerk: Client) -> None:
        store_shadow_lines(rows=[row(OWN, "月租", "1.00")], by=SYSTEM_VIEWER, at=world.AT)

        answer = clerk.post("/shadow-bills/items/", {"item": "月租", "code": "basic"})

        assert answer.status_code == 302
        assert ShadowItem.objects.get().code == "basic"

    def test_refuses_who_may_not_bill(self, region: Region) -> None:
        store_shadow_lines(rows=[row(OWN, "月租", "1.00")], by=SYSTEM_VIEWER, at=world.AT)

        answer = region.client(Role.PLANNER).post(
            "/shadow-bills/items/", {"item": "月租", "code": "basic"}
        )

        assert answer.status_code == 403
        assert ShadowItem.objects.get().code == ""
