"""From the month's largest bill down to the day curve it was made of."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from tests.browser.test_imports_journey import sign_in


class TestWhy:
    def test_leads_from_the_total_to_the_readings(self, page: Page) -> None:
        sign_in(page, "province")
        page.goto("/bills/")
        page.locator("tbody tr a").first.click()

        page.locator(".why-button").first.click()
        why = page.locator(".why").first
        expect(why.locator(".formula")).to_contain_text("×")
        expect(why).to_contain_text("出处")
        page.get_by_role("button", name="复算").click()
        expect(page.get_by_text("复算一致")).to_be_visible()
        expect(page.locator("[data-part=trend] canvas")).to_be_visible()
        expect(page.locator("[data-part=composition] canvas")).to_be_visible()

        why.get_by_role("link", name="逐日电量").click()
        expect(page.locator("tbody tr")).to_have_count(31)
        page.get_by_role("link", name="96 点曲线").first.click()
        expect(page).to_have_url(re.compile(r"/customers/.+/tab/curves/.*version=\d+"))

    def test_fits_a_phone(self, phone: Page) -> None:
        sign_in(phone, "province")
        phone.goto("/bills/")
        phone.locator("tbody tr a").first.click()
        phone.locator(".why-button").first.click()

        expect(phone.locator(".formula").first).to_be_visible()
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not phone.evaluate(wider)


class TestRuns:
    def test_show_each_month_with_its_result(self, page: Page) -> None:
        sign_in(page, "admin")
        page.goto("/bills/runs/")

        page.locator("tbody tr a").first.click()
        expect(page.get_by_role("heading", name="未能出账的户")).to_be_visible()
