"""A city with a county, their departments and people, one customer looked after by 王经理."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import Employee, OrganizationUnit, Role, UnitKind
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import operations as clocks_operations
from busbar.customers.models import AccountTeamMember, Customer, CustomerKind, TeamRole
from busbar.jobs import workflow as workflow_jobs
from busbar.key_accounts.models import DepartmentOrder
from busbar.key_accounts.operations import seeding, sending
from busbar.key_accounts.operations.sending import OrderDraft
from busbar.kit.periods import CHINA
from busbar.notifications import operations as notifications_operations
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import UserTask
from tests.shelf import lay
from tests.worlds import kept

GROUND = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def at(day: str, hour: int = 9, minute: int = 0) -> dt.datetime:
    """A moment of Chinese civil time."""
    date = dt.date.fromisoformat(day)
    return dt.datetime.combine(date, dt.time(hour, minute), tzinfo=CHINA)


MONDAY = "2026-03-02"
SENT_AT = at(MONDAY, 9)
"""A Monday morning."""


@dataclass
class World:
    """Units by code, people by name with what each sees."""

    units: dict[str, OrganizationUnit] = field(default_factory=dict)
    people: dict[str, Viewer] = field(default_factory=dict)

    def unit(self, code: str, name: str, kind: UnitKind, parent: str | None) -> OrganizationUnit:
        """Another unit."""
        self.units[code] = access_operations.create_unit(
            code=code,
            name=name,
            kind=kind,
            parent=self.units[parent] if parent else None,
            by=SYSTEM_VIEWER,
            at=GROUND,
        )
        return self.units[code]

    def hire(self, name: str, unit: str, *roles: Role) -> Viewer:
        """Another person, and what it sees."""
        serial = len(self.people) + 1
        hired = access_operations.hire_employee(
            username=f"ka{serial}",
            number=f"E{serial:03d}",
            name=name,
            unit=self.units[unit],
            roles=list(roles),
            password="harbor-Lantern-72",
            by=SYSTEM_VIEWER,
            at=GROUND,
        )
        self.people[name] = access_queries.get_viewer(hired.employee.user)
        return self.people[name]

    def employee(self, name: str) -> Employee:
        """The person's row."""
        return Employee.objects.select_related("unit", "user").get(name=name)

    def customer(self, number: str, unit: str = "A", **more: Any) -> Customer:
        """A customer that the unit looks after."""
        kind = CustomerKind.INDUSTRY
        values = {"name": f"客户{number}", "kind": kind, "unit": self.units[unit], **more}
        return Customer.objects.create(number=number, **values)

    def team(self, customer: Customer, name: str, role: TeamRole = TeamRole.LEAD) -> None:
        """Put somebody on the customer's team; a viewer sees as it did when it first looked."""
        AccountTeamMember.objects.create(customer=customer, employee=self.employee(name), role=role)
        self.people[name] = replace(self.people[name])

    def send(
        self,
        kind: str = "metering_fault",
        *,
        by: str = "王经理",
        customer: str = "K1",
        moment: dt.datetime = SENT_AT,
        **more: Any,
    ) -> DepartmentOrder:
        """An order of the manager."""
        draft = OrderDraft(kind, title="表计不走字", details="三天没有读数，请到现场看", **more)
        return sending.send_order(
            customer_number=customer, draft=draft, by=self.people[by], at=moment
        )

    def do(
        self, order: DepartmentOrder, element: str, name: str, moment: dt.datetime, **data: object
    ) -> DepartmentOrder:
        """Complete the order's open task of that element; the order as it then stands."""
        task = UserTask.objects.open().get(element=element, instance=order.process_id)
        workflow_operations.complete_task(
            task_id=task.pk, data=data, viewer=self.people[name], at=moment
        )
        return self.fresh(order)

    def let_pass(self, order: DepartmentOrder, moment: dt.datetime) -> DepartmentOrder:
        """The jobs of that moment; the order as it then stands."""
        clocks_operations.climb_ladders(at=moment)
        workflow_jobs.tend_processes_at(at=moment)
        return self.fresh(order)

    @staticmethod
    def fresh(order: DepartmentOrder) -> DepartmentOrder:
        """The order as it stands, with its units."""
        rows = DepartmentOrder.objects.select_related("holder", "department", "unit", "customer")
        return rows.get(pk=order.pk)

    @staticmethod
    def waiting(order: DepartmentOrder) -> UserTask:
        """Where the order waits."""
        return (
            UserTask.objects.open()
            .select_related("unit", "clock__limit", "owner")
            .get(instance=order.process_id)
        )


@kept
def make_world() -> World:
    """省 P → 市 C (大客户 CK, 营销 CM, 计量 CT, 调度 CD) → 县 A (大客户 AK), 县 B (BK).

    The ground data stand already.
    """
    notifications_operations.load_shipped_words(at=GROUND)
    access_operations.load_mandates(at=GROUND)
    seeding.load_managers_seed(at=GROUND)
    lay(workflow_operations.load_shipped_processes)
    world = World()
    world.unit("P", "省公司", UnitKind.PROVINCE, None)
    world.unit("C", "市公司", UnitKind.CITY, "P")
    world.unit("CK", "市大客户部", UnitKind.KEY_ACCOUNTS, "C")
    world.unit("CM", "市营销部", UnitKind.MARKETING, "C")
    world.unit("CT", "市计量中心", UnitKind.METERING, "C")
    world.unit("CD", "市调度中心", UnitKind.DISPATCH, "C")
    world.unit("A", "甲县公司", UnitKind.COUNTY, "C")
    world.unit("AK", "甲县大客户部", UnitKind.KEY_ACCOUNTS, "A")
    world.unit("B", "乙县公司", UnitKind.COUNTY, "C")
    world.unit("BK", "乙县大客户部", UnitKind.KEY_ACCOUNTS, "B")
    world.hire("省领导", "P", Role.MANAGER)
    world.hire("市领导", "C", Role.MANAGER)
    world.hire("县领导", "A", Role.MANAGER)
    world.hire("王经理", "AK", Role.ACCOUNT_MANAGER)
    world.hire("李经理", "AK", Role.ACCOUNT_MANAGER)
    world.hire("邻县经理", "BK", Role.ACCOUNT_MANAGER)
    world.hire("市经理", "CK", Role.ACCOUNT_MANAGER)
    world.hire("计量员", "CT", Role.METERING_ENGINEER)
    world.hire("核算员", "CM", Role.BILLING_CLERK)
    world.hire("调度员", "CD", Role.DISPATCHER)
    world.hire("管理员", "P", Role.ADMINISTRATOR)
    customer = world.customer("K1")
    world.team(customer, "王经理")
    return world
