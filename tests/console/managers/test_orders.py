"""Orders on the screens: from the customer's page to the rating."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Mandate, User
from busbar.key_accounts.models import DepartmentOrder, OrderStage
from tests.console.english import chinese_in, words_of
from tests.key_accounts.managers.world import MONDAY, World, at

Browser = Callable[[str], Client]
DRAFT = {"kind": "metering_fault", "title": "表计不走字", "details": "请到现场看"}
PLACES = ("市计量中心", "市公司", "甲县大客户部", "王经理", "计量员")


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


class TestNewOrder:
    def test_shows_what_the_mandates_reach_and_by_when(
        self, world: World, browser: Browser
    ) -> None:
        page = text(browser("王经理"), "/customers/K1/orders/new/")

        assert "经理下达计量异常处理" in page
        assert "市计量中心" in page
        assert "不超过 4 个工作小时" in page

    def test_sends_and_goes_to_the_order(self, world: World, browser: Browser) -> None:
        answer = browser("王经理").post("/customers/K1/orders/new/", DRAFT)

        order = DepartmentOrder.objects.get()
        assert answer["Location"] == f"/department-orders/{order.number}/"
        assert (order.title, order.state) == ("表计不走字", OrderStage.SENT)

    def test_is_refused_with_the_limit_and_nothing_is_sent(
        self, world: World, browser: Browser
    ) -> None:
        asked = {**DRAFT, "kind": "bill_review", "amount_yuan": "250000"}

        answer = browser("王经理").post("/customers/K1/orders/new/", asked)

        assert answer.status_code == 422
        assert "金额限 100000 元以内" in answer.content.decode()
        assert not DepartmentOrder.objects.exists()

    def test_says_the_limit_in_english_to_who_reads_english(
        self, world: World, browser: Browser
    ) -> None:
        User.objects.update(language="en")
        asked = {**DRAFT, "kind": "bill_review", "amount_yuan": "250000"}

        answer = browser("王经理").post("/customers/K1/orders/new/", asked)

        page = html.unescape(answer.content.decode())
        assert "it goes up to 100000 yuan, this is 250000 yuan. What can be ordered: " in page

    def test_is_for_those_who_may_order(self, world: World, browser: Browser) -> None:
        text(browser("计量员"), "/customers/K1/orders/new/", 403)

    def test_is_offered_on_the_customer_s_page(self, world: World, browser: Browser) -> None:
        assert "/customers/K1/orders/new/" in text(browser("王经理"), "/customers/K1/")


class TestOrderPage:
    def test_says_where_it_waits_and_by_which_mandate(self, world: World, browser: Browser) -> None:
        order = world.send()

        page = text(browser("计量员"), f"/department-orders/{order.number}/")

        assert "接办指令" in page
        assert "经理下达计量异常处理" in page
        assert 'href="/customers/K1/"' not in page  # the department does not see the customer

    def test_tells_its_course_in_english_to_who_reads_english(
        self, world: World, browser: Browser
    ) -> None:
        order = world.send()
        world.do(
            order, "reply_to_order", "计量员", at(MONDAY, 10),
            outcome="refused", refusal="not_ours", remark="不归我们",
        )  # fmt: skip
        world.do(
            order, "answer_refusal", "王经理", at(MONDAY, 11), outcome="appealed", remark="必须办"
        )
        User.objects.update(language="en")

        page = text(browser("王经理"), f"/department-orders/{order.number}/")

        course = words_of(page, 'class="timeline"', "</ol>")
        assert f"Given to 市计量中心: {order.title} (by mandate “经理下达计量异常处理”)" in course
        assert "Refused: " in course
        assert "市计量中心 refused, the manager asks for a ruling: climbed to 市公司" in course
        typed = (order.title, "不归我们", "必须办", "不属于本部门职责", order.mandate.name)
        assert chinese_in(course, beside=(*typed, *PLACES)) == []

    def test_is_not_there_for_others(self, world: World, browser: Browser) -> None:
        text(browser("邻县经理"), f"/department-orders/{world.send().number}/", 404)

    def test_withdraws_with_a_reason(self, world: World, browser: Browser) -> None:
        order = world.send()

        browser("王经理").post(
            f"/department-orders/{order.number}/withdraw/", {"reason": "客户撤了"}
        )

        assert world.fresh(order).state == OrderStage.DROPPED

    def test_refuses_a_colleague_s_withdrawal(self, world: World, browser: Browser) -> None:
        order = world.send()

        answer = browser("李经理").post(
            f"/department-orders/{order.number}/withdraw/", {"reason": "x"}
        )

        assert answer.status_code == 422
        assert world.fresh(order).state == OrderStage.SENT

    def test_takes_the_department_s_rating(self, world: World, browser: Browser) -> None:
        order = world.send()
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 10), outcome="accepted")
        world.do(order, "carry_out_order", "计量员", at(MONDAY, 15), result="换表")
        world.do(
            order, "confirm_order", "王经理", at("2026-03-03"),
            outcome="solved", remark="好了", score="5", word="快",
        )  # fmt: skip

        browser("计量员").post(
            f"/department-orders/{order.number}/rate/", {"score": "4", "word": "写得清楚"}
        )

        assert order.ratings.get(side="provider").score == 4


class TestOrderList:
    def test_shows_each_side_its_own(self, world: World, browser: Browser) -> None:
        order = world.send()

        assert order.number in text(browser("王经理"), "/department-orders/?whose=mine")
        assert order.number not in text(browser("李经理"), "/department-orders/?whose=mine")
        assert order.number in text(browser("计量员"), "/department-orders/?whose=department")

    def test_takes_the_same_queries_for_one_and_for_many(
        self, world: World, browser: Browser
    ) -> None:
        client, counts = browser("王经理"), []
        for wanted in (1, 6):
            while DepartmentOrder.objects.count() < wanted:
                world.send()
            text(client, "/department-orders/?whose=mine")
            with CaptureQueriesContext(connection) as queries:
                text(client, "/department-orders/?whose=mine")
            counts.append(len(queries))

        assert counts[0] == counts[1]

    def test_pages_by_where_the_last_one_ended(
        self, world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.managers.orders.PAGE", 1)
        first, second = world.send(), world.send(moment=at(MONDAY, 10))
        client = browser("王经理")

        page = client.get("/department-orders/?whose=mine")
        assert second.number in page.content.decode()
        assert first.number not in page.content.decode()
        after = page.context["after"]

        rest = client.get("/department-orders/", {"whose": "mine", "after": after}).content.decode()
        assert first.number in rest
        assert second.number not in rest


class TestMandates:
    def test_lists_what_holds_and_what_one_holds(self, world: World, browser: Browser) -> None:
        page = text(browser("王经理"), "/mandates/")

        assert page.count("我持有") == 7
        assert "县公司 → 市公司 → 省公司" in page

    def test_enters_a_stricter_version(self, world: World, browser: Browser) -> None:
        version = {
            "unit": "A", "most_amount_yuan": "50000", "own_customers_only": "on",
            "valid_from": "2026-12-01", "source": "甲县〔2026〕1号", "reason": "从严",
        }  # fmt: skip

        answer = browser("县领导").post("/mandates/bill/", version)

        assert answer.status_code == 302
        assert Mandate.objects.get(unit=world.units["A"]).most_amount_yuan == 50_000

    def test_refuses_a_looser_one(self, world: World, browser: Browser) -> None:
        version = {
            "unit": "A", "most_amount_yuan": "200000", "own_customers_only": "on",
            "valid_from": "2026-12-01", "source": "甲县〔2026〕1号", "reason": "放宽",
        }  # fmt: skip

        answer = browser("县领导").post("/mandates/bill/", version)

        assert answer.status_code == 422
        assert "不能放宽到 200000 元" in answer.content.decode()
        assert not Mandate.objects.exclude(unit=None).exists()

    def test_is_refused_to_a_manager_of_customers(self, world: World, browser: Browser) -> None:
        assert browser("王经理").post("/mandates/bill/", {}).status_code == 403
