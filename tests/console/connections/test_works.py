"""受电工程: what the page shows, what may be done on it, and the inspection on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from busbar.access import operations as access_operations
from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.connections.models import DesignReview, Inspection, InspectionFinding, IssuedPaper
from busbar.journal.models import Entry
from tests.connections.works import world as w
from tests.connections.works.world import World
from tests.console.connections.works_region import browser, count_queries, make_home

pytestmark = pytest.mark.django_db
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 photo"


@pytest.fixture
def world(ground: None, settings: Any, tmp_path: Path) -> World:
    make_home(settings, tmp_path)
    return w.make_world()


def address(world: World) -> str:
    return f"/connections/{world.application.number}/works/"


class TestWorksPage:
    def test_says_at_once_everything_that_bars_energising(self, world: World) -> None:
        response = browser(world.county, Role.CONNECTION_OFFICER).get(address(world))

        assert response.status_code == 200
        assert response.context["obstacles"] == [
            "竣工检验未合格",
            "没有竣工变压器记录",
            "供用电合同未签订",
            "没有计量方案",
        ]
        assert "供用电合同未签订" in response.content.decode()

    def test_shows_the_whole_way(self, world: World) -> None:
        w.reach_energized(world)

        text = browser(world.county, Role.CONNECTION_OFFICER).get(address(world)).content.decode()

        for value in ("M900", "F001、F002", "SD-1", "S13-800/10", "王总 / 赵经理"):
            assert value in text

    def test_is_not_there_for_another_branch(self, world: World) -> None:
        other = access_operations.create_unit(
            code="X",
            name="邻市",
            kind="city",
            parent=world.county.parent,
            by=SYSTEM_VIEWER,
            at=w.at("2025-09-01"),
        )

        response = browser(other, Role.CONNECTION_OFFICER).get(address(world))

        assert response.status_code == 404

    def test_offers_nothing_to_the_regulator(self, world: World) -> None:
        text = browser(world.county, Role.REGULATOR).get(address(world)).content.decode()

        assert 'name="act"' not in text

    def test_takes_no_more_queries_for_more_inspections(self, world: World) -> None:
        w.start_works(world)
        client = browser(world.county, Role.CONNECTION_OFFICER)
        asked = w.request(world, "interim", "2025-11-01")
        w.hold(asked, w.outcome(world, "2025-11-01", findings=[w.finding()]), "2025-11-01")
        few = count_queries(client, address(world))
        for day in ("2025-11-02", "2025-11-03"):
            again = w.request(world, "interim", day)
            w.hold(again, w.outcome(world, day, findings=[w.finding()]), day)

        assert count_queries(client, address(world)) <= few + 2


class TestActs:
    def test_a_design_is_reviewed_with_its_remarks_and_its_paper(self, world: World) -> None:
        w.choose(world, "design", w.make_firm(1, "design", "丙级"))
        officer = browser(world.county, Role.CONNECTION_OFFICER)
        officer.post(
            address(world),
            {
                "act": "submit_design",
                "title": "10kV配电工程",
                "submitted_by": "设计院",
                "papers": SimpleUploadedFile("图.pdf", w.PDF.content),
            },
        )
        review = DesignReview.objects.get()

        response = officer.post(
            address(world),
            {
                "act": "review_design",
                "of": review.pk,
                "verdict": "returned",
                "opinion": "补充接地设计",
                "rows-TOTAL_FORMS": 2,
                "rows-INITIAL_FORMS": 0,
                "rows-0-clause": "GB 50053",
                "rows-0-description": "缺接地图",
            },
        )

        assert response.status_code == 302
        review.refresh_from_db()
        assert (review.verdict, review.findings.get().clause) == ("returned", "GB 50053")
        assert IssuedPaper.objects.get(kind="design_review").application_id == world.application.pk

    def test_a_refusal_stands_in_its_own_form_and_changes_nothing(self, world: World) -> None:
        before = Entry.objects.count()

        response = browser(world.county, Role.CONNECTION_OFFICER).post(
            address(world),
            {
                "act": "start",
                "started_on": "2025-10-15",
                "supervisor_name": "李工",
                "supervisor_phone": "139",
            },
        )

        assert response.status_code == 422
        assert response.context["acts"].refused.name == "start"
        assert "李工" in response.content.decode()
        # Hiring the officer wrote its own entries; the refused act wrote none.
        assert not Entry.objects.filter(event="connections.work.started").exists()
        assert Entry.objects.filter(event__startswith="connections.").count() <= before

    def test_who_may_not_is_refused(self, world: World) -> None:
        response = browser(world.county, Role.PLANNER).post(address(world), {"act": "start"})

        assert response.status_code == 403

    def test_an_unknown_act_is_not_found(self, world: World) -> None:
        client = browser(world.county, Role.CONNECTION_OFFICER)

        assert client.post(address(world), {"act": "no-such"}).status_code == 404


class TestInspectionForm:
    def test_writes_down_findings_with_photos_and_values(self, world: World) -> None:
        w.start_works(world)
        asked = w.request(world, "interim", "2025-11-01")
        numbers = "、".join(person.number for person in world.inspectors)

        response = browser(world.county, Role.SAFETY_INSPECTOR).post(
            f"/connections/inspections/{asked.pk}/",
            {
                "act": "hold",
                "held_at": "2025-11-01T14:00",
                "inspectors": numbers,
                "opinion": "搭接不足",
                "photos": SimpleUploadedFile("现场.jpg", JPEG),
                "rows-TOTAL_FORMS": 1,
                "rows-INITIAL_FORMS": 0,
                "rows-0-severity": "severe",
                "rows-0-clause": "GB 50169",
                "rows-0-description": "接地扁钢搭接长度不足",
                "rows-0-rectify_by": "2100-01-01",
                "rows-0-photos": SimpleUploadedFile("接地.jpg", JPEG + b"2"),
            },
        )

        assert response.status_code == 302
        finding = InspectionFinding.objects.get()
        assert finding.photos[0]["content_type"] == "image/jpeg"
        assert Inspection.objects.get().verdict == "returned"
        assert IssuedPaper.objects.filter(kind="interim_inspection").count() == 1

    def test_one_inspector_is_too_few_and_nothing_is_written(self, world: World) -> None:
        w.start_works(world)
        asked = w.request(world, "interim", "2025-11-01")

        response = browser(world.county, Role.SAFETY_INSPECTOR).post(
            f"/connections/inspections/{asked.pk}/",
            {
                "act": "hold",
                "held_at": "2025-11-01T14:00",
                "inspectors": world.inspectors[0].number,
                "opinion": "合格",
                "rows-TOTAL_FORMS": 0,
                "rows-INITIAL_FORMS": 0,
            },
        )

        assert response.status_code == 422
        assert "不应少于 2 人" in response.content.decode()
        assert Inspection.objects.get().verdict == ""
        assert not IssuedPaper.objects.exists()

    def test_a_photo_is_shown_to_who_sees_the_application_only(self, world: World) -> None:
        w.start_works(world)
        asked = w.request(world, "interim", "2025-11-01")
        held = w.hold(asked, w.outcome(world, "2025-11-01", findings=[w.finding()]), "2025-11-01")
        digest = held.findings.get().photos[0]["sha256"]
        client = browser(world.county, Role.CONNECTION_OFFICER)

        shown = client.get(f"{address(world)}files/{digest}/")
        unknown = client.get(f"{address(world)}files/{'0' * 64}/")

        assert b"".join(shown.streaming_content) == w.PHOTO.content  # type: ignore[attr-defined]
        assert shown["X-Content-Type-Options"] == "nosniff"
        assert unknown.status_code == 404
