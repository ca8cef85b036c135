"""A county with two surveyors, a reviewer, a teller and a neighbor, and the survey process."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import Employee, OrganizationUnit, Role, UnitKind
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.notifications import operations as notifications_operations
from busbar.workflow import operations
from busbar.workflow.models import ProcessInstance, UserTask
from tests.console.workflow import site_visits

AT = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
"""A Monday, nine in the morning in China."""


def now() -> dt.datetime:
    """The moment at which the screens act; they read the clock themselves."""
    return dt.datetime.now(dt.UTC)


@dataclass
class Desk:
    """The people by name, and the county."""

    county: OrganizationUnit
    people: dict[str, Employee]

    def client(self, name: str) -> Client:
        """A browser in which the person is signed in."""
        client = Client()
        client.force_login(
            self.people[name].user, backend="django.contrib.auth.backends.ModelBackend"
        )
        return client

    def viewer(self, name: str) -> Viewer:
        """What the person sees."""
        return access_queries.get_viewer(self.people[name].user)

    def start(self, number: int = 1, at: dt.datetime | None = None) -> ProcessInstance:
        """A running survey; begun a moment ago unless said otherwise."""
        return site_visits.start(self.county.pk, number, at or now() - dt.timedelta(minutes=5))

    def task(self, process: ProcessInstance, element: str = "survey") -> UserTask:
        """The open task of the element."""
        return UserTask.objects.open().get(instance=process, element=element)

    def survey(self, process: ProcessInstance, name: str = "李勘") -> UserTask:
        """The survey, done."""
        return operations.complete_task(
            task_id=self.task(process).pk,
            data=site_visits.SURVEYED,
            viewer=self.viewer(name),
            at=now(),
        )


def _unit(code: str, kind: UnitKind, parent: OrganizationUnit | None) -> OrganizationUnit:
    return access_operations.create_unit(
        code=code, name=f"{code}公司", kind=kind, parent=parent, by=SYSTEM_VIEWER, at=AT
    )


@pytest.fixture
def desk(ground: None, settings: object, tmp_path: Path) -> Desk:
    """Units, people, words of messages and the process in force."""
    settings.FILES_ROOT = tmp_path / "files"
    notifications_operations.load_shipped_words(at=AT)
    province = _unit("P", UnitKind.PROVINCE, None)
    city = _unit("C", UnitKind.CITY, province)
    county, neighbor = _unit("A", UnitKind.COUNTY, city), _unit("B", UnitKind.COUNTY, city)
    people = {
        name: site_visits.hire(unit, username, name, role)
        for name, username, unit, role in (
            ("李勘", "e1", county, Role.CONNECTION_OFFICER),
            ("王察", "e2", county, Role.CONNECTION_OFFICER),
            ("赵审", "e3", county, Role.MANAGER),
            ("孙客", "e4", county, Role.SERVICE_AGENT),
            ("邻县", "e5", neighbor, Role.CONNECTION_OFFICER),
            ("监管", "e6", province, Role.REGULATOR),
        )
    }
    site_visits.load(AT)
    return Desk(county, people)
