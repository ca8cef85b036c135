"""Every main page by keyboard alone: reached, named, seen, worked (WCAG 2.1.1, 2.4.1, 2.4.7)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from busbar.demo.organization import ADMINISTRATOR
from busbar.demo.sign_ins import DEMO_PASSWORD

_CHECK = (Path(__file__).parent / "keyboard.js").read_text(encoding="utf-8")
LISTS = (
    "/",
    "/customers/",
    "/groups/",
    "/consolidation/",
    "/archive-rules/",
    "/key-accounts/",
    "/bills/",
    "/arrears/",
    "/readings/",
    "/promises/",
    "/department-orders/",
    "/department-orders/measures/",
    "/plans/",
    "/team/",
    "/pricing/tariffs/",
)
"""今日 and the main lists; the sidebar leads to them (prices have their own tabs) and to more."""
DETAILS = {
    "/customers/": r"/customers/[^/?]+/",
    "/bills/": r"/bills/\d+/[\d-]+/",
    "/readings/": r"/usage-points/[^/]+/days/[\d-]+/",
    "/pricing/tariffs/": r"/pricing/tariffs/[^/]+/",
    "/promises/": r"/promises/\d+/",
    "/plans/": r"/plans/\d+/",
}
"""Pages that a list leads to: a customer, a bill, a day, a tariff, a promise, a plan."""
PERHAPS = {"/groups/": r"/groups/[^/?]+/", "/arrears/": r"/arrears/[^/?]+/"}
"""Pages of which a small region may have none."""


@pytest.fixture
def desk(page: Page) -> Page:
    """The administrator's: every place of the sidebar is his."""
    page.goto("/accounts/login/")
    page.fill("[name=login]", ADMINISTRATOR)
    page.fill("[name=password]", DEMO_PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.get_by_role("heading", name="今日")).to_be_visible()
    return page


def look_over(page: Page, address: str) -> tuple[list[str], list[str]]:
    """What the keyboard cannot do on the page; and the addresses that it leads to."""
    page.goto(address)
    page.keyboard.press("Tab")
    told: dict[str, Any] = page.evaluate(_CHECK)
    assert told["count"] > 20, f"{address} has hardly a control"
    led: list[str] = page.eval_on_selector_all(
        "a[href]", "all => all.map((a) => a.getAttribute('href').split(/[#?]/)[0])"
    )
    return [f"{address}: {sentence}" for sentence in told["found"]], led


def tab_to(page: Page, selector: str) -> None:
    """Press Tab from the page's beginning, over the skip link, until the control has the focus."""
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"{selector} is not reached by 150 presses of Tab on {page.url}")


@pytest.mark.one_database
class TestEveryControl:
    def test_of_every_page_is_reached_named_and_seen(self, desk: Page) -> None:
        places = desk.eval_on_selector_all(
            ".sidebar a[href]", "all => all.map((a) => a.getAttribute('href'))"
        )
        assert set(LISTS) - set(places) <= {"/pricing/tariffs/"}
        wrong, led = [], {}
        for address in dict.fromkeys([*LISTS, *places]):
            found, led[address] = look_over(desk, address)
            wrong += found
        for address, pattern in {**DETAILS, **PERHAPS}.items():
            ahead = [a for a in led[address] if re.fullmatch(pattern, a) and a not in places]
            assert ahead or address in PERHAPS, f"{address} leads to no {pattern}"
            for one in ahead[:1]:
                wrong += look_over(desk, one)[0]
        tariff = next(
            a for a in led["/pricing/tariffs/"] if re.fullmatch(DETAILS["/pricing/tariffs/"], a)
        )
        wrong += look_over(desk, f"{tariff}draft/")[0]

        assert wrong == []

    def test_that_is_planted_wrong_is_found(self, desk: Page) -> None:
        desk.goto("/bills/")
        desk.keyboard.press("Tab")
        desk.evaluate(
            """() => document.querySelector("main").insertAdjacentHTML("afterbegin", `
              <div role="button" id="p1">甲</div>
              <button tabindex="-1" id="p2">乙</button>
              <input id="p3" placeholder="丙">
              <span hx-get="/x" id="p4">丁</span>
              <button id="p5"></button>`)"""
        )
        # The page's Content-Security-Policy takes no inline style; a script may set it.
        desk.evaluate(
            """() => {
              const quiet = document.querySelector("main a[href]");
              quiet.id = "p6";
              quiet.style.setProperty("outline", "none", "important");
              quiet.style.setProperty("box-shadow", "none", "important");
              const mouse = document.createElement("span");
              mouse.id = "p7"; mouse.textContent = "戊"; mouse.style.cursor = "pointer";
              document.querySelector("main").append(mouse);
            }"""
        )

        found = desk.evaluate(_CHECK)["found"]

        said = {tuple(re.findall(r"^(.*): #(p\d) ", one)[0]) for one in found if ": #p" in one}
        assert {
            ("not in the order of Tab", "p1"),
            ("not in the order of Tab", "p2"),
            ("without a name", "p3"),
            ("not in the order of Tab", "p4"),
            ("without a name", "p5"),
            ("focus cannot be seen", "p6"),
            ("reacts to the mouse only", "p7"),
        } <= said


@pytest.mark.one_database
class TestWork:
    def test_skips_to_the_page(self, desk: Page) -> None:
        desk.goto("/customers/")
        desk.keyboard.press("Tab")
        expect(desk.locator(".skip-link")).to_be_focused()
        expect(desk.locator(".skip-link")).to_be_in_viewport()

        desk.keyboard.press("Enter")

        expect(desk.locator("main")).to_be_focused()

    def test_goes_from_today_to_what_is_due(self, desk: Page) -> None:
        desk.goto("/")
        tab_to(desk, ".work-action a")
        ahead = desk.evaluate("document.activeElement.getAttribute('href')")

        desk.keyboard.press("Enter")

        desk.wait_for_url(f"**{ahead.split('#')[0]}*")

    def test_opens_the_first_customer_of_the_list(self, desk: Page) -> None:
        desk.goto("/customers/")
        tab_to(desk, "a.row-link")
        name = desk.evaluate("document.activeElement.textContent").strip()

        desk.keyboard.press("Enter")

        expect(desk.get_by_role("heading", level=1)).to_contain_text(name)

    def test_unfolds_the_form_of_a_rule_and_writes_into_it(self, desk: Page) -> None:
        desk.goto("/archive-rules/")
        tab_to(desk, "main summary.btn")
        desk.keyboard.press("Enter")
        desk.keyboard.press("Tab")
        desk.keyboard.press("ControlOrMeta+a")
        desk.keyboard.type("12")

        assert desk.evaluate("document.activeElement.value") == "12"
        assert desk.evaluate("document.activeElement.closest('details').open")
