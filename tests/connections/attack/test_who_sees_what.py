"""A department called in to one application sees that one; the regulator reads and no more."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import Role
from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer, VisibleQuerySet
from busbar.connections import operations as connections_operations
from busbar.connections.models import ConnectionApplication, InvolvedUnit
from busbar.kit.errors import Refusal
from busbar.workflow import operations as workflow_operations
from tests.connections.processes import test_connection_journey as journey
from tests.connections.processes import world as w
from tests.connections.processes.world import Connection, at
from tests.connections.works.world import credit_code
from tests.worlds import keep

ROOMS = ("connections", "workflow", "clocks")
PUBLIC = {"TimeLimit"}
"""Shipped rows that belong to nobody; overlays have a test of their own."""


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> None:
    settings.FILES_ROOT = tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"


@pytest.fixture
def connection(ground: None, tmp_path: Path) -> Connection:
    """One application surveyed and before the departments, another one that just came in."""
    return keep(_lead, folder=tmp_path)


def _lead() -> Connection:
    made = w.make_connection()
    journey.bring_to_scheme(made)
    made.study_scheme("2025-03-17")
    made.do("design_scheme", "marketing", "2025-03-17")
    connections_operations.submit_and_start(
        form=w.form(site_name="二厂", credit_code=credit_code(60)),
        unit=made.application.unit,
        channel="counter",
        by=made.company.people["station"],
        at=at("2025-03-17"),
    )
    return made


def hire(c: Connection, name: str, unit_code: str, role: Role) -> Viewer:
    """Somebody else of the company."""
    hired = access_operations.hire_employee(
        username=name,
        number=f"X{name}",
        name=name,
        unit=c.company.units[unit_code],
        roles=[role],
        by=SYSTEM_VIEWER,
        at=at("2025-01-02"),
    )
    return access_queries.get_viewer(hired.employee.user)


def seen(viewer: Viewer) -> dict[str, set[int]]:
    """Rows of every model of the rooms that has rows of its own for each viewer."""
    found = {}
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            rows = model._default_manager.all()
            if isinstance(rows, VisibleQuerySet) and model.__name__ not in PUBLIC:
                found[model.__name__] = set(rows.visible_to(viewer).values_list("pk", flat=True))
    return found


def of_application(model: str, number: int) -> set[int]:
    """What there is of one application, by the model's own way to it."""
    rows = apps.get_model("connections", model).objects.filter(application_id=number)
    return set(rows.values_list("pk", flat=True))


class TestInvolvedDepartment:
    """Dispatch has a task in the first application and nothing to do with the second."""

    def test_it_sees_that_one_only(self, connection: Connection) -> None:
        rows = seen(connection.company.people["dispatch"])
        first = connection.application.pk
        assert rows["ConnectionApplication"] == {first}
        assert rows["InvolvedUnit"] <= of_application("InvolvedUnit", first)
        for model in ("ApplicationDocument", "SupplyScheme", "SiteSurvey", "IssuedPaper"):
            assert rows[model] <= of_application(model, first), model

    def test_its_tasks_and_process_are_of_that_one(self, connection: Connection) -> None:
        rows = seen(connection.company.people["dispatch"])
        assert rows["ProcessInstance"] == {connection.process.pk}
        elements = set(
            apps.get_model("workflow", "UserTask")
            .objects.filter(pk__in=rows["UserTask"])
            .values_list("element", flat=True)
        )
        assert elements == {"sign_dispatch"}

    def test_the_same_department_of_another_city_sees_nothing(self, connection: Connection) -> None:
        units = connection.company.units
        for code, name, kind, parent in (
            ("3102", "海口市供电公司", "city", "31"),
            ("3102DC", "海口调度", "dispatch", "3102"),
        ):
            units[code] = access_operations.create_unit(
                code=code, name=name, kind=kind, parent=units[parent], by=SYSTEM_VIEWER,
                at=at("2025-01-02"),
            )  # fmt: skip
        stranger = hire(connection, "stranger", "3102DC", Role.DISPATCHER)
        leaks = {name: rows for name, rows in seen(stranger).items() if rows}
        assert leaks == {}

    def test_a_nobody_sees_nothing(self, connection: Connection) -> None:
        nobody = Viewer(None, None, "", "", frozenset())
        assert {name for name, rows in seen(nobody).items() if rows} == set()


class TestRegulator:
    """Sees the branch, changes nothing."""

    def test_it_may_do_nothing(self, connection: Connection) -> None:
        regulator = hire(connection, "regulator", "31", Role.REGULATOR)
        assert ConnectionApplication.objects.visible_to(regulator).count() == 2
        task = connection.task("sign_safety")
        when: dt.datetime = at("2025-03-18")
        attempts = (
            lambda: workflow_operations.complete_task(
                task_id=task.pk, data={"outcome": "agreed"}, viewer=regulator, at=when
            ),
            lambda: workflow_operations.claim_task(task_id=task.pk, viewer=regulator, at=when),
            lambda: connections_operations.withdraw_application(
                application_id=connection.application.pk, reason="不要了", by=regulator, at=when
            ),
        )
        for attempt in attempts:
            with pytest.raises((NotPermitted, Refusal)):
                attempt()
        task.refresh_from_db()
        assert task.is_open
        keeps = {p for p in Permission if regulator.may(p)}
        assert not keeps & {
            Permission.ACCEPT_APPLICATIONS,
            Permission.APPROVE_SCHEMES,
            Permission.RECEIVE_FEES,
            Permission.APPROVE_REFUNDS,
            Permission.ENERGIZE,
            Permission.HANDLE_CHANGES,
            Permission.PUBLISH_PROCESSES,
        }


def test_every_involvement_says_why(connection: Connection) -> None:
    rows = InvolvedUnit.objects.filter(application=connection.application)
    assert rows.exists()
    assert not rows.filter(reason="").exists()
