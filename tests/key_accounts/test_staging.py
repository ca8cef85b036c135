"""Stages from evidence, and what is missing for the next; the parts of a change."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busbar.key_accounts.staging import Bound, actions_to, answer, stage_of, warnings_of
from busbar.key_accounts.valuing import Stretch, attribute


def bound(stage: str, evidence: str, at_least: int | None = 1, at_most: int | None = None) -> Bound:
    low, high = (None if v is None else Decimal(v) for v in (at_least, at_most))
    return Bound(f"{stage}-{evidence}", evidence, evidence, low, high, stage, f"do {evidence}")


BOUNDS = [
    bound("early", "months"),
    bound("mid", "months", 12),
    bound("mid", "contacts", 2),
    bound("mid", "visits", 2),
    bound("partnership", "late", None, 10),
    bound("synergistic", "projects"),
    bound("uncoupling", "leaving"),
]


class TestStage:
    @pytest.mark.parametrize(
        ("evidence", "stage"),
        [
            ({"months": 0}, "pre"),
            ({"months": 3, "contacts": 5, "late": 0}, "early"),
            ({"months": 12, "contacts": 1, "late": 0}, "early"),
            ({"months": 12, "contacts": 2, "late": 11}, "mid"),
            ({"months": 12, "contacts": 2, "visits": 1, "late": 0}, "early"),
            ({"months": 12, "contacts": 2, "visits": 2, "late": 10}, "partnership"),
            ({"months": 99, "contacts": 9, "visits": 9, "late": 0, "projects": 1}, "synergistic"),
            ({"months": 99, "contacts": 9, "late": 0, "projects": 1, "leaving": 1}, "uncoupling"),
        ],
    )
    def test_is_the_highest_reached_without_a_gap(
        self, evidence: dict[str, int], stage: str
    ) -> None:
        found = {name: Decimal(value) for name, value in evidence.items()}

        assert stage_of(answer(BOUNDS, found)) == stage

    def test_what_nobody_records_alone_reaches_nothing(self) -> None:
        found = {"months": Decimal(12), "contacts": Decimal(2), "late": Decimal(0)}

        assert stage_of(answer(BOUNDS, found)) == "partnership"
        assert "projects" not in found  # synergistic rests on it alone

    def test_says_what_leads_to_the_next(self) -> None:
        answers = answer(BOUNDS, {"months": Decimal(12), "contacts": Decimal(1)})

        assert [a.bound.advice for a in actions_to("early", answers)] == [
            "do contacts",
            "do visits",
        ]

    def test_warns_of_what_holds_only(self) -> None:
        rules = [bound("", "growth", None, -10), bound("", "late", 30), bound("", "x")]

        found = warnings_of(answer(rules, {"growth": Decimal(-12), "late": Decimal(29)}))

        assert [a.bound.evidence for a in found] == ["growth"]


def money(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda fen: Decimal(fen).scaleb(-2))


STRETCHES = st.dictionaries(
    st.integers(1, 6),
    st.builds(
        Stretch,
        energy_kwh=st.integers(0, 10**8).map(Decimal),
        amount=money(-(10**7), 10**11),
        basic=money(0, 10**9),
    ),
    max_size=6,
)


class TestAttribution:
    @given(STRETCHES, STRETCHES)
    def test_adds_up_to_the_fen(
        self, before: dict[int, Stretch], after: dict[int, Stretch]
    ) -> None:
        change = sum(s.amount for s in after.values()) - sum(s.amount for s in before.values())

        assert attribute(before, after).total == change

    def test_tells_volume_price_and_capacity_apart(self) -> None:
        before = {1: Stretch(Decimal(1000), Decimal("900.00"), Decimal("300.00"))}
        after = {1: Stretch(Decimal(1100), Decimal("1120.00"), Decimal("350.00"))}

        parts = attribute(before, after)

        assert (parts.volume, parts.capacity, parts.price) == (
            Decimal("60.00"), Decimal("50.00"), Decimal("110.00"),
        )  # fmt: skip

    def test_a_new_and_a_lost_account_count_whole(self) -> None:
        old = {1: Stretch(Decimal(10), Decimal("6.00"), Decimal(0))}
        new = {2: Stretch(Decimal(20), Decimal("13.00"), Decimal(0))}

        parts = attribute(old, new)

        assert (parts.new_sites, parts.lost_sites, parts.total) == (13, -6, 7)
