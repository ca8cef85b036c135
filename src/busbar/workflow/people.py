"""Who may act on a task, and where a kind of unit is found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import NotPermitted, Viewer
from busbar.kit.errors import Refusal
from busbar.workflow.models import UserTask

STAND_INS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
"""Roles that may act for the people of their branch; it is recorded as 代签."""


class NoUnitForTask(Refusal):
    """The organization has no unit of the kind that a task asks for."""


@dataclass(frozen=True)
class Acting:
    """Somebody acting on a task; `for_another` where it was not the person's own to do."""

    employee_id: int | None
    for_another: bool


def require_acting(task: UserTask, viewer: Viewer) -> Acting:
    """How the viewer may act on the task; NotPermitted says whose it is. One query.

    A task is done by people of its unit with its role; once owned, by its owner. Managers and
    administrators of the branch may stand in.
    """
    if viewer.sees_all:
        return Acting(None, for_another=False)
    person = Employee.objects.filter(pk=viewer.employee_id or 0).values("roles", "unit_id").first()
    if person is None or Role.REGULATOR in person["roles"]:
        raise NotPermitted("没有这个任务，或不在您的管辖范围之内")
    if task.owner_id == viewer.employee_id:
        return Acting(viewer.employee_id, for_another=False)
    belongs = person["unit_id"] == task.unit_id and task.role in person["roles"]
    if belongs and task.owner_id is None:
        return Acting(viewer.employee_id, for_another=False)
    if viewer.covers(task.unit.path) and STAND_INS & set(person["roles"]):
        return Acting(viewer.employee_id, for_another=True)
    if not viewer.covers(task.unit.path):
        raise NotPermitted("没有这个任务，或不在您的管辖范围之内")
    if belongs:
        owner = task.owner.name if task.owner else ""
        raise NotPermitted(f"任务“{task.title}”由{owner}办理，请先请其转办")
    role = Role(task.role).label
    raise NotPermitted(f"任务“{task.title}”应由{task.unit.name}的{role}办理")


def require_belongs(task: UserTask, employee: Employee) -> None:
    """Refuse to give a task to somebody whose unit or role it is not."""
    if employee.unit_id != task.unit_id or task.role not in employee.roles:
        role = Role(task.role).label
        raise NotPermitted(f"{employee.name}不是{task.unit.name}的{role}，不能接办此任务")


def resolve_units(home: OrganizationUnit, kinds: Iterable[str]) -> dict[str, OrganizationUnit]:
    """For each kind the unit that answers to `home`: itself, or the nearest of its company.

    Nearest is the one that shares the longest way down from the root; of these the highest,
    then the first in tree order. One query; NoUnitForTask names a kind that nobody has.
    """
    wanted = set(kinds)
    found = {home.kind: home} if home.kind in wanted else {}
    rest = wanted - set(found)
    if not rest:
        return found
    units = OrganizationUnit.objects.filter(kind__in=rest, is_active=True)
    best: dict[str, tuple[tuple[int, int, str], OrganizationUnit]] = {}
    for unit in units:
        rank = (-_shared(home.path, unit.path), len(unit.path), unit.path)
        if unit.kind not in best or rank < best[unit.kind][0]:
            best[unit.kind] = (rank, unit)
    for kind in rest:
        if kind not in best or best[kind][0][0] == 0:
            raise NoUnitForTask(f"{home.name}没有对应的“{_label(kind)}”，请先在组织机构中建立")
        found[kind] = best[kind][1]
    return found


_LEVEL = 3
"""Digits of a path a level."""


def _shared(one: str, other: str) -> int:
    """Levels that two paths have in common from the root."""
    levels = min(len(one), len(other)) // _LEVEL
    pairs = (
        one[n * _LEVEL : (n + 1) * _LEVEL] == other[n * _LEVEL : (n + 1) * _LEVEL]
        for n in range(levels)
    )
    count = 0
    for same in pairs:
        if not same:
            break
        count += 1
    return count


def _label(kind: str) -> str:
    return str(dict(OrganizationUnit._meta.get_field("kind").flatchoices).get(kind, kind))  # noqa: SLF001 - Django's public `_meta`
