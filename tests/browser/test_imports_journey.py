"""A metering engineer brings a file in, corrects what was refused and brings it in again."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

PASSWORD = "Busbar-Demo-2026"
HEADER = "厂站编码,厂站名称,单位编码,电压等级,某数\n"


def sign_in(page: Page, name: str) -> None:
    """With the demonstration's password."""
    page.goto("/accounts/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.get_by_role("heading", name="今日")).to_be_visible()


def write(folder: Path, name: str, *rows: str) -> Path:
    """A CSV as an old system exports it."""
    path = folder / name
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="gb18030")
    return path


@pytest.mark.one_database
class TestImport:
    def test_from_the_dropped_file_to_the_corrected_one(self, page: Page, tmp_path: Path) -> None:
        sign_in(page, "admin")
        page.goto("/organization/")
        unit = page.locator("tbody tr td:nth-child(2)").first.inner_text()
        rows = [f"J-1,旅程一站,{unit},110,50000", f"J-2,旅程二站,{unit},110,很大"]

        page.goto("/imports/")
        page.get_by_role("link", name="导入文件").first.click()
        page.get_by_text("电网台账").first.click()
        page.set_input_files("[name=files]", write(tmp_path, "变电站.csv", *rows))
        expect(page.locator(".drop-files")).to_contain_text("变电站.csv")
        page.get_by_role("button", name="上传并核对列").click()

        expect(page.get_by_text("未找到，请选择")).to_be_visible()
        page.get_by_label("容量").select_option("某数")
        page.get_by_role("button", name="确认并导入").first.click()

        expect(page.locator("h1")).to_contain_text("完成", timeout=60_000)
        expect(page.locator(".fact", has_text="拒绝")).to_contain_text("1")
        expect(page.get_by_role("cell", name="很大")).to_be_visible()

        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        corrected = Path(download.value.path()).read_text(encoding="utf-8-sig")
        again = tmp_path / "改正.csv"
        again.write_text(corrected.replace("很大", "40000"), encoding="utf-8")
        page.get_by_role("link", name="导入改正后的文件").click()
        page.set_input_files("[name=files]", again)
        page.get_by_role("button", name="上传并核对列").click()

        expect(page.get_by_text("沿用上次的对应")).to_be_visible()
        page.get_by_role("button", name="确认并导入").first.click()
        expect(page.locator("h1")).to_contain_text("完成", timeout=60_000)
        page.goto("/network/?q=J-2")
        expect(page.get_by_role("link", name="旅程二站")).to_be_visible()

    def test_shows_the_first_day_of_a_reading_file_before_it_is_imported(
        self, page: Page, tmp_path: Path
    ) -> None:
        sign_in(page, "admin")
        path = tmp_path / "曲线.csv"
        header = "计量点编号,日期," + ",".join(f"P{n}" for n in range(1, 97))
        path.write_text(f"{header}\nU1,2026-01-01," + ",".join(["25"] * 96) + "\n", "utf-8")

        page.goto("/imports/new/?kind=readings")
        page.set_input_files("[name=files]", path)
        page.get_by_role("button", name="上传并核对列").click()
        page.get_by_role("button", name="预览第一天的曲线").click()

        expect(page.get_by_text("2,400.0 kWh")).to_be_visible()
        expect(page.locator("[data-part=daycurve] canvas")).to_be_visible()
        page.get_by_role("button", name="放弃").click()
        expect(page.get_by_text("已放弃这次导入")).to_be_visible()
