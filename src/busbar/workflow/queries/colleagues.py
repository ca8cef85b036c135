"""Colleagues of a task: how one may act on it, who may take it over, whom one may ask."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from busbar.access.models import Employee, Role
from busbar.access.visibility import NotPermitted, Viewer
from busbar.workflow import people
from busbar.workflow.models import UserTask
from busbar.workflow.people import Acting


def how_may_act(viewer: Viewer, task: UserTask) -> Acting | NotPermitted:
    """How the viewer may act on the task, or the refusal that says whose it is. One query."""
    try:
        return people.require_acting(task, viewer)
    except NotPermitted as refusal:
        return refusal


def list_successors(task: UserTask) -> list[Employee]:
    """Whom the task may be handed over to: its unit's people of its role, without its owner."""
    of_unit = Employee.objects.filter(unit=task.unit_id, user__is_active=True)
    # Read and told apart here: a member of a JSON list cannot be filtered for on SQLite.
    return [
        person
        for person in of_unit.order_by("number")
        if task.role in person.roles and person.pk != task.owner_id
    ]


def find_colleagues(text: str, *, limit: int = 12) -> list[Employee]:
    """Active people of the whole company by name, number or unit: anybody may be asked."""
    said = text.strip()
    if not said:
        return []
    named = Q(name__icontains=said) | Q(number__istartswith=said) | Q(unit__name__icontains=said)
    found = _colleagues().filter(named).order_by("name", "number")
    return [person for person in found[: 4 * limit] if Role.REGULATOR not in person.roles][:limit]


def get_colleague(number: str) -> Employee | None:
    """The active person with this staff number."""
    return _colleagues().filter(number=number).first()


def _colleagues() -> QuerySet[Employee, Employee]:
    return Employee.objects.filter(user__is_active=True).select_related("unit", "user")
