"""What comes next in a case and when, on every rung; as today lists it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.arrears import operations, queries
from busbar.arrears.models import DunningCase, NextStep
from busbar.billing.insights import Scope
from busbar.console.attention import count_work, list_kind, list_work
from busbar.console.looking import Look
from busbar.console.work_kinds import Rank, WorkKind
from busbar.customers.models import AccountTeamMember
from tests.arrears.world import OVERDUE, Ladder
from tests.payments.world import at


def coming(ladder: Ladder) -> tuple[str, dt.datetime | None]:
    case = ladder.case()
    return case.next_step, case.next_at


class TestNextStep:
    def test_is_foreseen_on_every_rung(self, ladder: Ladder) -> None:
        ladder.open()
        assert coming(ladder) == (NextStep.DEMAND, at(OVERDUE, 7))
        ladder.do("demand_payment", ladder.collector, at(OVERDUE, 9), remark="")
        assert coming(ladder) == (NextStep.REQUEST, at(OVERDUE, 9))
        ladder.do("request_stop", ladder.collector, at(OVERDUE, 10), remark="催")
        assert coming(ladder) == (NextStep.DECIDE, at(OVERDUE, 10))
        ladder.do("decide_stop", ladder.approver, at(OVERDUE, 11), outcome="approved", remark="行")
        assert coming(ladder) == (NextStep.SERVE, at(OVERDUE, 11))
        ladder.do(
            "serve_notice", ladder.collector, at(OVERDUE, 14),
            stop_at="2026-03-30T10:00:00+08:00", person="李会计", means="当面送达",
        )  # fmt: skip
        half_an_hour = dt.timedelta(minutes=30)
        assert coming(ladder) == (NextStep.CALL, at("2026-03-30", 10) - half_an_hour)
        ladder.do("call_customer", ladder.collector, at("2026-03-30", 9), person="李会计")
        assert coming(ladder) == (NextStep.STOP, at("2026-03-30", 10))
        ladder.do("stop_supply", ladder.dispatcher, at("2026-03-30", 10), remark="")
        assert coming(ladder) == (NextStep.NONE, None)
        row = ladder.world.row("1000.00", ladder.owed.reference, booked_on=dt.date(2026, 3, 31))
        ladder.world.bank(row, day="2026-03-31")
        operations.run_day(by=SYSTEM_VIEWER, at=at("2026-03-31", 12))
        assert coming(ladder) == (NextStep.RESTORE, at("2026-04-01", 12))
        ladder.do("restore_supply", ladder.dispatcher, at("2026-03-31", 18), remark="")
        assert coming(ladder) == (NextStep.NONE, None)

    def test_a_stop_is_asked_for_once_it_is_overdue_for_long_enough(self, ladder: Ladder) -> None:
        ladder.open("2026-03-02")
        ladder.do("demand_payment", ladder.collector, at("2026-03-02", 9), remark="")
        # Due on 18 February, overdue for more than 30 days from 21 March on.
        assert coming(ladder) == (NextStep.REQUEST, at("2026-03-21", 0))

    def test_waits_for_the_promise_s_last_day_and_then_is_due_again(self, ladder: Ladder) -> None:
        number = ladder.open().number
        operations.pause_case(
            number=number, kind="promise", reason="分两期", until=dt.date(2026, 3, 25),
            by=SYSTEM_VIEWER, at=at(OVERDUE),
        )  # fmt: skip
        assert coming(ladder) == (NextStep.PROMISE, at("2026-03-26", 0))
        operations.run_day(by=SYSTEM_VIEWER, at=at("2026-03-26", 6))
        assert coming(ladder) == (NextStep.DEMAND, at("2026-03-26", 6))

    def test_a_dispute_is_to_be_answered_since_it_came(self, ladder: Ladder) -> None:
        number = ladder.open().number
        operations.pause_case(
            number=number, kind="dispute", reason="电量有异议", by=SYSTEM_VIEWER, at=at(OVERDUE)
        )
        assert coming(ladder) == (NextStep.ANSWER, at(OVERDUE))

    def test_the_day_s_round_does_not_make_it_younger(self, ladder: Ladder) -> None:
        ladder.open()
        operations.run_day(by=SYSTEM_VIEWER, at=at("2026-03-25", 6))
        assert coming(ladder) == (NextStep.DEMAND, at(OVERDUE, 7))

    def test_the_round_foresees_it_for_cases_that_have_none(self, ladder: Ladder) -> None:
        ladder.open()
        DunningCase.objects.update(next_step="", next_at=None)
        operations.run_day(by=SYSTEM_VIEWER, at=at("2026-03-25", 6))
        assert coming(ladder) == (NextStep.DEMAND, at("2026-03-25", 6))


class TestToday:
    def look(self, ladder: Ladder, moment: dt.datetime, *, mine: bool = False) -> Look:
        return Look(ladder.collector, Scope(mine=mine), moment, None)

    def test_lists_a_case_by_its_next_step_with_the_reason_and_the_money(
        self, ladder: Ladder
    ) -> None:
        case = ladder.open()
        AccountTeamMember.objects.create(
            customer=case.account.customer,
            employee=Employee.objects.get(pk=ladder.collector.employee_id),
            role="lead",
        )

        (item,) = list_work(self.look(ladder, at(OVERDUE, 8)), each=5)

        assert item.title == "催费：催缴，应于 2026-03-23 07:00 办理"
        assert item.reason == "已提醒；1 笔逾期，最早 2026-02-18 到期"
        assert (str(item.worth_yuan), item.rank) == ("1000.00", Rank.MONEY)
        assert item.url == f"/arrears/{case.number}/"
        assert list_work(self.look(ladder, at(OVERDUE, 8), mine=True), each=5) == [item]

    def test_presses_the_call_before_the_stop(self, ladder: Ladder) -> None:
        ladder.open()
        ladder.to_notice()
        AccountTeamMember.objects.create(
            customer=ladder.account.customer,
            employee=Employee.objects.get(pk=ladder.collector.employee_id),
            role="lead",
        )

        (soon,) = list_work(self.look(ladder, at("2026-03-30", 9)), each=5)
        (now,) = list_work(self.look(ladder, at("2026-03-30", 10)), each=5)

        assert soon.title == "催费：停电前再次通知，2026-03-30 09:30 起可办"
        assert (soon.rank, now.rank) == (Rank.MONEY, Rank.NOW)

    def test_reads_cases_on_and_counts_them_with_the_same_queries(self, ladder: Ladder) -> None:
        ladder.open()
        seen = Look(SYSTEM_VIEWER, Scope(), at(OVERDUE, 8), None)
        with CaptureQueriesContext(connection) as one:
            list_work(seen, each=5)
        for number in ("3101000008", "3101000009"):
            ladder.world.bill(ladder.world.account(number), "500.00")
        ladder.open()

        with CaptureQueriesContext(connection) as many:
            list_work(replace(seen), each=5)
        first = list_kind(seen, WorkKind.DUNNING, limit=2)
        second = list_kind(seen, WorkKind.DUNNING, after=first.next_after, limit=2)

        assert len(one) == len(many)
        assert count_work(seen) == {WorkKind.DUNNING: 3}
        assert [i.account_number for i in (*first.items, *second.items)] == [
            "3101000001", "3101000008", "3101000009",
        ]  # fmt: skip
        assert second.next_after is None

    def test_a_step_a_week_ahead_is_no_news_yet(self, ladder: Ladder) -> None:
        number = ladder.open().number
        operations.pause_case(
            number=number, kind="promise", reason="分期", until=dt.date(2026, 4, 30),
            by=SYSTEM_VIEWER, at=at(OVERDUE),
        )  # fmt: skip
        before = at(OVERDUE) + dt.timedelta(days=7)
        assert queries.list_due(SYSTEM_VIEWER, before=before, limit=5) == []
