"""An administrator takes somebody on, who signs in and must choose a password."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import Live
from tests.browser.test_imports_journey import sign_in


@pytest.mark.one_database
class TestHiring:
    def test_gives_a_password_that_must_be_changed_at_first_sign_in(
        self, page: Page, chromium: Browser, live: Live
    ) -> None:
        sign_in(page, "admin")
        page.goto("/employees/new/")
        page.get_by_label("姓名").fill("旅程新人")
        page.get_by_label("工号").fill("JNY-1")
        page.get_by_label("用户名").fill("journey.new")
        page.get_by_label("大客户经理").check()
        page.get_by_role("button", name="录用").click()
        password = page.locator("#secret").inner_text()

        context = chromium.new_context(base_url=live.url, locale="zh-CN")
        other = context.new_page()
        other.goto("/accounts/login/")
        other.fill("[name=login]", "journey.new")
        other.fill("[name=password]", password)
        other.press("[name=password]", "Enter")
        expect(other).to_have_url(f"{live.url}/accounts/password/change/")
        context.close()

        page.get_by_role("link", name="已记下").click()
        page.get_by_label("调度员").check()
        page.get_by_role("button", name="保存角色").click()
        expect(page.get_by_text("角色已变更")).to_be_visible()


@pytest.mark.one_database
class TestCalendar:
    def test_a_day_is_changed_with_a_reason_and_stands_in_the_journal(self, page: Page) -> None:
        sign_in(page, "admin")
        page.goto("/calendar/?year=2026")
        page.locator('a[href="/calendar/2026-11-26/"]').click()
        page.get_by_label("性质").select_option("holiday")
        page.get_by_label("节日名称").fill("旅程节")
        page.get_by_label("原因").fill("省政府通知")
        page.get_by_role("button", name="保存").click()

        expect(page.locator('a[href="/calendar/2026-11-26/"]')).to_have_class("cal-day cal-holiday")
        page.goto("/journal/?event=clocks.day.edited")
        expect(page.locator("tbody tr").first).to_contain_text("2026-11-26")
        page.get_by_role("button", name="核验日志链").click()
        expect(page.get_by_text("日志链成立")).to_be_visible(timeout=60_000)


@pytest.mark.one_database
class TestTokens:
    def test_a_new_one_is_shown_once(self, page: Page) -> None:
        sign_in(page, "county1")
        page.goto("/tokens/")
        page.get_by_label("用途").fill("旅程")
        page.get_by_role("button", name="签发").click()

        expect(page.locator("#secret")).to_contain_text("busbar_")
        page.reload()
        page.goto("/tokens/")
        expect(page.locator("#secret")).to_have_count(0)
