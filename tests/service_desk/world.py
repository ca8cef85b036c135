"""A county with a key-account department, two customers, and the rules as shipped."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import operations as clocks_operations
from busbar.customers.models import (
    AccountTeamMember,
    Contact,
    Customer,
    CustomerAccount,
    TeamRole,
)
from busbar.notifications import operations as notifications_operations
from busbar.service_desk import operations
from busbar.service_desk.models import Complaint, Interaction, Promise
from tests.imports.world import make_units, make_viewer
from tests.payments.world import at
from tests.shelf import lay
from tests.worlds import kept

MONDAY = "2026-03-09"
"""A working Monday; the week after it holds no holiday."""


@dataclass
class Desk:
    """Units and people by name, the customers K1 (looked after by the manager) and K2."""

    units: dict[str, OrganizationUnit]
    manager: Viewer
    agent: Viewer
    colleague: Viewer
    neighbor: Viewer
    customer: Customer
    other: Customer

    def hold(self, day: str = MONDAY, hour: int = 9, **facts: object) -> Interaction:
        """A visit to the customer that took place on the day, entered an hour later."""
        usual: dict[str, object] = {
            "customer_number": self.customer.number,
            "kind": "visit",
            "subject": "季度走访",
            "happened_at": at(day, hour),
            "minutes": "谈了电压波动",
            "owner_id": self.manager.employee_id,
            "their_people": "王厂长",
            "by": self.manager,
            "at": at(day, hour + 1),
        }
        return operations.record_interaction(**{**usual, **facts})  # type: ignore[arg-type]

    def promise(self, days: int = 3, day: str = MONDAY, **facts: object) -> Promise:
        """A promise made in a visit on the day at nine."""
        usual: dict[str, object] = {
            "interaction_id": None if "complaint_number" in facts else self.hold(day).pk,
            "text": "更换计量箱",
            "due_days": days,
            "owner_id": self.manager.employee_id,
            "made_to": "王厂长",
            "by": self.manager,
            "at": at(day, 11),
        }
        return operations.make_promise(**{**usual, **facts})  # type: ignore[arg-type]

    def complain(self, day: str = MONDAY, hour: int = 9, **facts: object) -> Complaint:
        """A complaint about the bill by the hotline."""
        usual: dict[str, object] = {
            "customer_number": self.customer.number,
            "kind": "billing",
            "channel": "hotline",
            "person": "李会计",
            "text": "二月电费算错",
            "owner_id": self.manager.employee_id,
            "by": self.agent,
            "at": at(day, hour),
        }
        return operations.accept_complaint(**{**usual, **facts})  # type: ignore[arg-type]

    def settle(self, row: Complaint, *, satisfied: bool, day: str = "2026-03-11") -> Complaint:
        """Contacted, answered and called back on the day."""
        number = row.number
        if row.state == "accepted":
            operations.contact_complainant(
                number=number, note="已核实", by=self.manager, at=at(day, 9)
            )
        operations.answer_complaint(
            number=number,
            answer="已更正",
            is_justified=True,
            cause="抄表差错",
            responsible_party="抄表班",
            by=self.manager,
            at=at(day, 10),
        )
        return operations.verify_complaint(
            number=number, is_satisfied=satisfied, note="电话回访", by=self.agent, at=at(day, 11)
        )


@kept
def make_desk() -> Desk:
    """Nothing said yet."""
    now = at("2026-01-01")
    lay(clocks_operations.load_announced_years, clocks_operations.load_time_limits)
    notifications_operations.load_shipped_words(at=now)
    operations.load_satisfaction_seed(at=now)
    units = make_units()
    county = units["310101"]
    manager = make_viewer(county, Role.ACCOUNT_MANAGER, number="E1")
    customer = _customer("K1", "临江轴承厂", county)
    AccountTeamMember.objects.create(
        customer=customer, employee_id=manager.employee_id, role=TeamRole.LEAD
    )
    return Desk(
        units,
        manager,
        agent=make_viewer(county, Role.SERVICE_AGENT, number="E2"),
        colleague=make_viewer(county, Role.METERING_ENGINEER, number="E3"),
        neighbor=make_viewer(units["310102"], Role.ACCOUNT_MANAGER, number="E4"),
        customer=customer,
        other=_customer("K2", "临江纺织厂", county),
    )


def _customer(number: str, name: str, unit: OrganizationUnit) -> Customer:
    found = Customer.objects.create(number=number, name=name, kind="industry", unit=unit)
    CustomerAccount.objects.create(
        number=f"310100000{number[1:]}", name=name, customer=found, unit=unit
    )
    Contact.objects.create(
        customer=found, name="王厂长", role="厂长", phone="13800000000", is_primary=True
    )
    return found


def day_of(moment: dt.datetime | None) -> str:
    """The civil day in China."""
    from busbar.kit.periods import local_date

    return "" if moment is None else local_date(moment).isoformat()


SYSTEM = SYSTEM_VIEWER
