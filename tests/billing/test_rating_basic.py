"""The basic charge, each rule by itself, with the numbers worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.billing import rating
from busbar.kit.periods import Period
from tests.billing.rating_facts import (
    JULY,
    JUNE,
    STATED,
    bill,
    by_capacity,
    by_demand,
    segment,
    state,
)

D = Decimal


class TestCapacityCharge:
    def test_a_full_month_of_31_days_is_one_month_under_both_prorations(self) -> None:
        charge = by_capacity(rating.Transformer("T", D(1000)))

        assert bill(JULY, "R1996", basic=(charge,)).total_yuan == D("30000.00")
        assert bill(JULY, "R2024", basic=(charge,)).total_yuan == D("30000.00")

    def test_a_connection_on_the_22nd_of_july_counts_ten_thirtieths_or_ten_of_31(self) -> None:
        unit = rating.Transformer("T", D(1000), connected_on=dt.date(2024, 7, 22))

        assert bill(JULY, "R1996", basic=(by_capacity(unit),)).total_yuan == D("10000.00")
        assert bill(JULY, "R2024", basic=(by_capacity(unit),)).total_yuan == D("9677.42")

    def test_a_bill_that_begins_with_the_connection_is_a_part_of_its_month(self) -> None:
        rest = Period(dt.date(2024, 7, 22), dt.date(2024, 8, 1))
        charge = by_capacity(rating.Transformer("T", D(1000)))

        assert bill(rest, "R2024", basic=(charge,)).total_yuan == D("9677.42")

    def test_no_part_of_a_month_costs_more_than_the_month(self) -> None:
        states = (state("suspended", "2024-07-31"),)
        unit = rating.Transformer("T", D(1000), states, dt.date(2024, 1, 1))

        rated = bill(JULY, "R1996", basic=(by_capacity(unit),))

        assert rated.total_yuan == D("30000.00")  # 30 days + half a day of 31, at 1/30 a day

    def test_half_a_fen_of_the_month_stays_one_where_its_days_are_thirds(self) -> None:
        group = (
            rating.Transformer("T1", D(315), (state("suspended", "2024-07-31"),), interlock="A"),
            rating.Transformer("T2", D(210), interlock="A"),
        )
        charge = rating.CapacityCharge((rating.BasicPrice(D("22.601"), STATED),), group)

        rated = bill(JULY, "R1996", basic=(charge,))

        # 30 days of 315 and one of 210 are 30⅔ days of 315: one month, 315 × 22.601 = 7119.315
        assert rated.total_yuan == D("7119.32")
        assert rated.lines[0].formula == (
            "(315×30/(9660/315) + 210×1/(9660/315)) × 22.601 = 7119.32 元"
        )

    @pytest.mark.parametrize(
        ("name", "total"),
        [
            ("running", "30000.00"),
            ("unsealed", "30000.00"),
            ("hot_standby", "30000.00"),
            ("cold_standby", "0.00"),
            ("suspended", "0.00"),
        ],
    )
    def test_only_sealed_units_are_free(self, name: str, total: str) -> None:
        unit = rating.Transformer("T", D(1000), (state(name, "2024-01-01"),))

        assert bill(basic=(by_capacity(unit),)).total_yuan == D(total)

    @pytest.mark.parametrize(
        ("end", "total"), [("2024-06-15", "30000.00"), ("2024-06-16", "15000.00")]
    )
    def test_a_suspension_of_fewer_than_15_days_is_charged(self, end: str, total: str) -> None:
        unit = rating.Transformer("T", D(1000), (state("suspended", "2024-06-01", end),))

        assert bill(basic=(by_capacity(unit),)).total_yuan == D(total)

    def test_a_suspension_that_began_before_the_bill_counts_its_true_length(self) -> None:
        unit = rating.Transformer("T", D(1000), (state("suspended", "2024-05-01", "2024-06-07"),))

        assert bill(basic=(by_capacity(unit),)).total_yuan == D("24000.00")

    def test_the_half_charge_of_1996_ends_two_years_after_connection(self) -> None:
        unit = rating.Transformer(
            "T", D(1000), (state("suspended", "2024-06-01"),), dt.date(2022, 6, 16)
        )

        assert bill(rule_set="R1996", basic=(by_capacity(unit),)).total_yuan == D("7500.00")

    def test_of_an_interlocked_group_as_many_as_may_run_are_charged(self) -> None:
        units = tuple(
            rating.Transformer(f"T{kva}", D(kva), interlock="A") for kva in (500, 630, 800)
        )
        charge = by_capacity(*units, interlocks={"A": 2})

        assert bill(basic=(charge,)).total_yuan == D(1430 * 30)

    def test_a_sealed_member_leaves_its_interlocked_group(self) -> None:
        units = (
            rating.Transformer("T1", D(500), interlock="A"),
            rating.Transformer("T2", D(630), (state("cold_standby", "2024-01-01"),), interlock="A"),
        )

        assert bill(basic=(by_capacity(*units),)).total_yuan == D("15000.00")

    @pytest.mark.parametrize(("end", "start"), [("06-16", "06-15"), ("06-15", "06-16")])
    def test_prices_that_overlap_or_leave_days_out_are_refused(self, end: str, start: str) -> None:
        first = Period(JUNE.start, dt.date.fromisoformat(f"2024-{end}"))
        second = Period(dt.date.fromisoformat(f"2024-{start}"), JUNE.end)
        prices = tuple(rating.BasicPrice(D(30), STATED, days) for days in (first, second))
        charge = rating.CapacityCharge(prices, (rating.Transformer("T", D(1000)),))

        with pytest.raises(rating.UnableToRate, match="须首尾相接"):
            bill(basic=(charge,))

    def test_a_price_changed_within_the_month_is_charged_by_days(self) -> None:
        prices = (
            rating.BasicPrice(D(30), STATED, Period(JUNE.start, dt.date(2024, 6, 11))),
            rating.BasicPrice(D(36), STATED, Period(dt.date(2024, 6, 11), JUNE.end)),
        )
        charge = rating.CapacityCharge(prices, (rating.Transformer("T", D(1000)),))

        assert bill(basic=(charge,)).total_yuan == D("34000.00")

    def test_overlapping_states_are_refused(self) -> None:
        states = (state("cold_standby", "2024-06-01"), state("suspended", "2024-06-10"))

        with pytest.raises(rating.UnableToRate, match="变压器 T 在 2024-06-10 有两个状态"):
            bill(basic=(by_capacity(rating.Transformer("T", D(1000), states)),))


class TestDemandCharge:
    @pytest.mark.parametrize(
        ("measured", "billed"), [(0, 1000), (1000, 1000), (1050, 1000), (1051, 1052), (1300, 1550)]
    )
    def test_beyond_105_percent_of_the_contract_each_kw_counts_twice(
        self, measured: int, billed: int
    ) -> None:
        charge = by_demand("contract_demand", rating.Infeed("L", D(measured), D(1000)))

        assert bill(basic=(charge,)).lines[0].quantity == billed

    def test_a_contract_below_40_percent_of_the_capacity_is_raised(self) -> None:
        charge = by_demand("contract_demand", rating.Infeed("L", D(100), D(300), D(1000)))

        rated = bill(basic=(charge,))

        assert (rated.lines[0].quantity, rated.total_yuan) == (D(400), D("16000.00"))
        assert rated.lines[0].rule.code == "demand.floor_share"

    def test_the_floor_does_not_touch_actual_demand(self) -> None:
        charge = by_demand("actual_demand", rating.Infeed("L", D(100), None, D(1000)))

        assert bill(basic=(charge,)).total_yuan == D("4000.00")

    def test_infeeds_are_summed(self) -> None:
        charge = by_demand("actual_demand", rating.Infeed("A", D(100)), rating.Infeed("B", D(250)))

        rated = bill(basic=(charge,))

        assert [line.amount_yuan for line in rated.lines] == [D("4000.00"), D("10000.00")]

    @pytest.mark.parametrize("rule_set", ["R1996", "R2016"])
    def test_actual_demand_is_refused_before_2018(self, rule_set: str) -> None:
        charge = by_demand("actual_demand", rating.Infeed("L", D(100)))

        with pytest.raises(rating.UnableToRate, match=f"规则集 {rule_set} 没有按实际最大需量"):
            bill(rule_set=rule_set, basic=(charge,))

    @pytest.mark.parametrize(
        ("rule_set", "energy", "total"),
        [
            ("R2018", "260000", "40000.00"),
            ("R2023", "260000", "36000.00"),
            ("R2024", "260000", "36000.00"),
            ("R2024", "259999", "40000.00"),
        ],
    )
    def test_from_2023_at_260_kwh_a_kva_the_price_is_90_percent(
        self, rule_set: str, energy: str, total: str
    ) -> None:
        charge = by_demand(
            "actual_demand",
            rating.Infeed("L", D(1000)),
            contract_capacity_kva=D(1000),
            account_energy_kwh=D(energy),
        )

        assert bill(rule_set=rule_set, basic=(charge,)).total_yuan == D(total)

    def test_the_bills_own_energy_decides_the_discount_unless_the_accounts_is_given(self) -> None:
        charge = by_demand(
            "actual_demand", rating.Infeed("L", D(100)), contract_capacity_kva=D(100)
        )
        facts = (segment(rating.Energy("e", "total", D(26000))),)

        rated = bill(segments=facts, basic=(charge,))

        assert rated.lines[1].amount_yuan == D("3600.00")
        assert rated.notes == ("每千伏安用电量 260.00 kWh，达到 260 kWh，需量电价按 90% 执行。",)

    def test_a_contract_without_its_value_is_refused(self) -> None:
        charge = by_demand("contract_demand", rating.Infeed("L", D(100)))

        with pytest.raises(rating.UnableToRate, match=r"进线 L .*须给合同最大需量"):
            bill(basic=(charge,))
