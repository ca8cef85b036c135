"""Two counties with an account each, December and January billed, people with their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import Bill, BillFinding
from busbar.billing.operations import release_bills
from busbar.supply.models import UsagePoint
from tests.api.affair import ROOT, client_of
from tests.billing import world
from tests.console.work_region import DECEMBER, FOREIGN, OWN, Region, make_billed, make_units

JANUARY = "2026-01"
BILL = f"bills/{OWN}/{JANUARY}"


@dataclass
class Billed:
    """The region, its lake, and one usage point in each county."""

    region: Region
    lake: Path
    points: list[UsagePoint]

    def program(self, role: Role, unit: OrganizationUnit | None = None) -> Client:
        """A program of somebody new, of the first county unless said otherwise."""
        return client_of(self.region.hire(role, unit).user)

    def clerk(self) -> Client:
        """Who may bill and release."""
        return self.program(Role.BILLING_CLERK)

    def bill(self, number: str = OWN) -> Bill:
        """The January bill that counts."""
        found: Bill = Bill.objects.current().get(account__number=number, month=JANUARY)
        return found

    def find(self, number: str = OWN, stake: str = "25000.00") -> BillFinding:
        """A swing in the January bill, which holds it back."""
        bill = self.bill(number)
        facts: dict[str, Any] = {"amount": "75000.00", "before": "50000.00", "shifts": []}
        return BillFinding.objects.create(
            bill=bill, account=bill.account, month=bill.month, kind="swing",
            worth_yuan=stake, stake_yuan=stake, weight=1, facts=facts,
        )  # fmt: skip

    def deliver_late(self) -> None:
        """New Year's Day was 200 kW in both counties, it turns out."""
        table = world.curves(self.points, load=world.FLAT_LOAD * 2, days=1)
        world.store(self.lake, table, key="late")

    def release(self) -> None:
        """Give both months to the customers."""
        for month in (DECEMBER, world.MONTH):
            release_bills(month=month, by=SYSTEM_VIEWER, at=world.AT)


def make(tmp_path: Path, patch: pytest.MonkeyPatch) -> Billed:
    """Nothing released, nothing found."""
    region = make_units()
    points = make_billed(region, tmp_path / "lake", patch)
    BillFinding.objects.all().delete()
    return Billed(region, tmp_path / "lake", points)


def refused(client: Client, path: str, status: int) -> Any:
    """What a program is told where it gets nothing."""
    answer = client.get(f"{ROOT}/{path}")
    assert answer.status_code == status, (path, answer.content.decode())
    return answer.json()


__all__ = ["BILL", "DECEMBER", "FOREIGN", "JANUARY", "OWN", "Billed", "make", "refused"]
