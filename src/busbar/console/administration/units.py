"""Finding a unit of the viewer's own branch, and drawing the branch as an indented list."""

from __future__ import annotations

from dataclasses import dataclass

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit
from busbar.access.paths import ancestors
from busbar.access.visibility import Viewer


@dataclass(frozen=True)
class UnitRow:
    """A unit as the tree draws it: depth 1 is the top, people are those placed in it."""

    unit: OrganizationUnit
    depth: int
    people: int


def get_unit(viewer: Viewer, code: str) -> OrganizationUnit:
    """The unit; DoesNotExist when it is outside the viewer's branch."""
    if not viewer.unit_path:
        raise OrganizationUnit.DoesNotExist
    return OrganizationUnit.objects.in_branch(viewer.unit_path).get(code=code)


def list_unit_rows(viewer: Viewer) -> list[UnitRow]:
    """The viewer's branch in tree order; two queries."""
    people = access_queries.count_employees_by_unit(viewer)
    return [
        UnitRow(unit, _depth(unit), people.get(unit.pk, 0))
        for unit in access_queries.list_branch(viewer)
    ]


def unit_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """Active units of the branch as a select shows them: code and indented name."""
    return [
        (unit.code, "　" * (_depth(unit) - 1) + unit.name)
        for unit in access_queries.list_branch(viewer)
        if unit.is_active
    ]


def _depth(unit: OrganizationUnit) -> int:
    return len(ancestors(unit.path)) + 1
