"""The engine: points, thresholds, and that nobody flips from month to month."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from busbar.key_accounts.recognizing import (
    OUTSIDE,
    Criterion,
    Figure,
    Judgement,
    Outcome,
    Policy,
    Standing,
    judge,
    judge_all,
    months_between,
)
from busbar.kit.periods import Month

JANUARY = Month(2026, 1)
ENERGY = Criterion("e", "电量", "energy", 60, Decimal(100), Decimal(80))
GROWTH = Criterion("g", "增长", "growth", 40, Decimal(10), Decimal(5))
TRADE = Criterion("i", "行业", "industry", 50, values=("39", "64"))
POLICY = Policy("economic", 60, 50, 12, (ENERGY, GROWTH))


def figures(**values: object) -> dict[str, Figure]:
    made = {}
    for name, value in values.items():
        known = Decimal(value) if isinstance(value, int) else value
        made[name] = Figure(known, "测试")  # type: ignore[arg-type]
    return made


def judged(standing: Standing = OUTSIDE, month: Month = JANUARY, **values: object) -> Judgement:
    return judge(POLICY, figures(**values), standing, month=month)


class TestEntering:
    def test_takes_the_enter_threshold_itself(self) -> None:
        found = judged(energy=100, growth=0)

        assert (found.outcome, found.points, found.since) == (Outcome.ENTERED, 60, JANUARY)

    def test_is_refused_below_it_with_the_reason(self) -> None:
        found = judged(energy=99, growth=9)

        assert (found.outcome, found.points, found.holds) == (Outcome.OUT, 0, False)
        assert [(r.is_met, r.threshold) for r in found.reasons] == [
            (False, Decimal(100)), (False, Decimal(10)),
        ]  # fmt: skip

    def test_gives_nothing_for_what_is_not_known(self) -> None:
        found = judged(energy=None, growth=50)

        assert (found.outcome, found.points, found.reasons[0].is_met) == (Outcome.OUT, 40, None)

    def test_takes_a_code_that_is_named(self) -> None:
        policy = Policy("potential", 50, 50, 0, (TRADE,))

        named = judge(policy, figures(industry="64"), OUTSIDE, month=JANUARY)
        other = judge(policy, figures(industry="31"), OUTSIDE, month=JANUARY)

        assert (named.holds, other.holds) == (True, False)
        assert named.reasons[0].threshold == "39、64"


class TestStaying:
    held = Standing(Month(2024, 6))

    def test_is_easier_than_entering(self) -> None:
        found = judged(self.held, energy=80, growth=0)

        assert (found.outcome, found.since) == (Outcome.KEPT_IN_BAND, Month(2024, 6))

    def test_is_plain_where_it_would_enter_anew(self) -> None:
        assert judged(self.held, energy=100).outcome == Outcome.KEPT

    def test_lasts_the_minimum_even_below_everything(self) -> None:
        young = Standing(Month(2025, 2))

        assert judged(young, energy=1, growth=0).outcome == Outcome.KEPT_FOR_TERM
        assert judged(young, Month(2026, 2), energy=1, growth=0).outcome == Outcome.LEFT

    def test_keeps_the_points_of_what_is_not_known(self) -> None:
        found = judged(self.held, energy=None, growth=0)

        assert (found.holds, found.points, found.reasons[0].is_met) == (True, 60, None)

    def test_ends_below_the_leave_threshold_after_the_minimum(self) -> None:
        found = judged(self.held, energy=79, growth=4)

        assert (found.outcome, found.since, found.holds) == (Outcome.LEFT, None, False)


class TestMoot:
    potential = Policy("potential", 60, 50, 6, (ENERGY,), moot_with="economic")

    def test_a_category_says_nothing_beside_the_other(self) -> None:
        found = judge_all((POLICY, self.potential), figures(energy=200), {}, month=JANUARY)

        assert found["economic"].outcome == Outcome.ENTERED
        assert found["potential"].outcome == Outcome.MOOT

    def test_follows_what_a_person_set(self) -> None:
        found = judge_all(
            (POLICY, self.potential), figures(energy=200), {}, month=JANUARY,
            set_by_hand={"economic": False},
        )  # fmt: skip

        assert found["economic"].holds
        assert found["potential"].outcome == Outcome.ENTERED


def walk(values: list[int]) -> list[bool]:
    """Month after month of one criterion's values; whether in."""
    policy = Policy("economic", 60, 60, 12, (ENERGY,))
    standing, month, held = OUTSIDE, Month(2020, 1), []
    for value in values:
        found = judge(policy, figures(energy=value), standing, month=month)
        held.append(found.holds)
        standing, month = Standing(found.since), month.next
    return held


def naive(values: list[int]) -> list[bool]:
    """The same told by hand: an entry at 100, an exit below 80 after twelve months."""
    held, since, is_in = [], 0, False
    for place, value in enumerate(values):
        if not is_in and value >= 100:
            is_in, since = True, place
        elif is_in and value < 80 and place - since >= 12:
            is_in = False
        held.append(is_in)
    return held


class TestNobodyFlips:
    @given(st.lists(st.integers(0, 200), max_size=60))
    def test_as_told_by_hand(self, values: list[int]) -> None:
        assert walk(values) == naive(values)

    @given(st.lists(st.integers(0, 200), max_size=60))
    def test_no_stay_is_shorter_than_the_minimum(self, values: list[int]) -> None:
        told = "".join("x" if one else "." for one in walk(values))

        stays = [part for part in told.rstrip("x").split(".") if part]

        assert all(len(stay) >= 12 for stay in stays)

    @given(values=st.lists(st.integers(80, 99), min_size=1, max_size=60), was_in=st.booleans())
    def test_within_the_band_nothing_changes(self, values: list[int], *, was_in: bool) -> None:
        start = [100] if was_in else []

        assert walk(start + values) == [was_in] * len(start + values)

    @given(st.integers(0, 200), st.integers(0, 200))
    def test_more_never_turns_an_entry_into_a_refusal(self, energy: int, more: int) -> None:
        if judged(energy=energy, growth=0).holds:
            assert judged(energy=energy + more, growth=0).holds


def test_months_are_counted_across_years() -> None:
    assert months_between(Month(2025, 11), Month(2026, 2)) == 3
