"""服务目录: what the office offers and words is kept on a page, by programs and by command."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.journal.models import Entry
from busbar.key_accounts import operations
from busbar.key_accounts.models import (
    BasicService,
    RefusalReason,
    ServicePackage,
    ValueAddedProduct,
)
from busbar.kit.periods import local_date
from tests.console.work_region import count_queries
from tests.imports.world import AT, make_units, make_viewer

pytestmark = pytest.mark.django_db
PAGE = "/key-accounts/catalogue/"
PRODUCT = {"name": "储能租赁", "description": "移动储能", "benefit_basis": "峰谷价差"}


@pytest.fixture
def units() -> dict[str, OrganizationUnit]:
    operations.load_recognition_seed(at=AT)
    operations.load_managers_seed(at=AT)
    operations.load_services_seed(at=AT)
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


def day(ahead: int) -> str:
    return (local_date(dt.datetime.now(dt.UTC)) + dt.timedelta(days=ahead)).isoformat()


def post(client: Client, act: str, of: int | str = "", **data: Any) -> Any:
    dated = {"valid_from": day(1), "source": "会议纪要7号"} if not act.endswith("-end") else {}
    return client.post(PAGE, {"act": act, "of": of, **dated, **data})


class TestPage:
    def test_shows_each_catalogue_with_its_source(self, clerk: Client) -> None:
        text = clerk.get(PAGE).content.decode()

        for words in ("移峰节费包", "白天单峰", "大额（1000 万元以上）", "不属于本部门职责",
                      "逾期金额与原因", "【未核实】"):  # fmt: skip
            assert words in text
        assert "act-product-add" not in text  # a clerk looks

    def test_adds_a_product_that_is_coming(self, head: Client) -> None:
        done = post(head, "product-add", code="storage", **PRODUCT)

        assert done.status_code == 302
        text = head.get(PAGE).content.decode()
        assert "储能租赁" in text
        assert "待生效" in text

    def test_revises_ends_and_keeps_the_version_before(self, head: Client) -> None:
        old = ValueAddedProduct.objects.order_by("id")[0]

        assert post(head, "product-revise", old.pk, **PRODUCT).status_code == 302
        new = ValueAddedProduct.objects.get(name="储能租赁")
        ended = post(head, "product-end", new.pk, ends_on=day(9), reason="不再办理")

        new.refresh_from_db()
        assert (ended.status_code, new.code) == (302, old.code)
        assert str(new.valid_until) == day(9)
        text = head.get(PAGE).content.decode()
        assert old.name in text
        assert "另有 1 个版本" in text

    def test_binds_a_package_to_segments(self, head: Client) -> None:
        done = post(
            head, "package-add", code="cold", name="冷库包", services="蓄冷建议\n\n 夜间抢修 ",
            sections=["G"], shapes=["night", "evening"], bands=["large"],
        )  # fmt: skip

        assert done.status_code == 302
        row = ServicePackage.objects.get(code="cold")
        assert (row.services, row.sections, row.shapes, row.bands) == (
            ["蓄冷建议", "夜间抢修"], ["G"], ["night", "evening"], ["large"],
        )  # fmt: skip

    def test_offers_what_stands_for_the_next_version(self, head: Client) -> None:
        text = head.get(PAGE).content.decode()

        assert "分时电价比选\n移峰测算" in text
        assert 'value="middle"' in text

    def test_words_templates_and_reasons(self, head: Client) -> None:
        service = BasicService.objects.get(code="dunning")
        reason = RefusalReason.objects.get(code="safety")

        post(head, "template-revise", service.pk, template="只问两件事")
        post(head, "reason-revise", reason.pk, name="违反安全规程")
        post(head, "reason-add", code="weather", name="天气不允许")

        assert BasicService.objects.get(template="只问两件事").event == service.event
        assert RefusalReason.objects.get(name="违反安全规程").code == "safety"
        assert RefusalReason.objects.filter(code="weather").count() == 1

    def test_keeps_a_refused_form_open_with_what_was_wrong(self, head: Client) -> None:
        before = ValueAddedProduct.objects.count()

        refused = post(head, "product-add", code="储能", **PRODUCT)

        assert refused.status_code == 422
        assert "应由小写字母" in refused.content.decode()
        assert 'value="储能租赁"' in refused.content.decode()
        assert ValueAddedProduct.objects.count() == before

    def test_lets_nobody_keep_it_without_the_permission(self, clerk: Client) -> None:
        before = Entry.objects.count()

        assert post(clerk, "product-add", code="storage", **PRODUCT).status_code == 403
        assert Entry.objects.count() == before

    def test_knows_no_other_item(self, head: Client) -> None:
        assert post(head, "product-revise", 999999, **PRODUCT).status_code in {404, 422}
        assert post(head, "product-end", 999999, ends_on=day(1), reason="x").status_code == 404
        assert post(head, "tariff-add").status_code == 404

    def test_asks_as_often_with_many_products(self, head: Client) -> None:
        few = count_queries(head, PAGE)
        for number in range(5):
            post(head, "product-add", code=f"p{number}", **PRODUCT)

        assert count_queries(head, PAGE) == few

    def test_reads_in_english(self, head: Client) -> None:
        head.cookies["django_language"] = "en"

        text = head.get(PAGE).content.decode()

        assert "Service catalogue" in text
        assert "Record templates of basic services" in text
