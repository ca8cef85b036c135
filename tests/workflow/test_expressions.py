"""Expressions can name and compare, and nothing else, however they are dressed up."""

from __future__ import annotations

import pytest

from busbar.workflow import expressions
from busbar.workflow.expressions import UnableToEvaluate

ATTACKS = [
    "__import__('os').system('true')",
    "().__class__.__bases__",
    "getattr(a, 'b')",
    "a.b",
    "a['b']",
    "[x for x in (1, 2)]",
    "{x: x for x in (1, 2)}",
    "(x for x in (1, 2))",
    "f'{a}'",
    "f'{__import__(\"os\")}'",
    "lambda: 1",
    "(lambda: 1)()",
    "9 ** 9 ** 9",
    "'a' * 999999999",
    "1 + 1",
    "a - 1",
    "(a := 1)",
    "a if b else c",
    "__builtins__",
    "__name__ == 'x'",
    "_private",
    "eval('1')",
    "open('/etc/passwd')",
    "print",  # a name, but no fact: None
    "a; b",
    "import os",
    "a = 1",
    "exec('x')",
    "*a,",
    "b'x'",
    "...",
    "1j",
    "~a",
    "-a",
    "await a",
    "yield",
    "not " * 60 + "a",
    "(" * 300 + "a" + ")" * 300,
    "a == " + "1" * 600,
    "a\x00b",
    "",
]


class TestEvaluate:
    """What a definition may say."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("kind == 'dual'", True),
            ("kind != 'dual' or capacity >= 315", True),
            ("not (kind == 'single')", True),
            ("kind in ('dual', 'single')", True),
            ("kind not in ['x']", True),
            ("0 < capacity < 315", False),
            ("missing is None", True),
            ("missing == 3", False),
            ("capacity > -5", True),
            ("done is True and capacity == 400", True),
            ("'literal'", "literal"),
            ("kind", "dual"),
            ("day >= '2026-03-01'", True),
        ],
    )
    def test_it_names_and_compares(self, text: str, value: object) -> None:
        facts = {"kind": "dual", "capacity": 400, "done": True, "day": "2026-03-02"}
        assert expressions.evaluate(text, facts) == value

    @pytest.mark.parametrize("text", [a for a in ATTACKS if a != "print"])
    def test_it_refuses_everything_else(self, text: str) -> None:
        with pytest.raises(UnableToEvaluate):
            expressions.evaluate(text, {"a": 1, "b": 2, "c": 3})

    def test_a_builtin_is_a_fact_that_is_not_there(self) -> None:
        assert expressions.evaluate("print", {}) is None

    def test_what_cannot_be_compared_is_refused_with_the_expression(self) -> None:
        with pytest.raises(UnableToEvaluate, match="capacity > 3"):
            expressions.evaluate("capacity > 3", {})

    def test_names_are_told_before_anything_runs(self) -> None:
        assert expressions.names_in("a == 1 and b in (c, 'd')") == {"a", "b", "c"}
