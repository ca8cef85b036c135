"""Breach, theft and compensation: each rule by hand, fixed multiples and “not more than”."""

from __future__ import annotations

from typing import Any

import pytest

from busbar.billing import quote


def breach(rule_set: str = "R1996", **act: Any) -> dict[str, Any]:
    """What a breach costs."""
    return quote.quote({"kind": "breach", "rule_set": rule_set, "breach": act})


def theft(rule_set: str = "R1996", **facts: Any) -> dict[str, Any]:
    """What a theft at 0.5 yuan costs."""
    return quote.quote({"kind": "theft", "rule_set": rule_set, "price": "0.5"} | facts)


def amounts(found: dict[str, Any]) -> list[str]:
    """The lines' amounts."""
    return [line["amount_yuan"] for line in found["lines"]]


class TestCapacity:
    def test_without_basic_charge_50_yuan_a_kilowatt(self) -> None:
        assert amounts(breach(act="over_capacity", capacity_kva=80)) == ["4000.00"]

    def test_sealed_equipment_owes_the_basic_charge_and_its_double(self) -> None:
        found = breach(act="sealed_use", capacity_kva=100, price=30, months=2)

        assert amounts(found) == ["6000.00", "12000.00"]

    def test_sealed_equipment_without_basic_charge_30_yuan_a_kilowatt_each_time(self) -> None:
        assert amounts(breach(act="sealed_use", capacity_kva=80, times=2)) == ["4800.00"]

    def test_the_multiple_is_taken_before_rounding(self) -> None:
        used = {"start": "2010-05-01", "end": "2010-05-02"}
        found = breach(act="over_capacity", capacity_kva=1, price="0.1", used=used)

        # 0.1 ÷ 30 = 0.00333 rounds to nothing, three times that to one fen
        assert amounts(found) == ["0.00", "0.01"]

    def test_half_a_fen_stays_one_where_thirds_are_multiplied(self) -> None:
        used = {"start": "2010-07-12", "end": "2010-08-16"}
        found = breach(act="over_capacity", capacity_kva=1403, price="18.55", used=used)

        # 1403 × 18.55 × 35/30 = 30363.258333…; three times that is 91089.775
        assert amounts(found) == ["30363.26", "91089.78"]

    def test_a_multiple_without_basic_charge_is_refused(self) -> None:
        with pytest.raises(quote.QuoteRefused, match="非两部制用户按每千瓦计收"):
            breach(act="over_capacity", capacity_kva=80, multiple=3)


class TestMultiples:
    def test_of_1996_are_fixed(self) -> None:
        with pytest.raises(quote.QuoteRefused, match="应为 2：规则集 R1996 规定固定倍数"):
            breach(act="sealed_use", capacity_kva=1, price=30, months=1, multiple=1)

    def test_of_2024_may_be_smaller(self) -> None:
        found = breach(
            "R2024", act="sealed_use", capacity_kva=1, price=30, months=1, multiple="0.5"
        )

        assert amounts(found) == ["30.00", "15.00"]
        nature = found["lines"][1]["also"][0]
        assert (nature["value"], nature["certainty"]) == ("at_most", "B")

    def test_of_2024_are_refused_above(self) -> None:
        with pytest.raises(quote.QuoteRefused, match=r"应不高于 2（.*第101条）") as caught:
            breach("R2024", act="sealed_use", capacity_kva=1, price=30, months=1, multiple="2.1")

        assert caught.value.faults[0].path == "$.breach.multiple"


class TestOtherActs:
    def test_the_lower_tariff_owes_the_difference_and_its_double(self) -> None:
        found = breach(act="low_tariff", high_price="0.85", low_price="0.55", energy_kwh=1000)

        assert amounts(found) == ["300.00", "600.00"]

    def test_where_its_beginning_is_unknown_three_months_count(self) -> None:
        found = breach(act="low_tariff", high_price="0.85", low_price="0.55", monthly_kwh=1000)

        assert amounts(found) == ["900.00", "1800.00"]
        assert found["lines"][0]["also"][0]["code"] == "breach.unknown_months"

    def test_a_price_that_is_not_lower_is_refused(self) -> None:
        with pytest.raises(quote.QuoteRefused, match="须高于实际执行的电价"):
            breach(act="low_tariff", high_price="0.5", low_price="0.5", energy_kwh=1)

    @pytest.mark.parametrize(("residential", "amount"), [(True, "1000.00"), (False, "10000.00")])
    def test_a_moved_meter_costs_a_sum_each_time(self, residential: object, amount: str) -> None:
        found = breach(act="moved_meter", occasions=2, residential=residential)

        assert amounts(found) == [amount]

    def test_a_foreign_source_costs_500_yuan_a_kilowatt(self) -> None:
        found = breach(act="foreign_source", capacity_kw=20)

        assert amounts(found) == ["10000.00"]
        assert found["lines"][0]["rule"]["certainty"] == "unverified"


class TestTheft:
    def test_lighting_counts_six_hours_a_day(self) -> None:
        assert amounts(theft(equipment_kw=2, customer="lighting")) == ["1080.00", "3240.00"]

    def test_a_known_time_takes_the_place_of_180_days(self) -> None:
        found = theft(equipment_kw=2, days=10, hours_per_day=8)

        assert amounts(found) == ["80.00", "240.00"]
        assert [rule["code"] for rule in found["lines"][0]["also"]] == [
            "theft.price", "rounding.amount_places",
        ]  # fmt: skip

    def test_a_single_phase_meter_stands_for_volts_times_amperes(self) -> None:
        meter = {"voltage_v": 220, "current_a": 10, "phases": 1}

        found = theft(meter=meter)

        assert found["lines"][0]["quantity"] == "4752"  # 2.2 × 180 × 12
        assert found["lines"][0]["formula"] == (
            "(220 V × 10 A ÷ 1000) × 180 × 12 × 0.5 = 2376.00 元"
        )

    def test_a_three_phase_meter_for_the_root_of_three_times_as_much(self) -> None:
        meter = {"voltage_v": 380, "current_a": 20, "phases": 3, "multiplier": 10}

        found = theft(meter=meter)

        # √3 × 380 × 20 × 10 ÷ 1000 = 131.635862 kW; × 2160 = 284333.46
        assert found["lines"][0]["quantity"] == "284333"
        assert "= 284333；284333 × 0.5" in found["lines"][0]["formula"]

    def test_a_multiple_above_is_refused_at_its_place(self) -> None:
        with pytest.raises(quote.QuoteRefused) as caught:
            theft("R2024", equipment_kw=2, multiple=4)

        assert caught.value.faults[0][:2] == ("$.multiple", 4)


class TestCompensation:
    def test_an_outage_caused_costs_what_was_not_supplied(self) -> None:
        case = {
            "cause": "customer_outage",
            "outage_hours": 2,
            "normal": {"energy_kwh": 720000, "days": 30},
            "average_sale_price": "0.58",
        }

        found = quote.quote({"kind": "compensation", "rule_set": "R2024", "case": case})

        assert amounts(found) == ["1160.00"]

    def test_poor_quality_costs_a_fifth_of_the_charge_meanwhile(self) -> None:
        case = {"cause": "poor_quality", "energy_kwh": 12000, "energy_price": "0.55"}

        found = quote.quote({"kind": "compensation", "rule_set": "R2024", "case": case})

        assert amounts(found) == ["1320.00"]
        assert found["lines"][0]["rule"]["certainty"] == "unverified"


class TestIndicatorsThatCannotBe:
    def test_more_unread_than_due_is_refused(self) -> None:
        classes = [{"id": "a", "name": "照明", "due": 5, "missed": 4, "estimated": 2}]
        document = {
            "kind": "indicator",
            "rule_set": "R2024",
            "indicator": {"measure": "reading_rate", "classes": classes},
        }

        with pytest.raises(quote.QuoteRefused, match="漏抄与估抄之和不得超过应抄户数"):
            quote.quote(document)
