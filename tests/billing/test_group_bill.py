"""The bills of a group in one: what the viewer sees, what the customer knows, nothing silently."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.models import OrganizationUnit, UnitKind
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.billing.group_bill import Grouping, build_group_bill, find_group
from busbar.billing.models import Bill
from busbar.billing.operations import release_bills, run_month
from busbar.billing.paper.grouping import gather_group
from busbar.billing.paper.making import render_group_bill
from busbar.customers.models import Customer, CustomerGroup
from busbar.supply.models import UsagePoint
from tests.billing import world

pytestmark = pytest.mark.django_db
LATER = world.AT + dt.timedelta(days=1)
COUNTY = Viewer(3, 3, "县公司职员", "000000", frozenset())
STRANGER = Viewer(4, 4, "邻县职员", "000009", frozenset())


@pytest.fixture
def points(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[UsagePoint]:
    """A group of two in one county with a daughter group's one in another; all released but one."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    county = world.make_county()
    neighbor = OrganizationUnit.objects.create(
        code="D", name="邻县公司", kind=UnitKind.COUNTY, parent=county.parent, path="000001"
    )
    made = [
        world.make_account(county, "1001"),
        world.make_account(county, "1002"),
        world.make_account(neighbor, "2001"),
    ]
    group = CustomerGroup.objects.create(code="G", name="测试集团")
    daughter = CustomerGroup.objects.create(code="G1", name="子集团", parent=group)
    Customer.objects.filter(number__in=["K1001", "K1002"]).update(group=group)
    Customer.objects.filter(number="K2001").update(group=daughter)
    world.store(tmp_path / "lake", world.curves(made))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
    return made


def release(*points: UsagePoint) -> None:
    release_bills(
        month=world.MONTH,
        account_ids=[point.account_id for point in points],
        by=SYSTEM_VIEWER,
        at=LATER,
    )


def amount(*points: UsagePoint) -> Decimal:
    bills = Bill.objects.filter(account__in=[point.account_id for point in points])
    return sum((bill.amount for bill in bills), Decimal(0))


class TestBuildGroupBill:
    def test_adds_up_customer_by_customer_with_the_groups_below(
        self, points: list[UsagePoint]
    ) -> None:
        release(*points)

        built = build_group_bill(SYSTEM_VIEWER, find_group(SYSTEM_VIEWER, "G"), month=world.MONTH)

        assert [part.name for part in built.parts] == ["客户1001", "客户1002", "客户2001"]
        assert built.all.amount == amount(*points)
        assert built.all.energy_kwh == 3 * 74_400
        assert (built.customers, built.unreleased, built.is_whole) == (3, 0, True)

    def test_says_that_it_is_not_all_and_adds_nothing_unseen(
        self, points: list[UsagePoint]
    ) -> None:
        release(*points)

        built = build_group_bill(COUNTY, find_group(COUNTY, "G"), month=world.MONTH)

        assert not built.is_whole
        assert built.all.amount == amount(*points[:2])
        assert {line.account.number for line in built.all.lines} == {"1001", "1002"}

    def test_counts_what_is_not_released_and_leaves_it_out(self, points: list[UsagePoint]) -> None:
        release(points[0], points[2])

        built = build_group_bill(SYSTEM_VIEWER, find_group(SYSTEM_VIEWER, "G"), month=world.MONTH)

        assert built.unreleased == 1
        assert built.all.amount == amount(points[0], points[2])

    @pytest.mark.parametrize(
        ("grouping", "names"),
        [
            (Grouping.UNIT, ["县公司", "邻县公司"]),
            (Grouping.TARIFF, ["工商业两部制（10kV）"]),
            (Grouping.SITE, ["客户1001 厂区", "客户1002 厂区", "客户2001 厂区"]),
        ],
    )
    def test_puts_accounts_together_as_chosen(
        self, points: list[UsagePoint], grouping: Grouping, names: list[str]
    ) -> None:
        release(*points)

        built = build_group_bill(
            SYSTEM_VIEWER,
            find_group(SYSTEM_VIEWER, "G"),
            month=world.MONTH,
            grouping=grouping,
        )

        assert [part.name for part in built.parts] == names
        assert built.all.amount == amount(*points)

    def test_takes_as_many_queries_for_three_accounts_as_for_one(
        self, points: list[UsagePoint]
    ) -> None:
        release(*points)
        with CaptureQueriesContext(connection) as few:
            build_group_bill(SYSTEM_VIEWER, find_group(SYSTEM_VIEWER, "G1"), month=world.MONTH)
        with CaptureQueriesContext(connection) as many:
            build_group_bill(SYSTEM_VIEWER, find_group(SYSTEM_VIEWER, "G"), month=world.MONTH)

        assert len(many) == len(few)

    def test_is_not_there_for_whoever_sees_none_of_its_customers(
        self, points: list[UsagePoint]
    ) -> None:
        with pytest.raises(CustomerGroup.DoesNotExist):
            find_group(STRANGER, "G")


class TestGroupPaper:
    def test_states_the_sums_and_what_it_does_not_hold(self, points: list[UsagePoint]) -> None:
        release(points[0], points[2])
        built = build_group_bill(COUNTY, find_group(COUNTY, "G"), month=world.MONTH)

        facts = gather_group(built, at=LATER)

        assert facts.amount_yuan == amount(points[0])
        assert facts.limits == (
            "本合并账单只含出具单位管辖范围内的户号，合计不是全部。",
            "另有 1 户的账单尚未发行，未计入。",
        )
        assert render_group_bill(facts).startswith(b"%PDF-")
