"""The world of payments with departments, a usage point, and the shipped rules and process."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.arrears import operations
from busbar.arrears.models import DunningCase
from busbar.clocks import operations as clocks_operations
from busbar.customers.models import Contact, CustomerAccount
from busbar.jobs import outbox
from busbar.notifications import operations as notifications_operations
from busbar.payments.models import Receivable
from busbar.supply.models import Site, UsagePoint
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import UserTask
from tests.imports.world import make_viewer
from tests.payments.world import World, at, make_world
from tests.shelf import lay
from tests.worlds import kept

OVERDUE = "2026-03-23"
"""A Monday; the bill was due on 18 February, 33 days before."""


@dataclass
class Ladder:
    """The county, its people, the account that owes 1000.00 since 18 February 2026."""

    world: World
    account: CustomerAccount
    owed: Receivable
    collector: Viewer
    approver: Viewer
    dispatcher: Viewer

    def case(self) -> DunningCase:
        """The account's newest case as it stands."""
        return DunningCase.objects.select_related("account__customer", "outage").latest("id")

    def open(self, day: str = OVERDUE) -> DunningCase:
        """The day's round."""
        operations.run_day(by=SYSTEM_VIEWER, at=at(day, 7))
        return self.case()

    def do(self, element: str, viewer: Viewer, moment: dt.datetime, **data: object) -> None:
        """Complete the case's open task of that name."""
        task = UserTask.objects.open().get(element=element, instance=self.case().process_id)
        workflow_operations.complete_task(task_id=task.pk, data=data, viewer=viewer, at=moment)

    def to_notice(self) -> None:
        """Demanded, asked for, approved, served; the stop is planned a week later at ten."""
        self.do("demand_payment", self.collector, at(OVERDUE, 9), remark="")
        self.do("request_stop", self.collector, at(OVERDUE, 10), remark="多次催缴未果")
        self.do("decide_stop", self.approver, at(OVERDUE, 11), outcome="approved", remark="同意")
        self.do(
            "serve_notice", self.collector, at(OVERDUE, 14),
            stop_at="2026-03-30T10:00:00+08:00", person="李会计", means="当面送达",
        )  # fmt: skip

    def to_stop(self) -> None:
        """Everything up to the stop on Monday 30 March."""
        self.to_notice()
        self.do("call_customer", self.collector, at("2026-03-30", 9), person="李会计")
        self.do("stop_supply", self.dispatcher, at("2026-03-30", 10), remark="")

    def pay(self, yuan: str = "1000.00") -> None:
        """The bank's row with the bill's reference, and the outbox worked off."""
        row = self.world.row(yuan, self.owed.reference, booked_on=dt.date(2026, 3, 26))
        self.world.bank(row, day="2026-03-26")
        outbox.react_to_all(next(r for r in outbox.REACTIONS if r.name == "arrears.money"))


@kept
def make_ladder() -> Ladder:
    """A bill of 1000.00 due on 18 February; nothing dunned yet."""
    world = make_world()
    now = at("2026-01-01")
    lay(clocks_operations.load_announced_years, clocks_operations.load_time_limits)
    notifications_operations.load_shipped_words(at=now)
    operations.load_stop_rules(at=now)
    lay(workflow_operations.load_shipped_processes)
    city = OrganizationUnit.objects.create(
        code="CT", name="市公司", kind="city", parent=world.province, path="000001"
    )
    keys = OrganizationUnit.objects.create(
        code="KA", name="大客户部", kind="key_accounts", parent=world.county, path="000000000"
    )
    dispatch = OrganizationUnit.objects.create(
        code="DD", name="调度", kind="dispatch", parent=world.county, path="000000001"
    )
    account = world.account("3101000001")
    Contact.objects.create(
        customer=account.customer, name="李会计", role="财务", phone="13800000000", is_primary=True
    )
    site = Site.objects.create(code="S1", name="厂区", customer=account.customer)
    UsagePoint.objects.create(
        number="P1", name="总表", account=account, site=site, voltage_kv=Decimal(10),
        metering_side="high",
    )  # fmt: skip
    return Ladder(
        world,
        account,
        world.bill(account, "1000.00"),
        collector=make_viewer(keys, Role.ACCOUNT_MANAGER, number="E11"),
        approver=make_viewer(city, Role.MANAGER, number="E12"),
        dispatcher=make_viewer(dispatch, Role.DISPATCHER, number="E13"),
    )
