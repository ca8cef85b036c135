"""Two people and one survey: claimed, refused with sentences, completed, returned, drawn."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import Live
from tests.console.workflow.site_visits import PNG

from busbar.demo.sign_ins import DEMO_PASSWORD

ROOT = Path(__file__).resolve().parents[2]
COUNTY = "LC11"


@pytest.fixture(scope="module")
def surveys(live: Live) -> list[int]:
    """Four surveys of the county, with people of its own; the numbers of the processes."""
    command = [sys.executable, str(ROOT / "tests/console/workflow/site_visits.py"), COUNTY, "4"]
    environment = {
        **live.environment,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


@pytest.fixture
def colleague(chromium: Browser, live: Live) -> Iterator[Page]:
    """A second person's browser."""
    context = chromium.new_context(base_url=live.url, locale="zh-CN", reduced_motion="reduce")
    yield context.new_page()
    context.close()


def sign_in(page: Page, username: str) -> None:
    """As one of the county's people."""
    page.goto("/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", DEMO_PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.get_by_role("heading", name="今日")).to_be_visible()


def fill_survey(page: Page) -> None:
    """Everything that the form asks for, except what the test leaves out on purpose."""
    page.fill("#field-place", "东区一号门")
    page.fill("#field-visited_on", "2026-03-02")
    page.get_by_text("双电源", exact=True).click()
    page.get_by_text("是", exact=True).first.click()
    page.set_input_files(
        "#field-photos", {"name": "门口.png", "mimeType": "image/png", "buffer": PNG}
    )
    page.fill("[name=equipment-0-name]", "电炉")
    page.get_by_role("button", name="加一行").click()
    page.fill("[name=equipment-1-name]", "空压机")


class TestSurvey:
    def test_goes_from_one_to_the_other_and_back(
        self, page: Page, colleague: Page, surveys: list[int], console_errors: list[str]
    ) -> None:
        process = surveys[0]
        sign_in(page, "surveyor1")
        page.keyboard.press("g")
        page.keyboard.press("w")
        row = page.locator("tr", has_text="勘察事项 001")
        row.get_by_role("button", name="领取").click()
        expect(row).to_contain_text("李勘")

        row.get_by_role("link", name="现场勘察", exact=True).click()
        fill_survey(page)
        page.fill("#field-capacity_kva", "八百")
        page.get_by_role("button", name="办理完成").click()
        wrong = page.locator(".field.is-wrong")
        expect(wrong).to_have_count(2)
        expect(wrong.first).to_contain_text("“核定容量”应为数字")
        expect(wrong.last).to_contain_text("“备用电源说明”必须填写")
        expect(page.locator(".file-list li")).to_contain_text("门口.png")
        assert page.input_value("[name=equipment-1-name]") == "空压机"
        console_errors.clear()  # the refusal itself is an answer of 422

        page.fill("#field-capacity_kva", "800")
        page.fill("#field-second_source", "备用自二号变")
        page.get_by_role("button", name="办理完成").click()
        expect(page).to_have_url(re.compile(rf"/work/processes/{process}/$"))
        diagram = page.locator("#diagram[data-ready]")
        expect(diagram.locator('[data-element-id="survey"].is-done')).to_be_visible()
        expect(diagram.locator('[data-element-id="approve"].is-current')).to_be_visible()

        sign_in(colleague, "reviewer")
        colleague.goto(f"/work/processes/{process}/")
        colleague.get_by_role("link", name="审核勘察").first.click()
        expect(colleague.get_by_text("备用自二号变")).to_be_visible()
        expect(colleague.locator(".attachments img")).to_be_visible()
        colleague.get_by_role("button", name="退回").click()
        colleague.fill("#send-back-reason", "照片不清")
        colleague.locator("#send-back").get_by_role("button", name="退回").click()
        expect(colleague.get_by_text("已退回上一环节")).to_be_visible()

        page.reload()
        expect(page.locator(".records").get_by_text("照片不清")).to_be_visible()

    def test_explains_its_date_in_a_drawer(self, page: Page, surveys: list[int]) -> None:
        sign_in(page, "surveyor2")
        page.goto(f"/work/processes/{surveys[2]}/")

        page.get_by_role("link", name="为什么是这一天").first.click()

        drawer = page.locator("#drawer-frame")
        expect(drawer.locator(".strip-day.is-due")).to_have_count(1)
        expect(drawer).to_contain_text("依据")
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()

    def test_is_seen_late_on_the_diagram_and_moved_by_keys(
        self, page: Page, surveys: list[int]
    ) -> None:
        sign_in(page, "surveyor2")
        page.goto(f"/work/processes/{surveys[3]}/")
        diagram = page.locator("#diagram[data-ready]")
        expect(diagram).to_be_visible()
        before = diagram.locator(".viewport").get_attribute("transform")

        diagram.focus()
        page.keyboard.press("+")

        assert diagram.locator(".viewport").get_attribute("transform") != before


class TestPhone:
    def test_fits_the_desk_on_a_narrow_screen(self, phone: Page, surveys: list[int]) -> None:
        sign_in(phone, "surveyor2")
        for address in ("/", "/work/", f"/work/processes/{surveys[1]}/", "/messages/"):
            phone.goto(address)
            phone.wait_for_load_state("networkidle")
            assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        phone.goto("/work/")
        phone.get_by_role("link", name="现场勘察", exact=True).first.click()

        expect(phone.get_by_text("拍照")).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
