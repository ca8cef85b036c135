"""The words of a message from its template: names in braces, nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"\{(\w+)\}")


def names_in(text: str) -> set[str]:
    """The facts that a text asks for.

    >>> sorted(names_in("{title} 截止 {due}"))
    ['due', 'title']
    """
    return set(_NAME.findall(text))


def fill(text: str, facts: Mapping[str, str]) -> str:
    """The text with its facts; a brace within a fact stays as it is. KeyError: one is missing.

    >>> fill("{label}的“{title}”", {"label": "甲{due}", "title": "勘察"})
    '甲{due}的“勘察”'
    """
    return _NAME.sub(lambda found: facts[found.group(1)], text)
