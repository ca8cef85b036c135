"""What the forms of a connection offer from the registers, and what is kept of a choice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee, Role
from busbar.access.visibility import Viewer
from busbar.connections import operations as connections_operations
from busbar.connections.models import ContractorChoice, SiteSurvey
from busbar.connections.steps import choosing
from busbar.journal.models import Entry
from busbar.network.models import Feeder, Substation
from busbar.workflow import queries as workflow_queries
from busbar.workflow.forms import UnableToAcceptForm
from busbar.workflow.models import UserTask
from busbar.workflow.registry import Asking
from tests.connections.processes import world as w
from tests.connections.processes.test_connection_journey import bring_to_scheme, reply
from tests.connections.processes.world import PDF, PHOTO, Connection, at
from tests.connections.works.world import make_firm
from tests.imports.world import make_viewer


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.FILES_ROOT = tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.BUSBAR_HOME = tmp_path
    return tmp_path


@pytest.fixture
def connection(ground: None) -> Connection:
    return w.make_connection()


def asking(c: Connection, part: str | Viewer, day: str = "2025-03-10") -> Asking:
    """Somebody about to choose, on a day."""
    viewer = c.company.people[part] if isinstance(part, str) else part
    return Asking(c.process, viewer, at(day))


def bring_to_survey(c: Connection) -> None:
    """Taken in, reviewed, handed over, the visit called."""
    c.hand_in_documents(w.DocumentPhase.APPLICATION, "station", "2025-03-05")
    c.do("check_documents", "station", "2025-03-06", outcome="accepted")
    c.do("preliminary_review", "station", "2025-03-07", outcome="passed")
    c.do("hand_over", "station", "2025-03-10")
    c.do("plan_survey", "marketing", "2025-03-11", planned_for="2025-03-13T09:00")


def survey(c: Connection, **changed: Any) -> UserTask:
    """The visit written down by marketing."""
    found: dict[str, Any] = {
        "outcome": "feasible",
        "verified_kva": 800,
        "connection_point": "11线 12号杆",
        "feeders": [{"feeder": "F11", "distance_m": 800}],
        "attendance": [{"unit": "3101PL", "name": "计划员"}],
    }
    files = [("photos", "现场.jpg", PHOTO)]
    return c.do("survey", "marketing", "2025-03-13", files=files, **{**found, **changed})


class TestFeeders:
    def test_are_those_of_the_company_and_of_companies_above_in_words(
        self, connection: Connection
    ) -> None:
        above = Substation.objects.create(
            code="P1", name="省变", unit=connection.company.units["31"], voltage_kv=220,
            capacity_kva=240_000,
        )  # fmt: skip
        Feeder.objects.create(
            code="PF", name="省线", substation=above, voltage_kv=110, capacity_kva=60_000
        )
        found = list(choosing.feeders(asking(connection, "station")))

        assert [code for code, _ in found] == ["PF", "F11", "F12", "F21", "F22"]
        assert dict(found)["F11"] == "11线（1号变，10 千伏）"

    def test_of_another_city_are_not_offered(self, connection: Connection) -> None:
        city = w.access_operations.create_unit(
            code="3102", name="远山市供电公司", kind="city",
            parent=connection.company.units["31"], by=w.SYSTEM_VIEWER, at=at("2025-01-02"),
        )  # fmt: skip
        far = Substation.objects.create(
            code="FAR", name="远山变", unit=city, voltage_kv=110, capacity_kva=50_000
        )
        Feeder.objects.create(
            code="FF", name="远山线", substation=far, voltage_kv=10, capacity_kva=9000
        )
        found = dict(choosing.feeders(asking(connection, "station")))

        assert "FF" not in found


class TestVisibility:
    def test_whoever_does_not_see_the_application_is_offered_nothing(
        self, connection: Connection
    ) -> None:
        city = w.access_operations.create_unit(
            code="3102", name="远山市供电公司", kind="city",
            parent=connection.company.units["31"], by=w.SYSTEM_VIEWER, at=at("2025-01-02"),
        )  # fmt: skip
        make_firm(11, "design", "丙级")
        stranger = asking(connection, make_viewer(city, Role.CONNECTION_OFFICER, number="X1"))
        about_an_application = (
            choosing.colleagues, choosing.inspectors, choosing.departments, choosing.feeders,
            choosing.charge_items, choosing.designers, choosing.builders,
            choosing.completion_tests, choosing.account_points,
        )  # fmt: skip

        assert [list(offer(stranger)) for offer in about_an_application] == [[]] * 9

    def test_people_are_those_of_the_departments_beside_and_above(
        self, connection: Connection
    ) -> None:
        found = dict(choosing.colleagues(asking(connection, "station")))

        assert found["E006"] == "safety员（临江安全监察部）"
        assert "E007" not in found  # the city's manager stands in no department

    def test_inspectors_are_those_who_may_inspect_and_still_work_here(
        self, connection: Connection
    ) -> None:
        Employee.objects.get(number="E003").user.__class__.objects.filter(
            employee__number="E003"
        ).update(is_active=False)

        found = dict(choosing.inspectors(asking(connection, "station")))

        assert list(found) == ["E002", "E006", "E001"]

    def test_firms_are_offered_only_with_a_certificate_of_the_day(
        self, connection: Connection
    ) -> None:
        make_firm(11, "design", "丙级")
        make_firm(12, "design", "丙级", until=dt.date(2025, 3, 10))
        make_firm(13, "installation", "四级")

        found = list(choosing.designers(asking(connection, "station", "2025-03-10")))

        assert found == [("D011", "单位11")]


class TestChoosing:
    def test_keeps_what_was_chosen_in_words(self, connection: Connection) -> None:
        bring_to_survey(connection)

        task = survey(connection)

        assert task.data["feeders"][0]["feeder"] == "F11"
        assert UserTask.objects.get(pk=task.pk).labels == {
            "feeders.feeder": {"F11": "11线（1号变，10 千伏）"},
            "attendance.unit": {"3101PL": "临江生产计划部"},
        }

    def test_of_what_is_not_offered_is_refused_and_nothing_changes(
        self, connection: Connection
    ) -> None:
        bring_to_survey(connection)
        before = Entry.objects.count()

        with pytest.raises(UnableToAcceptForm) as refusal:
            survey(connection, feeders=[{"feeder": "F99", "distance_m": 800}])

        assert str(refusal.value) == ("“可供电的馈线”第 1 行：“馈线”没有“F99”可选，请从列表中选择")
        assert refusal.value.errors.keys() == {"feeders"}
        assert connection.open_elements() == {"survey"}
        assert SiteSurvey.objects.get().state == "planned"
        assert Entry.objects.count() == before

    def test_of_a_firm_struck_off_since_is_refused(self, connection: Connection) -> None:
        bring_to_scheme(connection)
        reply(connection)
        designer, builder = make_firm(11, "design", "丙级"), make_firm(12, "installation", "四级")
        connections_operations.strike_off_contractor(
            contractor_id=designer.pk, reason="转包", on=dt.date(2025, 9, 20),
            by=w.SYSTEM_VIEWER, at=at("2025-09-20"),
        )  # fmt: skip

        with pytest.raises(UnableToAcceptForm, match="“设计单位”没有“D011”可选"):
            connection.do(
                "choose_contractors", "marketing", "2025-09-25",
                files=[("declaration", "声明.pdf", PDF)], design_code=designer.code,
                construction_code=builder.code, chosen_by="王工", free_choice=True,
            )  # fmt: skip

        assert ContractorChoice.objects.count() == 0

    def test_takes_as_many_queries_for_many_rows_as_for_few(self, connection: Connection) -> None:
        bring_to_survey(connection)
        task = connection.task("survey")
        viewer = connection.company.people["marketing"]

        def count() -> int:
            with CaptureQueriesContext(database) as captured:
                workflow_queries.offer_form(task, viewer, at=at("2025-03-13"))
            return len(captured)

        few = count()
        station = Substation.objects.get(code="SS1")
        Feeder.objects.bulk_create(
            Feeder(code=f"M{n}", name=f"M{n}线", substation=station, voltage_kv=10,
                   capacity_kva=9000)
            for n in range(30)
        )  # fmt: skip

        assert count() == few


class TestScreens:
    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: at("2025-03-13"))

    def page(self, c: Connection, address: str, part: str = "marketing") -> str:
        client = Client()
        user = Employee.objects.get(pk=c.company.people[part].employee_id).user
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        response = client.get(address)
        assert response.status_code == 200
        return response.content.decode()

    def test_offer_a_list_where_a_code_had_to_be_typed(self, connection: Connection) -> None:
        bring_to_survey(connection)

        text = self.page(connection, f"/work/tasks/{connection.task('survey').pk}/")

        assert '<select class="form-select" id="field-feeders-0-feeder"' in text
        assert '<option value="F11">11线（1号变，10 千伏）</option>' in text
        assert '<option value="3101PL">临江生产计划部</option>' in text

    def test_show_the_words_and_not_the_code(self, connection: Connection) -> None:
        bring_to_survey(connection)
        survey(connection)

        for address in (
            f"/work/processes/{connection.process.pk}/",
            f"/work/tasks/{connection.task('design_scheme').pk}/",
        ):
            text = self.page(connection, address)
            assert "11线（1号变，10 千伏）" in text
            assert "<td>F11</td>" not in text
            assert "<td>3101PL</td>" not in text
