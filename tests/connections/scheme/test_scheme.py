"""From draft to reply: choice with reasons, four signatures, approval by another, one notice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import FeeNotice, IssuedPaper, SchemeOpinion, SupplyScheme
from busbar.connections.operations import (
    Charge,
    DescribedAlternative,
    UnableToApproveScheme,
    UnableToChooseAlternative,
    UnableToCountersign,
    UnableToDesignScheme,
    UnableToGrantException,
    UnableToObject,
    UnableToReply,
    UnableToSubmitScheme,
)
from tests.connections.scheme.world import PAYEE, World, at, events

FAILED = {
    "code": "emergency-supply",
    "name": "应急电源",
    "verdict": "fail",
    "is_mandatory": True,
    "found": "0 kW",
    "asked": "120 kW",
    "clause": "GB/T 29328",
}


def fresh(scheme: SupplyScheme) -> SupplyScheme:
    return SupplyScheme.objects.get(pk=scheme.pk)


class TestChooseAlternative:
    def choose(self, world: World, scheme: SupplyScheme, reason: str = "投资少") -> SupplyScheme:
        first = scheme.alternatives.get(ordinal=1)
        return connections_operations.choose_alternative(
            alternative_id=first.pk, reason=reason, by=world.officer, at=at("2025-03-04")
        )

    def test_choice_and_reasons_are_kept(self, world: World) -> None:
        scheme = self.choose(world, world.draft())
        assert (scheme.chosen.name, scheme.choice_reason) == ("方案1", "投资少")

    def test_without_a_reason_nothing_is_chosen(self, world: World) -> None:
        scheme = world.draft()
        with pytest.raises(UnableToChooseAlternative, match="理由"):
            self.choose(world, scheme, " ")
        assert fresh(scheme).chosen is None

    def test_a_failed_check_blocks_with_its_clause(self, world: World) -> None:
        scheme = world.draft(checks=[FAILED])
        with pytest.raises(UnableToChooseAlternative, match="GB/T 29328"):
            self.choose(world, scheme)
        assert fresh(scheme).chosen is None
        assert "connections.scheme.chosen" not in events()

    def test_an_exception_by_one_who_may_lets_it_pass(self, world: World) -> None:
        scheme = world.draft(checks=[FAILED])
        connections_operations.grant_exception(
            alternative_id=scheme.alternatives.get(ordinal=1).pk,
            check_code="emergency-supply",
            reason="客户承诺三个月内补齐",
            by=world.manager,
            at=at("2025-03-04"),
        )
        assert self.choose(world, scheme).chosen is not None
        assert "connections.scheme.exception_granted" in events()

    def test_the_officer_may_not_grant_it(self, world: World) -> None:
        scheme = world.draft(checks=[FAILED])
        with pytest.raises(NotPermitted):
            connections_operations.grant_exception(
                alternative_id=scheme.alternatives.get(ordinal=1).pk,
                check_code="emergency-supply",
                reason="x",
                by=world.officer,
                at=at("2025-03-04"),
            )
        assert not scheme.exceptions.exists()

    def test_what_has_not_failed_needs_no_exception(self, world: World) -> None:
        scheme = world.draft()
        with pytest.raises(UnableToGrantException, match="无须例外"):
            connections_operations.grant_exception(
                alternative_id=scheme.alternatives.get(ordinal=1).pk,
                check_code="n-1",
                reason="x",
                by=world.manager,
                at=at("2025-03-04"),
            )

    def test_what_cannot_be_built_cannot_be_chosen(self, world: World) -> None:
        scheme = world.draft(obstacles=["临江一线可开放容量不足"])
        with pytest.raises(UnableToChooseAlternative, match="可开放容量不足"):
            self.choose(world, scheme)


class TestDescribeAlternatives:
    ONE = DescribedAlternative(
        name="低压 380V", voltage_kv=Decimal("0.4"), capacity_kva=80, sources=[],
        investment_yuan=Decimal(0), construction_days=7,
    )  # fmt: skip

    def test_low_voltage_is_described_by_hand(self, world: World) -> None:
        world.application.supply_kind = "low_voltage"
        world.application.save(update_fields=["supply_kind"])
        scheme = connections_operations.describe_alternatives(
            application_id=world.application.pk,
            alternatives=[self.ONE],
            by=world.officer,
            at=at("2025-03-04"),
        )
        assert not scheme.alternatives.get().is_computed
        assert world.fresh().state == "scheme"

    def test_high_voltage_is_computed(self, world: World) -> None:
        with pytest.raises(UnableToDesignScheme, match="计算比选"):
            connections_operations.describe_alternatives(
                application_id=world.application.pk,
                alternatives=[self.ONE],
                by=world.officer,
                at=at("2025-03-04"),
            )
        assert not SupplyScheme.objects.exists()
        assert world.fresh().state == "accepted"


class TestCountersign:
    def test_without_a_choice_nothing_is_submitted(self, world: World) -> None:
        scheme = world.draft()
        with pytest.raises(UnableToSubmitScheme, match="选定"):
            connections_operations.submit_scheme(
                scheme_id=scheme.pk, by=world.officer, at=at("2025-03-04")
            )
        assert fresh(scheme).state == "draft"

    def test_the_departments_see_it_from_then_on(self, world: World) -> None:
        dispatcher = world.signers["dispatch"]
        draft = world.draft()
        assert connections_queries.get_scheme(dispatcher, draft.pk) is None
        draft.delete()
        scheme = world.submitted()
        assert connections_queries.get_scheme(dispatcher, scheme.pk) == scheme

    def test_four_consents_agree_it(self, world: World) -> None:
        scheme = world.submitted()
        for department in ("marketing", "planning", "dispatch"):
            world.sign(scheme, department)
            assert fresh(scheme).state == "countersigning"
        world.sign(scheme, "safety")
        assert fresh(scheme).state == "agreed"
        assert events()[-1] == "connections.scheme.agreed"

    def test_a_refusal_returns_it_and_the_next_round_keeps_the_history(self, world: World) -> None:
        first = world.submitted()
        world.sign(first, "planning")
        world.sign(first, "dispatch", agrees=False, remark="临江一线已重载")
        assert fresh(first).state == "returned"
        assert "重载" in fresh(first).returned_reason
        second = world.submitted()
        assert (second.round, second.opinions.count()) == (2, 0)
        assert [o.agrees for o in first.opinions.order_by("pk")] == [True, False]
        with pytest.raises(UnableToCountersign, match="下一轮"):
            world.sign(first, "safety")

    def test_the_others_may_still_speak_until_the_next_round(self, world: World) -> None:
        scheme = world.submitted()
        world.sign(scheme, "dispatch", agrees=False, remark="重载")
        world.sign(scheme, "safety", agrees=False, remark="缺应急电源")
        assert fresh(scheme).state == "returned"
        assert "重载" in fresh(scheme).returned_reason

    def test_a_refusal_says_why(self, world: World) -> None:
        scheme = world.submitted()
        with pytest.raises(UnableToCountersign, match="写明"):
            world.sign(scheme, "dispatch", agrees=False)
        assert not SchemeOpinion.objects.exists()

    def test_nobody_signs_for_another_department_or_twice(self, world: World) -> None:
        scheme = world.submitted()
        with pytest.raises(UnableToCountersign, match="安全监察部"):
            connections_operations.give_opinion(
                scheme_id=scheme.pk,
                department="safety",
                agrees=True,
                remark="",
                by=world.signers["dispatch"],
                at=at("2025-03-05"),
            )
        world.sign(scheme, "dispatch")
        with pytest.raises(UnableToCountersign, match="已经会签"):
            world.sign(scheme, "dispatch")
        assert SchemeOpinion.objects.count() == 1

    def test_silence_is_flagged_and_only_the_system_records_it(self, world: World) -> None:
        scheme = world.submitted()
        with pytest.raises(UnableToCountersign, match="默示"):
            connections_operations.take_silence_as_consent(
                scheme_id=scheme.pk, department="safety", by=world.officer, at=at("2025-03-12")
            )
        connections_operations.take_silence_as_consent(
            scheme_id=scheme.pk, department="safety", by=SYSTEM_VIEWER, at=at("2025-03-12")
        )
        opinion = SchemeOpinion.objects.get()
        assert (opinion.agrees, opinion.is_silent) == (True, True)


class TestApproveScheme:
    def test_it_waits_for_all_four(self, world: World) -> None:
        scheme = world.submitted()
        with pytest.raises(UnableToApproveScheme, match="会签通过"):
            connections_operations.approve_scheme(
                scheme_id=scheme.pk, remark="", by=world.manager, at=at("2025-03-06")
            )
        assert fresh(scheme).state == "countersigning"

    def test_the_author_may_not(self, world: World) -> None:
        scheme = world.submitted()
        for department in ("marketing", "planning", "dispatch", "safety"):
            world.sign(scheme, department)
        SupplyScheme.objects.filter(pk=scheme.pk).update(
            author_id=world.manager.employee_id, author_name=world.manager.name
        )
        with pytest.raises(UnableToApproveScheme, match="自己"):
            connections_operations.approve_scheme(
                scheme_id=scheme.pk, remark="", by=world.manager, at=at("2025-03-06")
            )
        assert fresh(scheme).state == "agreed"


class TestReply:
    def test_one_paper_tells_scheme_charges_account_and_validity(self, world: World) -> None:
        charge = Charge("commissioned_works", Decimal(1), Decimal("1234.50"), "预算 1 号")
        scheme = world.replied(charges=[charge])
        paper = IssuedPaper.objects.get(pk=scheme.reply_paper_id)
        notice = FeeNotice.objects.get()
        assert paper.facts["payee_account"] == PAYEE
        assert paper.facts["total_yuan"] == "1234.50"
        assert paper.facts["last_valid_on"] == "2026-03-10"
        assert paper.facts["extend_before"] == "2026-02-28"
        assert (notice.state, notice.scheme) == ("issued", scheme)
        assert (world.fresh().state, world.fresh().stage) == ("replied", 4)
        assert events()[-1] == "connections.scheme.replied"

    def test_without_charges_settled_it_does_not_go_out(self, world: World) -> None:
        scheme = world.approved()
        with pytest.raises(UnableToReply, match="费用"):
            connections_operations.reply_to_customer(
                scheme_id=scheme.pk, by=world.officer, at=at("2025-03-10")
            )
        assert fresh(scheme).state == "approved"
        assert world.fresh().state == "scheme"
        assert not IssuedPaper.objects.exists()

    def test_an_objection_in_time_opens_the_next_round(self, world: World) -> None:
        charge = Charge("commissioned_works", Decimal(1), Decimal(100), "预算")
        scheme = world.replied("2025-03-10", charges=[charge])
        assert scheme.objection_until == dt.date(2025, 4, 11)
        connections_operations.object_to_scheme(
            scheme_id=scheme.pk, objection="路径不可行", by=world.officer, at=at("2025-04-10", 23)
        )
        assert (fresh(scheme).state, world.fresh().state) == ("objected", "scheme")
        assert FeeNotice.objects.get().state == "cancelled"
        assert world.submitted().round == 2

    def test_an_objection_too_late_changes_nothing(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        with pytest.raises(UnableToObject, match="2025-04-10"):
            connections_operations.object_to_scheme(
                scheme_id=scheme.pk, objection="晚了", by=world.officer, at=at("2025-04-11", 0)
            )
        assert (fresh(scheme).state, world.fresh().state) == ("replied", "replied")
