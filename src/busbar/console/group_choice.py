"""Lists narrowed to a group: `?group=CODE` means the customers of its whole branch (U1)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

from busbar.access.visibility import Viewer
from busbar.customers.queries import groups as groups_queries


@dataclass(frozen=True)
class GroupChoice:
    """The group of the address with its whole branch; nothing where it is not seen."""

    code: str
    name: str
    ids: frozenset[int]


def chosen_group(viewer: Viewer, given: QueryDict) -> GroupChoice | None:
    """None where no group is asked for; three queries where one is."""
    code = given.get("group", "").strip()[:40]
    if not code:
        return None
    lines = groups_queries.list_group_lines(viewer, top=code)
    name = lines[0].group.name if lines else code
    return GroupChoice(code, name, frozenset(line.group.pk for line in lines))


def ids_of(chosen: GroupChoice | None) -> frozenset[int] | None:
    """As queries take it: None does not narrow."""
    return None if chosen is None else chosen.ids
