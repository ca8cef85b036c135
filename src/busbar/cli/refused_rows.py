"""Rows of a bank's file that were not kept: on the screen, and as a CSV to be corrected."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_SHOWN = 20


def show_refused(refused: Sequence[dict[str, Any]], *, write_to: Path | None) -> None:
    """The first twenty on the error output, all of them to the file."""
    for row in refused[:_SHOWN]:
        print(
            f"  第 {row['row']} 行 {row['column']}“{row['value']}”：{row['expectation']}",
            file=sys.stderr,
        )
    if write_to and refused:
        _write(write_to, refused)


def _write(path: Path, refused: Sequence[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["行", "列", "值", "应为"])
        writer.writerows([r["row"], r["column"], r["value"], r["expectation"]] for r in refused)
    print(f"未收的行已写到 {path}")
