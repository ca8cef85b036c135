"""A county with two feeders, three customers and the people who stop and restore."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import pytest

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.clocks import operations as clocks_operations
from busbar.customers.models import Contact, Customer, CustomerAccount
from busbar.kit.periods import CHINA
from busbar.network.models import Feeder, Substation
from busbar.notifications import operations as notifications_operations
from busbar.outages import operations
from busbar.outages.models import Outage
from busbar.outages.queries import Scope
from busbar.supply.models import PowerSource, Site, Transformer, UsagePoint
from tests.imports.world import make_viewer
from tests.shelf import lay
from tests.worlds import keep


def at(day: str, hour: int = 10, minute: int = 0) -> dt.datetime:
    """A moment in China."""
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour, minute), tzinfo=CHINA)


@dataclass
class Grid:
    """F1 feeds A and B, F2 feeds C and is B's backup; D is the dispatcher."""

    county: OrganizationUnit
    neighbor: OrganizationUnit
    dispatcher: Viewer
    clerk: Viewer
    stranger: Viewer

    def plan(self, *, day: str = "2026-03-02", **facts: object) -> Outage:
        """Works on F1 on 20 March from eight to noon."""
        usual = {
            "kind": "planned",
            "unit_id": self.county.pk,
            "reason": "更换开关",
            "planned_from": at("2026-03-20", 8),
            "planned_until": at("2026-03-20", 12),
            "scope": Scope(feeders=["F1"]),
            "by": self.dispatcher,
            "at": at(day),
        }
        return operations.plan_outage(**{**usual, **facts})  # type: ignore[arg-type] # a test's facts

    def fault(self) -> Outage:
        """A fault on F1, planned for nobody."""
        return self.plan(
            kind="fault", reason="断线", day="2026-03-02",
            planned_from=at("2026-03-02", 9), planned_until=None,
        )  # fmt: skip

    def announced(self) -> Outage:
        """The works, announced in time."""
        number = self.plan().number
        return operations.announce_outage(number=number, by=self.dispatcher, at=at("2026-03-03"))

    def begun(self) -> Outage:
        """The works under way."""
        number = self.announced().number
        return operations.begin_outage(number=number, by=self.dispatcher, at=at("2026-03-20", 8))


@pytest.fixture
def grid(db: None) -> Grid:
    """Three customers; B has no contact."""
    return keep(_make_grid)


def _make_grid() -> Grid:
    now = at("2026-01-01")
    lay(clocks_operations.load_announced_years, clocks_operations.load_time_limits)
    notifications_operations.load_shipped_words(at=now)
    province = OrganizationUnit.objects.create(code="P", name="省公司", kind="province", path="000")
    county, neighbor = (
        OrganizationUnit.objects.create(
            code=code, name=name, kind="county", parent=province, path=path
        )
        for code, name, path in (("C", "县公司", "000000"), ("N", "邻县公司", "000001"))
    )
    station = Substation.objects.create(
        code="S1", name="城东变", unit=county, voltage_kv=110, capacity_kva=50_000
    )
    feeders = [
        Feeder.objects.create(
            code=code, name=code, substation=station, voltage_kv=10, capacity_kva=5_000
        )
        for code in ("F1", "F2")
    ]
    for letter, main, backup in (("A", 0, None), ("B", 0, 1), ("C", 1, None)):
        _customer(county, letter, feeders[main], None if backup is None else feeders[backup])
    return Grid(
        county,
        neighbor,
        dispatcher=make_viewer(county, Role.DISPATCHER, number="E1"),
        clerk=make_viewer(county, Role.CASHIER, number="E2"),
        stranger=make_viewer(neighbor, Role.DISPATCHER, number="E3"),
    )


def _customer(
    unit: OrganizationUnit, letter: str, main: Feeder, backup: Feeder | None
) -> CustomerAccount:
    customer = Customer.objects.create(
        number=f"K{letter}", name=f"客户{letter}", kind="industry", unit=unit
    )
    account = CustomerAccount.objects.create(
        number=f"310100000{letter}", name=customer.name, customer=customer, unit=unit
    )
    site = Site.objects.create(code=f"W{letter}", name="厂区", customer=customer)
    UsagePoint.objects.create(
        number=f"P{letter}", name="总表", account=account, site=site, voltage_kv=Decimal(10),
        metering_side="high",
    )  # fmt: skip
    Transformer.objects.create(
        number=f"T{letter}", account=account, site=site, capacity_kva=1000,
        installed_on=dt.date(2020, 1, 1),
    )  # fmt: skip
    for feeder, role in ((main, "main"), (backup, "backup")):
        if feeder is not None:
            PowerSource.objects.create(
                site=site, feeder=feeder, role=role, voltage_kv=Decimal(10), capacity_kva=1000
            )
    if letter != "B":
        Contact.objects.create(
            customer=customer, name=f"{letter}主任", role="电工", phone="13800000000",
            is_primary=True,
        )  # fmt: skip
    return account
