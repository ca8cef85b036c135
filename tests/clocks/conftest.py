"""A province, a city and a county with two departments; limits and calendar as shipped."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from tests.shelf import lay
from tests.worlds import kept

from busbar.access import operations as access_operations
from busbar.access.models import OrganizationUnit, UnitKind
from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks.subjects import Subject
from busbar.journal.operations import Actor
from busbar.kit.periods import CHINA

AT = dt.datetime(2025, 9, 1, 1, 0, tzinfo=dt.UTC)
CLERK = Actor(None, "经办人")


def china(text: str) -> dt.datetime:
    """A moment in China."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


def unit(code: str, kind: UnitKind, parent: OrganizationUnit | None) -> OrganizationUnit:
    """A unit named by its code."""
    return access_operations.create_unit(
        code=code, name=f"{code}单位", kind=kind, parent=parent, by=SYSTEM_VIEWER, at=AT
    )


@dataclass
class Company:
    """The units by name."""

    province: OrganizationUnit
    city: OrganizationUnit
    county: OrganizationUnit
    other: OrganizationUnit
    station: OrganizationUnit

    def keeper(self, unit: OrganizationUnit) -> Viewer:
        """An administrator of the unit."""
        return Viewer(None, None, "管理员", unit.path, frozenset({Permission.ADMINISTER}))

    def subject(self, number: int = 1, unit: OrganizationUnit | None = None) -> Subject:
        """An application at the county."""
        return Subject(
            type="connections.application",
            id=number,
            label=f"申请 {number}",
            customer_id=7,
            unit_id=(unit or self.county).pk,
        )


@kept
def make_company() -> Company:
    """Limits, calendar and units."""
    lay(clocks_operations.load_announced_years, clocks_operations.load_time_limits)
    province = unit("P", UnitKind.PROVINCE, None)
    city = unit("C", UnitKind.CITY, province)
    county = unit("X", UnitKind.COUNTY, city)
    return Company(
        province=province,
        city=city,
        county=county,
        other=unit("Y", UnitKind.COUNTY, city),
        station=unit("S", UnitKind.SUPPLY_STATION, county),
    )


@pytest.fixture
def company(db: None) -> Company:
    """The company with everything shipped."""
    return make_company()
