"""`busbar calendar` as an operator meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from busbar.cli.main import main
from busbar.clocks.models import CalendarDay

pytestmark = pytest.mark.django_db


class TestCount:
    """Counting with an explanation of every day."""

    def test_adding_working_days(self, capsys: pytest.CaptureFixture[str]) -> None:
        main(["calendar", "load"])
        assert main(["calendar", "add", "2025-09-26", "2"]) == 0
        assert capsys.readouterr().out.splitlines()[1:] == [
            "2025-09-26 · 周五，起算当日不计入",
            "2025-09-27 · 周六，休息日，不计入",
            "2025-09-28 ✓ 周日，国庆节调休上班，第 1 个工作日",
            "2025-09-29 ✓ 周一，第 2 个工作日",
            "2025-09-26 起 2 个工作日，至 2025-09-29",
        ]

    def test_a_year_not_announced_is_said_to_be_so(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["calendar", "count", "2027-01-01", "2027-01-04"]) == 0
        assert capsys.readouterr().out.endswith("至 2027-01-04（暂定：涉及尚未公布的年份）\n")


class TestShow:
    """Holidays and make-up days of a year."""

    def test_the_year_2025(self, capsys: pytest.CaptureFixture[str]) -> None:
        main(["calendar", "load"])
        capsys.readouterr()
        main(["calendar", "show", "2025"])
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 28 + 5
        assert "2025-09-28 周日 调休上班 国庆节" in lines


class TestUpload:
    """A file of days."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_a_notice_in_either_encoding(self, tmp_path: Path, encoding: str) -> None:
        file = tmp_path / "2027.csv"
        file.write_text("日期,性质,名称\n2027-01-01,放假,元旦\n\n", encoding=encoding)
        command = ["calendar", "upload", str(file), "--source", "通知", "--announce", "2027"]
        assert main(command) == 0
        assert CalendarDay.objects.filter(is_provisional=False).count() == 365

    def test_bad_rows_are_told_with_file_and_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "2027.csv"
        file.write_text("日期,性质,名称\n2027-01-01,放假,元旦\n2027-13-01,放假,元旦\n", "utf-8")
        assert main(["calendar", "upload", str(file), "--source", "通知"]) == 2
        assert capsys.readouterr().out.splitlines() == [
            "2027.csv 第 3 行“日期”列的值“2027-13-01”：应为日期，如 2027-10-01",
            "新增 1 天，更新 0 天，未变 0 天，拒绝 1 行",
        ]

    def test_another_file_is_refused(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "x.csv"
        file.write_text("a,b\n1,2\n")
        assert main(["calendar", "upload", str(file), "--source", "通知"]) == 1
        assert "x.csv 第 1 行应有“日期”“性质”“名称”三列" in capsys.readouterr().err
        assert not CalendarDay.objects.exists()
