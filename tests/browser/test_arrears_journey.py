"""The boards of arrears and outages in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.test_imports_journey import sign_in


class TestBoards:
    @pytest.mark.parametrize("address", ["/arrears/", "/outages/"])
    def test_fit_a_phone(self, phone: Page, address: str) -> None:
        sign_in(phone, "admin")
        phone.goto(address)
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        expect(phone.locator("h1")).to_be_visible()
        assert not phone.evaluate(wider)
