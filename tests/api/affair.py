"""A company with a connection under way and everything beside it, and people with their tokens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.test import Client

from busbar.access import operations as access_operations
from busbar.access.models import Employee, Role, User
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.connections import operations as connections_operations
from busbar.connections.models import (
    BankReceipt,
    ChangeKind,
    ConnectionApplication,
    FeeMatch,
    FeeMatchWay,
    FeeNotice,
)
from busbar.connections.queries.changes import Wish
from busbar.notifications.models import Message
from busbar.payments.bank_file import BankRow
from tests.billing import world as billing_world
from tests.connections.processes import world as w
from tests.connections.processes.test_connection_journey import (
    bring_to_scheme,
    build,
    reply,
)
from tests.connections.processes.world import Company, Connection, at
from tests.connections.works.world import credit_code

ROOT = "/api/v1"
CHARGE = {
    "item": "commissioned_works",
    "quantity": "1",
    "price_yuan": "12000.00",
    "basis": "预算 2025-01 号",
}


@dataclass
class Affair:
    """The connection, a second application just handed in, and whom to ask as."""

    connection: Connection
    fresh: ConnectionApplication

    @property
    def company(self) -> Company:
        return self.connection.company

    @property
    def number(self) -> str:
        return self.connection.application.number

    def client(self, part: str) -> Client:
        """A program of one of the company's people."""
        return client_of(Employee.objects.get(number=self.company.number(part)).user)

    def hire(self, role: Role | str, unit: str) -> Client:
        """A program of somebody new."""
        number = f"N{Employee.objects.count():03d}"
        hired = access_operations.hire_employee(
            username=number,
            number=number,
            name=f"新员工{number}",
            unit=self.company.units[unit],
            roles=[role],
            by=SYSTEM_VIEWER,
            at=at("2025-01-03"),
        )
        return client_of(hired.employee.user)


def client_of(user: User) -> Client:
    """A program that sends the person's token."""
    issued = access_operations.issue_api_token(
        user=user, name="t", valid_days=365, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC)
    )
    return Client(headers={"Authorization": f"Bearer {issued.plain}"})


def submit_second(company: Company, *, serial: int = 2) -> ConnectionApplication:
    """Another application of the station, its documents still to be looked at."""
    return connections_operations.submit_and_start(
        form=w.form(
            applicant_name=f"第{serial}轴承厂",
            credit_code=credit_code(serial),
            site_name=f"{serial}号厂",
        ),
        unit=company.units["310101S1"],
        channel="counter",
        documents=[],
        by=company.people["station"],
        at=at("2025-03-04", serial % 10),
    )


def make_affair() -> Affair:
    """Led to the works, with money, papers, an inspection, a change and orders beside it."""
    connection = w.make_connection()
    company = connection.company
    company.units["3102"] = access_operations.create_unit(
        code="3102", name="远山市供电公司", kind="city", parent=company.units["31"],
        by=SYSTEM_VIEWER, at=at("2025-01-02"),
    )  # fmt: skip
    bring_to_scheme(connection)
    reply(connection, charges=[CHARGE])
    pay(company)
    build(connection)
    stand_beside(company)
    return Affair(connection, submit_second(company))


def pay(company: Company) -> None:
    """The notice is paid, and more than it asked; the rest is asked back."""
    notice = FeeNotice.objects.get()
    connections_operations.import_bank_file(
        payee_number=w.PAYEE,
        name="流水.csv",
        rows=[
            BankRow(
                number=number,
                reference=f"B{number}",
                booked_on=dt.date(2025, 3, 28),
                amount_yuan=Decimal(yuan),
                payer_name="东海轴承厂",
                payer_account="95588001",
                remark=remark,
            )
            for number, yuan, remark in ((1, "12000.00", notice.number), (2, "300.00", "多付"))
        ],
        by=company.people["cashier"],
        at=at("2025-03-28"),
    )
    connections_operations.request_refund_and_start(
        receipt_id=BankReceipt.objects.get(reference="B2").pk,
        amount_yuan=Decimal("100.00"),
        ground="多付",
        by=company.people["cashier"],
        at=at("2025-03-29"),
    )
    assert FeeMatch.objects.get().way == FeeMatchWay.BY_NUMBER


def stand_beside(company: Company) -> None:
    """An account with a change and orders, a document, a message."""
    point = billing_world.make_account(company.units["310101"], "1001")
    officer = company.people["manager"]
    asked = {"by": SYSTEM_VIEWER, "at": at("2025-06-02")}
    connections_operations.request_change_and_start(
        account=point.account,
        wish=Wish(
            kind=ChangeKind.RENAMING,
            starts_on=dt.date(2025, 6, 10),
            confirmed=frozenset({"same_address", "same_category", "same_legal_body"}),
        ),
        facts={"new_name": "改名后"},
        **asked,
    )
    connections_operations.order_metering_and_start(
        kind="install", usage_point=point, reason="新装", **asked
    )
    connections_operations.order_service_and_start(
        kind="consultation", customer=point.account.customer, topic="电价", request="问", **asked
    )
    Message.objects.create(
        employee_id=officer.employee_id,
        recipient_name=officer.name,
        kind="test",
        subject="请办理",
        body="……",
        subject_type="test.matter",
        subject_id=1,
        unit=company.units["3101"],
        created_at=at("2025-06-02"),
    )


def get(client: Client, path: str, **query: Any) -> Any:
    answer = client.get(f"{ROOT}/{path}", query)
    assert answer.status_code == 200, (path, answer.content.decode())
    return answer.json()


def post(client: Client, path: str, body: Any = None, *, status: int = 200) -> Any:
    answer = client.post(f"{ROOT}/{path}", body or {}, content_type="application/json")
    assert answer.status_code == status, (path, answer.content.decode())
    return answer.json()
