"""`busbar fees`: the bank's file from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from busbar.cli.main import main
from busbar.connections.models import BankReceipt, FeeNotice
from tests.connections.scheme.world import World


class TestFeesImport:
    def test_good_rows_are_kept_and_bad_ones_named(
        self, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        notice = world.notice("12.50")
        path, errors = tmp_path / "bank.csv", tmp_path / "errors.csv"
        path.write_text(
            "reference,date,payer,account,amount,remark\n"
            f"A1,2025-03-20,轴承厂,95588001,12.50,{notice.number}\n"
            "A2,2025-03-20,轴承厂,95588001,twelve,\n",
            encoding="utf-8",
        )
        code = main(["fees", "import", str(path), "--errors", str(errors)])
        said = capsys.readouterr()
        assert code == 2
        assert "收下 1 行" in said.out
        assert "第 3 行 amount“twelve”" in said.err
        assert FeeNotice.objects.get(pk=notice.pk).state == "paid"
        assert "twelve" in errors.read_text(encoding="utf-8-sig")

    def test_a_file_that_is_not_there_is_said(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["fees", "import", "/nowhere/bank.csv"]) == 1
        assert "没有这个文件" in capsys.readouterr().err
        assert not BankReceipt.objects.exists()
