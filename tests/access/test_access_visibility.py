"""Who sees which rows: the one mechanism of `busbar.access.visibility`."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit, Role
from busbar.access.permissions import Permission, permissions_of
from busbar.access.queries import NOBODY
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer, units_in_branch
from busbar.billing.models import Bill, BillRun
from busbar.customers.models import (
    AccountTeamMember,
    Contact,
    Customer,
    CustomerAccount,
    Document,
)
from busbar.imports.models import ImportRun
from busbar.network.models import Feeder, PublicTransformer, Substation
from busbar.supply.models import PowerSource, Site, Transformer, UsagePoint
from tests.access.conftest import AT, Company, customer, join_team


def seen(viewer: Viewer, model: type = Customer) -> set[str]:
    """The names of the rows the viewer sees."""
    return {row.number for row in model.objects.visible_to(viewer)}


class TestBranch:
    """An employee sees the branch of the tree below the unit."""

    @pytest.fixture(autouse=True)
    def _customers(self, company: Company) -> None:
        customer("HARBOR", company.harbor, company.harbor)
        customer("HILL", company.hill, company.hill)
        customer("PLAIN", company.plain, company.plain)
        customer("CITY", company.east)

    def test_a_province_sees_everything(self, company: Company) -> None:
        assert seen(company.viewer(company.province)) == {"HARBOR", "HILL", "PLAIN", "CITY"}

    def test_a_city_sees_its_own_and_its_counties(self, company: Company) -> None:
        assert seen(company.viewer(company.east)) == {"HARBOR", "HILL", "CITY"}

    def test_a_county_sees_itself_only(self, company: Company) -> None:
        assert seen(company.viewer(company.harbor)) == {"HARBOR"}

    def test_accounts_follow_the_same_rule(self, company: Company) -> None:
        assert seen(company.viewer(company.hill), CustomerAccount) == {"HILL-0"}

    def test_a_department_sees_its_own_rows_and_not_its_company_s(self, company: Company) -> None:
        station = access_operations.create_unit(
            code="EH1", name="港北供电所", kind="supply_station", parent=company.harbor,
            by=SYSTEM_VIEWER, at=AT,
        )  # fmt: skip
        customer("NORTH", station, station)
        assert seen(company.viewer(station)) == {"NORTH"}
        assert seen(company.viewer(company.harbor)) == {"HARBOR", "NORTH"}

    def test_nobody_sees_nothing(self) -> None:
        assert seen(NOBODY) == set()

    def test_the_system_sees_everything(self) -> None:
        assert seen(SYSTEM_VIEWER) == {"HARBOR", "HILL", "PLAIN", "CITY"}

    def test_the_tenth_city_is_no_part_of_the_first(self, company: Company) -> None:
        for n in range(10):
            access_operations.create_unit(
                code=f"C{n}", name=f"{n}市", kind="city", parent=company.province,
                by=SYSTEM_VIEWER, at=AT,
            )  # fmt: skip
        customer("TENTH", OrganizationUnit.objects.get(path="000010"))
        assert "TENTH" not in seen(company.viewer(company.east))
        assert "TENTH" not in seen(company.viewer(company.west))

    def test_a_branch_is_one_range_of_an_index(self, company: Company) -> None:
        branch = units_in_branch(company.east.path)
        if connection.vendor == "sqlite":
            assert "path>? AND path<?" in branch.explain()
        else:
            assert set(branch.values_list("code", flat=True)) == {"E", "EH", "EM"}


class TestTeam:
    """An account team sees its customers whole, whatever county an account lies in."""

    def test_a_member_sees_the_customer_and_all_its_accounts(self, company: Company) -> None:
        group = customer("STEEL", company.harbor, company.harbor, company.hill, company.plain)
        customer("OTHER", company.plain, company.plain)
        employee = company.hire(company.hill)
        join_team(employee, group)
        viewer = access_queries.get_viewer(employee.user)
        assert seen(viewer) == {"STEEL"}
        assert seen(viewer, CustomerAccount) == {"STEEL-0", "STEEL-1", "STEEL-2"}

    def test_a_colleague_in_the_same_unit_sees_only_the_unit_s_account(
        self, company: Company
    ) -> None:
        group = customer("STEEL", company.harbor, company.harbor, company.hill, company.plain)
        join_team(company.hire(company.hill), group)
        colleague = company.viewer(company.hill)
        assert seen(colleague, CustomerAccount) == {"STEEL-1"}

    def test_leaving_the_team_ends_the_sight(self, company: Company) -> None:
        group = customer("STEEL", company.harbor, company.harbor)
        employee = company.hire(company.plain)
        join_team(employee, group)
        AccountTeamMember.objects.all().delete()
        assert seen(access_queries.get_viewer(employee.user)) == set()


class TestCountyOfAnAccount:
    """The county of one account sees the customer, but not the customer's other accounts."""

    def test_the_customer_is_seen(self, company: Company) -> None:
        customer("STEEL", company.harbor, company.harbor, company.plain)
        assert seen(company.viewer(company.plain)) == {"STEEL"}

    def test_the_other_accounts_are_not(self, company: Company) -> None:
        customer("STEEL", company.harbor, company.harbor, company.plain)
        assert seen(company.viewer(company.plain), CustomerAccount) == {"STEEL-1"}

    def test_the_managing_county_sees_all_accounts(self, company: Company) -> None:
        customer("STEEL", company.harbor, company.harbor, company.plain)
        assert seen(company.viewer(company.harbor), CustomerAccount) == {"STEEL-0", "STEEL-1"}

    def test_a_customer_with_two_accounts_there_is_listed_once(self, company: Company) -> None:
        customer("STEEL", company.harbor, company.plain, company.plain)
        viewer = company.viewer(company.plain)
        assert [row.number for row in Customer.objects.visible_to(viewer)] == ["STEEL"]


class TestWhatHangsOnTheCustomer:
    """Contacts, sites, points, transformers, bills follow their customer or their account."""

    @pytest.fixture
    def steel(self, company: Company) -> Customer:
        """A customer of the harbor with an account there and one in the plain."""
        steel = customer("STEEL", company.harbor, company.harbor, company.plain)
        Contact.objects.create(customer=steel, name="王", role="能源主管")
        Document.objects.create(
            customer=steel, title="执照", kind="license", file_name="a.pdf", sha256="0" * 64,
            content_type="application/pdf", size_bytes=1, uploaded_at=AT, uploaded_by="王",
        )  # fmt: skip
        site = Site.objects.create(code="S", name="厂区", customer=steel)
        station = Substation.objects.create(
            code="SS", name="港变", unit=company.harbor, voltage_kv=110, capacity_kva=100_000
        )
        feeder = Feeder.objects.create(
            code="F", name="一线", substation=station, voltage_kv=10, capacity_kva=8_000
        )
        PublicTransformer.objects.create(code="PT", name="公变", feeder=feeder, capacity_kva=400)
        PowerSource.objects.create(
            site=site, feeder=feeder, role="main", voltage_kv=10, capacity_kva=8_000
        )
        run = BillRun.objects.create(month="2026-01", state="finished", started_at=AT)
        for account in steel.accounts.order_by("number"):
            UsagePoint.objects.create(
                number=f"U{account.number}", name="总表", account=account, site=site,
                voltage_kv=10, metering_side="high",
            )  # fmt: skip
            Transformer.objects.create(
                number=f"T{account.number}", account=account, site=site, capacity_kva=1_000,
                installed_on=dt.date(2020, 1, 1),
            )  # fmt: skip
            Bill.objects.create(
                run=run, account=account, month="2026-01", rule_set="R2024", tariff_code="T",
                energy_kwh=1, max_demand_kw=1, amount=1, lake_version=1, issued_at=AT, facts={},
            )  # fmt: skip
        return steel

    WHOLE = [Contact, Document, Site, PowerSource]
    BY_ACCOUNT = [UsagePoint, Transformer, Bill]
    NETWORK = [Substation, Feeder, PublicTransformer]

    def count(self, viewer: Viewer, models: list[type]) -> list[int]:
        """How many rows of each noun the viewer sees."""
        return [model.objects.visible_to(viewer).count() for model in models]

    @pytest.mark.usefixtures("steel")
    def test_the_managing_county_sees_all(self, company: Company) -> None:
        viewer = company.viewer(company.harbor)
        assert self.count(viewer, self.WHOLE) == [1, 1, 1, 1]
        assert self.count(viewer, self.BY_ACCOUNT) == [2, 2, 2]
        assert self.count(viewer, self.NETWORK) == [1, 1, 1]

    @pytest.mark.usefixtures("steel")
    def test_the_county_of_one_account_sees_the_customer_s_and_its_account_s(
        self, company: Company
    ) -> None:
        viewer = company.viewer(company.plain)
        assert self.count(viewer, self.WHOLE) == [1, 1, 1, 1]
        assert self.count(viewer, self.BY_ACCOUNT) == [1, 1, 1]
        assert self.count(viewer, self.NETWORK) == [0, 0, 0]

    @pytest.mark.usefixtures("steel")
    def test_another_county_sees_none(self, company: Company) -> None:
        viewer = company.viewer(company.hill)
        everything = [*self.WHOLE, *self.BY_ACCOUNT, *self.NETWORK]
        assert self.count(viewer, everything) == [0] * 10

    def test_the_team_sees_the_customer_s_and_every_account_s(
        self, company: Company, steel: Customer
    ) -> None:
        employee = company.hire(company.hill)
        join_team(employee, steel)
        viewer = access_queries.get_viewer(employee.user)
        assert self.count(viewer, self.WHOLE) == [1, 1, 1, 1]
        assert self.count(viewer, self.BY_ACCOUNT) == [2, 2, 2]


class TestRegulator:
    """The regulator sees its branch and may only read, whatever other role it is given (R33)."""

    def test_it_sees_its_branch(self, company: Company) -> None:
        customer("HARBOR", company.harbor, company.harbor)
        customer("PLAIN", company.plain, company.plain)
        assert seen(company.viewer(company.east, Role.REGULATOR)) == {"HARBOR"}

    def test_it_may_only_read_the_journal(self, company: Company) -> None:
        viewer = company.viewer(company.east, Role.REGULATOR, Role.ADMINISTRATOR)
        assert [p for p in Permission if viewer.may(p)] == [Permission.READ_JOURNAL]

    def test_its_act_is_refused_and_changes_nothing(self, company: Company) -> None:
        regulator = company.viewer(company.province, Role.REGULATOR, Role.ADMINISTRATOR)
        with pytest.raises(NotPermitted, match="没有“系统管理”的权限"):
            access_operations.rename_unit(unit=company.east, name="东海公司", by=regulator, at=AT)
        company.east.refresh_from_db()
        assert company.east.name == "E公司"


class TestDeactivatedUnit:
    """A closed unit gives no sight, and what belongs to it is still seen from above."""

    def test_its_people_see_nothing(self, company: Company) -> None:
        customer("PLAIN", company.plain, company.plain)
        employee = company.hire(company.plain, Role.MANAGER)
        OrganizationUnit.objects.filter(pk=company.plain.pk).update(is_active=False)
        viewer = access_queries.get_viewer(employee.user)
        assert seen(viewer) == set()
        assert not viewer.may(Permission.EXPORT)

    def test_its_customers_are_seen_from_above(self, company: Company) -> None:
        customer("PLAIN", company.plain, company.plain)
        access_operations.deactivate_unit(
            unit=company.plain, by=SYSTEM_VIEWER, at=AT, reason="撤并"
        )
        assert seen(company.viewer(company.west)) == {"PLAIN"}
        assert seen(company.viewer(company.west), CustomerAccount) == {"PLAIN-0"}


class TestGetViewer:
    """Who somebody is."""

    def test_an_employee_takes_one_query(self, company: Company, django_assert_num_queries) -> None:
        user = company.hire(company.east).user
        with django_assert_num_queries(1):
            viewer = access_queries.get_viewer(user)
        assert (viewer.name, viewer.unit_path) == ("职员1", company.east.path)

    def test_a_closed_sign_in_is_nobody(self, company: Company) -> None:
        user = company.hire(company.east).user
        user.is_active = False
        assert access_queries.get_viewer(user) == NOBODY

    def test_roles_add_up(self, company: Company) -> None:
        viewer = company.viewer(company.east, Role.MANAGER, Role.BILLING_CLERK)
        assert {Permission.READ_JOURNAL, Permission.RUN_BILLS} <= viewer.permissions
        assert viewer.permissions == permissions_of([Role.MANAGER]) | permissions_of(
            [Role.BILLING_CLERK]
        )


class TestSparedQuestions:
    """What need not be asked of every row is asked of nobody's rows, and shows no row more."""

    def test_who_stands_at_the_only_top_sees_the_company(self, company: Company) -> None:
        customer("HARBOR", company.harbor, company.harbor)

        top, city = company.viewer(company.province), company.viewer(company.east)

        assert (top.sees_company, city.sees_company) == (True, False)
        assert "WHERE" not in str(Customer.objects.visible_to(top).query)
        assert seen(top) == {"HARBOR"}

    def test_beside_another_company_the_branch_is_asked_for(self, company: Company) -> None:
        other = OrganizationUnit.objects.create(
            code="Q", name="邻省公司", kind="province", path="001"
        )
        customer("HARBOR", company.harbor, company.harbor)
        customer("FAR", other, other)

        viewer = company.viewer(company.province)

        assert not viewer.sees_company
        assert seen(viewer) == {"HARBOR"}

    def test_what_has_no_unit_is_not_the_company_s(self, company: Company) -> None:
        for unit in (None, company.harbor):
            ImportRun.objects.create(kind="customers", unit=unit, created_at=AT)
        viewer = company.viewer(company.province)

        assert viewer.sees_company
        assert [run.unit for run in ImportRun.objects.visible_to(viewer)] == [company.harbor]

    @pytest.mark.parametrize("few", [0, 1, 200])
    def test_many_units_and_customers_are_seen_as_few_are(
        self, company: Company, monkeypatch: pytest.MonkeyPatch, few: int
    ) -> None:
        monkeypatch.setattr("busbar.access.visibility._FEW", few)
        for number, place in (("HARBOR", company.harbor), ("PLAIN", company.plain)):
            customer(number, place, place)
        mine = [customer(f"MINE{n}", company.plain, company.plain) for n in range(2)]
        employee = company.hire(company.east)
        for one in mine:
            join_team(employee, one)

        viewer = access_queries.get_viewer(employee.user)

        assert seen(viewer) == {"HARBOR", "MINE0", "MINE1"}
        assert seen(viewer, CustomerAccount) == {"HARBOR-0", "MINE0-0", "MINE1-0"}
        assert isinstance(viewer.team_customers, list) == (few == 200)

    def test_who_is_on_no_team_is_not_asked_for_one(self, company: Company) -> None:
        viewer = company.viewer(company.harbor)

        assert viewer.team_customers == []
        assert "teammember" not in str(CustomerAccount.objects.visible_to(viewer).query)

    def test_a_sum_over_the_company_is_its_branches_sum(self, company: Company) -> None:
        for number, place in (("HARBOR", company.harbor), ("PLAIN", company.plain)):
            customer(number, place, place)
        top, asked = company.viewer(company.province), company.viewer(company.province)
        vars(asked)["sees_company"] = False

        for model in (Customer, CustomerAccount):
            rows = [set(model.objects.visible_to(v).values_list("pk")) for v in (top, asked)]
            assert rows[0] == rows[1] != set()
        assert Customer.objects.whole_to(top).count() == Customer.objects.whole_to(asked).count()
