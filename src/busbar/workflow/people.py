"""Who may act on a task, and where a kind of unit is found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import NotPermitted, Viewer
from busbar.kit.errors import Refusal
from busbar.workflow.definition.elements import Step
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
    if viewer.is_employee(task.owner_id):
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
        raise NotPermitted(
            "任务“%(title)s”由%(owner)s办理，请先请其转办", title=task.title, owner=owner
        )
    role = Role(task.role).label
    raise NotPermitted(
        "任务“%(title)s”应由%(unit)s的%(role)s办理",
        title=task.title,
        unit=task.unit.name,
        role=role,
    )


def require_belongs(task: UserTask, employee: Employee) -> None:
    """Refuse to give a task to somebody whose unit or role it is not."""
    if employee.unit_id != task.unit_id or task.role not in employee.roles:
        role = Role(task.role).label
        raise NotPermitted(
            "%(employee)s不是%(unit)s的%(role)s，不能接办此任务",
            employee=employee.name,
            unit=task.unit.name,
            role=role,
        )


@dataclass(frozen=True)
class Post:
    """Whose a task is: the unit and the role."""

    unit: OrganizationUnit
    role: str
    owner: Employee | None = None


def resolve_posts(
    home: OrganizationUnit, steps: Iterable[Step], facts: Mapping[str, Any]
) -> dict[str, Post]:
    """By element whose each step is; a step with `=fact` is whose the matter's facts name.

    Such a fact holds a unit's key, or a role. NoUnitForTask where it names neither.
    """
    asked = list(steps)
    named = {step.unit: _named_unit(step, facts) for step in asked if step.unit.startswith("=")}
    kinds = {step.unit for step in asked} - set(named)
    units = {**resolve_units(home, kinds), **named}
    return {step.element: _post(step, units[step.unit], facts) for step in asked}


def _post(step: Step, unit: OrganizationUnit, facts: Mapping[str, Any]) -> Post:
    role = _role_of(step, facts)
    key = facts.get(step.owner[1:]) if step.owner else None
    if not isinstance(key, int):
        return Post(unit, role)
    person = Employee.objects.filter(pk=key, unit=unit, user__is_active=True).first()
    return Post(unit, role, person if person is not None and role in person.roles else None)


def _named_unit(step: Step, facts: Mapping[str, Any]) -> OrganizationUnit:
    key = facts.get(step.unit[1:])
    units = OrganizationUnit.objects.filter(is_active=True)
    unit = units.filter(pk=key).first() if isinstance(key, int) else None
    if unit is None:
        raise NoUnitForTask("任务“%(title)s”没有承办单位，或该单位已停用", title=step.title)
    return unit


def _role_of(step: Step, facts: Mapping[str, Any]) -> str:
    role = str(facts.get(step.role[1:])) if step.role.startswith("=") else step.role
    if role not in Role.values:
        raise NoUnitForTask("任务“%(title)s”没有承办岗位", title=step.title)
    return role


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
            raise NoUnitForTask(
                "%(unit)s没有对应的“%(kind)s”，请先在组织机构中建立",
                unit=home.name,
                kind=_label(kind),
            )
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
