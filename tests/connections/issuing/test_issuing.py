"""Papers that follow from steps: their text, their facts, who may."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import DesignReview, IssuedPaper
from busbar.connections.operations import UnableToCompilePaper, UnableToIssueChangePaper
from busbar.connections.operations import changes as change_operations
from tests.connections.changes import test_change_operations as changes
from tests.connections.processes import world as process_world
from tests.connections.processes.test_connection_journey import bring_to_scheme, reply
from tests.connections.scheme import world as scheme_world
from tests.connections.works import world as w
from tests.connections.works.world import World, at
from tests.imports.world import make_viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(ground: None, settings: Any, tmp_path: Path) -> World:
    settings.FILES_ROOT = tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.BUSBAR_HOME = tmp_path
    return w.make_world()


def text_of(paper: IssuedPaper) -> str:
    """All text of the PDF without spaces and breaks."""
    reader = PdfReader(io.BytesIO(connections_queries.paper_path(paper).read_bytes()))
    text = "".join(page.extract_text() for page in reader.pages)
    return "".join(text.replace("\u200b", "").split())


class TestApplicationPaper:
    def test_states_what_was_declared(self, world: World) -> None:
        paper = connections_operations.issue_application_paper(
            application_id=world.application.pk, by=SYSTEM_VIEWER, at=at("2025-09-02")
        )

        text = text_of(paper)
        paper.refresh_from_db()
        assert paper.kind == "application_form"
        assert paper.facts["requested_capacity_kva"] == "800"
        for value in ("高压用电申请", "东海轴承厂", "工业路9号", paper.number):
            assert value in text

    def test_is_titled_by_the_voltage(self, world: World) -> None:
        world.application.supply_kind = "low_voltage"
        world.application.save()

        paper = connections_operations.issue_application_paper(
            application_id=world.application.pk, by=SYSTEM_VIEWER, at=at("2025-09-02")
        )

        assert "低压用电申请" in text_of(paper)

    def test_a_planner_may_not(self, world: World) -> None:
        planner = make_viewer(world.county, Role.PLANNER, number="P1")

        with pytest.raises(NotPermitted):
            connections_operations.issue_application_paper(
                application_id=world.application.pk, by=planner, at=at("2025-09-02")
            )
        assert not IssuedPaper.objects.exists()


class TestAcceptancePaper:
    def test_says_when_it_was_accepted_and_what_follows_by_when(
        self, ground: None, settings: Any, tmp_path: Path
    ) -> None:
        settings.FILES_ROOT = tmp_path / "files"
        c = process_world.make_connection()
        c.hand_in_documents(process_world.DocumentPhase.APPLICATION, "station", "2025-03-05")
        c.do("check_documents", "station", "2025-03-06", outcome="accepted")

        paper = IssuedPaper.objects.get(kind="acceptance")

        text = text_of(paper)
        steps = {step["name"]: step["due_on"] for step in paper.facts["steps"]}
        assert steps["高压单电源供电方案答复"] == "2025-04-03"
        for value in ("用电受理通知", "2025年3月6日", "高压单电源供电方案答复", "2025年4月3日"):
            assert value in text
        assert paper in connections_queries.list_applicant_papers(c.fresh())

    def test_is_not_made_before_the_acceptance(self, world: World) -> None:
        world.application.accepted_at = None
        world.application.save()

        with pytest.raises(UnableToCompilePaper, match="还没有受理"):
            connections_operations.issue_acceptance_paper(
                application_id=world.application.pk, by=SYSTEM_VIEWER, at=at("2025-09-02")
            )
        assert not IssuedPaper.objects.exists()


class TestRefusalPaper:
    def test_states_reason_and_clause(self, world: World) -> None:
        world.application.state = "refused"
        world.application.ended_reason = "用地手续不全"
        world.application.ended_clause = "供电营业规则 第9条"
        world.application.save()

        paper = connections_operations.issue_refusal_paper(
            application_id=world.application.pk, by=SYSTEM_VIEWER, at=at("2025-09-02")
        )

        text = text_of(paper)
        for value in ("不予受理通知书", "用地手续不全", "供电营业规则第9条"):
            assert value in text

    def test_is_not_made_of_an_application_that_goes_on(self, world: World) -> None:
        with pytest.raises(UnableToCompilePaper, match="不予受理"):
            connections_operations.issue_refusal_paper(
                application_id=world.application.pk, by=SYSTEM_VIEWER, at=at("2025-09-02")
            )
        assert not IssuedPaper.objects.exists()


class TestCorrectionPaper:
    def test_needs_a_notice(self, world: World) -> None:
        with pytest.raises(UnableToCompilePaper, match="没有要求过补正"):
            connections_operations.issue_correction_paper(
                application_id=world.application.pk, by=SYSTEM_VIEWER, at=at("2025-09-02")
            )
        assert not IssuedPaper.objects.exists()


class TestWorksPapers:
    def test_design_review_names_designer_and_verdict(self, world: World) -> None:
        w.pass_design(world)

        paper = connections_operations.issue_design_review_paper(
            review_id=DesignReview.objects.get().pk, by=SYSTEM_VIEWER, at=at("2025-10-12")
        )

        text = text_of(paper)
        for value in ("受电工程设计审查意见", "单位1", "证0001", "合格", "10kV配电工程施工图"):
            assert value in text

    def test_interim_inspection_states_findings_with_clause_and_day(self, world: World) -> None:
        w.start_works(world)
        asked = w.request(world, "interim", "2025-11-01")
        held = w.hold(asked, w.outcome(world, "2025-11-01", findings=[w.finding()]), "2025-11-01")

        paper = connections_operations.issue_inspection_paper(
            inspection_id=held.pk, by=SYSTEM_VIEWER, at=at("2025-11-01", 18)
        )

        text = text_of(paper)
        for value in ("中间检查意见", "接地扁钢搭接长度不足", "GB50169", "2025年11月10日"):
            assert value in text

    def test_completion_states_the_measured_values(self, world: World) -> None:
        w.start_works(world)
        w.complete(world)
        held = w.pass_completion(world)

        paper = connections_operations.issue_inspection_paper(
            inspection_id=held.pk, by=SYSTEM_VIEWER, at=at("2025-11-25", 18)
        )

        text = text_of(paper)
        assert "竣工检验意见" in text
        assert "2.1" in text

    def test_an_inspection_not_held_has_none(self, world: World) -> None:
        w.start_works(world)
        asked = w.request(world, "interim", "2025-11-01")

        with pytest.raises(UnableToCompilePaper, match="没有已进行的检查"):
            connections_operations.issue_inspection_paper(
                inspection_id=asked.pk, by=SYSTEM_VIEWER, at=at("2025-11-01")
            )
        assert not IssuedPaper.objects.exists()


class TestSteps:
    def test_papers_of_the_intake_appear_by_themselves(
        self, ground: None, settings: Any, tmp_path: Path
    ) -> None:
        settings.FILES_ROOT = tmp_path / "files"
        led = process_world.make_connection()

        bring_to_scheme(led)

        papers = IssuedPaper.objects.filter(application=led.application).order_by("pk")
        kinds = [paper.kind for paper in papers]
        assert [k for k in kinds if k in ("correction", "application_form", "survey")] == [
            "correction",
            "application_form",
            "survey",
        ]
        told = text_of(papers.get(kind="correction"))
        assert "缺件一次性告知书" in told
        assert "具备供电条件" in text_of(papers.get(kind="survey"))

    def test_the_registration_record_is_made_out_and_completed(
        self, ground: None, settings: Any, tmp_path: Path
    ) -> None:
        settings.FILES_ROOT = tmp_path / "files"
        led = process_world.make_connection()

        bring_to_scheme(led)
        reply(led)

        records = IssuedPaper.objects.filter(kind="registration").order_by("pk")
        first, last = map(text_of, records)
        assert "初审" in first
        assert "安全监察部" not in first.partition("会签意见")[2]
        for department in ("市场营销部", "生产计划部", "调度运行中心", "安全监察部"):
            assert department in last.partition("会签意见")[2]
        shown = connections_queries.list_applicant_papers(led.application)
        assert not [paper for paper in shown if paper.kind == "registration"]
        number = records[0].number
        assert connections_queries.find_applicant_paper(led.application, number) is None


class TestPaymentPaper:
    def test_goes_out_with_a_notice_that_asks_for_money(
        self, ground: None, settings: Any, tmp_path: Path
    ) -> None:
        settings.FILES_ROOT = tmp_path / "files"
        office = scheme_world.make_world()

        notice = office.notice("1200.50", "2025-03-10")

        text = text_of(IssuedPaper.objects.get(kind="fee_notice"))
        for value in (notice.number, "1,200.50", scheme_world.PAYEE, "2025年3月24日前缴清"):
            assert value in text

    def test_a_notice_over_nothing_has_none(
        self, ground: None, settings: Any, tmp_path: Path
    ) -> None:
        settings.FILES_ROOT = tmp_path / "files"
        office = scheme_world.make_world()

        scheme = office.replied(charges=[])

        assert not IssuedPaper.objects.filter(kind="fee_notice").exists()
        notice = scheme.fee_notices.get()
        with pytest.raises(UnableToCompilePaper, match="没有待缴"):
            connections_operations.issue_payment_paper(
                notice_id=notice.pk, by=office.officer, at=at("2025-03-10")
            )

    def test_a_planner_may_not(self, ground: None, settings: Any, tmp_path: Path) -> None:
        settings.FILES_ROOT = tmp_path / "files"
        office = scheme_world.make_world()
        notice = office.notice("1200.50", "2025-03-10")
        planner = make_viewer(office.county, Role.PLANNER, number="P1")

        with pytest.raises(NotPermitted):
            connections_operations.issue_payment_paper(
                notice_id=notice.pk, by=planner, at=at("2025-03-10")
            )
        assert IssuedPaper.objects.filter(kind="fee_notice").count() == 1


class TestChangePaper:
    def test_states_the_decision_the_clause_and_the_seal(
        self, ground: None, settings: Any, tmp_path: Path
    ) -> None:
        settings.FILES_ROOT = tmp_path / "files"
        change_operations.load_change_rules(at=changes.AT)
        shop = changes.World()
        change = shop.request(changes.reduction(shop, "2025-03-01", None), "2025-02-01")
        seals = {part.transformer_id: "FY-1" for part in change.transformers.all()}
        shop.carry_out(change, "2025-03-01", seals=seals)

        paper = connections_operations.issue_change_paper(
            change_id=change.pk, by=shop.clerk, at=changes.at("2025-03-01")
        )

        text = text_of(paper)
        for value in ("变更用电通知", "减容", "加封FY-1"):
            assert value in text
        assert paper.application is None

    def test_a_change_not_decided_has_none(
        self, ground: None, settings: Any, tmp_path: Path
    ) -> None:
        settings.FILES_ROOT = tmp_path / "files"
        change_operations.load_change_rules(at=changes.AT)
        shop = changes.World()
        change = shop.request(changes.reduction(shop, "2025-03-01", None), "2025-02-01")

        with pytest.raises(UnableToIssueChangePaper):
            connections_operations.issue_change_paper(
                change_id=change.pk, by=shop.clerk, at=changes.at("2025-03-01")
            )
        assert not IssuedPaper.objects.exists()


class TestSupplyPapers:
    def test_agreement_in_short(self, world: World) -> None:
        w.reach_passed(world)
        w.sign(world)

        paper = connections_operations.issue_agreement_paper(
            application_id=world.application.pk, by=SYSTEM_VIEWER, at=at("2025-11-26", 16)
        )

        text = text_of(paper)
        for value in ("供用电合同", "2025年11月26日", "800", "0.90"):
            assert value in text

    def test_notice_before_energising_names_the_planned_moment(self, world: World) -> None:
        w.reach_passed(world)
        w.sign(world)
        w.fit(w.plan(world).pk)

        paper = connections_operations.issue_energization_paper(
            application_id=world.application.pk,
            energize_at=at("2025-12-01"),
            by=SYSTEM_VIEWER,
            at=at("2025-11-29"),
        )

        text = text_of(paper)
        for value in ("2025年12月1日10:00送电", "F1线", "M900", "1000", "1#800kVA"):
            assert value in text

    def test_notice_with_something_in_the_way_names_all_of_it(self, world: World) -> None:
        w.reach_passed(world)

        with pytest.raises(UnableToCompilePaper, match="合同未签订；没有计量方案"):
            connections_operations.issue_energization_paper(
                application_id=world.application.pk,
                energize_at=at("2025-12-01"),
                by=SYSTEM_VIEWER,
                at=at("2025-11-29"),
            )
        assert not IssuedPaper.objects.exists()

    def test_notice_after_energising_keeps_the_recorded_moment(self, world: World) -> None:
        w.reach_energized(world)

        paper = connections_operations.issue_energization_paper(
            application_id=world.application.pk, by=SYSTEM_VIEWER, at=at("2025-12-01", 13)
        )

        account = world.fresh().account
        assert account is not None
        assert account.number in text_of(paper)
