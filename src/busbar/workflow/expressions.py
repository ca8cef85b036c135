"""Expressions of definitions: name facts and compare them, nothing else.

Conditions of gateways and cells of decision tables are read as a Python expression and walked
over its syntax tree; only the node kinds listed here are known, so calls, attributes, subscripts,
comprehensions, formatted strings, arithmetic and assignments cannot be written at all. Nothing is
ever handed to `eval`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from busbar.kit.errors import Refusal

MAX_LENGTH = 500
"""Characters of one expression; longer ones are programs, not conditions."""
MAX_NODES = 120
MAX_DEPTH = 20

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_SCALARS = (bool, int, float, str, type(None))


class UnableToEvaluate(Refusal):
    """The expression says something other than names and comparisons, or compares the unlike."""


def evaluate(text: str, facts: Mapping[str, Any]) -> Any:
    """The value of the expression over the facts; a fact that is not there is None.

    >>> evaluate("kind == 'dual' and capacity_kva >= 315", {"kind": "dual", "capacity_kva": 400})
    True
    """
    try:
        return _value(parse(text), facts)
    except TypeError as unlike:
        raise UnableToEvaluate(
            "表达式“%(text)s”比较了不能相比的值，请检查所用的流程事实", text=text
        ) from unlike


def names_in(text: str) -> frozenset[str]:
    """The facts that the expression names.

    >>> sorted(names_in("a == 1 or b in ('x', 'y')"))
    ['a', 'b']
    """
    return frozenset(node.id for node in ast.walk(parse(text)) if isinstance(node, ast.Name))


@lru_cache(maxsize=4096)
def parse(text: str) -> ast.expr:
    """The checked syntax tree; UnableToEvaluate names what may not stand in it."""
    if len(text) > MAX_LENGTH:
        raise UnableToEvaluate(
            "表达式长 %(count)s 个字符，至多 %(max_length)s 个",
            count=len(text),
            max_length=MAX_LENGTH,
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as broken:
        raise UnableToEvaluate("表达式“%(text)s”无法理解，应为事实名与比较", text=text) from broken
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise UnableToEvaluate("表达式“%(text)s…”过于复杂", text=text[:40])
    _check(tree, text, 0)
    return tree


def _check(node: ast.expr, text: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise UnableToEvaluate("表达式“%(text)s…”嵌套过深", text=text[:40])
    for child in _children(node, text):
        _check(child, text, depth + 1)


def _children(node: ast.expr, text: str) -> list[ast.expr]:
    """The parts of an allowed node; a refusal for any other."""
    match node:
        case ast.Constant() if isinstance(node.value, _SCALARS):
            return []
        case ast.Name() if not node.id.startswith("_"):
            return []
        case ast.BoolOp():
            return node.values
        case ast.UnaryOp(op=ast.Not()):
            return [node.operand]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return []
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.Tuple() | ast.List() | ast.Set():
            return node.elts
        case _:
            raise UnableToEvaluate(
                "表达式“%(text)s”中有“%(name)s”：只能写事实名、常量、比较、and、or、not、in",
                text=text,
                name=type(node).__name__,
            )


def _value(node: ast.expr, facts: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return facts.get(node.id)
        case ast.BoolOp(op=ast.And()):
            return all(_value(part, facts) for part in node.values)
        case ast.BoolOp():
            return any(_value(part, facts) for part in node.values)
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, facts)
        case ast.UnaryOp(operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Compare():
            return _compare(node, facts)
        case ast.Tuple() | ast.List() | ast.Set():
            return [_value(part, facts) for part in node.elts]
    raise UnableToEvaluate("不能求值：%(name)s", name=type(node).__name__)


def _compare(node: ast.Compare, facts: Mapping[str, Any]) -> bool:
    left = _value(node.left, facts)
    for kind, part in zip(node.ops, node.comparators, strict=True):
        right = _value(part, facts)
        if not _COMPARISONS[type(kind)](left, right):
            return False
        left = right
    return True
