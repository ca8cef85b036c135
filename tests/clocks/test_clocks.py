"""The life of a clock: lawful or refused, and always explained."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from tests.clocks.conftest import CLERK, Company, china

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock, ClockPause, ClockState, DueChange
from busbar.clocks.operations import (
    CalendarRow,
    UnableToExtendClock,
    UnableToPauseClock,
    UnableToResumeClock,
    UnableToStartClock,
    UnableToStopClock,
)
from busbar.jobs import outbox
from busbar.journal.models import Entry

START = china("2025-09-15T10:00")
ACCEPTED = "connections.application.accepted"


def start(company: Company, code: str = "scheme-reply-single", **facts: object) -> Clock:
    """A clock of the county's first application."""
    return clocks_operations.start_clock(
        code=code, subject=company.subject(), actor=CLERK, at=START, **facts
    )


def pause(clock: Clock, at: str, **facts: str) -> Clock:
    """For the customer's documents."""
    given = {"reason": "customer-documents", "evidence": "告知书 2025-8", **facts}
    return clocks_operations.pause_clock(clock_id=clock.pk, actor=CLERK, at=china(at), **given)


def resume(clock: Clock, at: str) -> Clock:
    """Run on."""
    return clocks_operations.resume_clock(clock_id=clock.pk, actor=CLERK, at=china(at))


def stop(clock: Clock, at: str) -> Clock:
    """Done."""
    return clocks_operations.stop_clock(clock_id=clock.pk, actor=CLERK, at=china(at))


def events() -> list[str]:
    """What the journal says of clocks."""
    found = Entry.objects.filter(event__startswith="clocks.clock.").order_by("id")
    return [entry.event.removeprefix("clocks.clock.") for entry in found]


class TestStart:
    """A promise begins."""

    def test_it_is_due_by_the_limit_in_force(self, company: Company) -> None:
        clock = start(company)
        assert clock.due_at == china("2025-10-17T23:59:59")
        assert (clock.state, clock.is_provisional) == (ClockState.RUNNING, False)
        entry = Entry.objects.get(event="clocks.clock.started")
        assert (entry.customer_id, entry.unit_path) == (7, company.county.path)
        assert entry.changes["limit"] == "不超过 20 个工作日"

    def test_a_second_of_its_code_is_refused(self, company: Company) -> None:
        start(company)
        with pytest.raises(UnableToStartClock, match="已在计时"):
            start(company)
        assert Clock.objects.count() == 1

    def test_an_unknown_code_names_the_known_ones(self, company: Company) -> None:
        with pytest.raises(clocks_queries.NoSuchLimit, match="scheme-reply-dual"):
            start(company, "nonsense")

    def test_what_counts_back_cannot_run(self, company: Company) -> None:
        with pytest.raises(UnableToStartClock, match="向前倒算"):
            start(company, "scheme-extension-notice")


class TestPause:
    """Only for a lawful reason, and proven."""

    def test_the_days_paused_are_taken_out_and_the_old_date_is_kept(self, company: Company) -> None:
        clock = pause(start(company), "2025-09-17T09:00")
        assert (clock.state, clock.next_rung_at) == (ClockState.PAUSED, None)
        clock = resume(clock, "2025-09-22T09:00")
        assert clock.due_at == china("2025-10-22T23:59:59")
        changes = [
            (c.cause, c.old_due_at, c.new_due_at) for c in clocks_queries.list_due_changes(clock)
        ]
        assert changes == [
            ("pause", china("2025-10-17T23:59:59"), None),
            ("resume", china("2025-10-17T23:59:59"), china("2025-10-22T23:59:59")),
        ]
        assert events() == ["started", "paused", "resumed"]

    def test_an_unlawful_reason_is_refused_with_the_clause(self, company: Company) -> None:
        clock = start(company)
        with pytest.raises(UnableToPauseClock) as refused:
            pause(clock, "2025-09-17T09:00", reason="customer-payment")
        assert "不能以“等待客户交费”暂停" in str(refused.value)
        assert "《电力大客户用电管理制度》第二节 4" in str(refused.value)
        assert "等待客户补正资料（customer-documents）" in str(refused.value)
        assert (events(), ClockPause.objects.count()) == (["started"], 0)

    def test_a_limit_without_pause_reasons_stands_still_for_none(self, company: Company) -> None:
        clock = start(company, "scheme-approval")
        with pytest.raises(UnableToPauseClock, match="该时限不得暂停"):
            pause(clock, "2025-09-17T09:00")

    def test_without_the_evidence_it_is_refused(self, company: Company) -> None:
        clock = start(company)
        with pytest.raises(UnableToPauseClock, match="一次告知书或补正通知的编号"):
            pause(clock, "2025-09-17T09:00", evidence=" ")
        assert Clock.objects.get().state == ClockState.RUNNING

    def test_a_paused_clock_is_not_paused_again(self, company: Company) -> None:
        clock = pause(start(company), "2025-09-17T09:00")
        with pytest.raises(UnableToPauseClock, match="已经暂停"):
            pause(clock, "2025-09-18T09:00")

    def test_a_running_clock_is_not_resumed(self, company: Company) -> None:
        with pytest.raises(UnableToResumeClock, match="没有暂停"):
            resume(start(company), "2025-09-17T09:00")


class TestNoBackDating:
    """An entry before the latest event is refused."""

    def test_a_pause_before_the_start(self, company: Company) -> None:
        with pytest.raises(UnableToPauseClock, match="不能倒填"):
            pause(start(company), "2025-09-15T09:59")

    def test_a_stop_before_the_resumption(self, company: Company) -> None:
        clock = resume(pause(start(company), "2025-09-17T09:00"), "2025-09-22T09:00")
        with pytest.raises(UnableToStopClock, match="2025-09-22 09:00:00"):
            stop(clock, "2025-09-20T09:00")
        assert Clock.objects.get().is_open

    def test_an_ended_clock_stays_as_it_is(self, company: Company) -> None:
        clock = stop(start(company), "2025-09-20T09:00")
        with pytest.raises(UnableToPauseClock, match="已于 2025-09-20 09:00:00 结束"):
            pause(clock, "2025-09-21T09:00")


class TestEnd:
    """Kept or broken, to the second."""

    @pytest.mark.parametrize(
        ("moment", "verdict"),
        [("2025-10-17T23:59:59", "kept"), ("2025-10-18T00:00:00", "broken")],
    )
    def test_the_last_second_is_in_time(self, company: Company, moment: str, verdict: str) -> None:
        clock = stop(start(company), moment)
        assert clock.is_late(china("2026-01-01T00:00")) is (verdict == "broken")

    def test_stopping_ends_a_pause_that_lasts(self, company: Company) -> None:
        clock = stop(pause(start(company), "2025-09-17T09:00"), "2025-09-22T09:00")
        assert clock.due_at == china("2025-10-22T23:59:59")
        assert not ClockPause.objects.filter(ended_at=None).exists()

    def test_a_cancelled_clock_is_never_late_and_says_why(self, company: Company) -> None:
        clock = clocks_operations.cancel_clock(
            clock_id=start(company).pk, reason="客户撤回", actor=CLERK, at=china("2026-01-05T09:00")
        )
        assert not clock.is_late(china("2026-02-01T00:00"))
        assert Entry.objects.get(event="clocks.clock.cancelled").reason == "客户撤回"

    def test_cancelling_without_a_reason_is_refused(self, company: Company) -> None:
        clock = start(company)
        with pytest.raises(UnableToStopClock, match="写明原因"):
            clocks_operations.cancel_clock(clock_id=clock.pk, reason="", actor=CLERK, at=START)
        assert Clock.objects.get().is_open


class TestNested:
    """The hand-over inside the reply."""

    def test_the_share_of_the_parent_is_seen(self, company: Company) -> None:
        parent = start(company)
        child = clocks_operations.start_clock(
            code="hand-over-to-marketing",
            subject=company.subject(),
            actor=CLERK,
            at=START,
            parent=parent,
        )
        stop(child, "2025-09-19T09:00")
        (nested,) = clocks_queries.list_nested(parent)
        assert (nested.clock, nested.share) == (child, Decimal("0.2500"))
        assert nested.elapsed_share == Decimal("0.2000")

    def test_it_cannot_begin_before_its_parent(self, company: Company) -> None:
        parent = start(company)
        with pytest.raises(UnableToStartClock, match="不能早于总时限开始"):
            clocks_operations.start_clock(
                code="hand-over-to-marketing",
                subject=company.subject(),
                actor=CLERK,
                at=START - dt.timedelta(days=1),
                parent=parent,
            )


class TestExtension:
    """R56: by one validity at most."""

    def extend(self, clock: Clock, until: str) -> Clock:
        """Put off."""
        return clocks_operations.extend_clock(
            clock_id=clock.pk,
            until=dt.date.fromisoformat(until),
            actor=CLERK,
            at=china("2025-12-01T09:00"),
        )

    def test_a_full_validity_more(self, company: Company) -> None:
        clock = self.extend(start(company, "scheme-validity-lv"), "2026-03-15")
        assert clock.due_at == china("2026-03-15T23:59:59")
        assert clocks_queries.explain_clock(clock).days[-1].reason == "周日，延期内第 90 天"
        assert clocks_queries.list_due_changes(clock)[0].cause == "extension"

    def test_a_day_more_is_refused(self, company: Company) -> None:
        clock = start(company, "scheme-validity-lv")
        with pytest.raises(UnableToExtendClock, match="最迟到 2026-03-15"):
            self.extend(clock, "2026-03-16")
        assert Clock.objects.get().extended_until is None


class TestEvents:
    """Limits are data: events move the clocks."""

    def apply(self, company: Company, event: str, at: str, **facts: object) -> list[Clock]:
        """Something happened to the application."""
        return clocks_operations.apply_event(
            event=event, subject=company.subject(), facts=facts, actor=CLERK, at=china(at)
        )

    @pytest.mark.parametrize(
        ("kind", "codes"),
        [
            ("hv_single", ["scheme-reply-single", "hand-over-to-marketing"]),
            ("hv_dual", ["scheme-reply-dual", "hand-over-to-marketing"]),
            ("low_voltage", ["scheme-reply-lv"]),
            ("temporary", ["scheme-reply-temporary"]),
        ],
    )
    def test_acceptance_starts_what_applies(
        self, company: Company, kind: str, codes: list[str]
    ) -> None:
        clocks = self.apply(company, ACCEPTED, "2025-09-15T10:00", supply_kind=kind)
        assert [clock.code for clock in clocks] == codes
        if len(clocks) == 2:
            assert clocks[1].parent == clocks[0]

    def test_the_whole_way_to_the_validity(self, company: Company) -> None:
        facts = {"supply_kind": "hv_single", "voltage_level": "hv"}
        room = "connections.application"
        self.apply(company, ACCEPTED, "2025-09-15T10:00", **facts)
        asked = self.apply(company, f"{room}.correction_requested", "2025-09-17T09:00", **facts)
        assert [(c.code, c.state) for c in asked] == [
            ("scheme-reply-single", "paused"),
            ("hand-over-to-marketing", "paused"),
            ("document-correction", "running"),
        ]
        self.apply(company, f"{room}.corrected", "2025-09-22T09:00", **facts)
        self.apply(company, f"{room}.handed_over", "2025-09-23T09:00", **facts)
        replied = self.apply(company, "connections.scheme.replied", "2025-10-21T09:00", **facts)
        assert [(c.code, c.state) for c in replied] == [
            ("scheme-reply-single", "stopped"),
            ("scheme-validity-hv", "running"),
        ]
        assert not replied[0].is_late(china("2025-10-21T09:00"))
        started = self.apply(company, "connections.work.started", "2025-11-03T09:00", **facts)
        assert [c.code for c in started] == ["scheme-validity-hv"]
        assert not Clock.objects.open().exists()

    def test_the_event_itself_is_evidence_where_none_is_named(self, company: Company) -> None:
        self.apply(company, ACCEPTED, "2025-09-15T10:00", supply_kind="low_voltage")
        event = "connections.application.correction_requested"
        self.apply(company, event, "2025-09-17T09:00")
        assert ClockPause.objects.get().evidence == f"{event} #1"

    def test_the_same_event_again_starts_nothing_twice(self, company: Company) -> None:
        self.apply(company, ACCEPTED, "2025-09-15T10:00", supply_kind="hv_dual")
        assert self.apply(company, ACCEPTED, "2025-09-16T10:00", supply_kind="hv_dual") == []

    def test_withdrawal_cancels(self, company: Company) -> None:
        self.apply(company, ACCEPTED, "2025-09-15T10:00", supply_kind="hv_dual")
        event = "connections.application.withdrawn"
        moved = self.apply(company, event, "2025-09-16T10:00", reason="停建")
        assert {clock.state for clock in moved} == {"cancelled"}

    def test_an_event_that_no_limit_names_moves_nothing(self, company: Company) -> None:
        assert self.apply(company, "connections.application.seen", "2025-09-15T10:00") == []
        assert events() == []

    def test_an_extension_comes_with_its_last_day(self, company: Company) -> None:
        self.apply(company, "connections.scheme.replied", "2025-09-15T10:00", voltage_level="lv")
        moved = self.apply(
            company,
            "connections.scheme.extended",
            "2025-12-01T10:00",
            voltage_level="lv",
            extended_until=dt.date(2026, 2, 1),
        )
        assert [clock.due_at for clock in moved] == [china("2026-02-01T23:59:59")]


class TestCalendarChange:
    """A year is announced, a day is changed: due moments follow."""

    def test_announcing_a_year_moves_what_was_provisional(self, company: Company) -> None:
        clock = clocks_operations.start_clock(
            code="hand-over-to-marketing",
            subject=company.subject(),
            actor=CLERK,
            at=china("2026-12-30T10:00"),
        )
        assert (clock.is_provisional, clock.due_at) == (True, china("2027-01-07T23:59:59"))
        days = ["2027-01-01", "2027-01-04", "2027-01-05"]
        clocks_operations.upload_calendar(
            rows=[CalendarRow(n, day, "放假", "元旦") for n, day in enumerate(days, 2)],
            source="通知",
            announce=[2027],
            by=SYSTEM_VIEWER,
            at=china("2026-12-31T09:00"),
        )
        reactions = tuple(r for r in outbox.REACTIONS if r.name == "clocks.calendar")
        outbox.work_off(reactions)
        clock.refresh_from_db()
        assert (clock.is_provisional, clock.due_at) == (False, china("2027-01-11T23:59:59"))
        change = DueChange.objects.get()
        assert (change.cause, change.old_due_at) == ("calendar", china("2027-01-07T23:59:59"))
        assert (change.was_provisional, change.is_provisional) == (True, False)
        outbox.work_off(reactions)
        assert DueChange.objects.count() == 1

    def test_nothing_moves_where_nothing_changed(self, company: Company) -> None:
        start(company)
        assert clocks_operations.recalculate_clocks(at=china("2025-09-20T09:00")) == 0
        assert not DueChange.objects.exists()

    def test_a_fresh_table_answers_as_announced(self, db: None) -> None:
        found = clocks_queries.reckon("scheme-reply-single", start=START)
        assert (found.due_on, found.provisional) == (dt.date(2025, 10, 17), False)


class TestSeeing:
    """By branch."""

    def test_a_neighbor_sees_nothing(self, company: Company) -> None:
        clock = start(company)
        mine = Viewer(None, None, "甲", company.county.path)
        yours = Viewer(None, None, "乙", company.other.path)
        assert clocks_queries.list_clocks(mine) == [clock]
        assert clocks_queries.list_clocks(yours) == []
        assert clocks_queries.list_subject_clocks(yours, clock.subject_type, 1) == []

    def test_late_ones_only(self, company: Company) -> None:
        clock = start(company)
        due = china("2025-10-17T23:59:59")
        assert clocks_queries.list_late_clocks(SYSTEM_VIEWER, at=due) == []
        late = clocks_queries.list_late_clocks(SYSTEM_VIEWER, at=due + dt.timedelta(seconds=1))
        assert late == [clock]

    def test_why_this_date(self, company: Company) -> None:
        clock = resume(pause(start(company), "2025-09-17T09:00"), "2025-09-22T09:00")
        found = clocks_queries.explain_clock(clock)
        assert found.due_at == clock.due_at
        reasons = [day.reason for day in found.days if day.kind == "paused"]
        assert reasons[0] == "周三，暂停，不计入：等待客户补正资料（告知书 2025-8）"


class TestInspections:
    """One event, told apart by its facts."""

    @pytest.mark.parametrize(
        ("kind", "code"),
        [("interim", "mid-inspection"), ("completion", "completion-inspection")],
    )
    def test_the_kind_decides(self, company: Company, kind: str, code: str) -> None:
        facts = {"voltage_level": "hv", "inspection_kind": kind}
        for event, state in (("requested", "running"), ("held", "stopped")):
            moved = clocks_operations.apply_event(
                event=f"connections.inspection.{event}",
                subject=company.subject(),
                facts=facts,
                actor=CLERK,
                at=START,
            )
            assert [(clock.code, clock.state) for clock in moved] == [(code, state)]
