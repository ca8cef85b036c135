"""A complaint runs from its receipt to the call-back, each step within its limit (R5, R17, R18)."""

from __future__ import annotations

import pytest
from django.db import transaction

from busbar.access.visibility import NotPermitted
from busbar.clocks.models import Clock
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.service_desk import operations, queries
from busbar.service_desk.models import Complaint
from busbar.service_desk.operations import UnableToHandleComplaint, UnableToServe
from tests.payments.world import at
from tests.service_desk.world import MONDAY, Desk, day_of


def refused(kind: type[Refusal], text: str, act: object) -> None:
    """The act is refused with the text; ledger and journal stay as they were."""
    before, entries = list(Complaint.objects.order_by("id").values()), Entry.objects.count()
    with pytest.raises(kind, match=text), transaction.atomic():
        act()  # type: ignore[operator]
    assert list(Complaint.objects.order_by("id").values()) == before
    assert Entry.objects.count() == entries


def running() -> dict[str, str]:
    """Open clocks by code with the day on which they are due."""
    return {c.code: day_of(c.due_at) for c in Clock.objects.open()}


class TestAccepting:
    def test_starts_contact_and_answer_from_the_receipt(self, desk: Desk) -> None:
        row = desk.complain(received_at=at("2026-03-06", 9), hour=9)

        assert row.number == "TS-310101-260309-001"
        assert running() == {"complaint-answer": "2026-03-13", "complaint-contact": "2026-03-07"}

    def test_a_second_of_the_kind_names_the_first(self, desk: Desk) -> None:
        first = desk.complain()
        second = desk.complain("2026-04-01")
        other = desk.complain("2026-04-02", kind="outage")
        later = desk.complain("2026-08-01")

        assert (second.repeats, other.repeats, later.repeats) == (first, None, None)

    def test_what_says_too_little_is_refused(self, desk: Desk) -> None:
        refused(UnableToHandleComplaint, "投诉人", lambda: desk.complain(person=" "))
        refused(UnableToHandleComplaint, "内容", lambda: desk.complain(text=""))
        refused(
            UnableToHandleComplaint,
            "不能在以后",
            lambda: desk.complain(received_at=at("2026-03-10")),
        )
        refused(
            UnableToHandleComplaint, "没有户号 999", lambda: desk.complain(account_number="999")
        )

    def test_a_customer_of_another_branch_does_not_exist(self, desk: Desk) -> None:
        refused(UnableToServe, "没有客户 K1", lambda: desk.complain(by=desk.neighbor))

    def test_takes_the_permission(self, desk: Desk) -> None:
        refused(NotPermitted, "办理投诉", lambda: desk.complain(by=desk.colleague))


class TestAnswering:
    def test_the_whole_course_stops_every_clock(self, desk: Desk) -> None:
        row = desk.settle(desk.complain(), satisfied=True)

        assert (row.state, row.is_justified, row.rounds) == ("verified", True, 1)
        assert running() == {}
        assert set(Clock.objects.values_list("code", "state")) == {
            ("complaint-contact", "stopped"),
            ("complaint-answer", "stopped"),
            ("call-back", "stopped"),
        }

    def test_before_the_customer_was_spoken_to_is_refused(self, desk: Desk) -> None:
        row = desk.complain()
        refused(
            UnableToHandleComplaint,
            "已受理，不能办理这一步",
            lambda: operations.answer_complaint(
                number=row.number, answer="x", is_justified=False, cause="x",
                responsible_party="", by=desk.manager, at=at(MONDAY, 10),
            ),
        )  # fmt: skip

    def test_a_justified_one_names_whose_it_is(self, desk: Desk) -> None:
        row = desk.complain()
        operations.contact_complainant(
            number=row.number, note="已核实", by=desk.manager, at=at(MONDAY, 10)
        )
        refused(
            UnableToHandleComplaint,
            "责任单位",
            lambda: operations.answer_complaint(
                number=row.number, answer="x", is_justified=True, cause="x",
                responsible_party=" ", by=desk.manager, at=at(MONDAY, 11),
            ),
        )  # fmt: skip


class TestCallingBack:
    def test_is_not_for_the_handler(self, desk: Desk) -> None:
        row = desk.complain(owner_id=desk.agent.employee_id)
        refused_state = row.number
        operations.contact_complainant(
            number=row.number, note="已核实", by=desk.agent, at=at(MONDAY, 10)
        )
        operations.answer_complaint(
            number=row.number, answer="x", is_justified=False, cause="x",
            responsible_party="", by=desk.agent, at=at(MONDAY, 11),
        )  # fmt: skip
        refused(
            UnableToHandleComplaint,
            "承办人以外",
            lambda: operations.verify_complaint(
                number=refused_state, is_satisfied=True, note="x", by=desk.agent, at=at(MONDAY, 12)
            ),
        )

    def test_dissatisfied_it_opens_anew_with_a_new_limit(self, desk: Desk) -> None:
        row = desk.settle(desk.complain(), satisfied=False)

        assert (row.state, row.rounds) == ("contacted", 2)
        assert running() == {"complaint-answer": "2026-03-18"}

        again = desk.settle(row, satisfied=True, day="2026-03-16")
        assert (again.state, running()) == ("verified", {})


class TestAnalysis:
    def test_counts_by_kind_what_was_justified_repeated_and_open(self, desk: Desk) -> None:
        desk.settle(desk.complain(), satisfied=True)
        desk.complain("2026-03-20")
        desk.complain("2026-03-21", kind="outage")

        found = queries.count_by_kind(desk.manager, since=at("2026-03-01"), until=at("2026-04-01"))

        assert found == [
            ("电费与计量", {"all": 2, "justified": 1, "repeated": 1, "open": 1}),
            ("停送电", {"all": 1, "justified": 0, "repeated": 0, "open": 1}),
        ]
        assert (
            queries.count_by_kind(desk.neighbor, since=at("2026-03-01"), until=at("2026-04-01"))
            == []
        )
