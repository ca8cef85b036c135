"""Typical days: clusters, the words for them, and that they are the same from run to run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busbar.key_accounts import shaping

HOURS = np.arange(96) / 4
CONTINUOUS = np.ones(96)
DAY = np.where((HOURS >= 8) & (HOURS < 18), 2.0, 0.3)
DOUBLE = np.where((HOURS >= 12) & (HOURS < 13.5), 0.6, DAY)
NIGHT = np.where((HOURS < 7) | (HOURS >= 22), 2.5, 0.3)
EVENING = np.where((HOURS >= 18) & (HOURS < 22), 2.5, 0.7)
TWO_SHIFT = np.where((HOURS >= 7) & (HOURS < 23), 1.4, 0.3)
ARCHETYPES = (CONTINUOUS, DAY, NIGHT, EVENING)


def people(each: int = 12, *, noise: float = 0.03, seed: int = 1) -> np.ndarray:
    """So many days around each of four shapes, normalized."""
    draws = np.random.default_rng(seed)
    rows = [a * (1 + noise * draws.standard_normal(96)) for a in ARCHETYPES for _ in range(each)]
    profiles, known = shaping.normalized(np.array(rows))
    assert known.all()
    return profiles


class TestNaming:
    @pytest.mark.parametrize(
        ("day", "kind"),
        [
            (CONTINUOUS, "continuous"),
            (DAY, "day"),
            (DOUBLE, "double"),
            (NIGHT, "night"),
            (EVENING, "evening"),
            (TWO_SHIFT, "two_shift"),
            (1 + 0.3 * np.sin((HOURS - 6) / 24 * 2 * np.pi), "gentle"),
        ],
    )
    def test_says_what_the_day_looks_like(self, day: np.ndarray, kind: str) -> None:
        assert shaping.name_kind((day / day.mean()).tolist()) == kind

    @given(st.lists(st.floats(0, 100), min_size=96, max_size=96).filter(lambda day: sum(day) > 1))
    def test_has_a_word_for_every_day(self, day: list[float]) -> None:
        mean = sum(day) / 96

        assert shaping.name_kind([value / mean for value in day]) in {
            "continuous", "night", "evening", "double", "day", "two_shift", "gentle",
        }  # fmt: skip


class TestFinding:
    def test_keeps_like_days_together_and_unlike_ones_apart(self) -> None:
        shapes = shaping.find_shapes(people(), seed=7)

        members = sorted(sorted(s.members.tolist()) for s in shapes)
        assert members == [list(range(12 * n, 12 * n + 12)) for n in range(len(ARCHETYPES))]

    def test_is_the_same_again(self) -> None:
        first, second = (shaping.find_shapes(people(), seed=7) for _ in range(2))

        assert [(s.code, s.members.tolist()) for s in first] == [
            (s.code, s.members.tolist()) for s in second
        ]

    def test_keeps_its_codes_in_the_next_month_whatever_the_order(self) -> None:
        first = shaping.find_shapes(people(), seed=7)
        before = {s.code: s.profile.tolist() for s in first}
        turned = people(seed=2)[::-1]

        second = shaping.find_shapes(turned, seed=99, before=before)

        homes = {int(m): s.code for s in first for m in s.members}
        assert {int(m): s.code for s in second for m in s.members} == {
            len(turned) - 1 - place: code for place, code in homes.items()
        }

    def test_finds_a_new_day_beside_those_of_before(self) -> None:
        profiles = people()
        before = {s.code: s.profile.tolist() for s in shaping.find_shapes(profiles[:36], seed=7)}

        second = shaping.find_shapes(profiles, seed=7, before=before)

        assert len(before) == 3
        assert {s.code for s in second} == {*before, "S04"}
        assert [len(s.members) for s in second] == [12] * 4

    def test_a_day_unlike_all_before_gets_a_code_of_its_own(self) -> None:
        before = {"S01": CONTINUOUS.tolist(), "S02": (NIGHT / NIGHT.mean()).tolist()}
        centers = np.array([CONTINUOUS, DAY / DAY.mean()])

        assert shaping.match_codes(centers, before) == ["S01", "S03"]

    def test_copes_with_few_and_with_none(self) -> None:
        assert shaping.find_shapes(np.empty((0, 96)), seed=1) == []
        assert [len(s.members) for s in shaping.find_shapes(people(1), seed=1)] == [4]

    def test_leaves_out_who_uses_nothing(self) -> None:
        profiles, known = shaping.normalized(np.array([np.zeros(96), DAY]))

        assert known.tolist() == [False, True]
        assert profiles.mean() == pytest.approx(1)
