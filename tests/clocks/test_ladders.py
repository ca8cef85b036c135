"""Warnings and escalations: by time, once, also after a standstill and by two workers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection
from tests.clocks.conftest import CLERK, Company, china, make_company

from busbar.clocks import operations as clocks_operations
from busbar.clocks.announced import shipped_calendar
from busbar.clocks.ladder import Rung, rungs_due
from busbar.clocks.models import Clock, ClockAlert
from busbar.clocks.operations.ladders import audience_unit
from busbar.clocks.rulebook import LimitFacts
from busbar.journal.models import Entry

START = china("2025-11-03T10:00")
CALENDAR = shipped_calendar()


def start(company: Company, code: str = "scheme-reply-single", number: int = 1) -> Clock:
    """A clock of the county."""
    return clocks_operations.start_clock(
        code=code, subject=company.subject(number), actor=CLERK, at=START
    )


def climb(at: str) -> int:
    """What the timetable does every minute."""
    return clocks_operations.climb_ladders(at=china(at))


def told() -> list[tuple[str, int]]:
    """Event and rung, in the journal's order."""
    found = Entry.objects.filter(event__in=["clocks.clock.warned", "clocks.clock.escalated"])
    return [(e.event.rsplit(".", 1)[1], e.changes["rung"]) for e in found.order_by("id")]


class TestMoments:
    """When each rung is due."""

    def moments(self, amount: int, unit: str, *rungs: tuple[str, str]) -> list[str]:
        """As text in China."""
        limit = LimitFacts("t", "试验", Decimal(amount), unit)
        given = [Rung(n, moment, Decimal(share)) for n, (moment, share) in enumerate(rungs)]
        found = rungs_due(limit, given, start=START, calendar=CALENDAR)
        return [f"{due.at:%m-%d %H:%M}" for due in found]

    def test_limits_in_days_are_told_in_the_morning(self) -> None:
        # Five working days from Monday the 3rd: 4, 5, 6, 7, 10 November.
        rungs = [("share", "0.5"), ("left", "1"), ("overdue", "1"), ("overdue", "3")]
        expected = ["11-07 08:00", "11-10 08:00", "11-11 08:00", "11-13 08:00"]
        assert self.moments(5, "working_day", *rungs) == expected

    def test_limits_in_hours_are_told_at_once(self) -> None:
        rungs = [("share", "0.5"), ("left", "1"), ("overdue", "0"), ("overdue", "4")]
        expected = ["11-03 22:00", "11-04 09:00", "11-04 10:00", "11-04 14:00"]
        assert self.moments(24, "hour", *rungs) == expected

    def test_validity_is_told_in_days_before_its_end(self) -> None:
        assert self.moments(3, "month", ("left", "11"), ("overdue", "1")) == [
            "01-24 08:00",
            "02-04 08:00",
        ]

    def test_a_warning_longer_than_the_limit_is_left_out(self) -> None:
        assert self.moments(2, "working_day", ("left", "5")) == []


class TestClimbing:
    """Each rung once."""

    def test_nothing_is_due_at_first_and_looking_costs_one_query(
        self, company: Company, django_assert_num_queries
    ) -> None:
        start(company)
        with django_assert_num_queries(1):
            assert climb("2025-11-10T10:00") == 0

    def test_a_rung_is_climbed_once(self, company: Company) -> None:
        clock = start(company)
        assert climb("2025-11-18T08:00") == 1
        assert climb("2025-11-18T08:01") == 0
        assert told() == [("warned", 1)]
        entry = Entry.objects.get(event="clocks.clock.warned")
        assert (entry.subject_id, entry.unit_path) == (clock.pk, company.county.path)
        assert entry.changes["audience"] == "owner"
        assert entry.changes["subject_id"] == 1

    def test_after_a_standstill_all_missed_rungs_follow_in_order(self, company: Company) -> None:
        start(company)
        assert climb("2025-12-05T09:00") == 5
        assert told() == [
            ("warned", 1),
            ("warned", 2),
            ("warned", 3),
            ("escalated", 4),
            ("escalated", 5),
        ]
        raised = ClockAlert.objects.order_by("due_at")
        assert raised[0].due_at == china("2025-11-18T08:00")
        assert {alert.raised_at for alert in raised} == {china("2025-12-05T09:00")}
        assert climb("2025-12-31T09:00") == 2
        assert Clock.objects.get().next_rung_at is None

    def test_a_paused_clock_does_not_climb_and_goes_on_later(self, company: Company) -> None:
        clock = start(company)
        clocks_operations.pause_clock(
            clock_id=clock.pk,
            reason="customer-documents",
            evidence="告知书",
            actor=CLERK,
            at=china("2025-11-10T09:00"),
        )
        assert climb("2025-12-31T09:00") == 0
        clocks_operations.resume_clock(clock_id=clock.pk, actor=CLERK, at=china("2025-12-31T10:00"))
        assert climb("2025-12-31T11:00") == 0

    def test_a_stopped_clock_does_not_climb(self, company: Company) -> None:
        clock = start(company)
        clocks_operations.stop_clock(clock_id=clock.pk, actor=CLERK, at=china("2025-11-10T09:00"))
        assert climb("2026-06-01T09:00") == 0

    def test_escalation_goes_up_the_tree(self, company: Company) -> None:
        clock = clocks_operations.start_clock(
            code="scheme-reply-single",
            subject=company.subject(unit=company.station),
            actor=CLERK,
            at=START,
        )
        reached = [
            audience_unit(clock, name)
            for name in ("owner", "unit", "company", "company_above", "top")
        ]
        assert reached == [
            company.station,
            company.station,
            company.county,
            company.city,
            company.province,
        ]


@pytest.mark.django_db(transaction=True)
class TestTwoWorkers:
    """Both look at the same minute."""

    def test_every_rung_is_climbed_once(self) -> None:
        company = make_company()
        for number in range(8):
            start(company, number=number)

        def work() -> int:
            try:
                return clocks_operations.climb_ladders(at=china("2025-12-31T09:00"))
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            climbed = [job.result() for job in [pool.submit(work), pool.submit(work)]]
        assert sum(climbed) == 8 * 7
        assert ClockAlert.objects.count() == 8 * 7
        assert len(told()) == 8 * 7
        assert clocks_operations.climb_ladders(at=china("2026-01-31T09:00")) == 0
