"""`busbar bill quote` with files that are none: a sentence and exit code 1, never a traceback."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from busbar.cli import bill


def quoted(path: Path) -> int:
    parser = argparse.ArgumentParser()
    bill.add_arguments(parser)
    return bill.run(parser.parse_args(["quote", str(path)]))


class TestQuoteOfAFile:
    def test_that_is_missing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert quoted(tmp_path / "none.json") == 1
        assert "打不开文件" in capsys.readouterr().err

    def test_that_is_a_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert quoted(tmp_path) == 1
        assert "打不开文件" in capsys.readouterr().err

    def test_that_is_not_utf_8(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "x.json"
        path.write_bytes(b"\xff\xfe\x00")

        assert quoted(path) == 1
        assert "不是 UTF-8 编码的文本" in capsys.readouterr().err
