"""A county's employee with a token, one billed account in his county and one elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from busbar.access import operations as access_operations
from busbar.access.models import OrganizationUnit, Role, UnitKind
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.operations import run_month
from busbar.clocks import operations as clocks_operations
from busbar.pricing import operations as pricing_operations
from tests.api.affair import Affair, make_affair
from tests.billing import world
from tests.shelf import lay
from tests.worlds import keep


@dataclass(frozen=True)
class Region:
    """What the API is asked about."""

    token: str
    own_account: str
    foreign_account: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties, an account each, January billed; a clerk of the first county."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    return keep(_make_region, tmp_path / "lake", folder=tmp_path / "lake")


def _make_region(lake: Path) -> Region:
    county = world.make_county()
    other = OrganizationUnit.objects.create(
        code="D", name="邻县", kind=UnitKind.COUNTY, parent=county.parent, path="000001"
    )
    world.make_tariff()
    points = [world.make_account(county, "1001"), world.make_account(other, "2001")]
    world.store(lake, world.curves(points))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
    hired = access_operations.hire_employee(
        username="clerk",
        number="E1",
        name="核算员",
        unit=county,
        roles=[Role.BILLING_CLERK],
        by=SYSTEM_VIEWER,
        at=world.AT,
    )
    issued = access_operations.issue_api_token(
        user=hired.employee.user, name="t", valid_days=365, by=SYSTEM_VIEWER, at=world.AT
    )
    return Region(issued.plain, "1001", "2001")


@pytest.fixture
def api(region: Region) -> Client:
    """A program that sends its token."""
    return Client(headers=region.headers)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Files of the module's world."""
    root = tmp_path_factory.mktemp("affair")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "FILES_ROOT", root / "files")
        patch.setattr(settings, "LAKE_ROOT", root / "lake")
        patch.setattr(settings, "BUSBAR_HOME", root)
        yield root


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any, home: Path) -> Iterator[Affair]:
    """Made once, because it takes a whole connection; each test rolls back what it did."""
    with django_db_blocker.unblock(), transaction.atomic():
        lay(clocks_operations.load_announced_years, pricing_operations.load_seed)
        yield make_affair()
        transaction.set_rollback(True)


@pytest.fixture
def affair(made: Affair, db: None) -> Affair:
    return made
