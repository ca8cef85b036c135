"""A demonstration region served by the real server, and pages of a real Chromium.

One region a test process: browser tests share it, so each makes the rows it changes. Under
xdist they all run in one process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from tools.live import busbar, launch_chromium, serving
from tools.system import find_chromium

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]

# Playwright's 5 s are a measure of the machine, not of the page, where all cores are busy.
expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests, and keep them in one xdist process."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@dataclass(frozen=True)
class Live:
    """A running Busbar: its address, its home folder and the environment of its processes."""

    url: str
    home: Path
    environment: dict[str, str]

    def run(self, *words: str) -> str:
        """Run `busbar WORDS…` on the same data; returns what it printed, fails as it fails."""
        return busbar(self.environment, *words)

    def tell(self, script: str, *words: str) -> dict[str, str]:
        """Run a script of this folder on the same data; the facts that it printed as JSON."""
        environment = {
            **self.environment,
            "PYTHONPATH": f"{_ROOT / 'src'}:{_ROOT}",
            "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
        }
        command = [sys.executable, str(_HERE / script), *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        facts: dict[str, str] = json.loads(done.stdout)
        return facts


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a small demonstration region with its own home and database."""
    home = tmp_path_factory.mktemp("region")
    environment = {**os.environ, "BUSBAR_HOME": str(home), "BUSBAR_DEMO": "1"}
    environment.pop("DATABASE_URL", None)
    if "DATABASE_URL" in os.environ:
        environment["DATABASE_URL"] = _create_database(os.environ["DATABASE_URL"])
    busbar(environment, "demo", "--customers", "12", "--months", "2", "--no-serve")
    return environment


@pytest.fixture(scope="session")
def live(region: dict[str, str]) -> Iterator[Live]:
    """The region served by granian, with its worker, on a free port."""
    with serving(region) as url:
        yield Live(url=url, home=Path(region["BUSBAR_HOME"]), environment=region)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless; BUSBAR_CHROMIUM names another one."""
    path = find_chromium()
    if path is None:
        message = "没有 Chromium:请以 root 安装软件包 chromium / install the package chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    # Playwright's synchronous interface runs a loop in this thread; Django would refuse the ORM.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright, path)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def console_errors() -> list[str]:
    """What the browser complained about. A test that provokes an error on purpose clears it."""
    return []


@pytest.fixture
def page(chromium: Browser, live: Live, console_errors: list[str]) -> Iterator[Page]:
    """A page of 1440 × 900; `page.goto("/")` is the region's first page."""
    yield from _open_page(chromium, live, console_errors, width=1440, height=900)


@pytest.fixture
def phone(chromium: Browser, live: Live, console_errors: list[str]) -> Iterator[Page]:
    """A page of 390 × 844, by touch."""
    yield from _open_page(chromium, live, console_errors, width=390, height=844)


def _open_page(
    chromium: Browser, live: Live, errors: list[str], *, width: int, height: int
) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=live.url,
        viewport={"width": width, "height": height},
        has_touch=width < 600,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    try:
        yield _watched(context, errors)
    finally:
        context.close()
    assert errors == [], "the page made the browser complain (scripts or Content-Security-Policy)"


def _watched(context: BrowserContext, errors: list[str]) -> Page:
    """A page whose console errors, broken scripts and policy violations are collected."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location.get('url', '')})")

    page = context.new_page()
    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page


def _create_database(url: str) -> str:
    import psycopg

    name = f"region_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    return f"{url.rsplit('/', 1)[0]}/{name}"
