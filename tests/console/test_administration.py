"""系统管理: organisation, employees, tokens, calendar, tasks."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from busbar.access.models import ApiToken, Employee, OrganizationUnit, Role, UnitKind
from busbar.clocks.models import CalendarDay
from busbar.console.administration import tasks
from busbar.jobs.timetable import install_timetable
from busbar.journal.models import Entry
from tests.billing import world
from tests.console.work_region import Region, count_queries, make_units, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def region(db: None) -> Region:
    """A province and two counties."""
    call_command("createcachetable", verbosity=0)
    return make_units()


class TestOrganization:
    def test_adds_a_unit_below_another(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)

        client.post(
            "/organization/C/below/", {"code": "C1", "name": "大客户部", "kind": "key_accounts"}
        )

        made = OrganizationUnit.objects.get(code="C1")
        assert (made.parent, made.kind) == (region.county, UnitKind.KEY_ACCOUNTS)
        assert made.path == "000000000"

    def test_proposes_the_level_below(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)

        forms = [client.get(f"/organization/{code}/").context["form"] for code in ("P", "C")]

        assert [str(form["kind"].value()) for form in forms] == ["city", "supply_station"]

    def test_says_why_a_unit_does_not_fit_and_adds_nothing(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)

        response = client.post(
            "/organization/C/below/", {"code": "D", "name": "又一个", "kind": "key_accounts"}
        )

        assert response.status_code == 422
        assert "D" in str(response.context["form"].non_field_errors())
        assert OrganizationUnit.objects.count() == 3

    def test_renames_closes_and_opens_a_unit(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)

        client.post("/organization/D/name/", {"name": "山阳县公司"})
        client.post("/organization/D/activity/", {"reason": "撤并"})
        closed = OrganizationUnit.objects.get(code="D")
        client.post("/organization/D/activity/", {"reason": "恢复"})

        assert (closed.name, closed.is_active) == ("山阳县公司", False)
        assert OrganizationUnit.objects.get(code="D").is_active
        events = Entry.objects.filter(subject_type="access.unit").order_by("id")
        assert [entry.event for entry in events] == [
            "access.unit.renamed",
            "access.unit.deactivated",
            "access.unit.reactivated",
        ]

    def test_does_not_show_or_touch_units_of_another_branch(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR)

        assert "邻县公司" not in client.get("/organization/").content.decode()
        assert client.get("/organization/D/").status_code == 404
        assert client.post("/organization/D/name/", {"name": "x"}).status_code == 404
        assert OrganizationUnit.objects.get(code="D").name == "邻县公司"

    def test_takes_as_many_queries_for_three_units_as_for_thirty(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)
        few = count_queries(client, "/organization/")
        for number in range(27):
            OrganizationUnit.objects.create(
                code=f"X{number}",
                name="所",
                kind=UnitKind.SUPPLY_STATION,
                parent=region.county,
                path=f"000000{number:03d}",
            )

        assert count_queries(client, "/organization/") == few


class TestEmployees:
    def test_hiring_shows_the_generated_password_once(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)

        response = client.post(
            "/employees/new/",
            {
                "name": "新人",
                "number": "N1",
                "username": "new.person",
                "unit": "C",
                "roles": ["account_manager"],
            },
        )

        employee = Employee.objects.get(number="N1")
        password = response.context["password"]
        assert employee.user.check_password(password)
        assert employee.user.must_change_password
        assert password in response.content.decode()
        assert "no-store" in response["Cache-Control"]
        assert password not in client.get("/employees/N1/").content.decode()
        assert password not in str(list(Entry.objects.values("changes", "reason")))

    def test_hiring_with_a_number_in_use_changes_nothing(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)

        response = client.post(
            "/employees/new/",
            {
                "name": "新人",
                "number": "E001",
                "username": "new",
                "unit": "C",
                "roles": ["account_manager"],
            },
        )

        assert response.status_code == 422
        assert "E001" in str(response.context["form"].non_field_errors())
        assert Employee.objects.count() == 1

    def test_hiring_into_another_branch_is_not_offered(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR)

        response = client.post(
            "/employees/new/",
            {
                "name": "新人",
                "number": "N1",
                "username": "new",
                "unit": "D",
                "roles": ["account_manager"],
            },
        )

        assert response.status_code == 422
        assert not Employee.objects.filter(number="N1").exists()

    def test_roles_unit_and_standing_change(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)
        person = region.hire(Role.SERVICE_AGENT)

        client.post(f"/employees/{person.number}/roles/", {"roles": ["dispatcher", "manager"]})
        client.post(f"/employees/{person.number}/unit/", {"unit": "D", "reason": "轮岗"})
        client.post(f"/employees/{person.number}/leave/", {"reason": "离职"})

        person.refresh_from_db()
        assert (person.roles, person.unit) == (["dispatcher", "manager"], region.neighbor)
        assert not person.user.__class__.objects.get(pk=person.user_id).is_active

    def test_a_new_password_ends_the_sessions_of_its_owner(self, region: Region) -> None:
        admin = region.client(Role.ADMINISTRATOR, region.province)
        person = region.hire(Role.MANAGER)
        theirs = sign_in(person.user)
        before = theirs.get("/bills/").status_code

        response = admin.post(f"/employees/{person.number}/password/")

        person.user.refresh_from_db()
        assert person.user.check_password(response.context["password"])
        assert (before, theirs.get("/bills/").status_code) == (200, 302)

    def test_the_last_administrator_keeps_the_role(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)

        response = client.post("/employees/E001/roles/", {"roles": ["manager"]}, follow=True)

        assert "最后一名系统管理员" in response.content.decode()
        assert Employee.objects.get(number="E001").roles == ["administrator"]

    def test_people_of_another_branch_do_not_exist(self, region: Region) -> None:
        other = region.hire(Role.MANAGER, region.neighbor)
        client = region.client(Role.ADMINISTRATOR)

        assert client.get(f"/employees/{other.number}/").status_code == 404
        assert client.post(f"/employees/{other.number}/password/").status_code == 404
        assert other.name not in client.get("/employees/").content.decode()

    def test_the_list_goes_on_after_the_last_row(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.administration.employees.PAGE", 2)
        for _ in range(2):
            region.hire(Role.MANAGER)
        client = region.client(Role.ADMINISTRATOR, region.province)

        first = client.get("/employees/")
        last = first.context["last"]
        second = client.get("/employees/", {"after": f"{last.unit.path}@{last.number}"})

        assert [e.number for e, _ in first.context["employees"]] == ["E003", "E001"]
        assert [e.number for e, _ in second.context["employees"]] == ["E002"]

    def test_the_list_takes_as_many_queries_for_one_as_for_fifteen(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)
        few = count_queries(client, "/employees/")
        for _ in range(14):
            region.hire(Role.MANAGER)

        assert count_queries(client, "/employees/") == few


class TestTokens:
    def test_a_new_one_is_shown_once_and_works(self, region: Region) -> None:
        client = region.client(Role.DISPATCHER)

        response = client.post("/tokens/", {"name": "报表", "valid_days": "30"})

        plain = response.context["plain"]
        assert plain.startswith("busbar_")
        assert plain in response.content.decode()
        assert plain not in client.get("/tokens/").content.decode()
        assert ApiToken.objects.get().user.employee == region.people["E001"]

    def test_only_the_owner_revokes(self, region: Region) -> None:
        owner, other = region.client(Role.DISPATCHER), region.client(Role.DISPATCHER)
        owner.post("/tokens/", {"name": "报表", "valid_days": "30"})
        address = f"/tokens/{ApiToken.objects.get().pk}/revoke/"

        refused = other.post(address)
        kept = ApiToken.objects.get().revoked_at
        owner.post(address)

        assert (refused.status_code, kept) == (404, None)
        assert ApiToken.objects.get().revoked_at is not None

    def test_a_life_beyond_the_limit_is_refused(self, region: Region) -> None:
        response = region.client(Role.DISPATCHER).post(
            "/tokens/", {"name": "报表", "valid_days": "9999"}
        )

        assert response.status_code == 422
        assert not ApiToken.objects.exists()


class TestCalendar:
    DAY = "/calendar/2026-10-12/"

    def test_marks_holidays_and_make_up_days(self, region: Region, ground: None) -> None:
        months = region.client(Role.ADMINISTRATOR).get("/calendar/?year=2025").context["months"]

        october = {place[0].day: place[1] for week in months[9].weeks for place in week if place}
        assert october[1].kind == "holiday"
        assert october[11].kind == "make_up"
        assert october[12].kind == "weekend"
        assert len(october) == 31

    def test_says_which_years_are_provisional(self, region: Region, ground: None) -> None:
        client = region.client(Role.ADMINISTRATOR)

        assert not client.get("/calendar/?year=2025").context["provisional"]
        assert client.get("/calendar/?year=2031").context["provisional"]
        assert "推算" in client.get("/calendar/?year=2031").content.decode()

    def test_a_day_is_edited_with_a_reason(self, region: Region, ground: None) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)

        client.post(self.DAY, {"kind": "holiday", "name": "省运会", "reason": "省政府通知"})

        day = CalendarDay.objects.get(pk=dt.date(2026, 10, 12))
        assert (day.kind, day.name) == ("holiday", "省运会")
        assert Entry.objects.get(event="clocks.day.edited").reason == "省政府通知"

    def test_a_county_s_administrator_may_not_and_changes_nothing(
        self, region: Region, ground: None
    ) -> None:
        response = region.client(Role.ADMINISTRATOR).post(
            self.DAY, {"kind": "holiday", "name": "县庆", "reason": "x"}
        )

        assert "只能由省公司" in response.content.decode()
        assert CalendarDay.objects.get(pk=dt.date(2026, 10, 12)).kind == "workday"

    def test_an_upload_keeps_good_rows_and_lists_bad_ones(
        self, region: Region, ground: None
    ) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)
        text = "日期,性质,名称\n2031-10-01,法定节假日,国庆节\n2031-13-01,法定节假日,国庆节\n"
        file = SimpleUploadedFile("2031.csv", text.encode("gb18030"))

        response = client.post("/calendar/upload/", {"file": file, "source": "国办发明电 1 号"})

        upload = response.context["upload"]
        assert (upload.created + upload.updated, len(upload.refusals)) == (1, 1)
        assert upload.refusals[0].row == 3
        assert "2031-13-01" in response.content.decode()
        assert CalendarDay.objects.get(pk=dt.date(2031, 10, 1)).name == "国庆节"

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "空"),
            ("列一,列二\n1,2\n".encode(), "第 1 行应有“日期”和“性质”"),
            (b"PK\x03\x04broken", "Excel"),
            (b"\xff\xfe\x00\x81\xff", "GB18030"),
        ],
    )
    def test_a_file_that_is_no_calendar_is_refused(
        self, region: Region, content: bytes, says: str
    ) -> None:
        client = region.client(Role.ADMINISTRATOR, region.province)
        file = SimpleUploadedFile("x.csv", content)

        response = client.post("/calendar/upload/", {"file": file, "source": "文号"})

        assert response.status_code == 422
        assert says in response.content.decode()
        assert not CalendarDay.objects.exists()

    def test_what_is_no_day_does_not_exist(self, region: Region) -> None:
        client = region.client(Role.ADMINISTRATOR)

        assert client.get("/calendar/2026-02-30/").status_code == 404
        assert client.get("/calendar/?year=99999").status_code == 404

    def test_a_year_takes_as_many_queries_empty_as_full(self, region: Region) -> None:
        from busbar.clocks import operations as clocks_operations

        client = region.client(Role.ADMINISTRATOR)
        few = count_queries(client, "/calendar/?year=2025")
        clocks_operations.load_announced_years(at=world.AT)

        assert count_queries(client, "/calendar/?year=2025") == few


class TestTasks:
    def test_shows_the_timetable_and_that_nobody_works(self, region: Region) -> None:
        install_timetable(at=world.AT)

        response = region.client(Role.ADMINISTRATOR).get("/tasks/")

        names = {planned.name for planned in response.context["timetable"]}
        assert {"核验日志链", "维护工作日历"} <= names
        assert "没有后台任务进程在运行" in response.content.decode()

    def test_calls_an_unknown_job_by_its_own_name(self) -> None:
        assert tasks.name_job("busbar.jobs.unknown.work") == "busbar.jobs.unknown.work"
