"""The office keeps its catalogues itself: products, packages, templates, reasons (R72, R85)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from busbar.access.models import Role
from busbar.access.visibility import NotPermitted
from busbar.journal.models import Entry
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import (
    BasicService,
    RefusalReason,
    ServiceDue,
    ServicePackage,
    ValueAddedProduct,
)
from busbar.key_accounts.operations import (
    PackageFacts,
    ProductFacts,
    ReasonFacts,
    TemplateFacts,
    UnableToKeepCatalogue,
)
from busbar.key_accounts.queries import catalogue, segments
from busbar.key_accounts.queries.orders import list_refusal_reasons
from tests.imports.world import make_viewer
from tests.payments.world import at
from tests.service_desk.world import MONDAY, SYSTEM, Desk
from tests.worlds import keep

TODAY, APRIL, MAY = dt.date(2026, 3, 9), dt.date(2026, 4, 1), dt.date(2026, 5, 1)
STORAGE = ProductFacts(" 储能租赁 ", "按月租赁移动储能", "峰谷价差乘以放电量")
TABLES = (ValueAddedProduct, ServicePackage, BasicService, RefusalReason)


@pytest.fixture
def office(desk: Desk) -> Desk:
    """The desk with everything that ships."""
    return keep(_load, desk)


def _load(desk: Desk) -> Desk:
    operations.load_recognition_seed(at=at("2026-01-01"))
    operations.load_managers_seed(at=at("2026-01-01"))
    return desk


def add(facts: Any = STORAGE, code: str = "storage", **changed: Any) -> Any:
    given = {"valid_from": APRIL, "source": "营销〔2026〕7号", "by": SYSTEM, "at": at(MONDAY)}
    return operations.add_catalogue_item(code=code, facts=facts, **{**given, **changed})


def revise(facts: Any, code: str = "storage", **changed: Any) -> Any:
    given = {"valid_from": MAY, "source": "营销〔2026〕9号", "by": SYSTEM, "at": at(MONDAY)}
    return operations.revise_catalogue_item(code=code, facts=facts, **{**given, **changed})


def end(kind: str, code: str, ends_on: dt.date, **changed: Any) -> Any:
    given = {"reason": "不再办理", "by": SYSTEM, "at": at(MONDAY)}
    return operations.end_catalogue_item(
        kind=kind, code=code, ends_on=ends_on, **{**given, **changed}
    )


def refused(text: str, act: Callable[[], object]) -> None:
    """The act is refused with the text; catalogues and journal stay as they were."""
    before, entries = [list(t._default_manager.values()) for t in TABLES], Entry.objects.count()
    with pytest.raises(UnableToKeepCatalogue, match=text), transaction.atomic():
        act()
    assert [list(t._default_manager.values()) for t in TABLES] == before
    assert Entry.objects.count() == entries


def offered(on: dt.date) -> dict[str, str]:
    return {row.code: row.name for row in queries.list_products(on=on)}


class TestProducts:
    def test_are_offered_from_their_day_on(self, office: Desk) -> None:
        row = add()

        assert (row.name, row.certainty, row.source) == ("储能租赁", "local", "营销〔2026〕7号")
        assert "storage" not in offered(APRIL - dt.timedelta(days=1))
        assert offered(APRIL)["storage"] == "储能租赁"
        entry = Entry.objects.order_by("-id")[0]
        assert (entry.event, entry.subject_label, entry.reason) == (
            "key_accounts.catalogue.added", "储能租赁", "营销〔2026〕7号",
        )  # fmt: skip
        assert entry.changes["name"] == [None, "储能租赁"]

    def test_are_revised_and_keep_the_version_before(self, office: Desk) -> None:
        old = add()

        new = revise(ProductFacts("储能托管", "按月租赁移动储能", "峰谷价差乘以放电量"))

        old.refresh_from_db()
        assert (old.name, old.valid_until, new.valid_until) == ("储能租赁", MAY, None)
        assert (offered(APRIL)["storage"], offered(MAY)["storage"]) == ("储能租赁", "储能托管")
        entry = Entry.objects.order_by("-id")[0]
        assert entry.event == "key_accounts.catalogue.revised"
        assert entry.changes == {"name": ["储能租赁", "储能托管"]}

    def test_end_and_are_offered_again(self, office: Desk) -> None:
        code = queries.list_products(on=TODAY)[0].code

        ended = end("product", code, APRIL)
        gone = code not in offered(APRIL)
        revise(STORAGE, code)

        assert (ended.valid_until, gone) == (APRIL, True)
        assert code in offered(APRIL - dt.timedelta(days=1))
        assert code not in offered(MAY - dt.timedelta(days=1))
        assert offered(MAY)[code] == "储能租赁"
        entry = Entry.objects.get(event="key_accounts.catalogue.ended")
        assert (entry.changes, entry.reason) == (
            {"valid_until": [None, "2026-04-01"]}, "不再办理",
        )  # fmt: skip

    def test_a_day_set_for_the_end_stays_when_revised_before(self, office: Desk) -> None:
        add()
        end("product", "storage", dt.date(2026, 7, 1))

        assert revise(STORAGE).valid_until == dt.date(2026, 7, 1)

    @pytest.mark.parametrize(
        ("changed", "text"),
        [
            ({"source": " "}, "请写明依据"),
            ({"source": "依" * 301}, "有 301 字"),
            ({"code": "储能"}, "小写字母"),
            ({"code": "a" * 31}, "小写字母"),
            ({"facts": ProductFacts("", "x", "y")}, "请填写每一项"),
            ({"facts": ProductFacts("名" * 61, "x", "y")}, "有 61 字，最多 60 字"),
            ({"facts": TemplateFacts("x")}, "只有七项"),
        ],
    )
    def test_are_not_added_half(self, office: Desk, changed: dict[str, Any], text: str) -> None:
        refused(text, lambda: add(**changed))

    def test_are_not_added_twice(self, office: Desk) -> None:
        add()

        refused("目录中已有编码", add)

    def test_are_not_revised_out_of_order_or_unknown(self, office: Desk) -> None:
        add()

        refused("新版本应晚于这一天", lambda: revise(STORAGE, valid_from=APRIL))
        refused("没有编码“nothing”", lambda: revise(STORAGE, "nothing"))

    @pytest.mark.parametrize(
        ("kind", "code", "day", "reason", "text"),
        [
            ("product", "storage", APRIL, "x", "停用日应晚于这一天"),
            ("product", "storage", dt.date(2026, 3, 8), "x", "不能早于今天"),
            ("product", "storage", MAY, " ", "请写明停用的原因"),
            ("product", "nothing", MAY, "x", "没有编码"),
            ("template", "dunning", MAY, "x", "不能停用"),
            ("tariff", "x", MAY, "x", "不能停用"),
        ],
    )
    def test_are_not_ended_so(
        self, office: Desk, kind: str, code: str, day: dt.date, reason: str, text: str
    ) -> None:
        add()

        refused(text, lambda: end(kind, code, day, reason=reason))

    def test_do_not_end_later_than_they_did(self, office: Desk) -> None:
        add()
        end("product", "storage", MAY)

        refused("已定于 2026-05-01 停用", lambda: end("product", "storage", MAY))

    def test_are_kept_by_nobody_without_the_permission(self, office: Desk) -> None:
        clerk = make_viewer(office.units["310101"], Role.ACCOUNT_MANAGER, number="E77")
        before = Entry.objects.count()

        for act in (
            lambda: add(by=clerk),
            lambda: revise(STORAGE, by=clerk),
            lambda: end("product", "storage", MAY, by=clerk),
        ):
            with pytest.raises(NotPermitted), transaction.atomic():
                act()
        assert Entry.objects.count() == before


class TestPackages:
    def test_bind_the_segments_they_name_from_their_day_on(self, office: Desk) -> None:
        facts = PackageFacts("夜间包", ("谷段保障", " 夜间抢修 "), ("C",), ("night",), ("large",))

        row = add(facts, "night-pack")

        assert (row.services, row.sections, row.shapes, row.bands) == (
            ["谷段保障", "夜间抢修"], ["C"], ["night"], ["large"],
        )  # fmt: skip
        assert row not in segments.list_packages(TODAY)
        assert row in segments.list_packages(APRIL)
        changes = Entry.objects.order_by("-id")[0].changes
        assert changes["package_services"] == [None, "谷段保障、夜间抢修"]

    def test_revised_take_other_customers(self, office: Desk) -> None:
        revise(PackageFacts("大额客户专属包", ("专属经理月度走访",)), "large-spender")

        rows = {row.code: row for row in segments.list_packages(MAY)}
        assert (rows["large-spender"].bands, len(rows)) == ([], 4)

    @pytest.mark.parametrize(
        ("facts", "text"),
        [
            (PackageFacts("包", ()), "至少有一项"),
            (PackageFacts("包", ("a", " ")), "至少有一项"),
            (PackageFacts("包", ("a", "a ")), "各写一次"),
            (PackageFacts("包", tuple(map(str, range(21)))), "最多 20 项"),
            (PackageFacts("包", ("字" * 61,)), "有 61 字"),
            (PackageFacts("包", ("a",), ("ZZ",), ("noon",), ("huge",)), "ZZ、noon、huge"),
        ],
    )
    def test_are_not_added_so(self, office: Desk, facts: PackageFacts, text: str) -> None:
        refused(text, lambda: add(facts, "pack"))

    def test_end(self, office: Desk) -> None:
        end("package", "valley-user", APRIL)

        assert "valley-user" not in {row.code for row in segments.list_packages(APRIL)}


class TestTemplates:
    def test_change_for_what_falls_due_from_their_day_on(self, office: Desk) -> None:
        new = revise(TemplateFacts("问三件事"), "value_added", valid_from=dt.date(2026, 3, 9))

        operations.raise_due_services(by=SYSTEM, at=at(MONDAY))

        due = ServiceDue.objects.select_related("service").get(service__code="value_added")
        assert (due.service_id, due.service.template) == (new.pk, "问三件事")
        assert (
            new.every_days
            == BasicService.objects.get(
                code="value_added", valid_until=dt.date(2026, 3, 9)
            ).every_days
        )

    def test_are_not_emptied(self, office: Desk) -> None:
        refused("请填写每一项", lambda: revise(TemplateFacts(" "), "value_added"))


class TestReasons:
    def test_are_added_revised_and_ended(self, office: Desk) -> None:
        add(ReasonFacts("天气不允许"), "weather")
        revise(ReasonFacts("气象条件不允许"), "weather")
        end("reason", "duplicate", APRIL)

        on_april = {row.code: row.name for row in list_refusal_reasons(on=APRIL)}
        assert (on_april["weather"], "duplicate" in on_april) == ("天气不允许", False)
        assert "气象条件不允许" in {row.name for row in list_refusal_reasons(on=MAY)}

    def test_never_all_end(self, office: Desk) -> None:
        codes = [row.code for row in list_refusal_reasons(on=TODAY)]
        for code in codes[1:]:
            end("reason", code, APRIL)

        refused("至少保留一个拒绝理由", lambda: end("reason", codes[0], APRIL))


class TestList:
    def test_tells_what_is_coming_and_what_has_ended(self, office: Desk) -> None:
        add()
        revise(STORAGE)
        end("reason", "duplicate", APRIL)

        now, later = catalogue.list_catalogue(TODAY), catalogue.list_catalogue(MAY)

        storage = now["product"][-1]
        assert (storage.is_coming, storage.is_offered, len(storage.others)) == (True, False, 1)
        ended = next(one for one in later["reason"] if one.row.code == "duplicate")
        assert (ended.is_coming, ended.is_offered) == (False, False)
        assert now["template"][0].row.code == "dunning"
        assert later["product"][-1].is_offered
