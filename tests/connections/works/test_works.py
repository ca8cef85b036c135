"""Design review, start of works, inspections, findings, completion: in order or refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    CompletionReport,
    DesignReview,
    FeeNotice,
    Inspection,
    InspectionFinding,
    PayeeAccount,
    WorkStart,
)
from busbar.connections.operations import (
    DesignRemark,
    RecheckAnswer,
    UnableToInspect,
    UnableToRectify,
    UnableToReportCompletion,
    UnableToReviewDesign,
    UnableToStartWorks,
)
from busbar.journal.models import Entry
from tests.connections.works import world as w
from tests.connections.works.world import World


def refused(world: World, refusal: type[Exception], why: str, act: Callable[[], object]) -> None:
    """The act is refused with the words, and neither application nor journal changes."""
    before = Entry.objects.count(), list(type(world.fresh()).objects.values())
    with pytest.raises(refusal, match=why):
        act()
    assert (Entry.objects.count(), list(type(world.fresh()).objects.values())) == before


def submit(world: World, day: str = "2025-10-08") -> DesignReview:
    return connections_operations.submit_design(
        application_id=world.application.pk,
        title="施工图",
        submitted_by="设计院",
        files=[w.PDF],
        by=SYSTEM_VIEWER,
        at=w.at(day),
    )


class TestDesignReview:
    def judge(self, review: DesignReview, verdict: str, *remarks: DesignRemark) -> DesignReview:
        return connections_operations.review_design(
            review_id=review.pk,
            verdict=verdict,
            opinion="见意见",
            findings=remarks,
            by=SYSTEM_VIEWER,
            at=w.at("2025-10-12"),
        )

    def test_goes_round_until_it_passes(self, world: World) -> None:
        w.choose(world, "design", w.make_firm(1, "design", "丙级"))
        first = submit(world)
        self.judge(first, "returned", DesignRemark("GB 50053 第3.2条", "出线间隔不足"))
        second = submit(world, "2025-10-15")
        connections_operations.review_design(
            review_id=second.pk,
            verdict="passed",
            opinion="同意",
            by=SYSTEM_VIEWER,
            at=w.at("2025-10-18"),
        )

        works = connections_queries.get_works(SYSTEM_VIEWER, world.application)
        assert [(r.round, r.verdict) for r in works.design_reviews] == [
            (1, "returned"),
            (2, "passed"),
        ]
        assert works.design_reviews[0].findings.get().clause == "GB 50053 第3.2条"

    def test_refuses_what_is_out_of_order(self, world: World) -> None:
        refused(world, UnableToReviewDesign, "尚未选择设计单位", lambda: submit(world))
        w.choose(world, "design", w.make_firm(1, "design", "丙级"))
        review = submit(world)

        refused(world, UnableToReviewDesign, "第 1 轮设计正在审查", lambda: submit(world))
        refused(world, UnableToReviewDesign, "一次列明", lambda: self.judge(review, "returned"))
        refused(
            world,
            UnableToReviewDesign,
            "第 1 条审查意见",
            lambda: self.judge(review, "returned", DesignRemark(" ", "缺图")),
        )
        self.judge(review, "passed")
        refused(
            world, UnableToReviewDesign, "已审查，结论：合格", lambda: self.judge(review, "passed")
        )


class TestWorkStart:
    def start(self, world: World, day: str = "2025-10-15", **facts: Any) -> WorkStart:
        usual = {"supervisor_name": "李工", "supervisor_phone": "139"}
        return connections_operations.report_work_start(
            application_id=world.application.pk,
            started_on=dt.date.fromisoformat(day),
            **{**usual, **facts},
            by=SYSTEM_VIEWER,
            at=w.at(day),
        )

    def test_names_everything_that_is_missing_at_once(self, world: World) -> None:
        payee = PayeeAccount.objects.create(
            unit=world.county,
            **{
                field.name: "6222"
                for field in PayeeAccount._meta.local_fields
                if field.get_internal_type() == "CharField"
            },
            valid_from=dt.date(2020, 1, 1),
        )
        FeeNotice.objects.create(
            number="JF1",
            application=world.application,
            payee=payee,
            state="issued",
            total_yuan=Decimal(100),
            drafted_at=w.at("2025-09-20"),
            issued_at=w.at("2025-09-20"),
        )

        refused(
            world,
            UnableToStartWorks,
            "设计文件尚未报审；客户尚未选择施工单位；费用未缴清：JF1；未填写现场负责人",
            lambda: self.start(world, supervisor_name=""),
        )
        assert not WorkStart.objects.exists()

    def test_is_refused_when_the_scheme_has_lapsed(self, world: World) -> None:
        w.pass_design(world)
        w.choose(world, "construction", w.make_firm(2, "installation", "四级"))

        refused(
            world,
            UnableToStartWorks,
            "有效期到 2026-09-20，2026-09-21 已失效.*第21条",
            lambda: self.start(world, "2026-09-21"),
        )

    def test_stops_the_validity_of_the_scheme(self, world: World) -> None:
        w.start_works(world)

        world.scheme.refresh_from_db()
        assert world.scheme.state == "started"
        assert (world.fresh().state, world.fresh().stage) == ("works", 5)
        assert world.fresh().works_started_on == dt.date(2025, 10, 15)


class TestInspection:
    def test_needs_two_inspectors_and_the_clause(self, world: World) -> None:
        w.start_works(world)
        asked = w.request(world, "interim", "2025-11-01")
        alone = w.outcome(world, "2025-11-01", inspector_ids=[world.inspectors[0].pk])
        twice = w.outcome(world, "2025-11-01", inspector_ids=[world.inspectors[0].pk] * 2)
        early = w.outcome(world, "2025-11-01", held_at=w.at("2025-10-31"))

        for result, why in ((alone, "不应少于 2 人"), (twice, "现填 1 人"), (early, "检查时间")):
            refused(world, UnableToInspect, why, lambda r=result: w.hold(asked, r, "2025-11-01"))
        assert not InspectionFinding.objects.exists()
        assert Inspection.objects.get().verdict == ""

    def test_is_asked_for_once_at_a_time(self, world: World) -> None:
        w.start_works(world)
        w.request(world, "interim", "2025-11-01")

        refused(
            world,
            UnableToInspect,
            "已有一次中间检查",
            lambda: w.request(world, "interim", "2025-11-02"),
        )
        refused(
            world,
            UnableToInspect,
            "应在“已竣工报验”时进行",
            lambda: w.request(world, "completion", "2025-11-02"),
        )

    def test_with_a_value_outside_its_limits_returns_the_works(self, world: World) -> None:
        w.start_works(world)
        w.complete(world)
        asked = w.request(world, "completion", "2025-11-25")
        values = {**w.good_values(), "test.grounding_resistance": Decimal("4.1")}

        held = w.hold(asked, w.outcome(world, "2025-11-25", measured=values), "2025-11-25")

        assert held.verdict == "returned"
        assert world.fresh().state == "completed"
        bad = held.measurements.get(is_passed=False)
        assert (bad.item_code, bad.maximum) == ("test.grounding_resistance", 4)
        w.pass_completion(world, "2025-12-01")
        assert world.fresh().state == "passed"

    def test_of_completion_names_every_test_that_is_missing(self, world: World) -> None:
        w.start_works(world)
        w.complete(world)
        asked = w.request(world, "completion", "2025-11-25")

        refused(
            world,
            UnableToInspect,
            "缺少试验数据：接地电阻、变压器绕组绝缘电阻、继电保护",
            lambda: w.hold(asked, w.outcome(world, "2025-11-25"), "2025-11-25"),
        )


class TestFindings:
    def found(self, world: World, severity: str = "severe") -> InspectionFinding:
        w.start_works(world)
        asked = w.request(world, "interim", "2025-11-01")
        result = w.outcome(world, "2025-11-01", findings=[w.finding(severity)])
        return w.hold(asked, result, "2025-11-01").findings.get()

    def rectify(self, problem: InspectionFinding, **facts: Any) -> InspectionFinding:
        usual = {"measure": "补焊", "rectified_by": "李工", "evidence": [w.PHOTO]}
        return connections_operations.rectify_finding(
            finding_id=problem.pk, **{**usual, **facts}, by=SYSTEM_VIEWER, at=w.at("2025-11-12")
        )

    def recheck(self, world: World, problem: InspectionFinding, **facts: Any) -> Any:
        return connections_operations.recheck_finding(
            finding_id=problem.pk,
            answer=RecheckAnswer(**facts),
            inspector_ids=[person.pk for person in world.inspectors],
            by=SYSTEM_VIEWER,
            at=w.at("2025-11-13"),
        )

    def test_are_open_again_when_the_recheck_fails(self, world: World) -> None:
        problem = self.found(world)
        self.rectify(problem)
        self.recheck(
            world, problem, is_passed=False, note="仍不足", rectify_by=dt.date(2025, 11, 20)
        )
        self.rectify(problem)
        self.recheck(world, problem, is_passed=True)

        problem.refresh_from_db()
        assert (problem.state, problem.rectify_by) == ("closed", dt.date(2025, 11, 20))
        assert [r.is_passed for r in problem.rechecks.order_by("id")] == [False, True]
        assert (
            Entry.objects.filter(event="connections.finding.rectified").first().changes["late_days"]
            == 2
        )

    def test_refuse_steps_out_of_order(self, world: World) -> None:
        problem = self.found(world)

        refused(
            world,
            UnableToRectify,
            "现为“待整改”，不能复查",
            lambda: self.recheck(world, problem, is_passed=True),
        )
        refused(world, UnableToRectify, "照片或资料", lambda: self.rectify(problem, evidence=[]))
        self.rectify(problem)
        refused(
            world,
            UnableToRectify,
            "另定整改期限",
            lambda: self.recheck(world, problem, is_passed=False, note="不行"),
        )
        problem.refresh_from_db()
        assert problem.state == "rectified"

    def test_bar_completion_while_a_severe_one_is_open(self, world: World) -> None:
        problem = self.found(world)

        refused(
            world,
            UnableToReportCompletion,
            f"严重问题未复查合格：{problem.notice_number}第1项",
            lambda: w.complete(world),
        )
        self.rectify(problem)
        refused(world, UnableToReportCompletion, "严重问题未复查合格", lambda: w.complete(world))

    def test_of_an_ordinary_kind_bar_acceptance_only(self, world: World) -> None:
        self.found(world, "ordinary")
        w.complete(world)

        refused_at = w.request(world, "completion", "2025-11-25")
        refused(
            world,
            UnableToInspect,
            "还有问题未复查合格",
            lambda: w.hold(
                refused_at,
                w.outcome(world, "2025-11-25", measured=w.good_values()),
                "2025-11-25",
            ),
        )

    def test_past_their_day_are_listed(self, world: World) -> None:
        problem = self.found(world)

        def late(day: dt.date) -> list[int]:
            rows = connections_queries.list_open_findings(SYSTEM_VIEWER, overdue_on=day)
            return [row.pk for row in rows]

        assert late(dt.date(2025, 11, 10)) == []
        assert late(dt.date(2025, 11, 11)) == [problem.pk]


class TestCompletion:
    def test_names_every_missing_paper(self, world: World) -> None:
        w.ask_for_papers()
        w.start_works(world)

        refused(
            world,
            UnableToReportCompletion,
            "缺件或不合格：竣工图、试验报告",
            lambda: w.complete(world),
        )
        w.hand_in(world, "竣工图")
        refused(
            world, UnableToReportCompletion, "缺件或不合格：试验报告$", lambda: w.complete(world)
        )
        assert not CompletionReport.objects.exists()

        w.hand_in(world, "试验报告")
        made = w.complete(world)
        assert [row["name"] for row in made.documents] == ["竣工图", "试验报告"]
        assert (world.fresh().state, world.fresh().stage) == ("completed", 6)
