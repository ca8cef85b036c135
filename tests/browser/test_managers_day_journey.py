"""A manager's day: a visit prepared and held, two promises, three items of 今日, the year reviewed.

Ordering a department and seeing the order climb is a journey of its own (test_orders_journey).
"""

from __future__ import annotations

import datetime as dt

from playwright.sync_api import Page, expect
from tests.browser.conftest import Live
from tests.browser.test_imports_journey import sign_in

from busbar.kit.periods import CHINA


def act(page: Page, name: str, of: str = "0", **fields: str) -> None:
    """Open an act of the page, fill its form and send it; it must not come back refused."""
    form = page.locator(f"#act-{name}-{of}")
    form.locator("summary").click()
    for field, value in fields.items():
        control = form.locator(f"[name={field}]")
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    form.locator("button[type=submit]").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(f"#act-{name}-{of}[open]")).to_have_count(0)


class TestAManagersDay:
    def test_from_the_visit_to_the_review(self, page: Page, live: Live) -> None:
        who = live.tell("managers_day.py")
        sign_in(page, who["manager"])

        self._visit(page, who)
        self._answer_a_promise(page)
        self._answer_a_service(page, who)
        self._answer_a_measure(page, who)
        self._close_the_review(page, who)
        self._take_the_sheet_along(page, who)

    def _visit(self, page: Page, who: dict[str, str]) -> None:
        page.goto(f"/interactions/new/?plan=1&customer={who['customer']}")
        soon = dt.datetime.now(CHINA) + dt.timedelta(hours=2)
        page.fill("[name=subject]", "年底走访")
        page.fill("[name=planned_at]", soon.strftime("%Y-%m-%dT%H:%M"))
        page.select_option("[name=owner_id]", who["employee"])
        page.locator("form:has([name=subject]) button[type=submit]").click()
        expect(page.locator("h1")).to_contain_text("年底走访")
        act(page, "prepare", topics="检修安排，电费")
        act(page, "minutes", their_people="厂长", minutes="客户要曲线，也要检修日期")
        for text, days in (("给最近一年的负荷曲线", "2"), ("答复检修日期", "3")):
            act(page, "promise", text=text, due_days=days, owner_id=who["employee"], made_to="厂长")
            expect(page.locator("body")).to_contain_text(text)

    def _open_from_today(self, page: Page, kind: str, text: str) -> None:
        page.goto(f"/?of=mine&kind={kind}")
        item = page.locator("li.work", has_text=text).first
        item.locator(".work-action a.btn").click()
        page.wait_for_load_state("networkidle")

    def _answer_a_promise(self, page: Page) -> None:
        self._open_from_today(page, "promises", "给最近一年的负荷曲线")
        act(page, "keep", evidence="邮件发出，客户已收")
        expect(page.locator("body")).to_contain_text("邮件发出，客户已收")

    def _answer_a_service(self, page: Page, who: dict[str, str]) -> None:
        page.goto(f"/basic-services/{who['due']}/")
        act(page, "record", record="当面办理，客户无意见")
        expect(page.locator("body")).to_contain_text("当面办理，客户无意见")

    def _answer_a_measure(self, page: Page, who: dict[str, str]) -> None:
        page.goto(f"/plans/{who['plan']}/")
        opened = page.locator("[id^=act-report-]").first
        of = (opened.get_attribute("id") or "").rsplit("-", 1)[-1]
        act(page, "report", of, progress_percent="100", note="诊断报告已交")

    def _close_the_review(self, page: Page, who: dict[str, str]) -> None:
        page.goto(f"/plans/{who['plan']}/")
        act(page, "close", review="措施都做了，来年谈储能")
        expect(page.locator("body")).to_contain_text("措施都做了，来年谈储能")
        expect(page.locator("body")).to_contain_text("已复盘")

    def _take_the_sheet_along(self, page: Page, who: dict[str, str]) -> None:
        page.goto(f"/customers/{who['customer']}/sheet/")
        expect(page.locator("#owed")).to_contain_text("答复检修日期")
        expect(page.locator("#owed")).not_to_contain_text("给最近一年的负荷曲线")
