"""A small company: a province, two cities, three counties; customers across them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import Employee, OrganizationUnit, Role, UnitKind
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.customers.models import AccountTeamMember, Customer, CustomerAccount

AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _quick_hashing(settings) -> None:
    """One round of hashing: these tests are about who may, not about PBKDF2."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@dataclass
class Company:
    """The units by name, and a way to hire into them."""

    province: OrganizationUnit
    east: OrganizationUnit
    west: OrganizationUnit
    harbor: OrganizationUnit
    hill: OrganizationUnit
    plain: OrganizationUnit
    hired: int = 0

    def hire(self, unit: OrganizationUnit, *roles: Role) -> Employee:
        """Another employee of the unit."""
        self.hired += 1
        return access_operations.hire_employee(
            username=f"person{self.hired}",
            number=f"E{self.hired:03d}",
            name=f"职员{self.hired}",
            unit=unit,
            roles=roles or [Role.ACCOUNT_MANAGER],
            by=SYSTEM_VIEWER,
            at=AT,
        ).employee

    def viewer(self, unit: OrganizationUnit, *roles: Role) -> Viewer:
        """What a new employee of the unit sees with."""
        return access_queries.get_viewer(self.hire(unit, *roles).user)


def unit(code: str, kind: UnitKind, parent: OrganizationUnit | None) -> OrganizationUnit:
    """A unit named by its code."""
    return access_operations.create_unit(
        code=code, name=f"{code}公司", kind=kind, parent=parent, by=SYSTEM_VIEWER, at=AT
    )


@pytest.fixture
def company(db: None) -> Company:
    """省 → 东、西两市; 东: 港、山两县; 西: 平县."""
    province = unit("P", UnitKind.PROVINCE, None)
    east, west = unit("E", UnitKind.CITY, province), unit("W", UnitKind.CITY, province)
    harbor, hill = unit("EH", UnitKind.COUNTY, east), unit("EM", UnitKind.COUNTY, east)
    return Company(province, east, west, harbor, hill, unit("WP", UnitKind.COUNTY, west))


def customer(number: str, home: OrganizationUnit, *accounts: OrganizationUnit) -> Customer:
    """A customer managed by `home` with one account in each of the units."""
    made = Customer.objects.create(number=number, name=number, kind="industry", unit=home)
    for position, place in enumerate(accounts):
        CustomerAccount.objects.create(
            number=f"{number}-{position}", name=number, customer=made, unit=place
        )
    return made


def join_team(employee: Employee, of: Customer) -> None:
    """Put the employee on the customer's account team."""
    AccountTeamMember.objects.create(customer=of, employee=employee, role="lead")
