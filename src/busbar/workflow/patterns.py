"""Patterns of form fields that answer quickly whatever is typed.

Python's `re` goes back and tries again, and a careless or hostile pattern does so for hours on
forty characters. So only such patterns are taken as cannot: what repeats holds nothing that
varies, and little varies at all. Plain values; no database.
"""

from __future__ import annotations

import re

# The parser that `re.compile` itself uses; the library has no public way to look at a pattern.
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from busbar.kit.errors import Refusal

LONGEST_TEXT = 200
"""Characters of a text that is held against a pattern."""
_LONGEST_PATTERN = 500
_MOST_REPEATS, _MOST_VARYING, _MOST_WAYS = 3, 5, 64
_PLAIN = {ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN, ops.AT}
_REPEATS = {ops.MAX_REPEAT, ops.MIN_REPEAT}


class UnableToUsePattern(Refusal, ValueError):  # noqa: N818 - named like every refusal here
    """The pattern is none, or might take for ever."""


def check_pattern(pattern: str) -> None:
    """UnableToUsePattern for what is no pattern, and for what might go back without end.

    >>> check_pattern(r"[A-Z]{2}[0-9]{4,8}(-[0-9]+)?")
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise UnableToUsePattern(
            "pattern 有 %(count)s 个字符，至多 %(longest_pattern)s 个",
            count=len(pattern),
            longest_pattern=_LONGEST_PATTERN,
        )
    try:
        re.compile(pattern)
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as broken:
        raise UnableToUsePattern("pattern 不是正则表达式（%(broken)s）", broken=broken) from broken
    found = _Found()
    found.walk(parsed, within_repeat=False)
    if found.repeats > _MOST_REPEATS or found.varying > _MOST_VARYING or found.ways > _MOST_WAYS:
        raise UnableToUsePattern("pattern 中可变的重复或分支过多，校验可能极慢，请写得更具体")


class _Found:
    """What of a pattern can match in more than one way."""

    def __init__(self) -> None:
        self.repeats, self.varying, self.ways = 0, 0, 1

    def walk(self, parts: Any, *, within_repeat: bool) -> None:
        """Count, and refuse what is never taken."""
        for kind, rest in parts:
            if kind in _PLAIN:
                continue
            if kind is ops.SUBPATTERN:
                self.walk(rest[-1], within_repeat=within_repeat)
            elif kind in _REPEATS:
                self._repeat(rest, within_repeat=within_repeat)
            elif kind is ops.BRANCH and not within_repeat:
                self.ways *= len(rest[1])
                for way in rest[1]:
                    self.walk(way, within_repeat=False)
            else:
                raise UnableToUsePattern("pattern 的重复之内不应再有分支；不支持引用与前后查找")

    def _repeat(self, rest: Any, *, within_repeat: bool) -> None:
        least, most, parts = rest
        varies, again = least != most, int(most) > 1
        if varies and within_repeat:
            raise UnableToUsePattern("pattern 的重复之内不应再有可变的重复，校验可能极慢")
        self.varying += varies
        self.repeats += varies and again
        self.walk(parts, within_repeat=within_repeat or again)
