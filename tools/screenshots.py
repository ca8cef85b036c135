"""Make the README's pictures: each screen of the demonstration at 1440 and 390 pixels.

python -m tools.screenshots [FOLDER]      default: docs/pictures
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.live import busbar, launch_chromium, serving
from tools.system import find_chromium

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = {1440: 900, 390: 844}
USER = "province"
# Name of the picture and address; `{customer}` and `{bill}` are the first of their lists.
SCREENS = {
    "today": "/",
    "customers": "/customers/",
    "customer": "{customer}",
    "customer-curves": "{customer}tab/curves/",
    "customer-bills": "{customer}tab/bills/",
    "customer-supply": "{customer}tab/supply/",
    "bills": "/bills/",
    "bill": "{bill}",
    "network": "/network/",
    "pricing": "/pricing/",
    "imports": "/imports/",
    "journal": "/journal/",
    "organization": "/organization/",
    "employees": "/employees/",
    "calendar": "/calendar/",
    "tasks": "/tasks/",
}


def take_all(folder: Path, url: str, password: str, chromium: Browser) -> None:
    """Sign in once a width and save every screen."""
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in WIDTHS.items():
        page = chromium.new_page(
            base_url=url,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        page.goto("/accounts/login/")
        _take(page, folder / f"sign-in-{width}.png")
        _sign_in(page, password)
        for name, address in SCREENS.items():
            page.goto(_filled(page, address))
            _take(page, folder / f"{name}-{width}.png")
        page.close()


def _sign_in(page: Page, password: str) -> None:
    page.fill("input[name=login]", USER)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda address: "/accounts/" not in address)


def _filled(page: Page, address: str) -> str:
    """The address with the first customer or bill in its place."""
    if "{customer}" in address:
        return address.format(customer=_first_link(page, "/customers/"))
    return address.format(bill=_first_link(page, "/bills/")) if "{bill}" in address else address


def _first_link(page: Page, address: str) -> str:
    """Where the first row of a list leads."""
    page.goto(address)
    link = page.locator(f"tbody a[href^='{address}']").first
    return str(link.get_attribute("href"))


def _take(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)
    print(path)


def main() -> int:
    """Build the region when it is not there, serve it, take the pictures."""
    from busbar.cli.demo import HOME
    from busbar.cli.main import start_django

    chromium = find_chromium()
    if chromium is None:
        print("没有 Chromium / no Chromium: apt-get install chromium", file=sys.stderr)
        return 1
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    os.environ.setdefault("BUSBAR_HOME", str(ROOT / HOME))
    environment = {**os.environ, "BUSBAR_DEMO": "1"}
    start_django()
    from busbar.demo.sign_ins import DEMO_PASSWORD

    busbar(environment, "demo", "--no-serve")
    with serving(environment) as url, sync_playwright() as playwright:
        take_all(folder, url, DEMO_PASSWORD, launch_chromium(playwright, chromium))
    return 0


if __name__ == "__main__":
    sys.exit(main())
