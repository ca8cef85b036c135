"""A customer without supply for arrears pays by the bank's file and has it back in time."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

from playwright.sync_api import Page, expect
from tests.browser.conftest import Live
from tests.browser.test_imports_journey import sign_in


def bank_file(folder: Path, number: str, yuan: str) -> Path:
    """One row that names the 户号."""
    path = folder / "arrears.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("流水号", "交易日期", "对方户名", "对方账号", "金额", "附言"))
        today = dt.datetime.now(dt.UTC).date()
        writer.writerow(("ARREARS1", today, "单位", "62179999", yuan, f"户号{number}电费"))
    return path


class TestRestoring:
    def test_money_in_the_bank_file_brings_supply_back(
        self, page: Page, live: Live, tmp_path: Path
    ) -> None:
        sign_in(page, "admin")
        page.goto("/arrears/?state=stopped")
        row = page.locator("tbody tr").first
        number, account = row.locator("td").nth(0).inner_text(), row.locator("td").nth(1)
        owed = row.locator("td").nth(6).inner_text().replace(",", "")
        collection = "999900000001" + "6666"
        path = bank_file(tmp_path, account.inner_text(), owed)

        live.run("payments", "import", str(path), "--account", collection)
        live.run("arrears", "run")

        page.goto(f"/arrears/{number}/")
        expect(page.get_by_text("已缴清待复电").first).to_be_visible()
        page.get_by_role("link", name="流程与任务").click()
        page.get_by_role("link", name="恢复供电").first.click()
        page.get_by_role("button", name=re.compile("提交|完成")).first.click()
        page.goto(f"/arrears/{number}/")
        expect(page.get_by_text("已结案").first).to_be_visible()
        expect(page.locator("tbody tr").filter(has_text="已复电").first).to_be_visible()

    def test_the_board_fits_a_phone(self, phone: Page) -> None:
        sign_in(phone, "admin")
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        for address in ("/arrears/", "/outages/"):
            phone.goto(address)
            assert not phone.evaluate(wider)
