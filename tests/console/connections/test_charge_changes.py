"""基本电费计收方式变更 and 合同最大需量变更 on the screen: proposed, judged, taken in, shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from busbar.connections.models import SupplyChange
from busbar.supply.models import Agreement
from busbar.workflow.models import ProcessInstance, UserTask
from tests.console.connections.conftest import Office

HTMX = {"HX-Request": "true"}


def agree(office: Office, mode: str = "capacity", kw: int | None = None) -> None:
    """The account 3301 of 1,000 kVA on a two-part tariff."""
    Agreement.objects.create(
        number="HT-1",
        account=office.account(),
        signed_on=dt.date(2024, 1, 1),
        valid_from=dt.date(2024, 1, 1),
        tariff_code="GD-2P-10",
        tariff_category="industry_two_part",
        basic_charge_mode=mode,
        contract_capacity_kva=1000,
        contract_demand_kw=kw,
        power_factor_standard="0.90",
    )


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "account": "3301",
        "kind": "charge_mode_change",
        "basic_charge_mode": "contract_demand",
        "contract_demand_kw": "400",
        "starts_on": "2026-04-01",
        "agreement_number": "HT-2",
    } | changes


class TestForm:
    def test_is_filled_in_as_an_advice_proposes_and_judged_at_once(self, office: Office) -> None:
        agree(office)

        answer = office.client("clerk").get(
            "/changes/new/?account=3301&kind=charge_mode_change"
            "&basic_charge_mode=contract_demand&contract_demand_kw=620"
        )

        page = answer.content.decode()
        form = answer.context["form"]
        assert list(form.fields) == [
            "basic_charge_mode", "contract_demand_kw", "starts_on", "agreement_number", "reason",
        ]  # fmt: skip
        assert '<option value="contract_demand" selected>' in page
        assert 'value="620"' in page
        assert 'value="2026-04-01"' in page
        assert "现在申请，最早可自 2026-04-01 起" in page
        assert "可以受理" in page
        assert not SupplyChange.objects.exists()

    @pytest.mark.parametrize("made_up", ["basic_charge_mode=free", "contract_demand_kw=-7"])
    def test_what_is_made_up_is_not_taken_over(self, office: Office, made_up: str) -> None:
        agree(office)

        answer = office.client("clerk").get(
            f"/changes/new/?account=3301&kind=charge_mode_change&{made_up}"
        )

        form = answer.context["form"]
        assert answer.status_code == 200
        assert form["basic_charge_mode"].value() is None
        assert form["contract_demand_kw"].value() is None

    def test_says_what_stands_against_it_while_it_is_typed(self, office: Office) -> None:
        agree(office)

        page = office.client("clerk").post(
            "/changes/judgement/", typed(contract_demand_kw="399"), headers=HTMX
        )

        assert "至少 400 kW" in page.content.decode()
        assert "不能受理" in page.content.decode()


class TestTakingIn:
    def test_goes_to_approval_and_shows_from_what_to_what(self, office: Office) -> None:
        agree(office)
        client = office.client("clerk")

        answer = client.post("/changes/new/", typed())

        change = SupplyChange.objects.get()
        page = client.get(answer["Location"]).content.decode()
        task = UserTask.objects.get(instance=change.process_id)
        assert task.element == "approve_change"
        for words in ("原计收方式", "按变压器容量", "按合同最大需量", "400", "HT-2"):
            assert words in page

    def test_too_late_is_refused_and_nothing_is_kept(self, office: Office) -> None:
        agree(office, "contract_demand", 500)
        late = typed(kind="contract_demand_change", starts_on="2026-03-01")

        answer = office.client("clerk").post("/changes/new/", late)

        assert answer.status_code == 422
        assert "现在申请，最早可自 2026-04-01 起变更" in answer.content.decode()
        assert not SupplyChange.objects.exists()
        assert not ProcessInstance.objects.exists()
