"""The boards of arrears and outages, and a late reading's way to payment and restoration."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import Live
from tests.browser.connection_people import fill
from tests.browser.test_imports_journey import sign_in

ROOT = Path(__file__).resolve().parents[2]


class TestBoards:
    @pytest.mark.parametrize("address", ["/arrears/", "/outages/", "/outages/new/"])
    def test_fit_a_phone(self, phone: Page, address: str) -> None:
        sign_in(phone, "admin")
        phone.goto(address)
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        expect(phone.locator("h1")).to_be_visible()
        assert not phone.evaluate(wider)


@pytest.fixture
def stopped(live: Live) -> dict[str, Any]:
    """A 户号 whose supply was stopped for a bill; what the journey needs to know of it."""
    environment = {
        **live.environment,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
    }
    command = [sys.executable, str(ROOT / "tests/browser/stopped_case.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    assert facts["state"] == "stopped"
    return facts


class TestALateReading:
    def test_leads_to_a_correction_and_the_payment_to_restored_supply(
        self, page: Page, live: Live, chromium: Browser, stopped: dict[str, Any], tmp_path: Path
    ) -> None:
        self._deliver_late(live, stopped, tmp_path)

        self._correct(page, stopped)
        owed = self._owes_more(page, live, stopped)
        self._pay(chromium, live, stopped, owed, tmp_path)
        live.run("arrears", "run")
        page.goto(f"/arrears/{stopped['case']}/")
        expect(page.locator(".fact", has_text="状态")).to_contain_text("已缴清")

        self._restore(chromium, live, stopped)
        page.goto(f"/arrears/{stopped['case']}/")
        expect(page.locator(".fact", has_text="状态")).to_contain_text("已结案")

    def _deliver_late(self, live: Live, stopped: dict[str, Any], folder: Path) -> None:
        """A day of the billed month comes again, measured at 1.2 kWh each quarter."""
        day = f"{stopped['month']}-10"
        file = folder / "迟到.csv"
        header = ["计量点编号", "日期", *(f"{n // 4:02d}:{n % 4 * 15:02d}" for n in range(96))]
        text = io.StringIO()
        csv.writer(text).writerows([header, [stopped["point"], day, *["1.2"] * 96]])
        file.write_text(text.getvalue(), encoding="utf-8")
        words = ("--source", "late", "--stamp", "start", "--layout", "wide", "--unit", "kwh")
        live.run("import", "readings", str(file), *words)

    def _correct(self, page: Page, stopped: dict[str, Any]) -> None:
        sign_in(page, "admin")
        page.goto(f"/bills/{stopped['account']}/{stopped['month']}/")
        page.get_by_role("button", name="按现有数据更正").click()
        page.fill("#correction-reason", "10 日读数迟到")
        page.get_by_role("button", name="重新核算").click()

        expect(page.locator("#settlement")).to_be_visible()
        expect(page.locator("#revisions")).to_contain_text("10 日读数迟到")

    def _owes_more(self, page: Page, live: Live, stopped: dict[str, Any]) -> str:
        """What the case says is overdue, in yuan; the correction is settled in the books."""
        live.run("bill", "release", "--month", stopped["month"])
        live.run("payments", "raise")
        page.goto(f"/arrears/{stopped['case']}/")
        fact = page.locator(".fact", has_text="逾期电费").locator(".fact-value").inner_text()
        return re.sub(r"[^\d.]", "", fact)

    def _pay(
        self,
        chromium: Browser,
        live: Live,
        stopped: dict[str, Any],
        owed: str,
        folder: Path,
    ) -> None:
        today = dt.datetime.now(dt.UTC).date()
        file = folder / "流水.csv"
        file.write_text(
            "流水号,交易日期,对方户名,对方账号,金额,附言\n"
            f"J{today:%Y%m%d}1,{today},{stopped['payer']},6222000000009,{owed},"
            f"{stopped['reference']}\n",
            encoding="utf-8",
        )
        with self._other(chromium, live, "admin") as cashier:
            self._hand_in(cashier, stopped, file)

    def _hand_in(self, cashier: Page, stopped: dict[str, Any], file: Path) -> None:
        cashier.goto("/payments/")
        form = cashier.locator("details.act", has=cashier.locator("[name=collection]"))
        form.locator("summary").click()
        form.locator("[name=collection]").select_option(stopped["collection"])
        form.locator("[name=file]").set_input_files(file)
        form.locator("button[type=submit]").click()
        expect(cashier.locator("body")).to_contain_text("收下 1 行")

    def _restore(self, chromium: Browser, live: Live, stopped: dict[str, Any]) -> None:
        with self._other(chromium, live, stopped["dispatcher"]) as dispatcher:
            dispatcher.get_by_role("link", name="恢复供电").first.click()
            expect(dispatcher.locator("#task-form")).to_be_visible()
            fill(dispatcher, {"remark": "现场已送电"})
            dispatcher.locator("#task-submit").click()
            dispatcher.wait_for_url("**/work/processes/**")

    @contextmanager
    def _other(self, chromium: Browser, live: Live, name: str) -> Iterator[Page]:
        """Another person's browser."""
        context = chromium.new_context(base_url=live.url, locale="zh-CN", reduced_motion="reduce")
        page = context.new_page()
        sign_in(page, name)
        yield page
        context.close()
