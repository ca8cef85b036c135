"""The command line by itself: what it says when it is not understood, and the quotation."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import busbar
from busbar.cli.main import COMMANDS, main

QUOTES = Path(__file__).parent.parent / "billing" / "quotes"


class TestMain:
    def test_lists_its_commands_when_called_without_words(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main([])

        shown = capsys.readouterr().out
        assert code == 2
        assert all(f"  {command.name}" in shown for command in COMMANDS)

    def test_names_a_command_that_it_does_not_have(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(["explode"])

        assert (code, capsys.readouterr().err) == (2, "busbar: 没有命令 'explode'\n")


class TestWords:
    """Every Chinese text in the code, for the command line speaks most of them."""

    NOT_SENTENCES = ("clock.py", "bank_file.py", "uploads.py", "cells.py", "matching.py")
    """What they hold are patterns and the form of an option."""

    def test_are_set_with_full_width_marks(self) -> None:
        found = [
            f"{path.name}: {text}"
            for path in sorted(Path(busbar.__file__).parent.rglob("*.py"))
            if path.name not in self.NOT_SENTENCES
            for text in _texts_of(path)
            if re.search(r"[\u4e00-\u9fff）”][,;:?]|[,;?][\u4e00-\u9fff]", text)
        ]

        assert found == []


def _texts_of(path: Path) -> Iterator[str]:
    """The texts of a module, its docstrings aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docstrings:
            yield node.value


class TestBillQuote:
    def test_prints_the_bill_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        code = main(["bill", "quote", str(QUOTES / "e01.json")])

        assert code == 0
        assert json.loads(capsys.readouterr().out)["total_yuan"] == "327024.56"

    def test_prints_the_schema_of_its_input(self, capsys: pytest.CaptureFixture[str]) -> None:
        code = main(["bill", "quote", "--schema"])

        schema = json.loads(capsys.readouterr().out)
        assert code == 0
        assert schema["$schema"].endswith("2020-12/schema")

    def test_refuses_what_is_not_json_with_a_sentence(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        bad = tmp_path / "bad.json"
        bad.write_text("{", encoding="utf-8")

        code = main(["bill", "quote", str(bad)])

        said = capsys.readouterr()
        assert (code, said.out) == (1, "")
        assert said.err.startswith("busbar: ")

    def test_says_so_when_the_file_is_not_there(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        code = main(["bill", "quote", str(tmp_path / "none.json")])

        assert code == 1
        assert "none.json" in capsys.readouterr().err

    def test_refuses_a_month_that_is_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["bill", "run", "--month", "2026-13"])

        assert ended.value.code == 2
        assert "应为 YYYY-MM" in capsys.readouterr().err
