"""A small region for the console's tests: two counties, their people, customers, bills, curves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
from django.conf import settings
from django.test import Client

from busbar.access import operations as access_operations
from busbar.access.models import Employee, OrganizationUnit, Role, UnitKind
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.findings import Marks, find_in_bills
from busbar.billing.models import Bill, BillFinding, BillLine, BillRun
from busbar.customers.models import (
    AccountTeamMember,
    Customer,
    CustomerAccount,
    CustomerKind,
    TeamRole,
)
from busbar.kit.identifiers import pinyin_initials
from busbar.metering.lake import CURVE_SCHEMA, append_curves
from busbar.supply.models import (
    Agreement,
    BasicChargeMode,
    MeteringSide,
    Site,
    Transformer,
    UsagePoint,
)

AT = dt.datetime(2026, 11, 1, 1, tzinfo=dt.UTC)
LONG_AGO = dt.date(2020, 1, 1)
PASSWORD = "Kx7-harbor-lamp"
MONTH, MONTH_BEFORE = "2026-10", "2026-09"
MARKS = Marks(
    swing_share=Decimal("0.30"),
    demand_share=Decimal("0.70"),
    overrun_threshold=Decimal("1.05"),
    overrun_multiplier=Decimal(2),
    strictest_standard=Decimal("0.90"),
)


class Region:
    """Province, north and south county, a manager in the north; customers are added by need."""

    def __init__(self) -> None:
        """Make units and people."""
        self.province = _unit("P", UnitKind.PROVINCE, None)
        city = _unit("C", UnitKind.CITY, self.province)
        self.north = _unit("N", UnitKind.COUNTY, city)
        self.south = _unit("S", UnitKind.COUNTY, city)
        self.manager = self.hire("manager", self.north, Role.ACCOUNT_MANAGER)
        self.runs: dict[str, BillRun] = {}

    def hire(self, username: str, unit: OrganizationUnit, *roles: Role) -> Employee:
        """Take on a person with the tests' password."""
        return access_operations.hire_employee(
            username=username,
            number=username,
            name=f"{username}先生",
            unit=unit,
            roles=roles,
            password=PASSWORD,
            by=SYSTEM_VIEWER,
            at=AT,
        ).employee

    def client(self, employee: Employee | None = None) -> Client:
        """A browser in which the person (the manager) is signed in."""
        client = Client()
        client.force_login((employee or self.manager).user)
        return client

    def customer(
        self, number: str, *, unit: OrganizationUnit | None = None, name: str = "", **facts: object
    ) -> Customer:
        """A customer with one account, usage point, transformer of 1000 kVA and no agreement."""
        name = name or f"东海{number}厂"
        kind = {"kind": CustomerKind.INDUSTRY} | facts
        found = Customer.objects.create(
            number=number, name=name, pinyin=pinyin_initials(name), unit=unit or self.north, **kind
        )
        site = Site.objects.create(code=f"site-{number}", name="厂区", customer=found)
        account = CustomerAccount.objects.create(
            number=f"33{number}", name=name, customer=found, unit=found.unit
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
            installed_on=LONG_AGO,
        )
        return found

    def bill(
        self,
        customer: Customer,
        month: str = MONTH,
        *,
        amount: str = "60000.00",
        lines: dict[str, str] | None = None,
        **facts: object,
    ) -> Bill:
        """A bill of 100,000 kWh with lines code → amount, and what a run would find in it."""
        run = self.run(month)
        values = {"energy_kwh": 100_000, "max_demand_kw": 500, "lake_version": 0} | facts
        account = CustomerAccount.objects.get(customer=customer)
        bill = Bill.objects.create(
            run=run,
            account=account,
            month=month,
            rule_set="R2024",
            tariff_code="T",
            amount=Decimal(amount),
            average_price=Decimal(amount) / 100_000,
            issued_at=AT,
            facts={"basic": _contracted(account, values["max_demand_kw"])},
            **values,
        )
        for position, (code, value) in enumerate((lines or {}).items()):
            BillLine.objects.create(
                bill=bill,
                position=position,
                line_id=f"{code}.1" if code == "basic.contract_demand" else code,
                code=code,
                name=code,
                quantity=1,
                price=Decimal(40),
                amount=Decimal(value),
                formula="",
            )
        bill.refresh_from_db()
        found = find_in_bills([bill], bill.lines.all(), marks=MARKS)
        BillFinding.objects.bulk_create(found)
        return bill

    def run(self, month: str) -> BillRun:
        """The month's finished run."""
        if month not in self.runs:
            self.runs[month] = BillRun.objects.create(
                month=month, state="finished", started_at=AT, finished_at=AT
            )
        return self.runs[month]


def agree(customer: Customer, *, valid_until: dt.date | None, demand_kw: int = 1000) -> Agreement:
    """An agreement on contracted demand since long ago."""
    account = CustomerAccount.objects.get(customer=customer)
    return Agreement.objects.create(
        number=f"HT-{customer.number}",
        account=account,
        signed_on=LONG_AGO,
        valid_from=LONG_AGO,
        valid_until=valid_until,
        tariff_code="T",
        tariff_category="industry_two_part",
        basic_charge_mode=BasicChargeMode.CONTRACT_DEMAND,
        contract_capacity_kva=1000,
        contract_demand_kw=demand_kw,
        power_factor_standard="0.90",
    )


def look_after(customer: Customer, employee: Employee) -> None:
    """Make the employee the customer's A角."""
    AccountTeamMember.objects.create(customer=customer, employee=employee, role=TeamRole.LEAD)


def store_day(
    customer: Customer,
    day: dt.date,
    active_wh: list[int],
    *,
    quality: list[int] | None = None,
    key: str = "",
) -> None:
    """One day curve of the customer's usage point, with a quarter of it as lagging energy."""
    point = UsagePoint.objects.get(account__customer=customer)
    values = np.array(active_wh, dtype=np.int32)
    table = pa.table(
        [
            pa.array([point.pk], pa.int64()),
            pa.array([day], pa.date32()),
            pa.array([values.tolist()], pa.list_(pa.int32())),
            pa.array([(values // 4).tolist()], pa.list_(pa.int32())),
            pa.nulls(1, pa.list_(pa.int32())),
            pa.array([quality or [0] * 96], pa.list_(pa.int8())),
        ],
        schema=CURVE_SCHEMA,
    )
    commit_key = key or f"{customer.number}-{day}"
    append_curves(settings.LAKE_ROOT, table, commit_key=commit_key, at=AT, source="test")


def _unit(code: str, kind: UnitKind, parent: OrganizationUnit | None) -> OrganizationUnit:
    return access_operations.create_unit(
        code=code, name=f"{code}公司", kind=kind, parent=parent, by=SYSTEM_VIEWER, at=AT
    )


def _contracted(account: CustomerAccount, measured: object) -> list[dict[str, object]]:
    """The contract demand that a run would have rated by, of the agreement that has one."""
    rows = Agreement.objects.filter(account=account, contract_demand_kw__isnull=False)
    return [
        {
            "mode": "contract_demand",
            "infeeds": [
                {
                    "id": "1",
                    "contract_kw": str(row.contract_demand_kw),
                    "measured_kw": str(measured),
                }
            ],
        }
        for row in rows[:1]
    ]
