"""Stops are planned through the network, announced in time, begun, restored; refusals say why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.clocks.models import Clock
from busbar.customers.models import Customer
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.notifications.models import Message, Receipt
from busbar.outages import operations, queries
from busbar.outages.models import AffectedPoint, Outage, OutageState
from busbar.outages.operations import (
    UnableToAnnounceOutage,
    UnableToBeginOutage,
    UnableToCancelOutage,
    UnableToPlanOutage,
    UnableToRestoreOutage,
    UnableToServeOutageNotice,
)
from busbar.outages.queries import Scope
from tests.outages.conftest import Grid, at


def snapshot() -> object:
    """All that a refusal must leave as it was."""
    return (
        list(Outage.objects.order_by("pk").values()),
        AffectedPoint.objects.count(),
        Entry.objects.count(),
        Message.objects.count(),
        Receipt.objects.count(),
        list(Clock.objects.order_by("pk").values()),
    )


def refused(
    refusal: type[Refusal] | type[NotPermitted], match: str, act: Callable[[], object]
) -> None:
    before = snapshot()
    with pytest.raises(refusal, match=match):
        act()
    assert snapshot() == before


def points(outage: Outage) -> list[str]:
    rows = AffectedPoint.objects.filter(outage=outage).order_by("usage_point__number")
    return list(rows.values_list("usage_point__number", flat=True))


def make_important(letter: str) -> None:
    Customer.objects.filter(number=f"K{letter}").update(importance="first")


class TestPlanning:
    @pytest.mark.parametrize(
        ("scope", "expected"),
        [
            (Scope(feeders=["F1"]), ["PA", "PB"]),
            (Scope(feeders=["F2"]), ["PC"]),
            (Scope(substations=["S1"]), ["PA", "PB", "PC"]),
            (Scope(transformers=["TB"]), ["PB"]),
            (Scope(usage_points=["PC"]), ["PC"]),
            (Scope(accounts=["310100000A"]), ["PA"]),
            (Scope(feeders=["F1"], usage_points=["PA", "PC"]), ["PA", "PB", "PC"]),
        ],
    )
    def test_the_network_says_whom_it_touches_and_backup_feeds_keep_supply(
        self, grid: Grid, scope: Scope, expected: list[str]
    ) -> None:
        assert points(grid.plan(scope=scope)) == expected

    def test_it_is_numbered_recorded_and_seen_by_the_branch(self, grid: Grid) -> None:
        outage = grid.plan()

        assert (outage.number, outage.state) == ("TD-C-260302-001", OutageState.PLANNED)
        assert (outage.scope, outage.planned_by_name) == ("F1", grid.dispatcher.name)
        assert Entry.objects.latest("id").event == "outages.stop.planned"
        assert queries.get_outage(grid.clerk, outage.number) == outage
        assert not queries.list_outages(grid.stranger).exists()
        assert not Message.objects.exists()

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({"scope": Scope(feeders=["F1", "F9"], accounts=["31"])}, "没有馈线 F9、户号 31"),
            ({"scope": Scope(transformers=["T9"])}, "没有受电变压器 T9"),
            ({"scope": Scope()}, "找不到受影响的用电点"),
            ({"reason": "  "}, "写明停电原因"),
            ({"unit_id": 999_999}, "没有这个单位"),
            ({"planned_until": at("2026-03-20", 8)}, "恢复时间须晚于停电时间"),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, grid: Grid, facts: dict[str, object], sentence: str
    ) -> None:
        refused(UnableToPlanOutage, sentence, lambda: grid.plan(**facts))

    def test_it_takes_the_right_and_the_branch(self, grid: Grid) -> None:
        refused(NotPermitted, ".", lambda: grid.plan(by=grid.clerk))
        refused(NotPermitted, "范围", lambda: grid.plan(by=grid.stranger))


class TestAnnouncing:
    def announce(self, outage: Outage, day: str, by: Viewer = SYSTEM_VIEWER) -> Outage:
        return operations.announce_outage(number=outage.number, by=by, at=at(day))

    def test_seven_days_before_is_in_time_and_six_are_too_late(self, grid: Grid) -> None:
        outage = grid.plan()
        refused(
            UnableToAnnounceOutage, "最迟 2026-03-13", lambda: self.announce(outage, "2026-03-14")
        )

        done = self.announce(outage, "2026-03-13")

        assert (done.state, done.announced_at) == (OutageState.ANNOUNCED, at("2026-03-13"))

    def test_each_affected_customer_with_a_contact_is_told_once(self, grid: Grid) -> None:
        outage = grid.announced()

        message = Message.objects.get()
        assert (message.recipient_name, message.subject_id) == ("A主任", outage.pk)
        assert "户号 310100000A 拟于 2026-03-20 08:00 停电" in message.body
        assert "预计 2026-03-20 12:00 恢复" in message.body
        notices = queries.list_notices(grid.dispatcher, outage)
        assert [(n.customer.number, len(n.messages)) for n in notices] == [("KA", 1), ("KB", 0)]

    def test_for_arrears_the_case_tells_the_customer_itself(self, grid: Grid) -> None:
        outage = grid.plan(kind="arrears", planned_until=None, by=SYSTEM_VIEWER)
        self.announce(outage, "2026-03-03")
        assert not Message.objects.exists()

    def test_a_stop_for_arrears_is_nobody_s_but_its_case_s(self, grid: Grid) -> None:
        refused(UnableToPlanOutage, "催费单的步骤", lambda: grid.plan(kind="arrears"))
        outage = grid.plan(kind="arrears", planned_until=None, by=SYSTEM_VIEWER)
        refused(
            UnableToAnnounceOutage,
            "催费单的步骤",
            lambda: self.announce(outage, "2026-03-03", grid.dispatcher),
        )

    def test_twice_is_refused(self, grid: Grid) -> None:
        outage = grid.announced()
        refused(UnableToAnnounceOutage, "已是“已通知”", lambda: self.announce(outage, "2026-03-04"))

    def test_of_a_stop_that_is_not_there_or_of_another_branch_is_refused(self, grid: Grid) -> None:
        outage = grid.plan()
        refused(
            UnableToAnnounceOutage,
            "没有停电 X",
            lambda: operations.announce_outage(number="X", by=SYSTEM_VIEWER, at=at("2026-03-03")),
        )
        refused(NotPermitted, ".", lambda: self.announce(outage, "2026-03-03", grid.stranger))
        refused(NotPermitted, ".", lambda: self.announce(outage, "2026-03-03", grid.clerk))


class TestServing:
    def serve(
        self, outage: Outage, letter: str, by: Viewer, person: str = "门卫", **facts: object
    ) -> Receipt:
        return operations.serve_notice(
            number=outage.number, customer_number=f"K{letter}", person=person, means="当面送达",
            by=by, at=at("2026-03-04"), **facts,
        )  # type: ignore[arg-type] # fmt: skip

    def test_a_paper_reaches_whom_no_message_can(self, grid: Grid) -> None:
        outage = grid.announced()

        receipt = self.serve(outage, "B", grid.dispatcher)

        assert (receipt.kind, receipt.person, receipt.message) == ("served", "门卫", None)
        (notice,) = [
            n for n in queries.list_notices(grid.dispatcher, outage) if n.customer.number == "KB"
        ]
        assert notice.receipts == [receipt]

    def test_a_receipt_stands_with_the_message_it_confirms(self, grid: Grid) -> None:
        outage = grid.announced()
        assert self.serve(outage, "A", grid.dispatcher).message == Message.objects.get()

    def test_nothing_is_served_before_the_announcement_or_to_others(self, grid: Grid) -> None:
        planned = grid.plan()
        refused(
            UnableToServeOutageNotice, "尚未通知", lambda: self.serve(planned, "A", SYSTEM_VIEWER)
        )
        outage = grid.announced()
        refused(
            UnableToServeOutageNotice,
            "不影响客户 KC",
            lambda: self.serve(outage, "C", SYSTEM_VIEWER),
        )
        refused(Refusal, "签收人", lambda: self.serve(outage, "A", SYSTEM_VIEWER, person=" "))
        refused(
            Refusal,
            "晚于现在",
            lambda: self.serve(outage, "A", SYSTEM_VIEWER, received_at=at("2026-03-05")),
        )
        refused(NotPermitted, ".", lambda: self.serve(outage, "A", grid.clerk))


class TestReporting:
    def report(self, outage: Outage, report: str, by: Viewer = SYSTEM_VIEWER) -> Outage:
        return operations.report_to_authority(
            number=outage.number, report=report, by=by, at=at("2026-03-04")
        )

    def test_the_report_opens_the_way_where_important_customers_are_touched(
        self, grid: Grid
    ) -> None:
        make_important("A")
        outage = grid.announced()
        refused(
            UnableToBeginOutage,
            "重要用户（客户A）",
            lambda: operations.begin_outage(
                number=outage.number, by=SYSTEM_VIEWER, at=at("2026-03-20", 8)
            ),
        )

        assert self.report(outage, " 供函〔2026〕7号 ").authority_report == "供函〔2026〕7号"

        done = operations.begin_outage(
            number=outage.number, by=SYSTEM_VIEWER, at=at("2026-03-20", 8)
        )
        assert done.state == OutageState.BEGUN

    def test_without_a_number_or_the_right_it_is_refused(self, grid: Grid) -> None:
        outage = grid.plan()
        refused(UnableToPlanOutage, "抄报文号", lambda: self.report(outage, " "))
        refused(NotPermitted, ".", lambda: self.report(outage, "7号", grid.clerk))


class TestBeginning:
    def begin(self, outage: Outage, moment: dt.datetime, **facts: object) -> Outage:
        return operations.begin_outage(number=outage.number, by=SYSTEM_VIEWER, at=moment, **facts)  # type: ignore[arg-type]

    def test_planned_works_wait_for_notice_and_moment(self, grid: Grid) -> None:
        planned = grid.plan()
        refused(UnableToBeginOutage, "尚未通知", lambda: self.begin(planned, at("2026-03-20", 8)))
        outage = grid.announced()
        refused(
            UnableToBeginOutage, "未到通知的停电时间",
            lambda: self.begin(outage, at("2026-03-20", 7, 59)),
        )  # fmt: skip

        done = self.begin(outage, at("2026-03-20", 8))

        assert (done.state, done.begun_at) == (OutageState.BEGUN, at("2026-03-20", 8))

    def test_a_fault_waits_for_nobody_and_is_noticed_later(self, grid: Grid) -> None:
        make_important("A")

        done = self.begin(grid.fault(), at("2026-03-02", 9, 30), begun_at=at("2026-03-02", 9, 5))

        assert done.begun_at == at("2026-03-02", 9, 5)
        assert "自 2026-03-02 09:05 起停电" in Message.objects.get().body

    def test_not_twice_and_not_in_the_future(self, grid: Grid) -> None:
        fault = grid.fault()
        refused(
            UnableToBeginOutage, "晚于现在",
            lambda: self.begin(fault, at("2026-03-02", 9), begun_at=at("2026-03-02", 9, 1)),
        )  # fmt: skip
        begun = grid.begun()
        refused(UnableToBeginOutage, "已是“停电中”", lambda: self.begin(begun, at("2026-03-20", 9)))

    def test_it_takes_the_right(self, grid: Grid) -> None:
        fault = grid.fault()
        refused(
            NotPermitted, ".",
            lambda: operations.begin_outage(
                number=fault.number, by=grid.clerk, at=at("2026-03-02")
            ),
        )  # fmt: skip


class TestRestoring:
    def restore(self, outage: Outage, moment: dt.datetime, **facts: object) -> Outage:
        return operations.restore_outage(number=outage.number, by=SYSTEM_VIEWER, at=moment, **facts)  # type: ignore[arg-type]

    def test_the_limit_runs_from_the_removed_cause_to_the_restoration(self, grid: Grid) -> None:
        outage = grid.begun()
        operations.remove_cause(number=outage.number, by=SYSTEM_VIEWER, at=at("2026-03-20", 11))
        clock = Clock.objects.get(subject_type="outages.outage", limit__code="restoration")
        assert (clock.started_at, clock.stopped_at) == (at("2026-03-20", 11), None)

        done = self.restore(outage, at("2026-03-20", 12))

        clock.refresh_from_db()
        assert clock.stopped_at == at("2026-03-20", 12)
        assert (done.state, done.restored_at) == (OutageState.RESTORED, at("2026-03-20", 12))
        assert "已于 2026-03-20 12:00 恢复供电" in Message.objects.latest("id").body

    def test_it_may_have_been_earlier_but_not_before_the_stop(self, grid: Grid) -> None:
        outage = grid.begun()
        for wrong in (at("2026-03-20", 8), at("2026-03-20", 13)):
            refused(
                UnableToRestoreOutage, "须晚于停电时间",
                lambda wrong=wrong: self.restore(
                    outage, at("2026-03-20", 12), restored_at=wrong
                ),
            )  # fmt: skip
        done = self.restore(outage, at("2026-03-20", 12), restored_at=at("2026-03-20", 11, 40))
        assert done.restored_at == at("2026-03-20", 11, 40)

    def test_what_has_not_begun_is_neither_restored_nor_without_cause(self, grid: Grid) -> None:
        outage = grid.announced()
        refused(
            UnableToRestoreOutage, "没有在停电", lambda: self.restore(outage, at("2026-03-20", 9))
        )
        refused(
            UnableToRestoreOutage, "没有在停电",
            lambda: operations.remove_cause(
                number=outage.number, by=SYSTEM_VIEWER, at=at("2026-03-20", 9)
            ),
        )  # fmt: skip

    def test_a_cause_is_removed_once_and_both_take_the_right(self, grid: Grid) -> None:
        outage = grid.begun()
        moment = at("2026-03-20", 9)
        for act in (operations.remove_cause, operations.restore_outage):
            refused(
                NotPermitted, ".",
                lambda act=act: act(number=outage.number, by=grid.clerk, at=moment),
            )  # fmt: skip
        operations.remove_cause(number=outage.number, by=SYSTEM_VIEWER, at=moment)
        refused(
            UnableToRestoreOutage, "已经消除",
            lambda: operations.remove_cause(number=outage.number, by=SYSTEM_VIEWER, at=moment),
        )  # fmt: skip


class TestCancelling:
    def cancel(self, outage: Outage, reason: str = "雨天", by: Viewer = SYSTEM_VIEWER) -> Outage:
        return operations.cancel_outage(
            number=outage.number, reason=reason, by=by, at=at("2026-03-05")
        )

    def test_who_was_told_of_it_is_told_that_it_does_not_happen(self, grid: Grid) -> None:
        assert self.cancel(grid.announced()).state == OutageState.CANCELLED
        assert [m.kind for m in Message.objects.order_by("id")] == [
            "outages.stop.announced", "outages.stop.cancelled",
        ]  # fmt: skip

    def test_who_was_not_told_hears_nothing(self, grid: Grid) -> None:
        self.cancel(grid.plan())
        assert not Message.objects.exists()

    def test_not_after_it_began_not_without_reason_not_without_right(self, grid: Grid) -> None:
        begun, planned = grid.begun(), grid.plan()
        refused(UnableToCancelOutage, "不能取消", lambda: self.cancel(begun))
        refused(UnableToCancelOutage, "写明取消的原因", lambda: self.cancel(planned, " "))
        refused(NotPermitted, ".", lambda: self.cancel(planned, by=grid.clerk))


class TestReading:
    def test_notices_take_the_same_queries_for_few_and_for_many(self, grid: Grid) -> None:
        counts = []
        for scope in (Scope(accounts=["310100000A"]), Scope(substations=["S1"])):
            outage = grid.plan(scope=scope)
            operations.announce_outage(number=outage.number, by=SYSTEM_VIEWER, at=at("2026-03-03"))
            with CaptureQueriesContext(connection) as seen:
                notices = queries.list_notices(replace(grid.dispatcher), outage)
                assert [n.points[0].usage_point.number for n in notices]
            counts.append(len(seen))
        assert counts[0] == counts[1]

    def test_the_list_counts_points_and_filters(self, grid: Grid) -> None:
        works, fault = grid.plan(), grid.fault()
        rows = list(queries.list_outages(grid.dispatcher))
        assert [(row.number, row.points) for row in rows] == [(works.number, 2), (fault.number, 2)]
        assert list(queries.list_outages(grid.dispatcher, kind="fault")) == [fault]
        assert list(queries.list_outages(grid.dispatcher, state="begun")) == []
        assert list(queries.list_outages(grid.dispatcher, text="F1")) == rows
        assert queries.count_customers(works) == 2

    def test_important_customers_stand_first(self, grid: Grid) -> None:
        make_important("B")
        outage = grid.plan()
        assert [n.customer.number for n in queries.list_notices(grid.dispatcher, outage)] == [
            "KB", "KA",
        ]  # fmt: skip
