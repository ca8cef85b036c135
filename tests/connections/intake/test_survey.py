"""From acceptance to the concluded survey: review, joint visit, photos, the record of it all."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import ConnectionApplication, PreliminaryReview, SiteSurvey
from busbar.connections.operations import (
    Attendance,
    Candidate,
    SurveyFacts,
    UnableToAddPhoto,
    UnableToCancelSurvey,
    UnableToConcludeSurvey,
    UnableToPlanSurvey,
    UnableToReviewApplication,
)
from busbar.connections.sent_files import SentFile
from busbar.network.models import Feeder, Substation
from tests.connections.intake.conftest import AT, PNG, House

VISIT = AT + dt.timedelta(days=3)


@pytest.fixture
def feeder(house: House) -> Feeder:
    station = Substation.objects.create(
        code="BS1", name="城北变", unit=house.units["310101"], voltage_kv=110, capacity_kva=50000
    )
    return Feeder.objects.create(
        code="F1", name="城北一线", substation=station, voltage_kv=10, capacity_kva=8000
    )


def plan(house: House, application: ConnectionApplication, **changes: Any) -> SiteSurvey:
    facts: dict[str, Any] = {
        "planned_for": VISIT,
        "unit_ids": [house.units["310101DC"].pk],
        "by": house.station,
        "at": AT,
    }
    return connections_operations.plan_survey(application_id=application.pk, **{**facts, **changes})


def found(house: House, feeder: Feeder, **changes: Any) -> SurveyFacts:
    facts = SurveyFacts(
        conclusion="feasible",
        verified_kva=2000,
        connection_point="城北一线 12 号杆",
        attendance=[Attendance(house.units["310101DC"].pk, "李调度", "同意接入")],
        candidates=[Candidate(feeder.pk, 350)],
        latitude=Decimal("31.200000"),
        longitude=Decimal("121.400000"),
    )
    return dataclasses.replace(facts, **changes)


class TestReview:
    def test_a_failed_review_says_why_and_is_repeated(self, house: House) -> None:
        application = house.accepted()
        with pytest.raises(UnableToReviewApplication, match="应写明问题"):
            connections_operations.review_application(
                application_id=application.pk, result="failed", by=house.station, at=AT
            )
        for result, findings in (("failed", "容量存疑"), ("passed", "")):
            connections_operations.review_application(
                application_id=application.pk, result=result, findings=findings,
                by=house.station, at=AT,
            )  # fmt: skip
        with pytest.raises(UnableToReviewApplication, match="已通过初审"):
            connections_operations.review_application(
                application_id=application.pk, result="passed", by=house.station, at=AT
            )
        assert PreliminaryReview.objects.count() == 2


class TestPlan:
    def test_departments_called_in_see_the_application(self, house: House) -> None:
        application = house.reviewed()
        unseen = connections_queries.count_applications(house.dispatch)
        plan(house, application)
        assert (unseen, connections_queries.count_applications(house.dispatch)) == (0, 1)
        assert connections_queries.count_applications(house.stranger) == 0

    def test_the_review_comes_first(self, house: House) -> None:
        with pytest.raises(UnableToPlanSurvey, match="尚未通过初审"):
            plan(house, house.accepted())
        assert not SiteSurvey.objects.exists()

    def test_it_is_planned_for_the_future_with_somebody_and_once(self, house: House) -> None:
        application = house.reviewed()
        with pytest.raises(UnableToPlanSurvey, match="2026-03-01 已过"):
            plan(house, application, planned_for=AT - dt.timedelta(days=1))
        with pytest.raises(UnableToPlanSurvey, match="请写明参加勘察"):
            plan(house, application, unit_ids=[])
        with pytest.raises(UnableToPlanSurvey, match="不存在"):
            plan(house, application, unit_ids=[0])
        plan(house, application)
        with pytest.raises(UnableToPlanSurvey, match="已安排一次勘察"):
            plan(house, application)
        assert SiteSurvey.objects.count() == 1


class TestConclude:
    def conclude(self, survey: SiteSurvey, facts: SurveyFacts, by: Any) -> SiteSurvey:
        return connections_operations.conclude_survey(
            survey_id=survey.pk, facts=facts, by=by, at=VISIT
        )

    def test_a_department_that_came_writes_it_down(self, house: House, feeder: Feeder) -> None:
        survey = plan(house, house.reviewed())
        self.conclude(survey, found(house, feeder), house.dispatch)

        kept = connections_queries.get_survey(house.station, survey.pk)
        assert (kept.state, kept.verified_kva, kept.surveyed_at) == ("concluded", 2000, VISIT)
        assert [(p.name, p.opinion) for p in kept.participants.all()] == [("李调度", "同意接入")]
        assert [(c.feeder.code, c.distance_m) for c in kept.feeder_candidates.all()] == [
            ("F1", 350)
        ]
        with pytest.raises(UnableToConcludeSurvey, match="第 1 次勘察已完成"):
            self.conclude(survey, found(house, feeder), house.dispatch)

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"conclusion": "perhaps"}, "勘察结论“perhaps”应为"),
            ({"conclusion": "infeasible"}, "应写明条件或原因"),
            ({"verified_kva": 0}, "核定容量应大于 0 kVA，现填 0"),
            ({"attendance": []}, "请写明到场人员"),
            ({"candidates": []}, "至少一条候选线路"),
            ({"connection_point": " "}, "应写明接入点"),
            ({"latitude": None}, "经度和纬度应同时填写"),
            ({"latitude": Decimal(91)}, "纬度应在 -90 至 90 之间，现填 91"),
            ({"candidates": [Candidate(0, 1)]}, "不存在的馈线"),
            ({"attendance": [Attendance(0, "某")]}, "部门不存在"),
        ],
    )
    def test_what_is_not_whole_is_refused(
        self, house: House, feeder: Feeder, changes: dict[str, Any], told: str
    ) -> None:
        survey = plan(house, house.reviewed())
        with pytest.raises(UnableToConcludeSurvey) as refusal:
            self.conclude(survey, found(house, feeder, **changes), house.station)
        assert told in str(refusal.value)
        assert SiteSurvey.objects.get().state == "planned"

    def test_regulator_and_stranger_write_nothing(self, house: House, feeder: Feeder) -> None:
        survey = plan(house, house.reviewed())
        for viewer in (house.regulator, house.stranger):
            with pytest.raises(UnableToConcludeSurvey):
                self.conclude(survey, found(house, feeder), viewer)
        assert SiteSurvey.objects.get().state == "planned"

    def test_a_cancelled_one_says_why_and_leaves_room_for_another(self, house: House) -> None:
        application = house.reviewed()
        survey = plan(house, application)
        with pytest.raises(UnableToCancelSurvey, match="应写明原因"):
            connections_operations.cancel_survey(
                survey_id=survey.pk, reason="", by=house.station, at=AT
            )
        connections_operations.cancel_survey(
            survey_id=survey.pk, reason="暴雨", by=house.station, at=AT
        )
        assert plan(house, application).serial == 2


class TestPhotos:
    def add(self, house: House, survey: SiteSurvey, content: bytes, **changes: Any) -> Any:
        facts: dict[str, Any] = {"caption": "变压器位置", "by": house.station, "at": VISIT}
        return connections_operations.add_survey_photo(
            survey_id=survey.pk, file=SentFile("现场.jpg", content), **{**facts, **changes}
        )

    def test_pictures_are_told_by_content_size_and_time(self, house: House) -> None:
        survey = plan(house, house.reviewed())
        for content, changes, told in (
            (b"%PDF-1.7", {}, "照片应为 JPEG 或 PNG"),
            (PNG + bytes(10 * 1024 * 1024), {}, "超过 10 MB"),
            (PNG, {"taken_at": VISIT + dt.timedelta(hours=1)}, "请检查手机时钟"),
        ):
            with pytest.raises(UnableToAddPhoto, match=told):
                self.add(house, survey, content, **changes)
        assert not survey.photos.exists()

        photo = self.add(house, survey, PNG + b"1")
        assert photo.file_name == "现场.png"
        assert connections_queries.photo_path(photo).read_bytes() == PNG + b"1"
        with pytest.raises(UnableToAddPhoto, match="已上传过"):
            self.add(house, survey, PNG + b"1")


class TestJourney:
    def test_from_the_form_to_the_registration_record(self, house: House, feeder: Feeder) -> None:
        application = house.submit()
        house.hand_in(application, but=("premises",))
        connections_operations.request_corrections(
            application_id=application.pk, means="短信", by=house.station, at=AT
        )
        asked = connections_queries.get_progress(application.number, application.query_code)
        assert asked is not None
        assert [e.name for e in asked.expected] == ["用电地址权属或使用证明"]
        document = house.add(application, "premises", at=AT)
        connections_operations.answer_corrections(application_id=application.pk, by=None, at=AT)
        connections_operations.judge_document(
            document_id=document.pk, verdict="accepted", by=house.station, at=AT
        )
        connections_operations.accept_application(
            application_id=application.pk, by=house.station, at=AT
        )
        connections_operations.hand_over_application(
            application_id=application.pk, to_unit=house.units["310101MK"], by=house.station, at=AT
        )
        connections_operations.review_application(
            application_id=application.pk, result="passed", by=house.marketing, at=AT
        )
        survey = plan(house, application, by=house.marketing)
        connections_operations.conclude_survey(
            survey_id=survey.pk, facts=found(house, feeder), by=house.dispatch, at=VISIT
        )

        paper = connections_operations.issue_registration_record(
            application_id=application.pk, by=house.marketing, at=VISIT
        )
        assert paper.number == "业扩登记310101S1〔2026〕1号"
        assert connections_queries.paper_path(paper).read_bytes().startswith(b"%PDF-")
        assert [step["name"] for step in paper.facts["steps"]] == [
            "受理", "补正", "初审", "现场勘察",
        ]  # fmt: skip
        assert paper.facts["opinions"][0]["opinion"] == "同意接入"
        assert str(paper.facts["reply_due_on"]) == "2026-03-30"

        progress = connections_queries.get_progress(application.number, application.query_code)
        assert progress is not None
        assert [s.state for s in progress.stages][:3] == ["done", "current", "ahead"]
        assert progress.expected == ()
        assert "员工" not in str(progress)
        assert connections_queries.get_progress(application.number, "WRONGCODE1") is None
