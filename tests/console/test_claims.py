"""Claims on the screen: computed to look at, handed in, decided by another, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import Bill, BillLine
from busbar.claims import operations
from busbar.claims.models import Claim
from busbar.claims.recorded import UnableToTakeFromBill, recorded_of
from busbar.console.claims.cases import CASES, GROUPED
from busbar.payments import operations as payments_operations
from busbar.payments.models import LedgerTransaction, Receivable
from tests.billing import world
from tests.claims.world import THEFT
from tests.console.work_region import FOREIGN, OWN, Region, count_queries, make_billed, make_units

pytestmark = pytest.mark.django_db
THEFT_FORM = {
    "case": "theft", "account": OWN, "on": "2026-01-20", "equipment_kw": "2", "days": "90",
    "hours_per_day": "8", "customer": "power", "price": "0.40", "ground": "用电检查单 17",
}  # fmt: skip


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties, each account with its January billed and released."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    Bill.objects.update(released_at=F("issued_at"))
    payments_operations.load_payments_seed(at=world.AT)
    return made


def ask(region: Region, *, times: int = 1, account: str = OWN) -> list[Claim]:
    """Claims asked for by nobody who would look at them."""
    return [
        operations.request_claim(
            account_number=account, document={**THEFT, "on": "2026-01-20"}, ground="检查单",
            by=SYSTEM_VIEWER, at=world.AT,
        )
        for _ in range(times)
    ]  # fmt: skip


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


class TestAsking:
    def test_every_case_is_offered_once_under_a_heading(self, region: Region) -> None:
        offered = [key for _, keys in GROUPED for key in keys]

        assert sorted(offered) == sorted(CASES)

    @pytest.mark.parametrize("case", CASES)
    def test_each_case_shows_its_own_fields(self, region: Region, case: str) -> None:
        page = text_of(region.client(Role.BILLING_CLERK).get(f"/claims/new/?case={case}"))

        assert f'<option value="{case}" selected>' in page
        for asked in CASES[case].asked:
            assert f'name="{asked.name}"' in page
        assert ('name="month"' in page) == CASES[case].from_bill

    def test_a_trial_shows_every_line_and_writes_nothing(self, region: Region) -> None:
        client = region.client(Role.SAFETY_INSPECTOR)

        answer = client.post("/claims/new/", {**THEFT_FORM, "look": "1"})

        page = text_of(answer)
        assert "2 × 90 × 8 × 0.4 = 576.00 元" in page
        assert "1,728.00" in page
        assert "客户应付 <strong>2,304.00</strong> 元" in page
        assert Claim.objects.count() == 0

    def test_handed_in_it_waits_for_a_decision(self, region: Region) -> None:
        client = region.client(Role.SAFETY_INSPECTOR)

        answer = client.post("/claims/new/", THEFT_FORM, follow=True)

        claim = Claim.objects.get()
        assert answer.redirect_chain == [(f"/claims/{claim.number}/", 302)]
        assert "已提出，待另一人审批" in text_of(answer)
        assert (claim.state, claim.amount_fen, claim.ground) == (
            "requested", 230_400, "用电检查单 17",
        )  # fmt: skip

    def test_a_slow_meter_takes_energy_and_prices_from_the_bill(self, region: Region) -> None:
        client = region.client(Role.METERING_ENGINEER)
        given = {
            "case": "meter_error", "account": OWN, "on": "2026-01-20", "month": "2026-01",
            "error_percent": "-10", "ground": "检定证书 8",
        }  # fmt: skip

        client.post("/claims/new/", given)

        claim = Claim.objects.get()
        bill = Bill.objects.get(account__number=OWN, month="2026-01")
        billed = {
            line.code.removeprefix("energy."): line
            for line in BillLine.objects.filter(bill=bill, code__startswith="energy.")
        }
        taken = {row["measures"]: row["quantity"] for row in claim.document["energies"]}
        assert {k: int(v) for k, v in taken.items()} == {
            k: int(line.quantity) for k, line in billed.items()
        }
        assert claim.document["tariff"]["source"] == f"账单 {OWN} 2026-01"
        assert claim.amount_fen > 0

    def test_a_fault_stands_beside_its_field_and_nothing_is_written(self, region: Region) -> None:
        client = region.client(Role.SAFETY_INSPECTOR)

        answer = client.post("/claims/new/", {**THEFT_FORM, "hours_per_day": "25"})

        assert answer.status_code == 422
        assert '<div class="field-errors">应不大于 24</div>' in text_of(answer)
        assert Claim.objects.count() == 0

    def test_refusals_are_said_above_the_form(self, region: Region) -> None:
        client = region.client(Role.SAFETY_INSPECTOR)

        foreign = client.post("/claims/new/", {**THEFT_FORM, "account": FOREIGN})
        both = client.post("/claims/new/", {**THEFT_FORM, "meter-voltage_v": "220"})

        assert foreign.status_code == both.status_code == 422
        assert f"没有户号 {FOREIGN}，或不在您的范围之内" in text_of(foreign)
        assert Claim.objects.count() == 0

    def test_who_may_not_is_not_offered_it_nor_let_in(self, region: Region) -> None:
        client = region.client(Role.CASHIER)

        assert "/claims/new/" not in text_of(client.get("/claims/"))
        assert client.get("/claims/new/").status_code == 403


class TestRecordedOf:
    def test_refuses_a_month_without_a_bill(self, region: Region) -> None:
        with pytest.raises(UnableToTakeFromBill, match=f"户号 {OWN} 没有 2020-01 的账单"):
            recorded_of(SYSTEM_VIEWER, account_number=OWN, month="2020-01")

    def test_refuses_a_period_with_two_prices(self, region: Region) -> None:
        line = BillLine.objects.filter(
            bill__account__number=OWN, bill__month="2026-01", code__startswith="energy."
        ).first()
        assert line is not None
        line.pk, line.position, line.price = None, 900, line.price + 1
        line.save()

        with pytest.raises(UnableToTakeFromBill, match="在账期内有 2 个价格"):
            recorded_of(SYSTEM_VIEWER, account_number=OWN, month="2026-01")


class TestDeciding:
    def test_the_leader_approves_and_later_takes_it_back(self, region: Region) -> None:
        claim = ask(region)[0]
        client = region.client(Role.MANAGER)
        address = f"/claims/{claim.number}/"

        client.post(address, {"act": "approve", "remark": "同意"})
        owed = Receivable.objects.get(kind="claim")
        page = text_of(client.get(address))
        client.post(address, {"act": "take_back", "reason": "认定有误"})

        assert owed.reference in page
        assert "2,304.00" in page
        claim.refresh_from_db()
        owed.refresh_from_db()
        assert (claim.state, owed.open_fen) == ("taken_back", 0)
        assert "认定有误" in text_of(client.get(address))

    def test_the_inspector_sees_it_without_the_acts(self, region: Region) -> None:
        claim = ask(region)[0]
        client = region.client(Role.SAFETY_INSPECTOR)
        address = f"/claims/{claim.number}/"

        page = text_of(client.get(address))
        refused = client.post(address, {"act": "approve", "remark": "同意"})

        assert "act-approve" not in page
        assert refused.status_code == 403
        assert LedgerTransaction.objects.count() == 0

    def test_who_asked_is_not_offered_the_decision(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR)
        client.post("/claims/new/", THEFT_FORM)
        claim = Claim.objects.get()

        assert "act-approve" not in text_of(client.get(f"/claims/{claim.number}/"))


class TestList:
    def test_costs_the_same_queries_for_few_and_for_many(self, region: Region) -> None:
        client = region.client(Role.MANAGER)
        ask(region, times=2)
        few = count_queries(client, "/claims/")
        ask(region, times=8)

        assert count_queries(client, "/claims/") == few

    def test_goes_on_after_fifty_and_narrows(self, region: Region) -> None:
        claims = ask(region, times=52)
        client = region.client(Role.MANAGER)

        first = text_of(client.get("/claims/"))
        second = text_of(client.get(f"/claims/?after={claims[2].pk}"))
        none = text_of(client.get("/claims/?state=raised"))

        assert first.count("/claims/ZB") == 50
        assert second.count("/claims/ZB") == 2
        assert "没有追补单" in none

    def test_a_neighbour_s_claim_is_neither_listed_nor_shown(self, region: Region) -> None:
        claim = ask(region, account=FOREIGN)[0]
        client = region.client(Role.MANAGER)

        assert claim.number not in text_of(client.get("/claims/"))
        assert client.get(f"/claims/{claim.number}/").status_code == 404

    def test_it_speaks_english(self, region: Region) -> None:
        ask(region)
        client = region.client(Role.MANAGER)
        client.post("/language/", {"language": "en"})

        page = text_of(client.get("/claims/"))

        assert "Theft of electricity" in page
