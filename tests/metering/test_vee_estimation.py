"""Estimates: lines, similar days, exact sums; registers of an exchange; similar days found."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busbar.metering.lake.schema import ACTIVE
from busbar.metering.vee import (
    History,
    Span,
    day_register_wh,
    estimate_day,
    long_gaps,
    share_exactly,
)
from busbar.metering.vee.estimation import Surroundings
from busbar.metering.vee.history import key_of

FLAT = np.full(96, 1_000, dtype=np.int64)
RISING = np.arange(1, 97, dtype=np.int64) * 100


REST = {103, 104, 110, 111}


def gap(start: int, end: int) -> Any:
    """The intervals [start, end)."""
    places = np.arange(96)
    return (places >= start) & (places < end)


def estimate(values: Any, wanted: Any, **around: Any) -> Any:
    """With lines over up to four intervals."""
    return estimate_day(values, wanted, Surroundings(**around), most_linear=4)


class TestLongGaps:
    """Of days by their distance from the one that is asked about."""

    def held(self, wanted: Any, beside: dict[int, Any], longest: int) -> list[int]:
        codes = np.where(wanted, 3, 0).astype(np.int8)
        found = long_gaps(codes, wanted, beside.get, longest=longest)
        return np.flatnonzero(found).tolist()

    def test_are_those_of_more_than_the_stated_length(self) -> None:
        wanted = gap(10, 20) | gap(30, 41)

        assert self.held(wanted, {}, 10) == list(range(30, 41))

    def test_go_on_over_midnight_until_something_is_measured(self) -> None:
        lost = np.full(96, 3, dtype=np.int8)
        until_ten = np.where(gap(0, 10), 3, 0).astype(np.int8)
        beside = {1: lost, 2: until_ten}

        assert self.held(gap(90, 96), beside, 6 + 96 + 10) == []
        assert self.held(gap(90, 96), beside, 6 + 96 + 9) == list(range(90, 96))
        assert self.held(gap(0, 6), {-1: until_ten}, 6) == []

    def test_are_no_shorter_for_what_was_estimated_of_them(self) -> None:
        filled = np.full(96, 1, dtype=np.int8)

        assert self.held(gap(0, 96), {-1: filled}, 191) == list(range(96))
        assert self.held(gap(0, 96), {-1: filled}, 192) == []

    @given(
        st.lists(st.booleans(), min_size=288, max_size=288),
        st.integers(0, 300),
    )
    def test_are_what_a_walk_over_the_three_days_finds(
        self, missing: list[bool], longest: int
    ) -> None:
        days = np.array(missing).reshape(3, 96)
        beside = {n - 1: np.where(days[n], 3, 0).astype(np.int8) for n in (0, 2)}

        walked = []
        for place in range(96, 192):
            first = last = place
            while first > 0 and missing[first - 1]:
                first -= 1
            while last < 287 and missing[last + 1]:
                last += 1
            if missing[place] and last - first + 1 > longest:
                walked.append(place - 96)

        assert self.held(days[1], beside, longest) == walked


class TestLine:
    def test_joins_the_neighbors_of_up_to_four_missing_values(self) -> None:
        day = FLAT.copy()
        day[14] = 2_000

        found = estimate(day, gap(10, 14))

        assert found.values[9:15].tolist() == [1000, 1200, 1400, 1600, 1800, 2000]
        assert found.methods == ((10, 14, "linear"),)

    def test_rounds_half_up(self) -> None:
        day = FLAT.copy()
        day[11] = 1_001

        assert estimate(day, gap(10, 11)).values[10] == 1_001

    def test_reaches_over_midnight_where_the_next_value_is_known(self) -> None:
        assert estimate(FLAT, gap(0, 2), before=700).values[:2].tolist() == [800, 900]
        assert not estimate(FLAT, gap(0, 2)).filled.any()

    def test_ends_at_five(self) -> None:
        assert not estimate(FLAT, gap(10, 15)).filled.any()


class TestSimilarDay:
    def test_lends_its_shape_scaled_by_what_is_known(self) -> None:
        day = RISING * 2

        found = estimate(day, gap(40, 60), typical=RISING)

        assert found.values.tolist() == day.tolist()
        assert found.methods == ((40, 60, "similar_day"),)

    def test_is_taken_as_it_is_for_a_day_without_any_value(self) -> None:
        found = estimate(np.zeros(96, np.int64), gap(0, 96), typical=RISING)

        assert found.values.tolist() == RISING.tolist()


class TestRegister:
    def test_makes_the_sum_exact_to_the_watt_hour(self) -> None:
        found = estimate(RISING, gap(40, 60), typical=FLAT, register=400_001)

        assert int(found.values.sum()) == 400_001
        assert found.methods == ((40, 60, "similar_day+register"),)

    def test_shares_evenly_where_nothing_else_is_known(self) -> None:
        found = estimate(np.zeros(96, np.int64), gap(0, 96), register=97)

        assert sorted(found.values.tolist()) == [1] * 95 + [2]
        assert found.methods == ((0, 96, "even+register"),)

    def test_that_says_less_than_was_measured_is_not_followed(self) -> None:
        found = estimate(FLAT, gap(10, 12), register=1_000)

        assert found.is_contradicted
        assert found.values[10:12].tolist() == [1000, 1000]
        assert found.methods == ((10, 12, "linear"),)

    @given(
        st.integers(0, 10**12),
        st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=96),
    )
    def test_shares_always_add_up_and_lie_within_one_of_exact(
        self, total: int, weights: list[int]
    ) -> None:
        parts = share_exactly(total, weights)

        assert sum(parts) == total
        whole = sum(weights)
        if whole:
            pairs = zip(parts, weights, strict=True)
            assert all(abs(part * whole - total * weight) < whole for part, weight in pairs)


class TestExchange:
    """Registers of both meters, each times its ratio."""

    START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    NOON, END = START + dt.timedelta(hours=12), START + dt.timedelta(hours=24)

    def read(self, **lacking: Any) -> Any:
        values = {
            (1, self.START): Decimal("999990.5"),
            (1, self.NOON): Decimal("10.5"),
            (2, self.NOON): Decimal("0.25"),
            (2, self.END): Decimal("3.25"),
        }
        return lambda meter, at: values.get((meter, at))

    def test_join_without_loss_over_the_last_digit_and_a_change_of_ratio(self) -> None:
        spans = [
            Span(1, self.START - dt.timedelta(days=90), self.NOON, Decimal(100), 6),
            Span(2, self.NOON, None, Decimal(400), 6),
        ]

        # 20 kWh x 100 of the old meter past its last digit, 3 kWh x 400 of the new one
        assert day_register_wh(spans, self.START, self.END, self.read()) == 3_200_000

    def test_say_nothing_when_a_reading_is_lacking(self) -> None:
        spans = [Span(3, self.START, None, Decimal(1), 6)]

        assert day_register_wh(spans, self.START, self.END, self.read()) is None


class TestHistory:
    """Working days resemble working days."""

    def history(self, flawed: int | None = None) -> History:
        days = range(100, 115)  # 103, 104, 110, 111 are rest days
        values = np.stack([np.full(96, day, dtype=np.int64) for day in days])
        quality = np.zeros((15, 96), dtype=np.int8)
        if flawed is not None:
            quality[flawed - 100, 50] = 1
        keys = np.array([key_of(7, day) for day in days])
        return History(keys, {ACTIVE: values}, quality, {d: d not in REST for d in days})

    @pytest.mark.parametrize(
        ("day", "flawed", "mean"),
        [
            (107, None, 107),  # 106 and 108
            (107, 108, 106),  # 106 and 105, earlier than 109: 105.5, half up
            (103, None, 107),  # 104 and 110
        ],
    )
    def test_takes_the_nearest_whole_ones_of_the_same_kind(
        self, day: int, flawed: int | None, mean: int
    ) -> None:
        found = self.history(flawed).typical(7, day, ACTIVE, count=2, within=10)

        assert found is not None
        assert found.tolist() == [mean] * 96

    def test_finds_nothing_beyond_its_reach_or_of_another_point(self) -> None:
        assert self.history().typical(7, 103, ACTIVE, count=3, within=0) is None
        assert self.history().typical(8, 108, ACTIVE, count=3, within=10) is None

    def test_gives_the_neighboring_value_only_when_it_is_measured(self) -> None:
        assert self.history().edge(7, 107, ACTIVE, 95) == 107
        assert self.history(107).edge(7, 107, ACTIVE, 50) is None
        assert self.history().edge(7, 99, ACTIVE, 95) is None
