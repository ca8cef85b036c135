"""电价维护: from a draft through test bills to the version that the next run uses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import Bill, BillLine
from busbar.billing.operations import run_month
from busbar.kit.periods import Month
from busbar.pricing.models import DraftState, Tariff, TariffDraft
from tests.billing import world
from tests.console.work_region import FOREIGN, OWN, Region, count_queries, make_billed, make_units

pytestmark = pytest.mark.django_db
FEBRUARY = Month(2026, 2)
FORM = {
    "valid_from": "2026-02-01",
    "scheme": "TOU-TWO-PART",
    "peak": "1.2",
    "flat": "0.6",
    "valley": "0.3",
    "capacity_price": "30",
    "demand_price": "40",
    "surcharge_fund": "0.02",
    "source": "某发改价格〔2026〕1 号",
    "certainty": "A",
}


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties, a bill each for December and January."""
    made = make_units()
    points = make_billed(made, tmp_path / "lake", monkeypatch)
    world.store(tmp_path / "lake", world.curves(points, FEBRUARY), key="february")
    return made


@pytest.fixture
def clerk(region: Region) -> Client:
    """Who drafts."""
    return region.client(Role.BILLING_CLERK)


def draft(clerk: Client, **changes: str) -> TariffDraft:
    clerk.post("/pricing/tariffs/TWO-PART/draft/?base=2020-01-01", FORM | changes)
    return TariffDraft.objects.get()


class TestJourney:
    def test_leads_from_draft_to_the_next_run(self, region: Region, clerk: Client) -> None:
        made = draft(clerk)
        page = f"/pricing/drafts/{made.pk}/"

        trial = clerk.get(page, {"month": "2026-01"}).context["trial"]
        peak_kwh = Decimal(4) * 100 * 31
        assert [b.bill.account.number for b in trial.bills] == [OWN]
        assert trial.difference == peak_kwh * Decimal("0.2") * Decimal("0.9925")

        manager = region.client(Role.MANAGER)
        assert manager.post(page, {"act": "adopt", "reason": ""}).status_code == 302
        assert TariffDraft.objects.get().state == DraftState.ADOPTED

        run_month(month=FEBRUARY, by=SYSTEM_VIEWER, at=world.AT + dt.timedelta(days=30))
        line = BillLine.objects.get(
            bill__account__number=OWN, bill__month="2026-02", code="energy.peak"
        )
        assert line.price == Decimal("1.2")
        january = Bill.objects.get(account__number=OWN, month="2026-01")
        assert january.lines.get(code="energy.peak").price == 1

    def test_never_shows_bills_of_another_branch(self, region: Region, clerk: Client) -> None:
        page = f"/pricing/drafts/{draft(clerk).pk}/?month=2026-01&accounts={FOREIGN}"

        response = clerk.get(page)

        assert response.context["trial"].bills == ()
        assert f"客户{FOREIGN}" not in response.content.decode()


class TestDraftPage:
    def test_refuses_in_its_place(self, region: Region, clerk: Client) -> None:
        made = draft(clerk, peak="")

        manager = region.client(Role.MANAGER)
        response = manager.post(f"/pricing/drafts/{made.pk}/", {"act": "adopt", "reason": ""})

        assert response.status_code == 200
        assert "没有它的电价" in response.content.decode()
        assert Tariff.objects.filter(code="TWO-PART").count() == 1

    def test_is_not_for_everybody_to_decide(self, region: Region, clerk: Client) -> None:
        made = draft(clerk)

        response = clerk.post(f"/pricing/drafts/{made.pk}/", {"act": "adopt", "reason": ""})

        assert response.status_code == 403
        assert TariffDraft.objects.get().state == DraftState.DRAFTED

    def test_form_shows_what_is_wrong(self, clerk: Client) -> None:
        response = clerk.post("/pricing/tariffs/TWO-PART/draft/", FORM | {"source": ""})

        assert response.status_code == 200
        assert not TariffDraft.objects.exists()


class TestTypedDocument:
    BILL = (
        '{"period": {"start": "2026-01-01", "end": "2026-02-01"},'
        ' "segments": [{"energies": [{"measures": "peak", "quantity": 100}]}]}'
    )

    def test_is_shown_line_by_line(self, clerk: Client) -> None:
        page = f"/pricing/drafts/{draft(clerk).pk}/"
        example = clerk.get(page).context["document"]

        response = clerk.post(f"{page}document/", {"document": self.BILL})

        assert response.context["typed"].difference == Decimal("20.00")
        assert response.context["document"] == self.BILL
        assert clerk.post(f"{page}document/", {"document": example}).context["typed"]
        assert clerk.get(f"{page}document/").headers["Location"] == page

    @pytest.mark.parametrize(
        ("text", "told"), [("", "不是有效的 JSON"), ("[]", "应为对象"), ("{}", "缺少这一项")]
    )
    def test_says_what_is_wrong_with_it(self, clerk: Client, text: str, told: str) -> None:
        page = f"/pricing/drafts/{draft(clerk).pk}/document/"

        assert told in clerk.post(page, {"document": text}).content.decode()


class TestTariffPage:
    def test_shows_versions_side_by_side(self, clerk: Client) -> None:
        draft(clerk)

        response = clerk.get("/pricing/tariffs/TWO-PART/")

        assert [row[2] for row in response.context["rows"]][:1] == [[Decimal(1)]]
        assert "据此拟订新版本" in response.content.decode()
        assert clerk.get("/pricing/tariffs/NONE/").status_code == 404

    def test_takes_as_many_queries_for_few_as_for_many(self, clerk: Client) -> None:
        few = count_queries(clerk, "/pricing/tariffs/TWO-PART/")
        first = Tariff.objects.get(code="TWO-PART")
        for year in range(2010, 2016):
            Tariff.objects.create(
                code=first.code,
                name=first.name,
                region=first.region,
                category=first.category,
                voltage_class=first.voltage_class,
                scheme=first.scheme,
                valid_from=dt.date(year, 1, 1),
                valid_until=dt.date(year, 2, 1),
                certainty="C",
            )

        assert count_queries(clerk, "/pricing/tariffs/TWO-PART/") == few
