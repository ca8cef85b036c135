"""Customers with bills as a bill run leaves them, and the shipped rules of recognition."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.billing.models import Bill, BillRun
from busbar.customers.models import Customer, CustomerAccount
from busbar.key_accounts import operations
from busbar.key_accounts.growth import months_back
from busbar.key_accounts.models import Recognition, RecognitionRun
from busbar.kit.periods import Month
from tests.billing.world import make_county
from tests.imports.world import make_viewer
from tests.worlds import kept

JANUARY = Month(2026, 1)
AT = dt.datetime(2026, 2, 3, 1, tzinfo=dt.UTC)


@dataclass
class World:
    """A province with two counties; customers are added by number."""

    county: OrganizationUnit
    province: OrganizationUnit
    neighbor: OrganizationUnit
    people: int = 0
    customers: dict[str, Customer] = field(default_factory=dict)

    def customer(
        self, number: str, *, unit: OrganizationUnit | None = None, **facts: object
    ) -> Customer:
        """A customer with one account."""
        unit = unit or self.county
        made = Customer.objects.create(
            **{"number": number, "name": f"客户{number}", "kind": "industry", "unit": unit, **facts}
        )
        CustomerAccount.objects.create(
            number=f"A{number}", name=made.name, customer=made, unit=unit,
            opened_on=dt.date(2020, 1, 1),
        )  # fmt: skip
        self.customers[number] = made
        return made

    def bill(
        self, customer: Customer, month: Month | str, kwh: int, yuan: int = 0, kw: int = 0
    ) -> Bill:
        """One month's bill as it counts."""
        run, _ = BillRun.objects.get_or_create(
            month=str(month), defaults={"state": "finished", "started_at": AT, "finished_at": AT}
        )
        return Bill.objects.create(
            run=run, account=CustomerAccount.objects.get(customer=customer), month=str(month),
            rule_set="R2024", tariff_code="T", energy_kwh=kwh, max_demand_kw=kw,
            amount=Decimal(yuan), lake_version=1, issued_at=AT, facts={},
        )  # fmt: skip

    def year(
        self, customer: Customer, kwh: int, *, yuan: int = 0, kw: int = 0, last: Month = JANUARY
    ) -> None:
        """Twelve equal bills up to the month; `kwh` and `yuan` are the year's."""
        for month in months_back(last, 12):
            self.bill(customer, month, kwh // 12, yuan // 12, kw)

    def evaluate(self, month: Month = JANUARY) -> RecognitionRun:
        """The month's evaluation."""
        return operations.evaluate_month(month=month, by=SYSTEM_VIEWER, at=AT)

    def viewer(self, *roles: Role, unit: OrganizationUnit | None = None) -> Viewer:
        """A new employee, at the province unless said otherwise."""
        self.people += 1
        return make_viewer(unit or self.province, *roles, number=f"E{self.people}")


def result(customer: Customer, run: RecognitionRun) -> Recognition:
    """What a run made of a customer."""
    return Recognition.objects.select_related("run").get(customer=customer, run=run)


@kept
def make_world() -> World:
    """Units and rules; no customers."""
    county = make_county()
    assert county.parent is not None
    neighbor = OrganizationUnit.objects.create(
        code="D", name="邻县公司", kind="county", parent=county.parent, path="000001"
    )
    operations.load_recognition_seed(at=AT)
    return World(county, county.parent, neighbor)
