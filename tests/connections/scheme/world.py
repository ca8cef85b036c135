"""The company around a scheme: four departments, an officer, a manager, a cashier."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.access import operations as access_operations
from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import operations as clocks_operations
from busbar.connections import operations as connections_operations
from busbar.connections.models import (
    COUNTERSIGNING_DEPARTMENTS,
    ApplicationState,
    BankFile,
    ConnectionApplication,
    FeeNotice,
    PayeeAccount,
    SchemeAlternative,
    SupplyScheme,
)
from busbar.connections.operations import Charge
from busbar.journal.models import Entry
from busbar.kit.periods import CHINA
from busbar.payments.bank_file import BankRow
from tests.imports.world import make_viewer
from tests.shelf import lay
from tests.worlds import kept

PAYEE = "6222000011112222"
_ROLES = {
    "marketing": Role.ACCOUNT_MANAGER,
    "planning": Role.CONNECTION_OFFICER,
    "dispatch": Role.DISPATCHER,
    "safety": Role.SAFETY_INSPECTOR,
}


def at(day: str, hour: int = 10) -> dt.datetime:
    """A moment in China."""
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=CHINA)


@dataclass
class World:
    """Who and what the tests work with."""

    county: OrganizationUnit
    station: OrganizationUnit
    signers: dict[str, Viewer]
    officer: Viewer
    manager: Viewer
    cashier: Viewer
    payee: PayeeAccount
    application: ConnectionApplication

    def fresh(self) -> ConnectionApplication:
        """The application as it stands."""
        return ConnectionApplication.objects.get(pk=self.application.pk)

    def draft(self, day: str = "2025-03-03", **facts: Any) -> SupplyScheme:
        """A round with three alternatives put down as a study leaves them."""
        scheme = SupplyScheme.objects.filter(application=self.application, state="draft").first()
        if scheme is None:
            rounds = SupplyScheme.objects.filter(application=self.application).count()
            scheme = SupplyScheme.objects.create(
                application=self.application,
                number=f"{self.application.number}-F{rounds + 1}",
                round=rounds + 1,
                author_id=self.officer.employee_id,
                author_name=self.officer.name,
                created_at=at(day),
            )
        ConnectionApplication.objects.filter(pk=self.application.pk).update(state="scheme", stage=3)
        for ordinal in (1, 2, 3):
            SchemeAlternative.objects.create(
                **{**alternative(scheme, ordinal), **(facts if ordinal == 1 else {})}
            )
        return scheme

    def submitted(self, day: str = "2025-03-04") -> SupplyScheme:
        """A round with its choice, before the departments."""
        scheme = self.draft(day)
        first = scheme.alternatives.get(ordinal=1)
        connections_operations.choose_alternative(
            alternative_id=first.pk, reason="投资少、工期短", by=self.officer, at=at(day)
        )
        return connections_operations.submit_scheme(
            scheme_id=scheme.pk, by=self.officer, at=at(day)
        )

    def sign(
        self, scheme: SupplyScheme, department: str, *, agrees: bool = True, remark: str = ""
    ) -> None:
        """One department says its word."""
        connections_operations.give_opinion(
            scheme_id=scheme.pk,
            department=department,
            agrees=agrees,
            remark=remark,
            by=self.signers[department],
            at=at("2025-03-05"),
        )

    def approved(self) -> SupplyScheme:
        """A round that all four agreed on and the manager approved."""
        scheme = self.submitted()
        for department in COUNTERSIGNING_DEPARTMENTS:
            self.sign(scheme, str(department))
        return connections_operations.approve_scheme(
            scheme_id=scheme.pk, remark="同意", by=self.manager, at=at("2025-03-06")
        )

    def replied(self, day: str = "2025-03-10", charges: Sequence[Charge] = ()) -> SupplyScheme:
        """A scheme answered to the customer on the day."""
        return connections_operations.reply_to_customer(
            scheme_id=self.approved().pk, charges=charges, by=self.officer, at=at(day)
        )

    def notice(self, yuan: str, day: str = "2025-03-10") -> FeeNotice:
        """An issued notice over the sum."""
        ConnectionApplication.objects.filter(pk=self.application.pk, state="accepted").update(
            state="scheme"
        )
        charge = Charge("commissioned_works", Decimal(1), Decimal(yuan), "预算 2025-01 号")
        drafted = connections_operations.draft_fee_notice(
            application_id=self.application.pk, charges=[charge], by=self.officer, at=at(day)
        )
        return connections_operations.issue_fee_notice(
            notice_id=drafted.pk, by=self.officer, at=at(day)
        )

    def bank(self, *rows: BankRow, day: str = "2025-04-01") -> BankFile:
        """One file of the bank's, imported by the cashier."""
        return connections_operations.import_bank_file(
            payee_number=PAYEE, name="流水.csv", rows=rows, by=self.cashier, at=at(day)
        )


def row(number: int, yuan: str, remark: str = "", **facts: Any) -> BankRow:
    """A good row: from the applicant's account, on 20 March 2025."""
    usual: dict[str, Any] = {
        "reference": f"B{number:04d}",
        "booked_on": dt.date(2025, 3, 20),
        "payer_name": "东海轴承厂",
        "payer_account": "95588001",
    }
    return BankRow(number=number, amount_yuan=Decimal(yuan), remark=remark, **{**usual, **facts})


def alternative(scheme: SupplyScheme, ordinal: int) -> dict[str, Any]:
    """What a study leaves of one alternative."""
    return {
        "scheme": scheme,
        "ordinal": ordinal,
        "name": f"方案{ordinal}",
        "voltage_kv": Decimal(10),
        "capacity_kva": 800 * ordinal,
        "sources": [{"role": "main", "feeder_code": "F1", "feeder_name": "临江一线"}],
        "transformers": [{"count": 1, "capacity_kva": str(800 * ordinal)}],
        "investment_yuan": Decimal(500_000 * ordinal),
        "construction_days": 60,
    }


@kept
def make_world(**facts: Any) -> World:
    """A county under its province, an accepted application of 800 kVA taken in by a station."""
    when = at("2025-01-02")
    lay(clocks_operations.load_time_limits)
    connections_operations.load_charge_items(at=when)
    province = _unit("31", "东海省电力公司", "province", None)
    city = _unit("3100", "临江市供电公司", "city", province)
    county = _unit("3101", "临江县供电公司", "county", city)
    departments = {
        str(kind): _unit(f"3101{n}", str(kind.label), str(kind), county)
        for n, kind in enumerate(COUNTERSIGNING_DEPARTMENTS, start=1)
    }
    station = _unit("31019", "城关供电所", "supply_station", county)
    payee = connections_operations.open_payee_account(
        number=PAYEE,
        name="临江县供电公司",
        bank="工商银行临江支行",
        unit_id=county.pk,
        valid_from=dt.date(2024, 1, 1),
        by=SYSTEM_VIEWER,
        at=when,
    )
    return World(
        county=county,
        station=station,
        signers={
            name: make_viewer(unit, _ROLES[name], number=f"S{name}")
            for name, unit in departments.items()
        },
        officer=make_viewer(county, Role.CONNECTION_OFFICER, number="E1"),
        manager=make_viewer(county, Role.MANAGER, number="E2"),
        cashier=make_viewer(county, Role.BILLING_CLERK, number="E3"),
        payee=payee,
        application=make_application(station, **facts),
    )


def make_application(unit: OrganizationUnit, **facts: Any) -> ConnectionApplication:
    """Accepted on 3 March 2025."""
    usual: dict[str, Any] = {
        "number": f"C-250303-{ConnectionApplication.objects.count() + 1:04d}",
        "kind": "new",
        "supply_kind": "hv_single",
        "state": ApplicationState.ACCEPTED,
        "stage": 2,
        "unit": unit,
        "channel": "counter",
        "applicant_name": "东海轴承厂",
        "customer_kind": "industry",
        "site_name": "轴承厂",
        "address": "工业路9号",
        "contact_name": "王工",
        "contact_phone": "13800000000",
        "requested_kva": 800,
        "wished_voltage_kv": Decimal(10),
        "query_code": "ABCDEFGH23",
        "submitted_at": at("2025-03-03", 9),
        "accepted_at": at("2025-03-03", 9),
    }
    return ConnectionApplication.objects.create(**{**usual, **facts})


def _unit(code: str, name: str, kind: str, parent: OrganizationUnit | None) -> OrganizationUnit:
    return access_operations.create_unit(
        code=code, name=name, kind=kind, parent=parent, by=SYSTEM_VIEWER, at=at("2025-01-02")
    )


def events() -> list[str]:
    """What the journal tells of connections, in order."""
    rows = Entry.objects.filter(event__startswith="connections.").order_by("id")
    return list(rows.values_list("event", flat=True))
