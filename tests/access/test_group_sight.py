"""The account team of a group's head sees its members, and those of the groups below (U1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import NotPermitted, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import (
    AccountTeamMember,
    Contact,
    Customer,
    CustomerAccount,
    CustomerGroup,
)
from busbar.customers.operations import UnableToNameGroupHead
from busbar.customers.queries import CustomerFilter
from busbar.journal.models import Entry
from tests.access.conftest import AT, Company, customer, join_team

REASON = "集团授权书"


def seen(viewer: Viewer, model: type = Customer) -> set[str]:
    """The numbers of the rows the viewer sees."""
    return {row.number for row in model.objects.visible_to(viewer)}


class Groups:
    """A group led by HEAD of the harbor, with a member in each county, and a daughter group."""

    def __init__(self, company: Company) -> None:
        """HEAD and its manager; MEMBER and DAUGHTER far away; STRANGER in no group."""
        self.company = company
        self.group = CustomerGroup.objects.create(code="G1", name="东海集团")
        self.daughter = CustomerGroup.objects.create(
            code="G2", name="东海化工集团", parent=self.group
        )
        self.head = self.member("HEAD", company.harbor, self.group)
        self.far = self.member("MEMBER", company.plain, self.group)
        self.below = self.member("DAUGHTER", company.plain, self.daughter)
        customer("STRANGER", company.plain, company.plain)
        self.manager = company.hire(company.harbor)
        join_team(self.manager, self.head)

    def member(self, number: str, unit: OrganizationUnit, group: CustomerGroup) -> Customer:
        """A customer of the unit in the group."""
        made = customer(number, unit, unit)
        Customer.objects.filter(pk=made.pk).update(group=group)
        made.refresh_from_db()
        return made

    def name_head(self, of: Customer | None = None) -> None:
        """As the province does it."""
        by = self.company.viewer(self.company.province, Role.MANAGER)
        customers_operations.name_group_head(
            group=self.group, customer=of or self.head, reason=REASON, by=by, at=AT
        )

    @property
    def viewer(self) -> Viewer:
        """The head's manager."""
        return access_queries.get_viewer(self.manager.user)


@pytest.fixture
def groups(company: Company) -> Groups:
    return Groups(company)


class TestSight:
    def test_reaches_no_member_before_a_head_is_named(self, groups: Groups) -> None:
        assert seen(groups.viewer) == {"HEAD"}

    def test_reaches_the_members_and_those_of_the_groups_below(self, groups: Groups) -> None:
        groups.name_head()

        assert seen(groups.viewer) == {"HEAD", "MEMBER", "DAUGHTER"}
        assert seen(groups.viewer, CustomerAccount) == {"HEAD-0", "MEMBER-0", "DAUGHTER-0"}

    def test_is_of_the_whole_customer(self, groups: Groups) -> None:
        groups.name_head()

        assert customers_queries.get_customer_file(groups.viewer, "MEMBER").is_whole

    def test_reaches_what_hangs_on_a_member(self, groups: Groups) -> None:
        Contact.objects.create(customer=groups.far, name="王工", role="电工")
        groups.name_head()

        assert Contact.objects.visible_to(groups.viewer).count() == 1

    def test_does_not_go_up_or_sideways(self, groups: Groups, company: Company) -> None:
        groups.name_head()
        one, other = company.hire(company.hill), company.hire(company.hill)
        join_team(one, groups.far)
        join_team(other, groups.below)

        assert seen(access_queries.get_viewer(one.user)) == {"MEMBER"}
        assert seen(access_queries.get_viewer(other.user)) == {"DAUGHTER"}

    def test_of_a_colleague_in_the_same_unit_stays_what_it_was(
        self, groups: Groups, company: Company
    ) -> None:
        groups.name_head()

        assert seen(company.viewer(company.harbor)) == {"HEAD"}

    def test_ends_with_the_team(self, groups: Groups) -> None:
        groups.name_head()
        AccountTeamMember.objects.filter(employee=groups.manager).delete()

        assert seen(groups.viewer) == {"HEAD"}  # his unit's own

    def test_ends_when_the_head_leaves_the_group(self, groups: Groups) -> None:
        groups.name_head()
        Customer.objects.filter(pk=groups.head.pk).update(group=None)

        assert seen(groups.viewer) == {"HEAD"}

    def test_ends_when_a_member_leaves_the_group(self, groups: Groups) -> None:
        groups.name_head()
        Customer.objects.filter(pk=groups.far.pk).update(group=None)

        assert seen(groups.viewer) == {"HEAD", "DAUGHTER"}

    def test_ends_in_groups_that_contain_each_other(self, groups: Groups) -> None:
        groups.name_head()
        CustomerGroup.objects.filter(code="G1").update(parent=groups.daughter)

        assert seen(groups.viewer) == {"HEAD", "MEMBER", "DAUGHTER"}

    def test_makes_no_member_mine(self, groups: Groups) -> None:
        groups.name_head()

        mine = customers_queries.list_customers(groups.viewer, filters=CustomerFilter(mine=True))
        assert [row.customer.number for row in mine.rows] == ["HEAD"]

    @pytest.mark.parametrize("role", list(Role))
    def test_is_the_same_for_every_role_and_gives_no_permission(
        self, groups: Groups, company: Company, role: Role
    ) -> None:
        groups.name_head()
        employee = company.hire(company.hill, role)
        AccountTeamMember.objects.create(customer=groups.head, employee=employee, role="member")
        viewer = access_queries.get_viewer(employee.user)

        assert seen(viewer) == {"HEAD", "MEMBER", "DAUGHTER"}
        if role not in {Role.ADMINISTRATOR, Role.ACCOUNT_MANAGER, Role.CONNECTION_OFFICER,
                        Role.SERVICE_AGENT}:  # fmt: skip
            with pytest.raises(NotPermitted):
                customers_operations.amend_customer(
                    customer=groups.far, changes={"name": "别名"}, by=viewer, at=AT
                )
            groups.far.refresh_from_db()
            assert groups.far.name == "MEMBER"

    def test_takes_no_query_more(self, groups: Groups) -> None:
        with CaptureQueriesContext(connection) as before:
            customers_queries.list_customers(groups.viewer)
        groups.name_head()
        for number in range(20):
            groups.member(f"M{number}", groups.company.plain, groups.daughter)
        with CaptureQueriesContext(connection) as after:
            page = customers_queries.list_customers(groups.viewer)

        assert len(page.rows) == 23
        assert len(after) == len(before)

    def test_moves_with_a_merge_of_the_head_and_back(self, groups: Groups) -> None:
        groups.name_head()
        by = groups.company.viewer(groups.company.province, Role.ADMINISTRATOR)
        heir = groups.member("HEIR", groups.company.harbor, groups.group)

        merge = customers_operations.merge_customers(
            survivor=heir, absorbed=groups.head, reason=REASON, by=by, at=AT
        )
        groups.group.refresh_from_db()
        assert groups.group.head == heir
        customers_operations.undo_merge(merge=merge, reason=REASON, by=by, at=AT)
        groups.group.refresh_from_db()

        assert groups.group.head == groups.head


class TestNameGroupHead:
    def test_is_journaled(self, groups: Groups) -> None:
        groups.name_head()

        entry = Entry.objects.get(event="customers.group.head_named")
        assert entry.changes == {"head": ["", "HEAD"]}
        assert entry.reason == REASON

    def test_can_be_taken_back(self, groups: Groups) -> None:
        groups.name_head()
        by = groups.company.viewer(groups.company.province, Role.MANAGER)
        customers_operations.name_group_head(
            group=groups.group, customer=None, reason=REASON, by=by, at=AT
        )

        assert seen(groups.viewer) == {"HEAD"}

    def test_is_for_who_sees_all_members(self, groups: Groups, company: Company) -> None:
        by = company.viewer(company.harbor, Role.MANAGER)

        with pytest.raises(UnableToNameGroupHead, match="须由上级单位指定"):
            customers_operations.name_group_head(
                group=groups.group, customer=groups.head, reason=REASON, by=by, at=AT
            )

        groups.group.refresh_from_db()
        assert groups.group.head is None
        assert not Entry.objects.filter(event="customers.group.head_named").exists()

    @pytest.mark.parametrize("role", [r for r in Role if r not in {"manager", "administrator"}])
    def test_asks_for_the_permission(self, groups: Groups, company: Company, role: Role) -> None:
        with pytest.raises(NotPermitted):
            customers_operations.name_group_head(
                group=groups.group,
                customer=groups.head,
                reason=REASON,
                by=company.viewer(company.province, role),
                at=AT,
            )

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [({"reason": " "}, "请写明依据"), ({"customer": "STRANGER"}, "不是该集团的成员")],
    )
    def test_refuses(self, groups: Groups, changes: dict[str, Any], sentence: str) -> None:
        number = changes.get("customer", "HEAD")
        by = groups.company.viewer(groups.company.province, Role.MANAGER)

        with pytest.raises(UnableToNameGroupHead, match=sentence):
            customers_operations.name_group_head(
                group=groups.group,
                customer=Customer.objects.get(number=number),
                reason=changes.get("reason", REASON),
                by=by,
                at=AT,
            )


class TestNobodyHelpsHimself:
    """Sight of a group is given by those who see the customers, never taken."""

    def test_to_a_seat_at_a_head_he_sees_in_part(self, groups: Groups, company: Company) -> None:
        groups.name_head()
        CustomerAccount.objects.create(
            number="HEAD-1", name="HEAD", customer=groups.head, unit=company.plain
        )
        clerk = company.hire(company.plain)

        outcome = customers_operations.store_team(
            rows=[{"customer": "HEAD", "employee": clerk.number, "role": "member"}],
            by=access_queries.get_viewer(clerk.user),
            at=AT,
        )

        assert ["不全在您的管辖范围内" in str(r.expectation) for r in outcome.rejections] == [True]
        assert not AccountTeamMember.objects.filter(employee=clerk).exists()

    def test_to_a_customer_he_sees_in_part_by_moving_it_into_his_group(
        self, groups: Groups, company: Company
    ) -> None:
        groups.name_head()
        stranger = Customer.objects.get(number="STRANGER")
        CustomerAccount.objects.create(
            number="STRANGER-1", name="X", customer=stranger, unit=company.harbor
        )
        outcome = customers_operations.store_customers(
            rows=[{"customer": "STRANGER", "group": "G1"}], by=groups.viewer, at=AT
        )

        assert [r.field for r in outcome.rejections] == ["group"]
        stranger.refresh_from_db()
        assert stranger.group is None

    def test_to_a_group_of_others_by_hanging_it_below_his_own(
        self, groups: Groups, company: Company
    ) -> None:
        groups.name_head()
        foreign = CustomerGroup.objects.create(code="G9", name="西山集团")
        groups.member("WEST", company.plain, foreign)
        outcome = customers_operations.store_groups(
            rows=[{"code": "G9", "name": "西山集团", "parent": "G1"}], by=groups.viewer, at=AT
        )

        assert [r.field for r in outcome.rejections] == ["parent"]
        assert "WEST" not in seen(groups.viewer)

    def test_and_whoever_sees_all_may_move_it(self, groups: Groups, company: Company) -> None:
        groups.name_head()
        foreign = CustomerGroup.objects.create(code="G9", name="西山集团")
        groups.member("WEST", company.plain, foreign)
        outcome = customers_operations.store_groups(
            rows=[{"code": "G9", "name": "西山集团", "parent": "G1"}],
            by=company.viewer(company.province, Role.ADMINISTRATOR),
            at=AT,
        )

        assert outcome.rejections == []
        assert "WEST" in seen(groups.viewer)
