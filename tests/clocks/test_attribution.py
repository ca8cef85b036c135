"""Whose the time was: parts that add up to the whole, to the microsecond."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.clocks.conftest import CLERK, Company, china

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.attribution import PartyName, Stretch, attribute
from busbar.clocks.operations import UnableToHold
from busbar.clocks.queries import NotFinished
from busbar.clocks.subjects import Party

ZERO = dt.datetime(2025, 11, 3, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def micro(count: int) -> dt.datetime:
    """So many microseconds after the start."""
    return ZERO + dt.timedelta(microseconds=count)


def party(name: str, kind: str = "department") -> PartyName:
    """A party by name."""
    return PartyName(kind, name)


SPAN = st.tuples(st.integers(-20, 120), st.integers(-20, 120)).map(sorted)
STRETCHES = st.lists(st.tuples(st.sampled_from("甲乙丙丁"), SPAN, st.booleans()), max_size=8)


class TestParts:
    """The pure split."""

    @settings(max_examples=300, deadline=None)
    @given(STRETCHES, st.lists(SPAN, max_size=3), st.integers(0, 100))
    def test_they_add_up(self, held: list, late: list, length: int) -> None:
        found = attribute(
            start=micro(0),
            end=micro(length),
            stretches=[Stretch(party(n), micro(a), micro(b), p) for n, (a, b), p in held],
            overdue=[(micro(a), micro(b)) for a, b in late],
        )
        nothing = dt.timedelta()
        assert sum((part.elapsed for part in found.parts), nothing) == found.elapsed
        assert found.elapsed == dt.timedelta(microseconds=length)
        assert sum((part.overdue for part in found.parts), nothing) == found.overdue
        covered = {n for a, b in late for n in range(max(a, 0), min(b, length))}
        assert found.overdue == dt.timedelta(microseconds=len(covered))
        assert all(part.elapsed >= nothing for part in found.parts)

    @settings(max_examples=200, deadline=None)
    @given(STRETCHES, st.integers(1, 60))
    def test_each_moment_is_shared_equally(self, held: list, length: int) -> None:
        shares: dict[str, float] = {}
        for n in range(length):
            inside = [(name, p) for name, (a, b), p in held if a <= n < b]
            names = {name for name, p in inside if p} or {name for name, _ in inside}
            for name in names or {"待分派"}:
                shares[name] = shares.get(name, 0) + 1 / len(names or {"待分派"})
        found = attribute(
            start=micro(0),
            end=micro(length),
            stretches=[Stretch(party(n), micro(a), micro(b), p) for n, (a, b), p in held],
        )
        for part in found.parts:
            assert abs(part.elapsed.microseconds - shares[part.party.name]) < 1 + 1e-9

    def test_what_does_not_divide_goes_to_the_first_names(self) -> None:
        held = [Stretch(party(name), micro(0), micro(2)) for name in "丙乙甲"]
        found = attribute(start=micro(0), end=micro(2), stretches=held)
        assert [(p.party.name, p.elapsed.microseconds) for p in found.parts] == [
            ("丙", 1),
            ("乙", 1),
            ("甲", 0),
        ]

    def test_a_pause_belongs_to_its_party_whoever_held_the_matter(self) -> None:
        held = Stretch(party("营销部"), ZERO, ZERO + 4 * HOUR)
        paused = Stretch(party("客户", "customer"), ZERO + HOUR, ZERO + 3 * HOUR, is_pause=True)
        found = attribute(start=ZERO, end=ZERO + 5 * HOUR, stretches=[held, paused])
        assert [(p.party.name, p.elapsed / HOUR) for p in found.parts] == [
            ("客户", 2.0),
            ("营销部", 2.0),
            ("待分派", 1.0),
        ]


class TestSubject:
    """From the rows."""

    def hold(self, company: Company, key: str, name: str, since: str, until: str) -> None:
        """A department had it."""
        subject = company.subject()
        held_by = Party("department", unit_id=company.county.pk, name=name)
        clocks_operations.open_holding(subject=subject, party=held_by, key=key, at=china(since))
        clocks_operations.close_holding(subject=subject, key=key, at=china(until))

    def test_the_whole_time_is_divided(self, company: Company) -> None:
        subject = company.subject()
        clock = clocks_operations.start_clock(
            code="hand-over-to-marketing",
            subject=subject,
            actor=CLERK,
            at=china("2025-11-03T10:00"),
        )
        self.hold(company, "a", "供电所", "2025-11-03T12:00", "2025-11-05T10:00")
        clocks_operations.pause_clock(
            clock_id=clock.pk,
            reason="customer-documents",
            evidence="告知书",
            actor=CLERK,
            at=china("2025-11-05T10:00"),
        )
        clocks_operations.resume_clock(clock_id=clock.pk, actor=CLERK, at=china("2025-11-06T10:00"))
        self.hold(company, "b", "营销部", "2025-11-06T10:00", "2025-11-12T10:00")
        clocks_operations.stop_clock(clock_id=clock.pk, actor=CLERK, at=china("2025-11-12T10:00"))
        # 4, 6, 7, 10, 11 November count: the close of the 11th is the end, ten hours late.
        found = clocks_queries.attribute(subject.type, subject.id)
        assert (found.elapsed / HOUR, found.overdue / HOUR) == (216.0, 10.0)
        assert [(p.party.name, p.elapsed / HOUR, p.overdue / HOUR) for p in found.parts] == [
            ("客户", 24.0, 0.0),
            ("供电所", 46.0, 0.0),
            ("营销部", 144.0, 10.0),
            ("待分派", 2.0, 0.0),
        ]

    def test_an_unfinished_subject_is_not_divided(self, company: Company) -> None:
        subject = company.subject()
        clocks_operations.start_clock(
            code="countersign", subject=subject, actor=CLERK, at=china("2025-11-03T10:00")
        )
        with pytest.raises(NotFinished, match="未办结"):
            clocks_queries.attribute(subject.type, subject.id)

    def test_what_is_held_is_not_taken_twice_and_given_once(self, company: Company) -> None:
        subject = company.subject()
        held_by = Party("customer", name="客户")
        clocks_operations.open_holding(subject=subject, party=held_by, key="a", at=ZERO)
        with pytest.raises(UnableToHold, match="不能重复接手"):
            clocks_operations.open_holding(subject=subject, party=held_by, key="a", at=ZERO)
        with pytest.raises(UnableToHold, match="不能早于接手"):
            clocks_operations.close_holding(subject=subject, key="a", at=ZERO - HOUR)
        clocks_operations.close_holding(subject=subject, key="a", at=ZERO + HOUR)
        with pytest.raises(UnableToHold, match="不能交出"):
            clocks_operations.close_holding(subject=subject, key="a", at=ZERO + HOUR)
        assert len(clocks_queries.list_holdings(SYSTEM_VIEWER, subject.type, subject.id)) == 1
