"""An application whose works go on without a process, and browsers of the county's people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access import operations as access_operations
from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER
from tests.connections.works.world import at

Browser = Callable[..., Client]


def make_home(settings: Any, tmp_path: Path) -> None:
    """Files and lake of the test's own."""
    settings.FILES_ROOT = tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.BUSBAR_HOME = tmp_path


def browser(unit: OrganizationUnit, *roles: Role) -> Client:
    """Somebody of the unit, signed in."""
    number = f"B{unit.pk}{''.join(role[:3] for role in roles)}"
    hired = access_operations.hire_employee(
        username=number,
        number=number,
        name=f"职员{number}",
        unit=unit,
        roles=list(roles),
        password="harbor-Lantern-72",
        by=SYSTEM_VIEWER,
        at=at("2025-09-01"),
    )
    client = Client()
    client.force_login(hired.employee.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def count_queries(client: Client, address: str) -> int:
    """How many queries the page takes, its second time."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Path:
    make_home(settings, tmp_path)
    return tmp_path
