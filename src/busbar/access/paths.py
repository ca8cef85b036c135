"""Materialised paths of the organisation tree: pure text arithmetic.

Three decimal digits a level and nothing else: digits sort alike under every collation of
every database, so a branch is the range `[path, branch_end(path))` wherever it is read.
"""

from __future__ import annotations

from busbar.kit.errors import Refusal

_WIDTH = 3
_LAST = 10**_WIDTH - 2
"""Highest ordinal; one above it stays free so that every branch has an end."""


class UnableToPlaceUnit(Refusal):
    """A unit cannot take another child."""


def is_top(path: str) -> bool:
    """Whether the unit of the path has none above it.

    >>> is_top("000"), is_top("000037"), is_top("")
    (True, False, False)
    """
    return len(path) == _WIDTH


def child_path(parent_path: str, ordinal: int) -> str:
    """Path of the parent's child with this ordinal, counted from 0.

    >>> child_path("", 0), child_path("000", 37)
    ('000', '000037')
    """
    if ordinal > _LAST:
        raise UnableToPlaceUnit("一个单位下最多 %(last)s 个下级单位", last=_LAST + 1)
    return f"{parent_path}{ordinal:0{_WIDTH}d}"


def branch_end(path: str) -> str:
    """First path after the branch.

    >>> "000037" <= "000037005" < branch_end("000037")
    True
    >>> "000038" < branch_end("000037")
    False
    """
    return f"{path[:-_WIDTH]}{int(path[-_WIDTH:]) + 1:0{_WIDTH}d}"


def ordinal_of(path: str) -> int:
    """The ordinal of the path among its siblings.

    >>> ordinal_of("000037")
    37
    """
    return int(path[-_WIDTH:])


def ancestors(path: str) -> list[str]:
    """Paths of all units above, nearest last.

    >>> ancestors("000037005")
    ['000', '000037']
    """
    return [path[:i] for i in range(_WIDTH, len(path), _WIDTH)]
