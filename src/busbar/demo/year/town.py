"""Who works where: people by unit and role, and the task that is theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from busbar.access import queries as access_queries
from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.demo.names import Place
from busbar.demo.organization import ADMINISTRATOR, city_code, station_code
from busbar.demo.parameters import Parameters
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import TaskState, UserTask
from busbar.workflow.operations import FileUpload

OPEN = (TaskState.OPEN, TaskState.CLAIMED)


@dataclass
class Town:
    """The region's people; read once."""

    parameters: Parameters
    units: dict[str, OrganizationUnit] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """Employee number by user name."""
    _people: dict[str, Viewer] = field(default_factory=dict)
    _posts: dict[tuple[int, str], list[Viewer]] = field(default_factory=dict)

    def person(self, username: str) -> Viewer:
        """Who signs in by that name."""
        return self._people[username]

    def workers(self, task: UserTask) -> list[Viewer]:
        """Whose task it is, in the order of their numbers."""
        return self._posts[task.unit_id, task.role]

    def station(self, place: Place, serial: int) -> OrganizationUnit:
        """One of the county's two supply stations."""
        return self.units[station_code(place, serial)]

    def clerk(self, unit: OrganizationUnit) -> Viewer:
        """The connection officer of a supply station."""
        return self._posts[unit.pk, Role.CONNECTION_OFFICER][0]

    def post(self, unit: OrganizationUnit, role: str) -> Viewer:
        """The first of a unit with a role; the administrator where there is none."""
        return self._posts.get((unit.pk, role), [self.administrator])[0]

    def of_city(self, city: int, post: str = "") -> Viewer:
        """The city's manager, or whoever holds the post (`connection`, `cashier` …)."""
        return self.person(f"city{city + 1}{'_' if post else ''}{post}")

    def inspectors(self, city: int) -> list[str]:
        """Numbers of the two who inspect together."""
        names = (f"city{city + 1}_safety", f"city{city + 1}_safety2")
        return [self.numbers[name] for name in names]

    @property
    def administrator(self) -> Viewer:
        """Who keeps the ground."""
        return self.person(ADMINISTRATOR)

    def stream(self, name: str, *keys: int) -> np.random.Generator:
        """An independent stream of the region's seed."""
        return self.parameters.stream(f"year {name}", *keys)


def read_town(parameters: Parameters) -> Town:
    """Everybody from the registers. Two queries and one a person."""
    town = Town(parameters, units={u.code: u for u in OrganizationUnit.objects.all()})
    people = Employee.objects.select_related("user", "unit").order_by("number")
    for employee in people:
        viewer = access_queries.get_viewer(employee.user)
        username = employee.user.get_username()
        town._people[username] = viewer  # noqa: SLF001 - made here, read-only afterwards
        town.numbers[username] = employee.number
        for role in employee.roles:
            town._posts.setdefault((employee.unit_id, role), []).append(viewer)  # noqa: SLF001
    return town


def city_unit(town: Town, city: int) -> OrganizationUnit:
    """The city company."""
    return town.units[city_code(city)]


def complete(
    task: UserTask,
    *,
    viewer: Viewer,
    data: Mapping[str, Any],
    files: Sequence[FileUpload] = (),
    at: dt.datetime,
    done_at: dt.datetime | None = None,
    reason: str = "",
) -> None:
    """Complete a task as a person."""
    workflow_operations.complete_task(
        task_id=task.pk,
        data=data,
        files=files,
        viewer=viewer,
        at=at,
        done_at=done_at,
        reason=reason,
    )
