"""From the overdue bill to the stop and back, and everything that must stand in the way."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import transaction

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.arrears import operations, queries
from busbar.arrears.models import CaseState, CaseStep, DunningCase
from busbar.arrears.operations import UnableToPauseCase, UnableToStopSupply
from busbar.arrears.operations.ground import UnableToDun
from busbar.clocks.models import Clock
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.notifications.models import Message, Receipt
from busbar.outages.models import Outage, OutageState
from busbar.payments import operations as payments_operations
from busbar.payments.models import PaymentMatch
from busbar.workflow.models import InstanceState, ProcessInstance, UserTask
from tests.arrears.world import OVERDUE, Ladder
from tests.payments.world import at


def refused(kind: type[Refusal], text: str, act: object, ladder: Ladder) -> None:
    """The act is refused with the text, and the case and the journal stay as they were."""
    before, entries = DunningCase.objects.values().get(pk=ladder.case().pk), Entry.objects.count()
    with pytest.raises(kind, match=text), transaction.atomic():
        act()  # type: ignore[operator]
    assert DunningCase.objects.values().get(pk=before["id"]) == before
    assert Entry.objects.count() == entries


class TestOpening:
    def test_an_overdue_bill_opens_one_case_and_tells_the_customer(self, ladder: Ladder) -> None:
        case = ladder.open()
        assert (case.state, case.oldest_due_on) == ("reminded", dt.date(2026, 2, 18))
        assert Message.objects.get(kind="arrears.case.reminded").body == (
            "客户3101000001：户号 3101000001 有电费 1000.00 元已于 2026-02-18 到期，请尽快缴纳。"
        )
        assert UserTask.objects.open().get().element == "demand_payment"

    def test_the_round_twice_opens_nothing_more(self, ladder: Ladder) -> None:
        ladder.open()
        assert operations.run_day(by=SYSTEM_VIEWER, at=at(OVERDUE, 8)).opened == 0
        assert (DunningCase.objects.count(), Message.objects.count()) == (1, 1)

    def test_on_the_due_day_nothing_opens(self, ladder: Ladder) -> None:
        assert operations.run_day(by=SYSTEM_VIEWER, at=at("2026-02-18", 7)).opened == 0
        assert not DunningCase.objects.exists()


class TestStopping:
    def test_the_whole_ladder_ends_in_a_stop_with_every_step_kept(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_stop()
        case = ladder.case()
        assert case.state == CaseState.STOPPED
        assert case.outage is not None
        assert case.outage.state == OutageState.BEGUN
        assert list(CaseStep.objects.order_by("id").values_list("kind", flat=True)) == [
            "reminded", "demanded", "stop_requested", "stop_approved", "noticed", "called",
            "stopped",
        ]  # fmt: skip
        assert Receipt.objects.get().person == "李会计"
        noticed = CaseStep.objects.get(kind="noticed")
        assert "供电营业规则" in noticed.source
        assert "未核实" in noticed.source

    def test_thirty_days_must_have_passed(self, ladder: Ladder) -> None:
        ladder.open("2026-03-20")
        ladder.do("demand_payment", ladder.collector, at("2026-03-20", 9), remark="")
        number = ladder.case().number
        refused(
            UnableToStopSupply,
            "逾期 30 天，须超过 30 天",
            lambda: operations.request_stop(
                number=number, reason="催", by=SYSTEM_VIEWER, at=at("2026-03-20", 10)
            ),
            ladder,
        )

    def test_nobody_approves_his_own_request(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.do("demand_payment", ladder.collector, at(OVERDUE, 9), remark="")
        number = ladder.case().number
        operations.request_stop(number=number, reason="催", by=SYSTEM_VIEWER, at=at(OVERDUE, 10))
        refused(
            UnableToStopSupply,
            "须由他人审批",
            lambda: operations.approve_stop(number=number, by=SYSTEM_VIEWER, at=at(OVERDUE, 11)),
            ladder,
        )

    def test_the_announced_outage_leads_to_its_case(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_notice()
        case = ladder.case()
        assert case.outage is not None

        assert queries.find_case_of(SYSTEM_VIEWER, case.outage) == case
        assert queries.find_case_of(ladder.approver, case.outage) is None

    def test_a_namesake_may_approve(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.do("demand_payment", ladder.collector, at(OVERDUE, 9), remark="")
        ladder.do("request_stop", ladder.collector, at(OVERDUE, 10), remark="多次催缴未果")

        namesake = replace(ladder.approver, name=ladder.collector.name).entitled()
        operations.approve_stop(number=ladder.case().number, by=namesake, at=at(OVERDUE, 11))

        assert ladder.case().state == CaseState.APPROVED

    @pytest.mark.parametrize("stop_at", ["2026-03-26T23:59:00+08:00", "2026-03-31T00:00:00+08:00"])
    def test_a_notice_names_a_stop_three_to_seven_days_later(
        self, ladder: Ladder, stop_at: str
    ) -> None:
        ladder.open()
        ladder.do("demand_payment", ladder.collector, at(OVERDUE, 9), remark="")
        ladder.do("request_stop", ladder.collector, at(OVERDUE, 10), remark="催")
        ladder.do("decide_stop", ladder.approver, at(OVERDUE, 11), outcome="approved", remark="行")
        refused(
            UnableToStopSupply,
            "须在 2026-03-27 起、2026-03-31 前",
            lambda: ladder.do(
                "serve_notice", ladder.collector, at(OVERDUE, 14),
                stop_at=stop_at, person="李", means="当面",
            ),
            ladder,
        )  # fmt: skip

    def test_half_an_hour_must_pass_after_the_call(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_notice()
        ladder.do("call_customer", ladder.collector, at("2026-03-30", 10), person="李会计")
        soon = at("2026-03-30", 10) + dt.timedelta(minutes=29)
        refused(
            UnableToStopSupply,
            "再次通知后须满 30 分钟",
            lambda: ladder.do("stop_supply", ladder.dispatcher, soon, remark=""),
            ladder,
        )
        ladder.do("stop_supply", ladder.dispatcher, soon + dt.timedelta(minutes=1), remark="")
        assert ladder.case().state == CaseState.STOPPED

    def test_no_stop_before_a_day_off_or_after_the_notice_ran_out(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_notice()
        ladder.do("call_customer", ladder.collector, at("2026-03-30", 9), person="李会计")
        case = ladder.case()
        assert queries.list_obstacles(case, at=at("2026-03-30")) == []
        assert "非工作日" in str(queries.list_obstacles(case, at=at("2026-03-28"))[-1])
        assert "须重新送达" in str(queries.list_obstacles(case, at=at("2026-03-31"))[0])

    def test_an_important_customer_needs_a_report(self, ladder: Ladder) -> None:
        customer = ladder.account.customer
        customer.importance = "first"
        customer.save()
        ladder.open()
        ladder.do("demand_payment", ladder.collector, at(OVERDUE, 9), remark="")
        refused(
            UnableToStopSupply,
            "一级重要用户，停电通知须先抄报",
            lambda: ladder.do("request_stop", ladder.collector, at(OVERDUE, 10), remark="催"),
            ladder,
        )
        operations.report_to_authority(
            number=ladder.case().number, report="供函〔2026〕7号", by=SYSTEM_VIEWER,
            at=at(OVERDUE, 10),
        )  # fmt: skip
        ladder.do("request_stop", ladder.collector, at(OVERDUE, 10), remark="催")
        assert ladder.case().state == CaseState.REQUESTED


class TestPausing:
    def test_a_dispute_holds_the_stop_until_it_is_answered(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_notice()
        ladder.do("call_customer", ladder.collector, at("2026-03-30", 9), person="李会计")
        number = ladder.case().number
        operations.pause_case(
            number=number, kind="dispute", reason="电量有异议", by=SYSTEM_VIEWER,
            at=at("2026-03-30", 9),
        )  # fmt: skip
        refused(
            UnableToStopSupply,
            "电费异议未了结：电量有异议",
            lambda: operations.stop_supply(
                number=number, by=SYSTEM_VIEWER, at=at("2026-03-30", 10)
            ),
            ladder,
        )
        operations.end_pause(
            number=number, reason="已答复", by=SYSTEM_VIEWER, at=at("2026-03-30", 11)
        )
        assert queries.list_obstacles(ladder.case(), at=at("2026-03-30", 11)) == []

    def test_a_promise_ends_by_itself_after_its_day(self, ladder: Ladder) -> None:
        number = ladder.open().number
        operations.pause_case(
            number=number, kind="promise", reason="分两期", until=dt.date(2026, 3, 25),
            by=SYSTEM_VIEWER, at=at(OVERDUE),
        )  # fmt: skip
        assert operations.run_day(by=SYSTEM_VIEWER, at=at("2026-03-25")).promises_ended == 0
        assert operations.run_day(by=SYSTEM_VIEWER, at=at("2026-03-26")).promises_ended == 1

    def test_a_promise_without_a_day_is_refused(self, ladder: Ladder) -> None:
        number = ladder.open().number
        refused(
            UnableToPauseCase,
            "到期日",
            lambda: operations.pause_case(
                number=number, kind="promise", reason="分期", by=SYSTEM_VIEWER, at=at(OVERDUE)
            ),
            ladder,
        )


class TestMoney:
    def test_payment_before_the_stop_ends_the_ladder_at_once(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_notice()
        ladder.pay()
        case = ladder.case()
        assert (case.state, case.outcome) == (CaseState.CLOSED, "缴清，未停电")
        assert Outage.objects.get().state == OutageState.CANCELLED
        assert ProcessInstance.objects.get().state == InstanceState.CANCELLED
        assert not UserTask.objects.open().exists()

    def test_an_old_entry_does_not_close_what_is_owed_since(self, ladder: Ladder) -> None:
        ladder.open()
        assert not operations.settle_account(
            account_id=ladder.account.pk, by=SYSTEM_VIEWER, at=at("2026-02-01")
        )
        assert ladder.case().state == CaseState.REMINDED

    def test_part_of_the_money_changes_nothing(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.pay("400.00")
        assert ladder.case().state == CaseState.REMINDED

    def test_payment_seen_before_the_outbox_already_refuses_the_stop(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_notice()
        ladder.do("call_customer", ladder.collector, at("2026-03-30", 9), person="李会计")
        ladder.world.pay("1000.00", ladder.owed.reference)
        refused(
            UnableToStopSupply,
            "已没有逾期电费",
            lambda: ladder.do("stop_supply", ladder.dispatcher, at("2026-03-30", 10), remark=""),
            ladder,
        )

    def test_payment_after_the_stop_starts_the_clock_of_restoring(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_stop()
        ladder.world.bank(
            ladder.world.row("1000.00", ladder.owed.reference, booked_on=dt.date(2026, 3, 31)),
            day="2026-03-31",
        )
        operations.run_day(by=SYSTEM_VIEWER, at=at("2026-03-31", 12))
        assert ladder.case().state == CaseState.CLEARED
        clock = Clock.objects.get(limit__code="arrears-restoration", subject_type="arrears.case")
        assert clock.due_at == at("2026-04-01", 12)
        ladder.do("restore_supply", ladder.dispatcher, at("2026-03-31", 18), remark="")
        case = ladder.case()
        assert (case.state, case.outcome) == (CaseState.CLOSED, "缴清，已复电")
        clock.refresh_from_db()
        assert clock.stopped_at == at("2026-03-31", 18)
        assert Outage.objects.get().restored_at == at("2026-03-31", 18)
        assert ProcessInstance.objects.get().state == InstanceState.COMPLETED

    def test_a_match_undone_opens_another_case(self, ladder: Ladder) -> None:
        first = ladder.open()
        ladder.pay()
        payments_operations.undo_match(
            match_id=PaymentMatch.objects.get().pk, reason="记错户", by=ladder.world.cashier,
            at=at("2026-03-27"),
        )  # fmt: skip
        second = ladder.open("2026-03-28")
        assert second.pk != first.pk
        assert second.state == CaseState.REMINDED

    def test_supply_is_not_restored_before_it_is_paid(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_stop()
        refused(
            UnableToDun,
            "不能办理这一步",
            lambda: operations.restore_supply(
                number=ladder.case().number, by=SYSTEM_VIEWER, at=at("2026-03-31")
            ),
            ladder,
        )
