"""Two counties with a billed account each, one person for each role in the first of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access import operations as access_operations
from busbar.access.models import Employee, OrganizationUnit, Role, UnitKind, User
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.operations import run_month
from busbar.kit.periods import Month
from busbar.supply.models import UsagePoint
from tests.billing import world
from tests.worlds import keep, kept

DECEMBER = Month(2025, 12)
OWN, FOREIGN = "3101000001", "3102000001"
PASSWORD = "harbor-Lantern-72"


@dataclass
class Region:
    """The units, what may be seen from the first county and what may not, and sign-in."""

    province: OrganizationUnit
    county: OrganizationUnit
    neighbor: OrganizationUnit
    people: dict[str, Employee] = field(default_factory=dict)

    def hire(self, role: Role | str, unit: OrganizationUnit | None = None) -> Employee:
        """Another employee, in the first county unless said otherwise."""
        number = f"E{len(self.people) + 1:03d}"
        hired = access_operations.hire_employee(
            username=f"user{number}",
            number=number,
            name=f"职员{number}",
            unit=unit or self.county,
            roles=[role],
            password=PASSWORD,
            by=SYSTEM_VIEWER,
            at=world.AT,
        )
        self.people[number] = hired.employee
        return hired.employee

    def client(self, role: Role | str, unit: OrganizationUnit | None = None) -> Client:
        """A signed-in browser of a new employee."""
        return sign_in(self.hire(role, unit).user)


def sign_in(user: User) -> Client:
    """A browser that is signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@kept
def make_units() -> Region:
    """A province and two counties; nothing else."""
    county = world.make_county()
    assert county.parent is not None
    neighbor = OrganizationUnit.objects.create(
        code="D", name="邻县公司", kind=UnitKind.COUNTY, parent=county.parent, path="000001"
    )
    return Region(county.parent, county, neighbor)


def make_billed(region: Region, lake: Path, patch: pytest.MonkeyPatch) -> list[UsagePoint]:
    """An account in each county, December and January billed."""
    patch.setattr(settings, "LAKE_ROOT", lake)
    return keep(_bill, region, lake, folder=lake)


def _bill(region: Region, lake: Path) -> list[UsagePoint]:
    world.make_tariff()
    world.make_surcharge()
    points = [world.make_account(region.county, OWN), world.make_account(region.neighbor, FOREIGN)]
    for month in (DECEMBER, world.MONTH):
        world.store(lake, world.curves(points, month), key=str(month))
        run_month(month=month, by=SYSTEM_VIEWER, at=world.AT)
    return points


def count_queries(client: Client, address: str) -> int:
    """How many queries a page takes, its second time: sessions and caches are warm."""
    assert client.get(address).status_code == 200, address
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return len(queries)
