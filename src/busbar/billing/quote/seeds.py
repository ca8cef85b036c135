"""The packaged rules: rule sets and the power-factor table, read once."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from busbar.billing import rating


@cache
def rule_sets() -> tuple[rating.RuleSet, ...]:
    """R1996 … R2024 as packaged, oldest first."""
    return rating.rule_sets_from(_packaged("rule_sets.toml"))


@cache
def power_factor_table() -> rating.PowerFactorTable:
    """The packaged table of 〔83〕水电财字第 215 号."""
    return rating.power_factor_table_from(_packaged("power_factor.toml"))


@cache
def loss_corrections() -> tuple[tuple[str, int, rating.Rule], ...]:
    """The packaged correction factors K of copper losses, by province and shifts."""
    return rating.corrections_from(_packaged("losses.toml"))


@cache
def day_type_rules() -> tuple[rating.DayTypeRule, ...]:
    """The packaged rules of days of critical peak."""
    return rating.day_type_rules_from(_packaged("day_types.toml"))


def rule_set(code: str) -> rating.RuleSet:
    """A packaged rule set by code; KeyError when there is none."""
    return {entry.code: entry for entry in rule_sets()}[code]


def _packaged(name: str) -> dict[str, Any]:
    text = (resources.files("busbar.pricing") / "seed" / name).read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)
