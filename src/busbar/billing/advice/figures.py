"""The advice's own figures by date, each a rule with source and certainty."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from busbar.billing.rating import Rule, RuleSet, UnableToRate, rule_value


def figures_on(day: dt.date) -> RuleSet:
    """The figures in force on a day, asked like a rule set; before the first ones these.

    They are how this advice is made, not a law of its day: a year long past is studied by them
    too, and each says since when it is.

    >>> figures_on(dt.date(2026, 1, 1)).integer("advice.minimum_bills")
    9
    >>> figures_on(dt.date(2018, 11, 20)).rule("advice.minimum_bills").article
    '2025-01-01 起'
    """
    valid: dict[str, Rule] = {}
    for entry in sorted(_entries(), key=lambda entry: entry["valid_from"]):
        if entry["valid_from"] <= day or entry["code"] not in valid:
            valid[entry["code"]] = _rule(entry)
    return RuleSet("ADVICE", "用电建议的参数", dt.date.min, None, valid)


def list_values(rule_set: RuleSet, code: str) -> tuple[str, ...]:
    """A figure that is a list; UnableToRate where it is something else."""
    value = rule_set.rule(code).value
    if not isinstance(value, tuple):
        raise UnableToRate(
            "规则集 %(rule_set)s 的参数 %(code)s 应为列表，现为 %(value)s。",
            rule_set=rule_set.code,
            code=code,
            value=value,
        )
    return value


def _rule(entry: dict[str, Any]) -> Rule:
    return Rule(
        code=entry["code"],
        name=entry["name"],
        value=rule_value(entry["value"]),
        rule_set="ADVICE",
        unit=entry["unit"],
        article=f"{entry['valid_from']} 起",
        source=entry["source"],
        certainty=entry["certainty"],
    )


@cache
def _entries() -> list[dict[str, Any]]:
    text = (resources.files("busbar.billing.advice") / "figures.toml").read_text("utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text, parse_float=Decimal)["figure"]
    return entries
