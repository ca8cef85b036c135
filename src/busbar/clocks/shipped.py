"""The rule sets that ship with the product, read from TOML without a database.

`codes.toml` says what a limit is and which events move its clock; `figures_*.toml` say which
document sets it to how much, from where and how sure. A figure takes its code's wiring.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from busbar.clocks.rulebook import LimitFacts

SEED = Path(__file__).resolve().parent / "seed"
DEFAULT_SET = "SEED"
"""种子制度: what a company follows that has adopted nothing else."""

_Row = dict[str, Any]


@cache
def rule_sets() -> dict[str, _Row]:
    """The shipped rule sets by code."""
    return {row["code"]: row for row in _read("rule_sets.toml")["rule_set"]}


@cache
def pause_reasons() -> dict[str, _Row]:
    """The shipped pause reasons by code."""
    return {row["code"]: row for row in _read("pause_reasons.toml")["reason"]}


@cache
def ladders() -> dict[str, list[_Row]]:
    """The shipped escalation ladders by name, each its rungs in order."""
    return {row["name"]: row["rung"] for row in _read("ladders.toml")["ladder"]}


@cache
def limit_rows() -> tuple[_Row, ...]:
    """Every shipped figure with the name and the events of its code."""
    codes = {row["code"]: row for row in _read("codes.toml")["code"]}
    figures = [
        figure
        for file in sorted(SEED.glob("figures_*.toml"))
        for figure in _read(file.name)["figure"]
    ]
    return tuple(_merged(figure, codes) for figure in figures)


@cache
def limits() -> tuple[LimitFacts, ...]:
    """Every shipped limit as plain values."""
    return tuple(_facts(row) for row in limit_rows())


def _read(name: str) -> _Row:
    return tomllib.loads((SEED / name).read_text(encoding="utf-8"), parse_float=Decimal)


def _merged(figure: _Row, codes: dict[str, _Row]) -> _Row:
    row = {**codes[figure["code"]], **figure}
    row["amount"] = Decimal(row["amount"])
    row.setdefault("valid_from", rule_sets()[row["rule_set"]]["valid_from"])
    row.setdefault("valid_until", rule_sets()[row["rule_set"]].get("valid_until"))
    return row


def _facts(row: _Row) -> LimitFacts:
    belongs = rule_sets()[row["rule_set"]]
    names = ("code", "name", "amount", "amount_unit", "source", "certainty", "valid_from")
    optional = ("stage", "sense", "direction", "binds", "ends_on_working_day", "note")
    until: dt.date | None = row["valid_until"]
    return LimitFacts(
        **{name: row[name] for name in names},
        **{name: row[name] for name in optional if name in row},
        rule_set=belongs["code"],
        rule_set_name=belongs["name"],
        document=row.get("document") or belongs["document"],
        level=belongs["level"],
        valid_until=until,
        applies_when=row.get("applies_when", {}),
        parent_codes=tuple(row.get("parent_codes", ())),
        pause_reasons=tuple(row.get("pause_reasons", ())),
    )
