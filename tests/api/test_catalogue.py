"""A program keeps catalogues, criteria, policies and figures as the console does."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from busbar.access.models import OrganizationUnit, Role
from busbar.journal.models import Entry
from busbar.key_accounts import operations
from busbar.key_accounts.models import ServicePackage, ValueAddedProduct
from tests.api.affair import ROOT
from tests.api.test_service_desk import program_of
from tests.imports.world import make_units, make_viewer
from tests.payments.world import at

pytestmark = pytest.mark.django_db
DATED = {"valid_from": "2026-04-01", "source": "营销〔2026〕7号"}
PRODUCT = {"name": "储能租赁", "description": "移动储能", "benefit_basis": "峰谷价差", **DATED}


@pytest.fixture
def units(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, OrganizationUnit]:
    """Everything that ships; now is a Tuesday."""
    for load in (
        operations.load_recognition_seed,
        operations.load_managers_seed,
        operations.load_services_seed,
    ):
        load(at=at("2026-01-01"))
    monkeypatch.setattr("django.utils.timezone.now", lambda: at("2026-03-10", 10))
    return make_units()


@pytest.fixture
def head(units: dict[str, OrganizationUnit]) -> Client:
    return program_of(make_viewer(units["310101"], Role.MANAGER, number="E70"))


@pytest.fixture
def clerk(units: dict[str, OrganizationUnit]) -> Client:
    return program_of(make_viewer(units["310101"], Role.ACCOUNT_MANAGER, number="E71"))


def post(client: Client, address: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = client.post(f"{ROOT}/{address}", body, content_type="application/json")
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


def get(client: Client, address: str) -> Any:
    answer = client.get(f"{ROOT}/{address}")
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


class TestCatalogue:
    def test_a_product_is_added_revised_and_ended(self, head: Client, clerk: Client) -> None:
        here = "service-catalogue/products/storage"
        added = post(head, here, PRODUCT)
        revised = post(
            head, f"{here}/versions", {**PRODUCT, "name": "储能托管", "valid_from": "2026-05-01"}
        )
        ended = post(
            head, "service-catalogue/product/storage/end",
            {"ends_on": "2026-07-01", "reason": "不再办理"},
        )  # fmt: skip

        assert (added["name"], added["certainty"], added["valid_until"]) == (
            "储能租赁", "local", None,
        )  # fmt: skip
        assert (revised["name"], revised["valid_from"]) == ("储能托管", "2026-05-01")
        assert ended["valid_until"] == "2026-07-01"
        rows = [r for r in get(clerk, "service-catalogue/products") if r["code"] == "storage"]
        assert [(r["name"], r["valid_until"]) for r in rows] == [
            ("储能托管", "2026-07-01"), ("储能租赁", "2026-05-01"),
        ]  # fmt: skip

    def test_packages_templates_and_reasons_are_kept(self, head: Client) -> None:
        package = {"name": "冷库包", "services": ["蓄冷建议"], "shapes": ["night"], **DATED}
        post(head, "service-catalogue/packages/cold", package)
        changed = {**package, "bands": ["large"], "valid_from": "2026-05-01"}
        bound = post(head, "service-catalogue/packages/cold/versions", changed)
        template = {"template": "只问两件事", **DATED}
        worded = post(head, "service-catalogue/templates/dunning/versions", template)
        post(head, "service-catalogue/reasons/weather", {"name": "天气不允许", **DATED})
        reason = {"name": "违反安全规程", **DATED}
        post(head, "service-catalogue/reasons/safety/versions", reason)

        assert (bound["services"], bound["shapes"], bound["bands"]) == (
            ["蓄冷建议"], ["night"], ["large"],
        )  # fmt: skip
        assert worded["template"] == "只问两件事"
        names = {row["name"] for row in get(head, "service-catalogue/reasons")}
        assert {"天气不允许", "违反安全规程", "不符合安全规程"} <= names
        assert len(get(head, "service-catalogue/packages")) == ServicePackage.objects.count() == 6
        assert len(get(head, "service-catalogue/templates")) == 8

    def test_refuses_with_a_sentence_and_changes_nothing(self, head: Client, clerk: Client) -> None:
        before = ValueAddedProduct.objects.count(), Entry.objects.count()
        here = "service-catalogue/products"

        told = post(head, f"{here}/STORAGE", PRODUCT, 409)
        post(head, f"{here}/nothing/versions", PRODUCT, 404)
        post(head, f"{here}/storage", {**PRODUCT, "valid_from": "9000-01-01"}, 409)
        post(head, f"{here}/storage", {**PRODUCT, "nam": "x"}, 422)
        post(clerk, f"{here}/storage", PRODUCT, 403)
        end = {"ends_on": "2026-07-01", "reason": "x"}
        post(head, "service-catalogue/product/nothing/end", end, 404)
        post(clerk, "service-catalogue/product/nothing/end", end, 403)
        post(head, "service-catalogue/template/dunning/end", end, 422)

        assert "小写字母" in told["detail"]
        assert (ValueAddedProduct.objects.count(), Entry.objects.count()) == before


class TestRules:
    def test_a_criterion_gets_its_next_version(self, head: Client) -> None:
        body = {"points": 30, "enter_at": "8000000", "leave_at": "6400000.5", **DATED}

        made = post(head, "recognition-rules/criteria/economic-energy/versions", body)

        assert (made["enter_at"], made["points"], made["source"]) == (
            "8000000", 30, "营销〔2026〕7号",
        )  # fmt: skip
        rules = get(head, "recognition-rules?on=2026-04-01")
        assert "8000000.00" in {rule["enter_at"] for rule in rules}

    def test_a_policy_gets_its_next_version(self, head: Client) -> None:
        body = {"points_to_enter": 70, "points_to_stay": 50, "min_stay_months": 6, **DATED}

        made = post(head, "recognition-rules/policies/economic/versions", body)

        assert (made["points_to_enter"], made["min_stay_months"]) == (70, 6)
        rows = get(head, "recognition-rules/policies?on=2026-04-01")
        assert {r["category"]: r["points_to_enter"] for r in rows}["economic"] == 70

    def test_figures_get_their_next_version(self, head: Client) -> None:
        body = {"figures": {"every_days": "30", "due_days": "5"}, **DATED}

        made = post(head, "recognition-rules/figures/service/value_added/versions", body)

        assert made["figures"] == {"every_days": "30", "due_days": "5"}
        rows = get(head, "recognition-rules/figures?on=2026-04-01")
        row = next(r for r in rows if r["code"] == "value_added")
        assert (row["kind"], row["figures"]["every_days"]) == ("service", "30")

    def test_refuses_with_a_sentence_and_changes_nothing(self, head: Client, clerk: Client) -> None:
        before = Entry.objects.count()
        base = "recognition-rules"
        criterion = {"points": 30, "enter_at": "1", "leave_at": "2", **DATED}
        policy = {"points_to_enter": 50, "points_to_stay": 70, "min_stay_months": 6, **DATED}
        figures = {"figures": {"from_yuan": "-1"}, **DATED}

        told = post(head, f"{base}/criteria/economic-energy/versions", criterion, 409)
        post(head, f"{base}/criteria/nothing/versions", criterion, 404)
        post(clerk, f"{base}/criteria/economic-energy/versions", criterion, 403)
        post(head, f"{base}/policies/economic/versions", policy, 409)
        post(clerk, f"{base}/policies/economic/versions", policy, 403)
        post(head, f"{base}/figures/band/large/versions", figures, 409)
        post(head, f"{base}/figures/band/nothing/versions", figures, 404)
        post(head, f"{base}/figures/nothing/large/versions", figures, 404)
        post(
            head,
            f"{base}/figures/band/large/versions",
            {"figures": {"from_yuan": "x"}, **DATED},
            422,
        )
        post(clerk, f"{base}/figures/band/large/versions", figures, 403)

        assert "不能高于进入值" in told["detail"]
        assert Entry.objects.count() == before
