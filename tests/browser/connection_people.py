"""People who lead an application through the real pages, each in a browser of his own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from busbar.demo.sign_ins import DEMO_PASSWORD

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 photo"
Upload = tuple[str, bytes]
"""File name and bytes."""


class People:
    """Browsers by user name, opened when somebody is first needed."""

    def __init__(self, chromium: Browser, url: str) -> None:
        self.chromium, self.url = chromium, url
        self.contexts: list[BrowserContext] = []
        self.pages: dict[str, Page] = {}

    def close(self) -> None:
        """Every browser."""
        for context in self.contexts:
            context.close()

    def visitor(self) -> Page:
        """Somebody without a sign-in."""
        context = self.chromium.new_context(
            base_url=self.url, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
        )
        self.contexts.append(context)
        return context.new_page()

    def page(self, username: str) -> Page:
        """The person's page, signed in."""
        if username not in self.pages:
            page = self.visitor()
            page.goto("/accounts/login/")
            page.fill("[name=login]", username)
            page.fill("[name=password]", DEMO_PASSWORD)
            page.press("[name=password]", "Enter")
            expect(page.get_by_role("heading", name="今日")).to_be_visible()
            self.pages[username] = page
        return self.pages[username]

    def do_task(
        self,
        username: str,
        number: str,
        title: str,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Upload] | None = None,
        *,
        fits: int | None = None,
    ) -> None:
        """Open the application's task of this title, fill its form, complete it.

        `fits` is the width in px that the filled form must not exceed.
        """
        page = self.page(username)
        page.goto(f"/connections/{number}/")
        page.get_by_role("link", name=title, exact=True).first.click()
        expect(page.locator("#task-form")).to_be_visible()
        fill(page, data or {})
        for field, (name, content) in (files or {}).items():
            kind = "application/pdf" if name.endswith("pdf") else "image/jpeg"
            page.set_input_files(
                f"#field-{field}", {"name": name, "mimeType": kind, "buffer": content}
            )
        if fits is not None:
            assert page.evaluate("document.documentElement.scrollWidth") <= fits
        page.locator("#task-submit").click()
        page.wait_for_url("**/work/processes/**")


def fill(page: Page, data: Mapping[str, Any]) -> None:
    """Answer a form's fields by their names; a list of rows fills a table, one of words ticks."""
    for name, value in data.items():
        if isinstance(value, Sequence) and not isinstance(value, str):
            _fill_many(page, name, value)
        else:
            answer(page.locator(f"#task-form [name='{name}']"), value)


def _fill_many(page: Page, name: str, values: Sequence[Any]) -> None:
    """Rows of a table, or the values to tick of a list."""
    if values and not isinstance(values[0], str):
        _fill_rows(page, name, values)
        return
    for value in values:
        page.locator(f"#task-form [name='{name}'][value='{value}']").check(force=True)


def _fill_rows(page: Page, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    field = page.locator(f"[data-field='{name}']")
    for place, row in enumerate(rows):
        first = next(iter(row))
        if field.locator(f"[name='{name}-{place}-{first}']").count() == 0:
            field.locator("[data-add-row]").click()
        for column, value in row.items():
            answer(field.locator(f"[name='{name}-{place}-{column}']"), value)


def answer(field: Locator, value: Any) -> None:
    """Type, choose or tick, whatever the field is."""
    first = field.first
    kind = first.evaluate("e => e.tagName === 'SELECT' ? 'select' : e.type")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "radio":
        field.and_(field.page.locator(f"[value='{text}']")).check(force=True)
    elif kind == "select":
        first.select_option(text)
    else:
        first.fill(text)
