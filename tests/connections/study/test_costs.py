"""Investment, construction days, yearly electricity cost and expected outages, to the fen."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from busbar.billing import rating
from busbar.connections.study.candidates import list_candidates
from busbar.connections.study.costs import price_works, schedule
from busbar.connections.study.electricity import price_year
from busbar.connections.study.parameters import default_parameters, example_unit_costs
from busbar.connections.study.plans import Plan
from busbar.connections.study.reliability import expect_outages
from busbar.connections.study.sizing import Sizing, size
from busbar.connections.study.values import LoadDeclaration, UnableToStudy
from tests.connections.study.world import (
    equipment,
    load,
    network,
    prices,
    single_rate,
    two_part,
)

PARAMETERS = default_parameters()
DAY = dt.date(2025, 1, 1)


def plan_of(key: str, declared: LoadDeclaration | None = None) -> tuple[Plan, Sizing]:
    declared = declared or load()
    sizing = size(declared, PARAMETERS)
    plans = list_candidates(network(), declared, sizing, PARAMETERS)
    return next(plan for plan in plans if plan.key == key), sizing


class TestInvestment:
    def test_adds_up_the_works_of_a_tee(self) -> None:
        plan, sizing = plan_of("single-tee-10")

        found = price_works(plan, sizing, network(), example_unit_costs(), DAY)

        assert {item.cost.code: item.amount_yuan for item in found.items} == {
            "line.10.cable": Decimal("900000.00"),  # 1 km
            "tee.10": Decimal("120000.00"),
            "receiving.10": Decimal("350000.00"),
            "metering.10": Decimal("60000.00"),
            "transformer.10": Decimal("562500.00"),  # 1250 kVA × 450
            "compensation": Decimal("40002.00"),  # (570 − 236.65) kvar × 120
        }
        assert found.total_yuan == Decimal("2032502.00")

    def test_pays_a_bay_for_a_dedicated_line(self) -> None:
        plan, sizing = plan_of("single-dedicated-10")

        codes = {
            i.cost.code: i.amount_yuan
            for i in price_works(plan, sizing, network(), example_unit_costs(), DAY).items
        }

        assert codes["bay.10"] == Decimal("300000.00")
        assert codes["line.10.cable"] == Decimal("2700000.00")
        assert "tee.10" not in codes

    def test_takes_the_latest_price_in_force(self) -> None:
        plan, sizing = plan_of("single-tee-10")
        table = example_unit_costs()
        tee = next(cost for cost in table if cost.code == "tee.10")
        newer = replace(tee, price_yuan=Decimal(130_000), valid_from=dt.date(2025, 1, 1))
        future = replace(tee, price_yuan=Decimal(999_999), valid_from=dt.date(2025, 1, 2))

        found = price_works(plan, sizing, network(), (*table, newer, future), DAY)

        paid = next(item for item in found.items if item.cost.code == "tee.10")
        assert paid.amount_yuan == Decimal("130000.00")
        assert paid.formula == "1 × 130000 元/处 = 130000 元"

    def test_refuses_without_a_price(self) -> None:
        plan, sizing = plan_of("single-tee-10")

        with pytest.raises(UnableToStudy, match=r"2023-01-01 有效的 line\.10\.cable"):
            price_works(plan, sizing, network(), example_unit_costs(), dt.date(2023, 1, 1))

    def test_every_shipped_price_is_marked_as_an_estimate(self) -> None:
        assert {cost.certainty for cost in example_unit_costs()} == {"unverified"}
        assert all("示例" in cost.source for cost in example_unit_costs())


class TestConstruction:
    def test_takes_the_longest_of_works_side_by_side(self) -> None:
        tee, _ = plan_of("single-tee-10")
        dedicated, _ = plan_of("single-dedicated-10")

        # tee: 30 + max(1×8+3, 40) = 70; dedicated: 30 + max(max(3×8, 45), 40) = 75
        assert schedule(tee, network(), PARAMETERS).days == 70
        assert schedule(dedicated, network(), PARAMETERS).days == 75


class TestYearlyCost:
    def test_is_twelve_bills_of_the_rating(self) -> None:
        plan, sizing = plan_of("single-tee-10")

        found = price_year(plan, load(), sizing, prices(), PARAMETERS)
        by_mode = {cost.mode: cost for cost in found}
        capacity = by_mode["capacity"]

        # January: 720 kW × 0.70 × 744 h = 374,976 kWh: sharp+peak 34 %, flat and valley 33 %
        sample = {line.code: line.amount_yuan for line in capacity.sample.lines}
        assert sample["energy.peak"] == Decimal("127492.00")  # 127,492 kWh × 1.0
        assert sample["energy.flat"] == Decimal("74245.20")  # 123,742 kWh × 0.6
        assert sample["energy.valley"] == Decimal("24748.40")  # 123,742 kWh × 0.2
        assert sample["basic.capacity"] == Decimal("28750.00")  # 1250 kVA × 23
        assert capacity.energy_kwh == Decimal("4415040")  # 720 × 0.7 × 8760
        assert sum(capacity.months_yuan) == capacity.total_yuan
        assert sum(part.amount_yuan for part in capacity.parts) == capacity.total_yuan
        assert len(capacity.months_yuan) == 12

    def test_gives_every_mode_the_cheapest_first(self) -> None:
        plan, sizing = plan_of("single-tee-10")

        found = price_year(plan, load(), sizing, prices(), PARAMETERS)

        assert {cost.mode for cost in found} == {"capacity", "contract_demand", "actual_demand"}
        assert [c.total_yuan for c in found] == sorted(c.total_yuan for c in found)

    def test_the_basic_charge_is_price_times_quantity(self) -> None:
        plan, sizing = plan_of("single-tee-10")
        by_mode = {
            cost.mode: {part.code: part.amount_yuan for part in cost.parts}
            for cost in price_year(plan, load(), sizing, prices(), PARAMETERS)
        }

        # Energy a kVA stays above 260 kWh every month: the demand price is 90 %.
        assert by_mode["capacity"]["basic.capacity"] == Decimal(12 * 1250 * 23)
        assert by_mode["actual_demand"]["basic.actual_demand"] == Decimal("248832.00")

    def test_offers_the_single_rate_below_the_threshold_only(self) -> None:
        small, sizing = plan_of("single-tee-10", load(equipment(150)))
        facts = prices(two_part(), single_rate())

        modes = {c.mode for c in price_year(small, load(), sizing, facts, PARAMETERS)}
        plan, sizing = plan_of("single-tee-10")
        large = {c.mode for c in price_year(plan, load(), sizing, facts, PARAMETERS)}

        assert "single_rate" in modes
        assert "single_rate" not in large

    def test_power_factor_follows_the_declared_target(self) -> None:
        plan, sizing = plan_of("single-tee-10")
        (result,) = price_year(plan, load(), sizing, prices(), PARAMETERS)[0].sample.power_factors

        assert result.power_factor == Decimal("0.95")

    def test_without_a_fitting_tariff_there_is_none(self) -> None:
        plan, sizing = plan_of("single-tee-10")
        facts = prices(replace(two_part(), least_kv=Decimal(35), below_kv=None))

        assert price_year(plan, load(), sizing, facts, PARAMETERS) == ()

    def test_money_is_decimal_throughout(self) -> None:
        plan, sizing = plan_of("single-tee-10")
        cost = price_year(plan, load(), sizing, prices(), PARAMETERS)[0]

        assert isinstance(cost.sample, rating.RatedBill)
        assert all(isinstance(amount, Decimal) for amount in cost.months_yuan)


class TestReliability:
    def test_sums_a_single_source_in_series(self) -> None:
        plan, _ = plan_of("single-tee-10")

        found = expect_outages(plan, network(ties=False), PARAMETERS)

        # station .005×6, transformer .015×12, bus .01×6, 4 km overhead .06×4×4, 1 km cable .025×8
        assert found.outage_hours == Decimal("1.4300")
        assert found.interruptions_per_year == Decimal("0.2950")

    def test_a_tie_shortens_the_trunk(self) -> None:
        plan, _ = plan_of("single-tee-10")

        found = expect_outages(plan, network(), PARAMETERS)

        assert found.outage_hours == Decimal(
            "0.5900"
        )  # the trunk costs 0.24 × 0.5 h instead of 0.96 h

    def test_two_stations_leave_little_but_switching(self) -> None:
        plan, _ = plan_of("dual-stations-10")

        found = expect_outages(plan, network(), PARAMETERS)

        # U1 = 1.43, U2 = 1.63 (2 km of cable); 1.43×1.63÷8760 + 0.295×0.5
        assert found.outage_hours == Decimal("0.1478")

    def test_one_station_is_shared_in_full(self) -> None:
        apart, _ = plan_of("dual-stations-10")
        together, _ = plan_of("dual-buses-10")

        both = [expect_outages(plan, network(), PARAMETERS) for plan in (apart, together)]

        assert both[1].outage_hours > both[0].outage_hours
        assert any(
            step.name == "共同部分" and step.value == Decimal("0.0300") for step in both[1].steps
        )
