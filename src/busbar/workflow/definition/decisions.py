"""Checking decision tables cell by cell, the way the engine will read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from busbar.kit.errors import Listing, Phrase
from busbar.workflow import expressions

_POLICIES = ("UNIQUE", "FIRST", "COLLECT")
_INPUT = "dmninputexpr"
"""What the engine writes for `?` in a cell."""

Found = Iterator[tuple[str, Phrase]]
"""Elements with what was expected of each."""


def outputs_of(root: etree._Element) -> frozenset[str]:
    """Facts that the decisions of the file yield."""
    return frozenset(
        element.get("name") or element.get("label") or ""
        for element in root.iter()
        if _local(element) == "output"
    )


def check_decision(root: etree._Element, facts: frozenset[str]) -> Found:
    """Problems of one `.dmn` file as (element, what was expected)."""
    decisions = [element for element in root if _local(element) == "decision"]
    if len(decisions) != 1:
        count = len(decisions)
        yield "", Phrase("应有且只有一个决策（decision），现有 %(count)s 个", count=count)
    for table in root.iter():
        if _local(table) == "decisionTable":
            yield from _table(table, facts)


def _table(table: etree._Element, facts: frozenset[str]) -> Found:
    name = table.get("id", "")
    policy = table.get("hitPolicy", "UNIQUE")
    if policy not in _POLICIES:
        known = Listing(_POLICIES)
        yield (
            name,
            Phrase("hitPolicy 是“%(policy)s”，应为 %(known)s 之一", policy=policy, known=known),
        )
    inputs = [_text(child, "inputExpression") for child in table if _local(child) == "input"]
    for child in table:
        if _local(child) == "output" and not str(child.get("name") or "").isidentifier():
            yield child.get("id", ""), Phrase("输出应有 name（成为流程事实的名称）")
    for text in inputs:
        yield from _expression(name, text, facts)
    for rule in (child for child in table if _local(child) == "rule"):
        yield from _rule(rule, inputs, facts)


def _rule(rule: etree._Element, inputs: list[str], facts: frozenset[str]) -> Found:
    entries = [child for child in rule if _local(child) == "inputEntry"]
    if len(entries) != len(inputs):
        yield (
            rule.get("id", ""),
            Phrase(
                "应有 %(wanted)s 个输入格，现有 %(found)s 个",
                wanted=len(inputs),
                found=len(entries),
            ),
        )
    for entry, text in zip(entries, inputs, strict=False):
        cell = _text(entry)
        if cell and cell != "-":
            yield from _expression(entry.get("id", ""), _as_test(text, cell), facts)
    for entry in (child for child in rule if _local(child) == "outputEntry"):
        yield from _expression(entry.get("id", ""), _text(entry) or "''", facts)


def _as_test(text: str, cell: str) -> str:
    if "?" in cell:
        return re.sub(r"\?", _INPUT, cell)
    try:
        ast.parse(cell.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return f"{text} {cell}"
    return f"({text}) == ({cell})"


def _expression(element: str, text: str, facts: frozenset[str]) -> Found:
    try:
        unknown = expressions.names_in(text) - facts - {_INPUT}
    except expressions.UnableToEvaluate as refusal:
        yield element, refusal
        return
    if unknown:
        yield element, Phrase("用到的事实“%(facts)s”不存在", facts=Listing(sorted(unknown)))


def _text(element: etree._Element, within: str = "") -> str:
    for child in element.iter():
        if _local(child) == "text" and (not within or _local(child.getparent()) == within):
            return str(child.text or "").strip()
    return ""


def _local(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
