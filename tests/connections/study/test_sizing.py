"""Sizing to the hundredth of a kVA, and transformers of the standard series."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busbar.connections.study.parameters import default_parameters
from busbar.connections.study.sizing import size, split
from busbar.connections.study.values import Equipment, UnableToStudy
from tests.connections.study.world import KV10, equipment, load

PARAMETERS = default_parameters()


class TestCalculatedLoad:
    def test_follows_the_demand_factor_method_exactly(self) -> None:
        declared = load(
            Equipment("电动机", 10, Decimal(100), Decimal("0.7"), Decimal("0.8")),
            Equipment("照明", 2, Decimal(50), Decimal("0.8"), Decimal(1)),
        )

        now = size(declared, PARAMETERS).now

        # 0.9 × (0.7×1000 + 0.8×100) = 702; 0.95 × 700×0.75 = 498.75
        # allowed at 0.95: 702 × 0.328684 = 230.74; compensation 268.01; S = √(702² + 230.74²)
        assert now.active_kw == Decimal("702.00")
        assert now.compensation_kvar == Decimal("268.01")
        assert now.reactive_kvar == Decimal("230.74")
        assert now.apparent_kva == Decimal("738.95")

    def test_needs_no_compensation_above_the_target(self) -> None:
        declared = load(Equipment("电阻炉", 1, Decimal(500), Decimal(1), Decimal(1)))

        now = size(declared, PARAMETERS).now

        assert (now.active_kw, now.compensation_kvar) == (Decimal("450.00"), Decimal("0"))

    def test_grows_by_compound_interest(self) -> None:
        sizing = size(load(equipment(1000), growth=5, years=5), PARAMETERS)

        # 720 × 1.05^5 = 918.922…
        assert sizing.now.active_kw == Decimal("720.00")
        assert sizing.horizon.active_kw == Decimal("918.92")
        assert sizing.steps[0].value == Decimal("1.2763")

    def test_counts_first_and_second_class_as_essential(self) -> None:
        sizing = size(load(equipment(1000), equipment(200, 2)), PARAMETERS)

        assert sizing.essential.active_kw == Decimal("144.00")

    def test_takes_all_of_an_important_customer_who_declares_no_class(self) -> None:
        sizing = size(load(equipment(1000), grade="first"), PARAMETERS)

        assert sizing.essential.active_kw == sizing.horizon.active_kw

    def test_shows_its_arithmetic(self) -> None:
        steps = {step.name: step for step in size(load(equipment(1000)), PARAMETERS).now.steps}

        assert steps["计算有功"].formula == "0.9 × 800 × 1"
        assert steps["计算视在"].formula == "√(720² + 236.65²) = 757.89"

    def test_refuses_an_empty_list(self) -> None:
        with pytest.raises(UnableToStudy, match="设备清单为空"):
            size(replace(load(), equipment=()), PARAMETERS)

    def test_refuses_an_impossible_power_factor(self) -> None:
        with pytest.raises(UnableToStudy, match=r"功率因数 1\.2"):
            size(load(Equipment("x", 1, Decimal(1), Decimal(1), Decimal("1.2"))), PARAMETERS)


class TestSplit:
    def test_takes_one_transformer_at_the_target_loading(self) -> None:
        sizing = size(load(equipment(1000)), PARAMETERS)

        # 757.89 ÷ 0.75 = 1010.52 → next standard rating 1250
        assert sizing.required_kva == Decimal("1010.52")
        assert str(split(sizing, KV10, PARAMETERS)) == "1×1250kVA"

    def test_takes_two_where_something_must_not_fail(self) -> None:
        sizing = size(load(equipment(700), equipment(300, 2)), PARAMETERS)

        # half of 1010.52 → 630; 227 kVA essential fit on one of them
        assert str(split(sizing, KV10, PARAMETERS)) == "2×630kVA"

    def test_lets_the_remaining_one_carry_the_essential_load(self) -> None:
        sizing = size(load(equipment(1000, 1)), PARAMETERS)

        # 757.89 on the remaining one → 800, though half of the need would be 630
        assert str(split(sizing, KV10, PARAMETERS)) == "2×800kVA"

    def test_takes_more_where_the_series_ends(self) -> None:
        sizing = size(load(equipment(6000)), PARAMETERS)

        assert str(split(sizing, KV10, PARAMETERS)) == "3×2500kVA"

    def test_gives_up_where_even_the_most_are_too_small(self) -> None:
        sizing = size(load(equipment(60_000)), PARAMETERS)

        assert split(sizing, KV10, PARAMETERS) is None

    def test_can_be_asked_for_more(self) -> None:
        sizing = size(load(equipment(1000)), PARAMETERS)

        assert str(split(sizing, KV10, PARAMETERS, least_count=2)) == "2×630kVA"

    @settings(max_examples=60, deadline=None)
    @given(kw=st.integers(50, 9000), essential=st.integers(0, 3000), growth=st.integers(0, 8))
    def test_always_carries_load_and_outage(self, kw: int, essential: int, growth: int) -> None:
        parts = [equipment(kw)] + ([equipment(essential, 2)] if essential else [])
        sizing = size(load(*parts, growth=growth, years=5), PARAMETERS)

        plan = split(sizing, KV10, PARAMETERS)

        assert plan is None or plan.total_kva * Decimal(
            "0.75"
        ) >= sizing.horizon.apparent_kva - Decimal("0.01")
        if plan is not None and essential:
            assert (plan.count - 1) * plan.unit_kva >= sizing.essential.apparent_kva
