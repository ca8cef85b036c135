"""A county that has one account of a customer managed elsewhere sees that account, and no more."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import Employee, Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.customers.models import Customer, CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.supply import queries as supply_queries
from busbar.supply.models import Site, Transformer
from tests.console.region import AT, LONG_AGO, Region, look_after

NOTE = "只看到这个客户的一部分"


@pytest.fixture
def customer(region: Region) -> Customer:
    """Managed in the north with 1000 kVA there, and 630 kVA at an account in the south."""
    found = region.customer("1", name="海陆集团", unit=region.north)
    account = CustomerAccount.objects.create(
        number="3399", name="海陆南厂", customer=found, unit=region.south
    )
    Transformer.objects.create(
        number="T-S",
        account=account,
        site=Site.objects.get(customer=found),
        capacity_kva=630,
        installed_on=LONG_AGO,
    )
    for unit, label in ((region.north, "北厂的事"), (region.south, "南厂的事")):
        happening = Happening(
            event="customers.account.amended",
            subject_type="customers.account",
            subject_id=account.pk,
            subject_label=label,
            customer_id=found.pk,
            unit_path=unit.path,
        )
        journal_operations.record(happening=happening, actor=SYSTEM_VIEWER.actor, at=AT)
    return found


@pytest.fixture
def southerner(region: Region) -> Employee:
    return region.hire("south", region.south, Role.ACCOUNT_MANAGER)


@pytest.mark.usefixtures("customer")
class TestPartlySeen:
    def test_the_list_adds_up_what_is_seen(self, region: Region, southerner: Employee) -> None:
        own = region.client().get("/customers/").context["lines"]
        foreign = region.client(southerner).get("/customers/").context["lines"]

        assert [(x.row.accounts, x.capacity_kva) for x in own] == [(2, 1630)]
        assert [(x.row.accounts, x.capacity_kva) for x in foreign] == [(1, 630)]

    def test_the_export_counts_what_is_seen(self, region: Region, southerner: Employee) -> None:
        manager = region.hire("boss", region.south, Role.MANAGER)

        answer = region.client(manager).post("/customers/export/", {"format": "csv"})

        accounts = answer.content.decode("utf-8-sig").splitlines()[1].split(",")[8]
        assert accounts == "1"

    def test_the_page_says_so_and_sums_what_is_seen(
        self, region: Region, southerner: Employee
    ) -> None:
        own = region.client().get("/customers/1/")
        foreign = region.client(southerner).get("/customers/1/")

        assert (own.context["capacity_kva"], foreign.context["capacity_kva"]) == (1630, 630)
        assert NOTE not in own.content.decode()
        assert NOTE in foreign.content.decode()
        assert "它由N公司管理，您看到其中 1 个户号" in foreign.content.decode()

    def test_the_timeline_is_that_of_the_own_branch(
        self, region: Region, southerner: Employee
    ) -> None:
        own = region.client().get("/customers/1/tab/records/")
        foreign = region.client(southerner).get("/customers/1/tab/records/")

        assert [e.subject_label for e in own.context["entries"]] == ["南厂的事", "北厂的事"]
        assert [e.subject_label for e in foreign.context["entries"]] == ["南厂的事"]

    def test_the_account_team_sees_it_whole(
        self, region: Region, customer: Customer, southerner: Employee
    ) -> None:
        look_after(customer, southerner)

        page = region.client(southerner).get("/customers/1/")
        timeline = region.client(southerner).get("/customers/1/tab/records/")

        assert page.context["capacity_kva"] == 1630
        assert NOTE not in page.content.decode()
        assert len(timeline.context["entries"]) == 2

    def test_the_api_says_so(self, region: Region, southerner: Employee) -> None:
        seen = {}
        for employee in (region.manager, southerner):
            issued = access_operations.issue_api_token(
                user=employee.user,
                name="t",
                valid_days=400,
                by=SYSTEM_VIEWER,
                at=dt.datetime.now(dt.UTC),
            )
            headers = {"Authorization": f"Bearer {issued.plain}"}
            client = region.client(employee)
            (listed,) = client.get("/api/v1/customers", headers=headers).json()["items"]
            one = client.get("/api/v1/customers/1", headers=headers).json()
            seen[employee.number] = (listed["seen_whole"], one["seen_whole"])

        assert seen == {"manager": (True, True), "south": (False, False)}


class TestMapCapacity:
    def test_leaves_out_what_nobody_may_see(self, region: Region, customer: Customer) -> None:
        nobody = access_queries.NOBODY

        assert supply_queries.map_capacity_kva(nobody, [customer.pk]) == {}
