"""From an older version of a tariff to the next, through a test bill and a second person."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.test_imports_journey import sign_in

TARIFF = "/pricing/tariffs/LC-2P-35/"


def leave(page: Page) -> None:
    """Let the next person sign in here."""
    page.context.clear_cookies()


def adopt(page: Page) -> None:
    adopting = page.locator("details.act", has=page.locator("summary", has_text="采用"))
    adopting.locator("summary").click()
    adopting.get_by_label("批准意见").fill("同意")
    adopting.get_by_role("button", name="采用").click()


@pytest.mark.one_database
class TestNextVersion:
    def test_goes_from_draft_to_the_list_by_two_people(self, page: Page) -> None:
        sign_in(page, "admin")
        page.goto(TARIFF)
        page.get_by_role("link", name="据此拟订新版本").first.click()
        page.fill("[name=valid_from]", "2099-01-01")
        page.fill("[name=flat]", "0.7")
        page.fill("[name=source]", "某发改价格〔2098〕9 号")
        page.get_by_role("button", name="保存拟订").click()

        expect(page.get_by_role("heading", name="2099-01-01 起的拟订")).to_be_visible()
        expect(page.get_by_role("heading", name="检查")).to_be_visible()
        adopt(page)
        expect(page.get_by_text("请由另一人批准")).to_be_visible()
        page.locator("#trial [name=month]").select_option(index=1)
        page.locator("#trial").get_by_role("button", name="试算").click()
        lines = page.locator("#trial details").first.locator("tbody tr")
        expect(lines.filter(has_text="平段电度电费")).to_contain_text("0.7")
        page.locator("#document").get_by_role("button", name="试算").click()
        expect(page.locator("#document tbody tr").first).to_be_visible()
        address = page.url.replace("document/", "").split("#")[0]

        leave(page)
        sign_in(page, "province")
        page.goto(address)
        adopt(page)
        expect(page.get_by_text("已采用，自生效日期起核算使用")).to_be_visible()

        page.goto("/pricing/tariffs/?on=2099-02-01&voltage_class=35kV")
        row = page.locator("tbody tr", has_text="LC-2P-35")
        expect(row).to_contain_text("2099-01-01")
        expect(row).to_contain_text("0.7000")

    def test_fits_a_phone(self, phone: Page) -> None:
        sign_in(phone, "province_billing")
        phone.goto(f"{TARIFF}draft/")

        expect(phone.get_by_label("出处（文号或公告）")).to_be_visible()
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not phone.evaluate(wider)
