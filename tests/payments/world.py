"""A county with accounts, bills that are owed, a bank account, a cashier, an accountant."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.billing.models import Bill, BillRun
from busbar.customers.models import Customer, CustomerAccount
from busbar.kit.periods import CHINA
from busbar.payments import operations as payments_operations
from busbar.payments.bank_file import BankRow
from busbar.payments.models import AccountBalance, Payment, PaymentFile, PointKind, Receivable
from tests.imports.world import make_viewer
from tests.worlds import kept

BANK = "6222000099990001"


def at(day: str, hour: int = 10) -> dt.datetime:
    """A moment in China."""
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=CHINA)


@dataclass
class World:
    """Who and what the tests work with."""

    province: OrganizationUnit
    county: OrganizationUnit
    cashier: Viewer
    accountant: Viewer
    manager: Viewer
    chief: Viewer
    accounts: list[CustomerAccount] = field(default_factory=list)
    rows: int = 0

    def account(self, number: str, name: str = "") -> CustomerAccount:
        """Another customer with one 户号."""
        customer = Customer.objects.create(
            number=f"K{number}", name=name or f"客户{number}", kind="industry", unit=self.county
        )
        made = CustomerAccount.objects.create(
            number=number, name=customer.name, customer=customer, unit=self.county
        )
        self.accounts.append(made)
        return made

    def bill(self, account: CustomerAccount, yuan: str, month: str = "2026-01") -> Receivable:
        """A bill issued on the 3rd of the next month, and what it leaves owing."""
        self.issue(account, yuan, month)
        payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=at("2026-02-03"))
        return Receivable.objects.get(account=account, month=month)

    def issue(self, account: CustomerAccount, yuan: str, month: str = "2026-01") -> Bill:
        """A bill alone, given to the customer on the day of its issue."""
        year, number = (int(part) for part in month.split("-"))
        first = dt.date(year, number, 28) + dt.timedelta(days=6)
        issued = dt.datetime.combine(first.replace(day=3), dt.time(9), tzinfo=CHINA)
        run, _ = BillRun.objects.get_or_create(
            month=month, defaults={"state": "finished", "started_at": at("2026-02-03")}
        )
        return Bill.objects.create(
            run=run,
            account=account,
            month=month,
            rule_set="R2024",
            tariff_code="T",
            energy_kwh=1000,
            max_demand_kw=10,
            amount=Decimal(yuan),
            lake_version=0,
            issued_at=issued,
            released_at=issued,
            facts={},
        )

    def row(self, yuan: str, remark: str = "", **facts: Any) -> BankRow:
        """A bank row of 10 February 2026 from the account 95588001."""
        self.rows += 1
        usual: dict[str, Any] = {
            "reference": f"B{self.rows:05d}",
            "booked_on": dt.date(2026, 2, 10),
            "payer_name": "某公司",
            "payer_account": "95588001",
        }
        return BankRow(
            number=self.rows, amount_yuan=Decimal(yuan), remark=remark, **{**usual, **facts}
        )

    def bank(self, *rows: BankRow, day: str = "2026-02-20", **facts: Any) -> PaymentFile:
        """One file of the bank's, imported by the cashier."""
        return payments_operations.import_payments(
            collection_number=BANK,
            name="流水.csv",
            rows=rows,
            by=self.cashier,
            at=at(day),
            **facts,
        )

    def pay(self, yuan: str, remark: str = "", **facts: Any) -> Payment:
        """One row alone, as it was kept."""
        row = self.row(yuan, remark, **facts)
        self.bank(row)
        return Payment.objects.get(reference=row.reference)


def balance(account: CustomerAccount) -> tuple[int, int, int]:
    """What the account owes, has in credit, in deposit, in fen."""
    row = AccountBalance.objects.filter(account=account).first()
    return (row.owed_fen, row.credit_fen, row.deposit_fen) if row else (0, 0, 0)


@kept
def make_world() -> World:
    """A province with one county; nothing owed yet."""
    payments_operations.load_payments_seed(at=at("2026-01-01"))
    province = OrganizationUnit.objects.create(code="P", name="省公司", kind="province", path="000")
    county = OrganizationUnit.objects.create(
        code="C", name="县公司", kind="county", parent=province, path="000000"
    )
    payments_operations.open_collection_account(
        number=BANK,
        name="县供电公司",
        bank="工商银行",
        unit_id=county.pk,
        valid_from=dt.date(2020, 1, 1),
        by=SYSTEM_VIEWER,
        at=at("2026-01-01"),
    )
    return World(
        province,
        county,
        cashier=make_viewer(county, Role.CASHIER, number="E1"),
        accountant=make_viewer(county, Role.ACCOUNTANT, number="E2"),
        manager=make_viewer(county, Role.MANAGER, number="E3"),
        chief=make_viewer(province, Role.ACCOUNTANT, Role.MANAGER, number="E4"),
    )


def open_counter(world: World, kind: PointKind = PointKind.COUNTER, code: str = "W1") -> int:
    """A point of the county; its id."""
    return payments_operations.open_point(
        code=code,
        name="城关营业厅",
        kind=kind,
        unit_id=world.county.pk,
        opened_on=dt.date(2020, 1, 1),
        agreement="代收2026-01",
        by=world.accountant,
        at=at("2026-01-02"),
    ).pk
