"""The operations on the organisation: what they do, and what they refuse."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import ApiToken, Employee, OrganizationUnit, Role, User
from busbar.access.paths import UnableToPlaceUnit
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted
from busbar.journal.models import Entry
from tests.access.conftest import AT, Company, unit


def last_entry() -> Entry:
    """The newest journal entry."""
    return Entry.objects.order_by("-id")[0]


class TestCreateUnit:
    """Adding to the tree."""

    def test_siblings_get_the_next_path(self, company: Company) -> None:
        assert [company.province.path, company.east.path, company.west.path] == [
            "000",
            "000000",
            "000001",
        ]
        assert company.hill.path == "000000001"

    def test_it_is_journaled_where_it_stands(self, company: Company) -> None:
        entry = last_entry()
        assert (entry.event, entry.subject_id, entry.unit_path, entry.actor_name) == (
            "access.unit.created",
            company.plain.pk,
            "000001000",
            "系统",
        )
        assert entry.changes == {"code": "WP", "name": "WP公司", "kind": "county"}

    def test_a_closed_unit_keeps_its_path(self, company: Company) -> None:
        access_operations.deactivate_unit(unit=company.hill, by=SYSTEM_VIEWER, at=AT, reason="撤")
        assert unit("NEW", "county", company.east).path == "000000002"

    @pytest.mark.parametrize(
        ("kind", "parent", "sentence"),
        [
            ("county", "province", "县公司不能设在省公司之下"),
            ("city", "east", "市公司不能设在市公司之下"),
            ("province", "east", "省公司不能设在市公司之下"),
            ("city", None, "市公司必须有上级单位"),
        ],
    )
    def test_a_level_out_of_place_is_refused(
        self, company: Company, kind: str, parent: str | None, sentence: str
    ) -> None:
        above = getattr(company, parent) if parent else None
        with pytest.raises(access_operations.UnableToCreateUnit, match=sentence):
            unit("X", kind, above)
        assert not OrganizationUnit.objects.filter(code="X").exists()

    def test_nothing_stands_below_a_department(self, company: Company) -> None:
        desk = unit("DK", "key_accounts", company.east)
        with pytest.raises(access_operations.UnableToCreateUnit, match="大客户部之下不能再设单位"):
            unit("X", "marketing", desk)

    def test_a_code_is_used_once(self, company: Company) -> None:
        with pytest.raises(access_operations.UnableToCreateUnit, match="编码 EH 已由 EH公司 使用"):
            unit("EH", "county", company.west)

    def test_the_last_place_stays_free(self, company: Company) -> None:
        OrganizationUnit.objects.create(
            code="L", name="末", kind="metering", parent=company.plain, path="000001000998"
        )
        with pytest.raises(UnableToPlaceUnit, match="999"):
            unit("X", "safety", company.plain)

    def test_a_neighbor_s_administrator_is_refused(self, company: Company) -> None:
        administrator = company.viewer(company.west, Role.ADMINISTRATOR)
        with pytest.raises(NotPermitted, match="不在您管理的范围之内"):
            access_operations.create_unit(
                code="X", name="X", kind="county", parent=company.east, by=administrator, at=AT
            )
        assert not OrganizationUnit.objects.filter(code="X").exists()

    def test_only_the_system_makes_a_province(self, company: Company) -> None:
        administrator = company.viewer(company.province, Role.ADMINISTRATOR)
        with pytest.raises(NotPermitted, match="由系统在安装时建立"):
            access_operations.create_unit(
                code="X", name="X", kind="province", parent=None, by=administrator, at=AT
            )


class TestDeactivateUnit:
    """Closing a unit."""

    def close(self, company_unit: OrganizationUnit) -> None:
        """Close it, as the system."""
        access_operations.deactivate_unit(unit=company_unit, by=SYSTEM_VIEWER, at=AT, reason="撤并")

    def test_an_empty_unit_closes_and_opens_again(self, company: Company) -> None:
        self.close(company.plain)
        company.plain.refresh_from_db()
        assert not company.plain.is_active
        access_operations.reactivate_unit(
            unit=company.plain, by=SYSTEM_VIEWER, at=AT, reason="恢复"
        )
        company.plain.refresh_from_db()
        assert company.plain.is_active
        assert last_entry().event == "access.unit.reactivated"

    def test_active_units_below_refuse(self, company: Company) -> None:
        with pytest.raises(access_operations.UnableToChangeUnit, match="还有在用的单位：WP公司"):
            self.close(company.west)
        company.west.refresh_from_db()
        assert company.west.is_active

    def test_employees_refuse(self, company: Company) -> None:
        company.hire(company.plain)
        with pytest.raises(access_operations.UnableToChangeUnit, match="还有 1 名在岗人员"):
            self.close(company.plain)
        company.plain.refresh_from_db()
        assert company.plain.is_active

    def test_dismissed_employees_do_not(self, company: Company) -> None:
        employee = company.hire(company.plain)
        access_operations.dismiss_employee(
            employee=employee, by=SYSTEM_VIEWER, at=AT, reason="离职"
        )
        self.close(company.plain)
        company.plain.refresh_from_db()
        assert not company.plain.is_active

    def test_a_unit_below_a_closed_one_does_not_open(self, company: Company) -> None:
        self.close(company.plain)
        self.close(company.west)
        with pytest.raises(access_operations.UnableToChangeUnit, match="上级单位 W公司 已停用"):
            access_operations.reactivate_unit(
                unit=company.plain, by=SYSTEM_VIEWER, at=AT, reason="恢复"
            )


class TestRenameUnit:
    """Another name."""

    def test_the_name_changes_and_the_place_stays(self, company: Company) -> None:
        access_operations.rename_unit(
            unit=company.east, name=" 东海供电公司 ", by=SYSTEM_VIEWER, at=AT
        )
        company.east.refresh_from_db()
        assert (company.east.name, company.east.path) == ("东海供电公司", "000000")
        assert last_entry().changes == {"name": ["E公司", "东海供电公司"]}

    def test_no_name_is_refused(self, company: Company) -> None:
        with pytest.raises(access_operations.UnableToChangeUnit, match="名称不能为空"):
            access_operations.rename_unit(unit=company.east, name=" ", by=SYSTEM_VIEWER, at=AT)


class TestHireEmployee:
    """Taking somebody on."""

    def hire(self, company: Company, **facts: object) -> access_operations.Hired:
        """Hire 李工 unless the facts say otherwise."""
        given = {
            "username": "li",
            "number": "1001",
            "name": "李工",
            "unit": company.east,
            "roles": [Role.MANAGER],
            "by": SYSTEM_VIEWER,
            "at": AT,
        }
        return access_operations.hire_employee(**(given | facts))

    def test_a_password_is_generated_and_must_be_changed(self, company: Company) -> None:
        hired = self.hire(company)
        user = User.objects.get(username="li")
        assert hired.password is not None
        assert len(hired.password) == len("aaaaa-aaaaa-aaaaa-aaaaa")
        assert user.check_password(hired.password)
        assert user.must_change_password
        assert user.date_joined == AT

    def test_a_given_password_stays(self, company: Company) -> None:
        hired = self.hire(company, password="Muxian-demo-2026")
        assert hired.password is None
        assert hired.employee.user.check_password("Muxian-demo-2026")
        assert not hired.employee.user.must_change_password

    def test_the_journal_names_roles_and_never_the_password(self, company: Company) -> None:
        hired = self.hire(company, roles=[Role.MANAGER, Role.ADMINISTRATOR])
        entry = last_entry()
        assert entry.event == "access.employee.hired"
        assert entry.changes == {
            "username": "li",
            "unit": "E",
            "roles": ["administrator", "manager"],
        }
        assert hired.password not in str(vars(entry))

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({"username": "PERSON1", "number": "9"}, "用户名 PERSON1 已被使用"),
            ({"number": "E001"}, "工号 E001 已由 职员1 使用"),
            ({"name": " "}, "姓名和工号都不能为空"),
            ({"username": "li li"}, "用户名只能用"),
        ],
    )
    def test_what_clashes_is_refused(
        self, company: Company, facts: dict[str, object], sentence: str
    ) -> None:
        company.hire(company.east)
        with pytest.raises(access_operations.UnableToHireEmployee, match=sentence):
            self.hire(company, **facts)
        assert Employee.objects.count() == 1
        assert User.objects.count() == 1

    def test_a_weak_password_is_refused(self, company: Company) -> None:
        with pytest.raises(access_operations.UnableToSetPassword):
            self.hire(company, password="12345678")
        assert not User.objects.exists()

    def test_a_role_nobody_knows_is_refused(self, company: Company) -> None:
        with pytest.raises(access_operations.UnableToChangeEmployee, match="没有角色 emperor"):
            self.hire(company, roles=["emperor"])
        assert not User.objects.exists()

    def test_a_closed_unit_hires_nobody(self, company: Company) -> None:
        access_operations.deactivate_unit(unit=company.hill, by=SYSTEM_VIEWER, at=AT, reason="撤")
        company.hill.refresh_from_db()
        with pytest.raises(access_operations.UnableToHireEmployee, match="已停用"):
            self.hire(company, unit=company.hill)

    def test_a_city_s_administrator_hires_in_the_city_only(self, company: Company) -> None:
        administrator = company.viewer(company.east, Role.ADMINISTRATOR)
        assert self.hire(company, unit=company.harbor, by=administrator).employee.pk
        with pytest.raises(NotPermitted):
            self.hire(company, username="wu", number="7", unit=company.plain, by=administrator)
        assert not User.objects.filter(username="wu").exists()


class TestChangeRoles:
    """Other roles."""

    def test_roles_are_replaced(self, company: Company) -> None:
        employee = company.hire(company.east, Role.MANAGER)
        access_operations.change_roles(
            employee=employee, roles=[Role.DISPATCHER], by=SYSTEM_VIEWER, at=AT, reason="调岗"
        )
        employee.refresh_from_db()
        assert employee.roles == ["dispatcher"]
        assert last_entry().changes == {"roles": [["manager"], ["dispatcher"]]}

    def test_the_last_administrator_keeps_the_role(self, company: Company) -> None:
        employee = company.hire(company.province, Role.ADMINISTRATOR)
        with pytest.raises(access_operations.UnableToChangeEmployee, match="最后一名系统管理员"):
            access_operations.change_roles(
                employee=employee, roles=[Role.MANAGER], by=SYSTEM_VIEWER, at=AT
            )
        employee.refresh_from_db()
        assert employee.roles == ["administrator"]

    def test_one_of_two_administrators_may_lose_it(self, company: Company) -> None:
        company.hire(company.province, Role.ADMINISTRATOR)
        employee = company.hire(company.province, Role.ADMINISTRATOR)
        access_operations.change_roles(
            employee=employee, roles=[Role.MANAGER], by=SYSTEM_VIEWER, at=AT
        )
        assert access_queries.count_active_administrators() == 1


class TestTransferEmployee:
    """Another unit."""

    def test_the_person_sees_from_the_new_unit(self, company: Company) -> None:
        employee = company.hire(company.harbor)
        access_operations.transfer_employee(
            employee=employee, unit=company.west, by=SYSTEM_VIEWER, at=AT
        )
        assert access_queries.get_viewer(employee.user).unit_path == company.west.path
        assert last_entry().changes == {"unit": ["EH", "W"]}

    def test_nobody_is_sent_out_of_the_branch(self, company: Company) -> None:
        administrator = company.viewer(company.east, Role.ADMINISTRATOR)
        employee = company.hire(company.harbor)
        with pytest.raises(NotPermitted):
            access_operations.transfer_employee(
                employee=employee, unit=company.plain, by=administrator, at=AT
            )
        employee.refresh_from_db()
        assert employee.unit_id == company.harbor.pk


class TestDismissEmployee:
    """Leaving."""

    def test_sign_in_and_keys_end(self, company: Company) -> None:
        employee = company.hire(company.east)
        issued = access_operations.issue_api_token(
            user=employee.user, name="报表", valid_days=30, by=SYSTEM_VIEWER, at=AT
        )
        access_operations.dismiss_employee(
            employee=employee, by=SYSTEM_VIEWER, at=AT, reason="离职"
        )
        assert access_queries.get_viewer_for_token(issued.plain, at=AT) is None
        assert not User.objects.get(pk=employee.user_id).is_active
        assert ApiToken.objects.get().revoked_at == AT

    def test_nobody_dismisses_himself(self, company: Company) -> None:
        company.hire(company.province, Role.ADMINISTRATOR)
        employee = company.hire(company.province, Role.ADMINISTRATOR)
        viewer = access_queries.get_viewer(employee.user)
        with pytest.raises(access_operations.UnableToChangeEmployee, match="自己"):
            access_operations.dismiss_employee(employee=employee, by=viewer, at=AT, reason="误")
        assert User.objects.get(pk=employee.user_id).is_active


@pytest.mark.django_db
class TestCreateFirstAdministrator:
    """The installation's first sign-in."""

    def test_an_empty_installation_gets_a_province_and_a_password(self) -> None:
        hired = access_operations.create_first_administrator(at=AT, company="东海省电力公司")
        viewer = access_queries.get_viewer(hired.employee.user)
        assert hired.employee.user.check_password(hired.password)
        assert hired.employee.unit.name == "东海省电力公司"
        assert viewer.unit_path == "000"

    def test_a_second_one_is_refused(self) -> None:
        access_operations.create_first_administrator(at=AT)
        with pytest.raises(access_operations.UnableToHireEmployee, match="已有管理员"):
            access_operations.create_first_administrator(at=AT, username="admin2")
        assert User.objects.count() == 1

    def test_an_existing_province_is_used(self, company: Company) -> None:
        hired = access_operations.create_first_administrator(at=AT)
        assert hired.employee.unit_id == company.province.pk
        assert OrganizationUnit.objects.filter(parent=None).count() == 1


class TestPasswords:
    """Reset by an administrator, changed by the person."""

    def test_a_reset_ends_the_person_s_keys_and_nobody_else_s(self, company: Company) -> None:
        employee, colleague = company.hire(company.east), company.hire(company.east)
        mine, other = (
            access_operations.issue_api_token(
                user=person.user, name="报表", valid_days=30, by=SYSTEM_VIEWER, at=AT
            ).plain
            for person in (employee, colleague)
        )

        access_operations.reset_password(employee=employee, by=SYSTEM_VIEWER, at=AT)

        assert access_queries.get_viewer_for_token(mine, at=AT) is None
        assert access_queries.get_viewer_for_token(other, at=AT) is not None
        assert last_entry().changes == {"api_tokens_revoked": 1}

    def test_a_reset_password_must_be_changed(self, company: Company) -> None:
        employee = company.hire(company.east)
        User.objects.update(must_change_password=False)
        password = access_operations.reset_password(employee=employee, by=SYSTEM_VIEWER, at=AT)
        user = User.objects.get(pk=employee.user_id)
        assert user.check_password(password)
        assert user.must_change_password
        assert password not in str(vars(last_entry()))

    def test_a_changed_password_need_not_be_changed_again(self, company: Company) -> None:
        user = company.hire(company.east).user
        access_operations.change_password(user=user, password="Donghai-River-7", at=AT)
        user.refresh_from_db()
        assert user.check_password("Donghai-River-7")
        assert not user.must_change_password
        assert (last_entry().event, last_entry().actor_name) == (
            "access.user.password_changed",
            "职员1",
        )

    def test_a_weak_or_equal_password_is_refused(self, company: Company) -> None:
        user = company.hire(company.east).user
        access_operations.change_password(user=user, password="Donghai-River-7", at=AT)
        with pytest.raises(access_operations.UnableToSetPassword, match="不能与原密码相同"):
            access_operations.change_password(user=user, password="Donghai-River-7", at=AT)
        with pytest.raises(access_operations.UnableToSetPassword):
            access_operations.change_password(user=user, password="123456", at=AT)
        user.refresh_from_db()
        assert user.check_password("Donghai-River-7")


class TestApiTokens:
    """Keys for programs."""

    def issue(self, company: Company, **facts: object) -> access_operations.IssuedToken:
        """A key of 30 days for a new employee of the east."""
        given = {"user": company.hire(company.east).user, "name": "报表", "valid_days": 30}
        return access_operations.issue_api_token(
            **({"by": SYSTEM_VIEWER, "at": AT} | given | facts)
        )

    def test_the_key_acts_as_its_owner(self, company: Company, django_assert_num_queries) -> None:
        issued = self.issue(company)
        with django_assert_num_queries(2):
            viewer = access_queries.get_viewer_for_token(issued.plain, at=AT)
        assert viewer is not None
        assert (viewer.user_id, viewer.unit_path) == (issued.token.user_id, company.east.path)

    def test_only_the_digest_is_kept(self, company: Company) -> None:
        issued = self.issue(company)
        assert issued.plain not in str(ApiToken.objects.values())
        assert issued.plain not in str(Entry.objects.values())

    def test_a_key_ends_at_its_moment(self, company: Company) -> None:
        issued = self.issue(company)
        end = AT + dt.timedelta(days=30)
        before = end - dt.timedelta(microseconds=1)
        assert access_queries.get_viewer_for_token(issued.plain, at=before) is not None
        assert access_queries.get_viewer_for_token(issued.plain, at=end) is None

    def test_a_revoked_or_unknown_key_is_nobody_s(self, company: Company) -> None:
        issued = self.issue(company)
        access_operations.revoke_api_token(token=issued.token, by=SYSTEM_VIEWER, at=AT)
        assert access_queries.get_viewer_for_token(issued.plain, at=AT) is None
        assert access_queries.get_viewer_for_token("busbar_x", at=AT) is None

    def test_a_person_issues_and_revokes_the_own(self, company: Company) -> None:
        employee = company.hire(company.east)
        viewer = access_queries.get_viewer(employee.user)
        issued = self.issue(company, user=employee.user, by=viewer)
        access_operations.revoke_api_token(token=issued.token, by=viewer, at=AT)
        assert ApiToken.objects.get().revoked_at == AT

    def test_nobody_issues_for_a_colleague(self, company: Company) -> None:
        with pytest.raises(NotPermitted):
            self.issue(company, by=company.viewer(company.east))
        assert not ApiToken.objects.exists()

    def test_an_administrator_issues_in_the_own_branch_only(self, company: Company) -> None:
        with pytest.raises(NotPermitted):
            self.issue(company, by=company.viewer(company.west, Role.ADMINISTRATOR))
        assert self.issue(company, by=company.viewer(company.east, Role.ADMINISTRATOR)).plain

    @pytest.mark.parametrize("days", [0, 731])
    def test_an_odd_validity_is_refused(self, company: Company, days: int) -> None:
        with pytest.raises(access_operations.UnableToIssueToken, match=f"给出的是 {days} 天"):
            self.issue(company, valid_days=days)
        assert not ApiToken.objects.exists()


class TestEmployeesOfABranch:
    """Listing people."""

    def test_a_city_lists_its_own(self, company: Company) -> None:
        for place in (company.harbor, company.east, company.plain):
            company.hire(place)
        viewer = company.viewer(company.east)
        assert [e.number for e in access_queries.list_employees(viewer)] == ["E002", "E004", "E001"]
        assert access_queries.count_employees_by_unit(viewer) == {
            company.east.pk: 2,
            company.harbor.pk: 1,
        }
        only = access_queries.list_employees(viewer, unit=company.harbor)
        assert [e.number for e in only] == ["E001"]
