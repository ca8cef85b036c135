"""A county with its departments and people, the test processes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import Employee, OrganizationUnit, Role, UnitKind
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks.subjects import Subject
from busbar.journal.operations import SYSTEM
from busbar.workflow import operations, registry
from busbar.workflow.models import ProcessInstance, UserTask
from tests.worlds import keep, kept

PROCESSES = Path(__file__).parent / "processes"
AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
"""A Monday, nine in the morning in China."""


@dataclass
class Company:
    """Units by their letters, people by name with what each sees."""

    units: dict[str, OrganizationUnit] = field(default_factory=dict)
    people: dict[str, Viewer] = field(default_factory=dict)

    def unit(self, code: str, kind: UnitKind, parent: str | None) -> OrganizationUnit:
        """Another unit."""
        self.units[code] = access_operations.create_unit(
            code=code,
            name=f"{code}{kind.label}",
            kind=kind,
            parent=self.units[parent] if parent else None,
            by=SYSTEM_VIEWER,
            at=AT,
        )
        return self.units[code]

    def hire(self, name: str, unit: str, *roles: Role) -> Viewer:
        """Another person, and what it sees."""
        hired = access_operations.hire_employee(
            username=f"u{len(self.people)}",
            number=f"E{len(self.people):03d}",
            name=name,
            unit=self.units[unit],
            roles=list(roles),
            by=SYSTEM_VIEWER,
            at=AT,
        )
        self.people[name] = access_queries.get_viewer(hired.employee.user)
        return self.people[name]

    def employee(self, name: str) -> Employee:
        """The person's row."""
        return Employee.objects.get(name=name)


@kept
def make_company() -> Company:
    """省 P → 市 C with 调度 CD; 县 A with 营销 AM, 县 B without departments."""
    company = Company()
    company.unit("P", UnitKind.PROVINCE, None)
    company.unit("C", UnitKind.CITY, "P")
    company.unit("CD", UnitKind.DISPATCH, "C")
    company.unit("A", UnitKind.COUNTY, "C")
    company.unit("AM", UnitKind.MARKETING, "A")
    company.unit("B", UnitKind.COUNTY, "C")
    company.hire("甲", "A", Role.CONNECTION_OFFICER)
    company.hire("乙", "A", Role.CONNECTION_OFFICER)
    company.hire("客服", "A", Role.SERVICE_AGENT)
    company.hire("营销", "AM", Role.MANAGER)
    company.hire("调度", "CD", Role.DISPATCHER)
    company.hire("县长", "A", Role.MANAGER)
    company.hire("邻县", "B", Role.CONNECTION_OFFICER, Role.SERVICE_AGENT)
    company.hire("管理员", "P", Role.ADMINISTRATOR)
    company.hire("监管", "P", Role.REGULATOR)
    return company


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the test processes, handlers and services are registered."""
    monkeypatch.setattr(registry, "_folders", [PROCESSES])
    monkeypatch.setattr(registry, "_handlers", {"test.note_survey": lambda completion: {}})
    monkeypatch.setattr(
        registry, "_services", {"test.number_scheme": lambda call: {"number": "F-1"}}
    )


@pytest.fixture
def company(db: None) -> Company:
    """Units and people."""
    return make_company()


@pytest.fixture
def loaded(ground: None, company: Company, processes: None) -> Company:
    """The company with the test processes in force."""
    return keep(_put_in_force, company)


def _put_in_force(company: Company) -> Company:
    operations.load_shipped_processes(at=AT)
    return company


def subject(company: Company, number: int = 1, unit: str = "A") -> Subject:
    """Something that a process can be about."""
    return Subject(
        type="test.matter", id=number, label=f"事项{number}", unit_id=company.units[unit].pk
    )


def start(company: Company, key: str = "errand", number: int = 1, **facts: Any) -> ProcessInstance:
    """A running process of county A."""
    return operations.start_process(
        key=key, subject=subject(company, number), facts=facts, actor=SYSTEM, at=AT
    )


def open_task(instance: ProcessInstance, element: str) -> UserTask:
    """The open task of the element; its absence fails the test."""
    return UserTask.objects.open().get(instance=instance, element=element)


def complete(
    instance: ProcessInstance,
    element: str,
    viewer: Viewer,
    data: Mapping[str, Any] | None = None,
    *,
    at: dt.datetime = AT,
    **more: Any,
) -> UserTask:
    """Complete the open task of the element."""
    return operations.complete_task(
        task_id=open_task(instance, element).pk, data=data or {}, viewer=viewer, at=at, **more
    )
