"""Quotes through the command line, as an office writes them."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from busbar.cli.main import main

QUOTES = Path(__file__).parent / "quotes"


def answer_of(name: str) -> dict[str, Any]:
    """What `busbar bill quote quotes/NAME.json` prints."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        code = main(["bill", "quote", str(QUOTES / f"{name}.json")])
    assert code == 0
    answer: dict[str, Any] = json.loads(printed.getvalue())
    return answer


def answer_to(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What the command line answers to a document."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert main(["bill", "quote", str(_written(document, folder))]) == 0
    answer: dict[str, Any] = json.loads(printed.getvalue())
    return answer


def refusal_to(document: dict[str, Any], folder: Path) -> str:
    """The sentence with which the command line refuses a document; it prints nothing else."""
    printed, said = io.StringIO(), io.StringIO()
    with redirect_stdout(printed), redirect_stderr(said):
        assert main(["bill", "quote", str(_written(document, folder))]) == 1
    assert not printed.getvalue()
    return said.getvalue().strip()


def document_of(name: str) -> dict[str, Any]:
    """A worked document, to be changed."""
    document: dict[str, Any] = json.loads((QUOTES / f"{name}.json").read_text(encoding="utf-8"))
    return document


def amounts(answer: dict[str, Any]) -> dict[str, str]:
    """Amount of each line by id."""
    return {line["id"]: line["amount_yuan"] for line in answer["lines"]}


def _written(document: dict[str, Any], folder: Path) -> Path:
    path = folder / "document.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path
