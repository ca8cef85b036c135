"""Lighting and residents inside the meter or beside it, and what the power factor sees of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from busbar.billing import quote, rating
from tests.billing.rating_facts import STATED, bill, segment

D = Decimal


def document(**own: Any) -> dict[str, Any]:
    """40,000 kWh and 30,000 kvarh in June 2024 at 0.5 yuan, with 10,000 kWh of its own price."""
    return {
        "kind": "bill",
        "period": {"start": "2024-06-01", "end": "2024-07-01"},
        "tariff": {
            "prices": {"total": "0.5"},
            "charges": [{"code": "fund", "name": "基金", "price": "0.1"}],
        },
        "segments": [
            {
                "energies": [
                    {"measures": "total", "quantity": 40000},
                    {"measures": "reactive_forward", "quantity": 30000},
                ],
                "deductions": [{"name": "照明", "price": "0.7", "energy_kwh": 10000} | own],
            }
        ],
        "power_factors": [{"standard": "0.90"}],
    }


def amounts(answer: dict[str, Any]) -> dict[str, str]:
    """Amount by code."""
    return {line["code"]: line["amount_yuan"] for line in answer["lines"]}


class TestInside:
    def test_lighting_leaves_the_energy_and_counts_in_the_power_factor(self) -> None:
        answer = quote.quote(document())

        assert amounts(answer)["energy.total"] == "15000.00"
        assert answer["energy_kwh"] == "40000"
        assert answer["power_factors"][0]["active_kwh"] == "40000"

    def test_residents_do_not_count(self) -> None:
        answer = quote.quote(document(use="residential"))

        assert answer["power_factors"][0]["active_kwh"] == "30000"

    def test_the_line_cites_why(self) -> None:
        answer = quote.quote(document(use="residential"))

        line = next(entry for entry in answer["lines"] if entry["code"].startswith("deducted"))
        assert line["also"][-1]["code"] == "power_factor.inside_residential"
        assert line["also"][-1]["value"] == "outside"

    def test_a_document_may_decide_otherwise(self) -> None:
        answer = quote.quote(document(use="residential", in_power_factor_energy=True))

        assert answer["power_factors"][0]["active_kwh"] == "40000"

    def test_its_charge_joins_the_base_only_where_stated(self) -> None:
        without, joined = (
            quote.quote(document(in_power_factor_base=value))["power_factors"][0]["base_yuan"]
            for value in (False, True)
        )

        assert (without, joined) == ("15000.00", "22000.00")


class TestBeside:
    def test_it_adds_to_the_bill_and_stays_outside_the_power_factor(self) -> None:
        answer = quote.quote(document(connection="beside"))

        assert amounts(answer)["energy.total"] == "20000.00"
        assert amounts(answer)["charge.fund"] == "5000.00"
        assert answer["energy_kwh"] == "50000"
        assert answer["power_factors"][0]["active_kwh"] == "40000"

    def test_a_ratio_is_of_the_main_meters_energy(self) -> None:
        given = document(connection="beside", share="0.05")
        del given["segments"][0]["deductions"][0]["energy_kwh"]

        assert quote.quote(given)["energy_kwh"] == "42000"

    def test_it_is_taken_from_no_period(self) -> None:
        with pytest.raises(quote.QuoteRefused) as caught:
            quote.quote(document(connection="beside", taken_from="total"))

        assert str(caught.value.faults[0]).startswith("$.segments[0].deductions[0]：并接")


class TestFixedForAPartOfTheMonth:
    @pytest.mark.parametrize(("rule_set", "kwh"), [("R1996", "6667"), ("R2024", "6452")])
    def test_a_months_quantity_is_prorated_by_the_set(self, rule_set: str, kwh: str) -> None:
        given = document(days=20) | {"rule_set": rule_set, "month_days": 31}

        found = {q["id"]: q["value"] for q in quote.quote(given)["quantities"]}

        assert found["s1.deducted1"] == kwh


class TestReverseKvarh:
    def test_a_register_that_counts_reverse_as_negative_is_taken_by_its_size(self) -> None:
        energies = (
            rating.Energy("t", "total", D(40000)),
            rating.Energy("f", "reactive_forward", D(25000)),
            rating.Energy("r", "reactive_reverse", D(-5000)),
        )

        rated = bill(
            segments=(segment(*energies),),
            power_factors=(rating.PowerFactorAssessment("m", D("0.90"), standard_rule=STATED),),
        )

        assert rated.power_factors[0].reactive_kvarh == 30000
