"""The screen of the consolidation's thresholds and the items of a file, and the same by API."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import CompletenessRule, ConsolidationFigure
from busbar.kit.periods import local_date
from tests.imports.world import AT, make_units, make_viewer

pytestmark = pytest.mark.django_db

PAGE = "/archive-rules/"
API = "/api/v1/archive-rules"


@pytest.fixture
def units() -> dict[str, OrganizationUnit]:
    customers_operations.load_customers_seed(at=AT)
    return make_units()


@pytest.fixture
def head(units: dict[str, OrganizationUnit]) -> Client:
    return signed_in(make_viewer(units["310101"], Role.MANAGER))


@pytest.fixture
def clerk(units: dict[str, OrganizationUnit]) -> Client:
    return signed_in(make_viewer(units["310101"], Role.ACCOUNT_MANAGER, number="E8"))


def signed_in(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(Employee.objects.get(pk=viewer.employee_id).user)
    return client


def tomorrow() -> dt.date:
    return local_date(dt.datetime.now(dt.UTC)) + dt.timedelta(days=1)


class TestPage:
    def test_shows_each_figure_with_its_source_and_certainty(self, clerk: Client) -> None:
        page = clerk.get(PAGE).content.decode()

        assert "自动归并的最低匹配权重（比特）" in page
        assert "Busbar 调参档案所定，启用前由本单位核定" in page
        assert "【未核实】" in page
        assert "权重合计 100" in page
        assert "登记</button>" not in page  # a clerk looks

    def test_sets_the_next_version_and_shows_it_beside_the_present_one(self, head: Client) -> None:
        form = {"value": "9.5", "valid_from": tomorrow().isoformat(), "source": "会议纪要7号"}

        done = head.post(f"{PAGE}figures/join_bits/", form)

        assert done.status_code == 302
        page = head.get(PAGE).content.decode()
        assert "待生效" in page
        assert "会议纪要7号" in page
        assert customers_queries.get_figures(tomorrow())["join_bits"] == Decimal("9.5")

    def test_keeps_a_refused_form_open_with_what_was_wrong(self, head: Client) -> None:
        form = {"value": "-5", "valid_from": tomorrow().isoformat(), "source": "会议纪要7号"}

        refused = head.post(f"{PAGE}figures/join_bits/", form)

        assert refused.status_code == 422
        assert "高于自动归并的门槛（-5）" in refused.content.decode()
        assert 'value="-5"' in refused.content.decode()
        assert ConsolidationFigure.objects.filter(code="join_bits").count() == 1

    def test_weighs_an_item(self, head: Client) -> None:
        form = {"weight": "20", "valid_from": tomorrow().isoformat(), "source": "会议纪要7号"}

        assert head.post(f"{PAGE}items/credit_code/", form).status_code == 302

        assert CompletenessRule.objects.get(code="credit_code", weight=20).source == "会议纪要7号"

    def test_lets_nobody_set_without_the_permission(self, clerk: Client) -> None:
        form = {"value": "9", "valid_from": tomorrow().isoformat(), "source": "x"}

        assert clerk.post(f"{PAGE}figures/join_bits/", form).status_code == 403
        assert ConsolidationFigure.objects.filter(code="join_bits").count() == 1

    def test_knows_no_other_figure(self, head: Client) -> None:
        assert head.post(f"{PAGE}figures/nothing/", {}).status_code == 404
        assert head.post(f"{PAGE}items/nothing/", {}).status_code == 404

    def test_takes_as_many_queries_whatever_versions_there_are(self, head: Client) -> None:
        head.get(PAGE)
        with CaptureQueriesContext(connection) as few:
            head.get(PAGE)
        for value in ("9", "10", "11"):
            day = (tomorrow() + dt.timedelta(days=int(value))).isoformat()
            head.post(
                f"{PAGE}figures/join_bits/", {"value": value, "valid_from": day, "source": "x"}
            )
        head.get(PAGE)  # shows the messages
        with CaptureQueriesContext(connection) as many:
            head.get(PAGE)

        assert len(many) == len(few) <= 15


class TestApi:
    def test_lists_what_is_in_force_and_sets_the_next_version(self, head: Client) -> None:
        body = {"value": "9.5", "valid_from": tomorrow().isoformat(), "source": "会议纪要7号"}

        made = post(head, "figures/join_bits/versions", body)

        assert made.status_code == 200
        assert made.json()["certainty"] == "local"
        now = {row["code"]: row["value"] for row in head.get(f"{API}/figures").json()}
        then = {
            row["code"]: row["value"]
            for row in head.get(f"{API}/figures", {"on": tomorrow().isoformat()}).json()
        }
        assert (Decimal(now["join_bits"]), Decimal(then["join_bits"])) == (7, Decimal("9.5"))
        assert {row["code"] for row in head.get(f"{API}/items").json()} >= {"credit_code", "lead"}

    def test_sets_a_weight(self, head: Client) -> None:
        body = {"weight": 20, "valid_from": tomorrow().isoformat(), "source": "会议纪要7号"}

        assert post(head, "items/credit_code/versions", body).json()["weight"] == 20

    def test_refuses_with_the_sentence(self, head: Client) -> None:
        body = {"value": "500", "valid_from": tomorrow().isoformat(), "source": "会议纪要7号"}

        refused = post(head, "figures/join_bits/versions", body)

        assert refused.status_code in {400, 409}
        assert "应在 -50 至 100 之间" in refused.json()["detail"]
        assert post(head, "figures/nothing/versions", body).status_code == 404

    def test_asks_for_the_permission(self, clerk: Client) -> None:
        body = {"value": "9", "valid_from": tomorrow().isoformat(), "source": "x"}

        assert post(clerk, "figures/join_bits/versions", body).status_code == 403
        weight = {"weight": 1, "valid_from": body["valid_from"], "source": "x"}
        assert post(clerk, "items/lead/versions", weight).status_code == 403
        assert ConsolidationFigure.objects.filter(code="join_bits").count() == 1


def post(client: Client, path: str, body: dict[str, object]) -> Any:
    return client.post(f"{API}/{path}", body, content_type="application/json")
