"""A key-account manager's morning: sign in, see what is due, find a customer, read its load."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from busbar.demo.organization import ADMINISTRATOR
from busbar.demo.sign_ins import DEMO_PASSWORD

MANAGER = "province"
ANY_DAY = re.compile(r"^day:\d{4}-\d\d-\d\d$")


def sign_in(page: Page, username: str = MANAGER) -> None:
    """By the demonstration's proposed account."""
    page.goto("/accounts/login/")
    page.click(f"[data-fill-login={username}]")
    assert page.input_value("[name=password]") == DEMO_PASSWORD
    page.press("[name=password]", "Enter")
    expect(page.get_by_role("heading", name="今日")).to_be_visible()


@pytest.mark.one_database
class TestMorning:
    def test_goes_from_today_to_the_load_of_a_customer_by_keyboard(self, page: Page) -> None:
        sign_in(page)
        page.keyboard.press("g")
        page.keyboard.press("c")
        expect(page.locator("#customer-count")).to_contain_text("共 1")
        name = page.locator("a.row-link").first.inner_text()

        page.keyboard.press("/")
        page.keyboard.type(name[:4])
        expect(page.locator(".search-hit").first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/customers/*/")
        page.get_by_role("link", name="负荷曲线").click()

        curve = page.locator("[data-part=curve]")
        expect(curve).to_have_attribute("data-ready", ANY_DAY)
        expect(curve.locator("canvas")).to_be_visible()

    def test_steps_through_days_and_reads_the_same_in_a_table(self, page: Page) -> None:
        sign_in(page)
        _open_first_customer(page, "curves")
        curve = page.locator("[data-part=curve]")
        expect(curve).to_have_attribute("data-ready", ANY_DAY)
        newest = page.input_value("[name=date]")

        page.locator("h1").click()
        page.keyboard.press("ArrowLeft")
        before = page.input_value("[name=date]")
        expect(curve).to_have_attribute("data-ready", f"day:{before}")
        curve.get_by_role("button", name="表格").click()

        assert before < newest
        expect(curve.locator("#curve-table tbody tr")).to_have_count(96)
        assert f"date={before}" in page.url

    def test_opens_every_tab_without_a_complaint_of_the_browser(self, page: Page) -> None:
        sign_in(page)
        _open_first_customer(page, "")
        for tab in ("账单", "户号与供电", "集团", "联系人", "文档", "时间线", "概览"):
            page.locator("nav.tabs a", has_text=tab).click()
            expect(page.locator("nav.tabs a[aria-current=page]")).to_contain_text(tab)

        page.go_back()

        expect(page.locator("nav.tabs a[aria-current=page]")).to_contain_text("时间线")
        expect(page.locator(".sidebar")).to_be_visible()

    def test_narrows_the_list_while_typing(self, page: Page) -> None:
        sign_in(page)
        page.goto("/customers/")
        name = page.locator("a.row-link").last.inner_text()

        page.fill("#filter-text", name)

        expect(page.locator("a.row-link")).to_have_text([name])
        assert "q=" in page.url

    def test_adds_a_contact(self, page: Page) -> None:
        sign_in(page, ADMINISTRATOR)
        _open_first_customer(page, "contacts")
        page.get_by_role("link", name="添加").click()
        page.fill("#contact-form [name=name]", "旅程测试")
        page.fill("#contact-form [name=role]", "值班长")
        page.get_by_role("button", name="保存").click()

        expect(page.locator(".contact", has_text="旅程测试")).to_be_visible()


@pytest.mark.one_database
class TestPhone:
    def test_opens_the_navigation_and_leaves_nothing_outside_the_screen(self, phone: Page) -> None:
        sign_in(phone)
        for path in ("/", "/customers/", _first_customer(phone)):
            phone.goto(path)
            phone.wait_for_load_state("networkidle")
            assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

        phone.get_by_role("button", name="展开导航").click()
        phone.locator("#sidebar").locator("a[data-go=c]").click()

        expect(phone.get_by_role("heading", name="客户")).to_be_visible()

    def test_turns_the_rows_of_a_table_into_cards_that_need_no_sideways_scroll(
        self, phone: Page
    ) -> None:
        sign_in(phone)
        phone.goto("/customers/")
        phone.wait_for_load_state("networkidle")

        wrap = phone.locator("#customer-results .table-wrap")

        assert wrap.evaluate("node => node.scrollWidth <= node.clientWidth")
        cell = wrap.locator("tbody tr").first.locator("td").nth(1)
        assert cell.get_attribute("data-label") == "类别"


def _first_customer(page: Page) -> str:
    page.goto("/customers/")
    return str(page.locator("a.row-link").first.get_attribute("href"))


def _open_first_customer(page: Page, tab: str) -> None:
    address = _first_customer(page)
    page.goto(f"{address}tab/{tab}/" if tab else address)
