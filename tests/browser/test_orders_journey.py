"""A manager orders another department; it ignores the order, which climbs; the superior answers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import Live
from tests.browser.connection_people import fill
from tests.browser.test_imports_journey import sign_in

WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class TestBoards:
    @pytest.mark.parametrize(
        "address",
        [
            "/department-orders/", "/department-orders/measures/", "/mandates/", "/portfolios/",
            "/portfolio/", "/portfolios/unowned/", "/handovers/", "/qualifications/",
            "/service-agreements/", "/service-standards/",
        ],
    )  # fmt: skip
    def test_fit_a_phone(self, phone: Page, address: str) -> None:
        sign_in(phone, "admin")
        phone.goto(address)
        expect(phone.locator("h1")).to_be_visible()
        assert not phone.evaluate(WIDER)


class TestAnIgnoredOrder:
    def test_climbs_and_is_answered_and_rated(
        self, page: Page, live: Live, chromium: Browser
    ) -> None:
        who = live.tell("ignored_order.py", "who")
        number = self._order(page, who)

        ignored = live.tell("ignored_order.py", "ignore", number)
        assert ignored == {"state": "climbed", "holder": who["superior_unit"]}

        self._answer(chromium, live, who["superior"], number)
        self._rate(page, number)

    def _order(self, page: Page, who: dict[str, str]) -> str:
        sign_in(page, who["manager"])
        page.goto(f"/customers/{who['customer']}/")
        page.get_by_role("link", name="下达指令").click()
        page.select_option("[name=kind]", "metering_fault")
        page.fill("[name=title]", "表计不走字")
        page.fill("[name=details]", "三天没有读数，请到现场")
        page.get_by_role("button", name="下达", exact=True).click()
        expect(page.locator("h1")).to_contain_text("表计不走字")
        expect(page.locator(".facts")).to_contain_text(who["department"])
        return page.url.rstrip("/").rsplit("/", 1)[-1]

    def _answer(self, chromium: Browser, live: Live, superior: str, number: str) -> None:
        with chromium.new_context(base_url=live.url, locale="zh-CN") as context:
            page = context.new_page()
            sign_in(page, superior)
            page.goto(f"/department-orders/{number}/")
            expect(page.locator(".timeline")).to_contain_text("逾期未接办，升级到")
            page.get_by_role("link", name="上级督办").click()
            fill(page, {"outcome": "answered", "remark": "已责成计量人员当天换表"})
            page.click("#task-submit")
            page.wait_for_url("**/work/processes/**")

    def _rate(self, page: Page, number: str) -> None:
        page.goto(f"/department-orders/{number}/")
        page.get_by_role("link", name="确认办理结果").click()
        fill(
            page,
            {"outcome": "solved", "remark": "客户说已走字", "score": "2", "word": "不催不办"},
        )
        page.click("#task-submit")
        page.wait_for_url("**/work/processes/**")
        page.goto(f"/department-orders/{number}/")
        expect(page.locator("h1")).to_contain_text("已解决")
        expect(page.locator("body")).to_contain_text("不催不办")
