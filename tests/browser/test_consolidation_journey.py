"""From three entries of an old archive to one customer, and back: nothing is lost on the way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Live
from tests.browser.consolidation_archive import ACCOUNTS
from tests.browser.test_imports_journey import sign_in

FIRST, SECOND, THIRD = (f"H{number}" for number, *_ in ACCOUNTS)


@pytest.mark.one_database
class TestConsolidation:
    def test_from_the_run_over_the_desk_to_a_customer_and_back(
        self, page: Page, live: Live
    ) -> None:
        assert live.tell("consolidation_archive.py") == {"refused": ""}
        sign_in(page, "admin")

        self._run(page)
        self._read_the_weights(page)
        self._decline(page)
        self._accept(page)
        self._take_back(page)
        self._merge_by_hand_and_split(page)

    def _run(self, page: Page) -> None:
        page.goto("/consolidation/")
        page.get_by_role("button", name="重新比对档案").click()
        expect(page.locator("h1")).to_contain_text("完成", timeout=120_000)
        expect(page.get_by_text("自动归并的最低匹配权重（比特）")).to_be_visible()
        page.get_by_role("link", name="归并门槛与资料项").last.click()
        expect(page.locator("#thresholds")).to_contain_text("启用前由本单位核定")

    def _read_the_weights(self, page: Page) -> None:
        self._open(page, FIRST, SECOND)
        desk = page.locator("[data-part=verdict]")
        expect(desk).to_contain_text("两个不同的信用代码")
        expect(desk.locator("[data-part=weights] canvas")).to_be_visible()
        desk.locator("summary").click()
        steps = desk.locator("details tbody tr")
        expect(steps.first).to_contain_text("先验")
        told = steps.locator("td:nth-child(3)").all_inner_texts()
        weight = re.search(r"[\d.]+", desk.locator("details summary").inner_text())
        assert weight is not None
        assert abs(sum(map(_number, told)) - float(weight.group())) < 0.1

    def _decline(self, page: Page) -> None:
        page.fill("#reason", "营业执照不同，系两个主体")
        page.get_by_role("button", name="不是").click()
        expect(page.get_by_text("已记下结论")).to_be_visible()
        expect(self._row(page, FIRST, SECOND)).to_have_count(0)

    def _accept(self, page: Page) -> None:
        self._open(page, FIRST, THIRD)
        expect(page.locator("[data-part=verdict]")).to_contain_text("须由人判断属于哪一个")
        page.fill("#reason", "电话核实，同一营业执照")
        page.locator("h1").click()
        page.locator("[data-verdict=y]").click()
        expect(page.get_by_text("已记下结论")).to_be_visible()

        page.goto(f"/customers/{THIRD}/")  # the old number leads to the customer that stands
        page.goto(f"/customers/{FIRST}/tab/origin/")
        self._sees_origins(page, 0, 2)
        expect(page.get_by_text("曾用客户编号")).to_be_visible()
        expect(page.locator("table").first).to_contain_text("电话核实，同一营业执照")

    def _take_back(self, page: Page) -> None:
        page.get_by_role("button", name="撤销").click()
        expect(page.get_by_text("已撤销").first).to_be_visible()
        self._sees_origins(page, 0)
        page.goto(f"/customers/{THIRD}/tab/origin/")
        self._sees_origins(page, 2)

    def _merge_by_hand_and_split(self, page: Page) -> None:
        page.goto(f"/customers/{FIRST}/merge/")
        page.fill("[name=other]", THIRD)
        page.fill("[name=reason]", "客户来函，两处同属一家")
        page.get_by_role("button", name="归并", exact=True).click()
        self._sees_origins(page, 0, 2)

        page.get_by_role("link", name="拆出户号").click()
        page.check(f"input[value='{ACCOUNTS[2][0]}']")
        page.fill("[name=name]", "旅程钢管销售有限公司")
        page.fill("[name=number]", "J880001")
        page.fill("[name=reason]", "销售公司单独注册")
        page.get_by_role("button", name="拆分").click()
        self._sees_origins(page, 0)
        page.goto("/customers/J880001/tab/origin/")
        self._sees_origins(page, 2)

    def _open(self, page: Page, left: str, right: str) -> None:
        page.goto("/consolidation/")
        self._row(page, left, right).locator("a").click()
        expect(page.locator("[data-part=verdict] table.pair thead")).to_contain_text(left)
        expect(page.locator("[data-part=verdict] table.pair thead")).to_contain_text(right)

    def _row(self, page: Page, left: str, right: str) -> Locator:
        rows = page.locator("table:has(caption:text-is('待复核')) tbody tr")
        return rows.filter(has_text=left).filter(has_text=right)

    def _sees_origins(self, page: Page, *places: int) -> None:
        """Exactly these accounts, each with the name and the origin that the old archive had."""
        rows = page.locator("table:has(caption:text-is('户号的来源')) tbody tr")
        expect(rows).to_have_count(len(places))
        for place in places:
            number, name, address, _ = ACCOUNTS[place]
            row = rows.filter(has_text=f"旧系统 {number}")
            expect(row).to_contain_text(name)
            expect(row).to_contain_text(address)


def _number(text: str) -> float:
    return float(text.replace("\u2212", "-"))


@pytest.mark.one_database
class TestPhone:
    def test_answers_on_a_phone_without_sideways_scroll(self, phone: Page, live: Live) -> None:
        live.tell("consolidation_archive.py")
        sign_in(phone, "admin")
        for address in ("/consolidation/", "/archive-rules/", f"/customers/{FIRST}/tab/origin/"):
            phone.goto(address)
            phone.wait_for_load_state("networkidle")
            assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
