"""A company with every department, its people signed in, and applications taken in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee, Role
from busbar.connections import operations as connections_operations
from busbar.connections.models import ConnectionApplication
from busbar.customers.models import Contact, Customer, CustomerAccount
from busbar.supply.models import MeteringSide, Site, Transformer, UsagePoint
from tests.connections.intake.conftest import credit_code, make_form
from tests.connections.processes import world as w
from tests.connections.processes.world import Company
from tests.imports.world import make_viewer
from tests.worlds import keep

NOW = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@dataclass
class Office:
    """The company, and a browser for whoever is asked for."""

    company: Company

    def client(self, part: str) -> Client:
        """A browser in which the person of the part is signed in."""
        employee = Employee.objects.get(pk=self.company.people[part].employee_id)
        client = Client()
        client.force_login(employee.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def submit(self, serial: int = 1, **changes: Any) -> ConnectionApplication:
        """An application taken in at the station, its process begun."""
        facts = {"credit_code": credit_code(serial), "site_name": f"{serial} 号厂"} | changes
        return connections_operations.submit_and_start(
            form=make_form(**facts),
            unit=self.company.units["310101S1"],
            channel="counter",
            by=self.company.people["station"],
            at=NOW,
        )

    def account(self, number: str = "3301") -> CustomerAccount:
        """An account of the county with a point and a running transformer of 1000 kVA."""
        unit = self.company.units["310101"]
        customer = Customer.objects.create(
            number=f"K{number}",
            name=f"东海{number}厂",
            pinyin="dhc",
            kind="industry",
            credit_code=credit_code(int(number)),
            unit=unit,
        )
        Contact.objects.create(
            customer=customer, name="王主任", role="电工", phone="13800000000", is_primary=True
        )
        site = Site.objects.create(code=f"S{number}", name="厂区", customer=customer)
        account = CustomerAccount.objects.create(
            number=number, name=customer.name, customer=customer, unit=unit, address="工业路 9 号"
        )
        UsagePoint.objects.create(
            number=f"UP{number}",
            name="总表",
            account=account,
            site=site,
            voltage_kv=10,
            metering_side=MeteringSide.HIGH,
        )
        Transformer.objects.create(
            number=f"T{number}",
            account=account,
            site=site,
            capacity_kva=1000,
            installed_on=dt.date(2020, 1, 1),
        )
        return account


@pytest.fixture(autouse=True)
def world(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the test's own; the screens' clock stands still."""
    settings.FILES_ROOT = tmp_path / "files"
    settings.BUSBAR_HOME = tmp_path
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def office(ground: None) -> Office:
    """Every department of a city with somebody in it."""
    cache.clear()
    return keep(_make_office)


def _make_office() -> Office:
    w.load_ground(NOW)
    company = w.make_company(NOW)
    for part, unit, role in (
        ("clerk", "310101", Role.SERVICE_AGENT),
        ("regulator", "31", Role.REGULATOR),
    ):
        number = f"E9{len(company.people)}"
        company.people[part] = make_viewer(company.units[unit], role, number=number)
    return Office(company)


@pytest.fixture
def queries() -> Callable[[Client, str], int]:
    """How many queries a page takes, its second time: sessions and caches are warm."""

    def count(client: Client, address: str) -> int:
        assert client.get(address).status_code == 200, address
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    return count
