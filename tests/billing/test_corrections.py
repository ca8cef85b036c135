"""Corrections of energy measured wrongly, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from busbar.billing import quote

TARIFF = {
    "prices": {"total": "0.5"},
    "charges": [{"code": "fund", "name": "基金", "price": "0.02"}],
}


def answer(kind: str, **facts: Any) -> dict[str, Any]:
    """What a correction of 1000 kWh at 0.5 yuan and a fund of 0.02 comes to."""
    given = {"energies": [{"measures": "total", "quantity": 1000}], "tariff": TARIFF}
    return quote.quote({"kind": kind, "on": "2024-06-15"} | given | facts)


def amounts(found: dict[str, Any]) -> list[str]:
    """The lines' amounts."""
    return [line["amount_yuan"] for line in found["lines"]]


class TestMeterError:
    def test_a_fast_meter_pays_back(self) -> None:
        found = answer("meter_error", error_percent=25)

        # 1000 ÷ 1.25 = 800; half of −200 is −100
        assert amounts(found) == ["-50.00", "-2.00"]
        assert found["lines"][0]["formula"] == (
            "1000 × (1 ÷ (1 + 25%) − 1) × 0.5 = -100；-100 × 0.5 = -50.00 元"
        )

    def test_within_the_permissible_error_nothing_is_corrected(self) -> None:
        found = answer("meter_error", error_percent="-2", allowed_percent="2")

        assert found["total_yuan"] == "0.00"
        assert found["notes"] == ["误差 -2% 未超出允许的 ±2%，不退补。"]

    def test_a_meter_that_stands_still_is_no_error(self) -> None:
        with pytest.raises(quote.QuoteRefused, match="表停走不能按误差退补"):
            answer("meter_error", error_percent=-100)


class TestWrongRatio:
    def test_the_difference_of_the_ratios_is_charged(self) -> None:
        found = answer("wrong_ratio", correct={"ct": "200/5"}, wrong={"ct": "150/5"})

        # 1000 × (40 − 30) ÷ 30 = 333.3
        assert amounts(found) == ["166.50", "6.66"]
        assert found["notes"] == ["按实际时间退补；时间无法确定的，以抄表记录为准。"]

    def test_or_paid_back(self) -> None:
        found = answer("wrong_ratio", correct={"multiplier": 20}, wrong={"multiplier": 30})

        assert amounts(found) == ["-166.50", "-6.66"]

    def test_registers_give_the_energy_billed(self) -> None:
        meters = [
            {
                "id": "m",
                "ct": "150/5",
                "registers": [{"measures": "total", "previous": 100, "current": 200}],
            }
        ]

        found = answer(
            "wrong_ratio", energies=[], meters=meters,
            correct={"ct": "200/5"}, wrong={"ct": "150/5"},
        )  # fmt: skip

        assert found["lines"][0]["quantity"] == "1000"
        assert found["lines"][0]["inputs"] == ["m.total"]

    def test_a_ratio_without_numbers_is_refused_at_its_place(self) -> None:
        with pytest.raises(quote.QuoteRefused) as caught:
            answer("wrong_ratio", correct={}, wrong={"multiplier": 30})

        assert caught.value.faults[0].path == "$.correct"


class TestWrongWiring:
    @pytest.mark.parametrize(
        ("elements", "added"), [([1, 1, -1], "2000"), ([1, 0, 1], "500"), ([1, 0, 0], "2000")]
    )
    def test_k_follows_from_what_the_elements_measure(
        self, elements: list[int], added: str
    ) -> None:
        assert answer("wrong_wiring", elements=elements)["lines"][0]["quantity"] == added

    def test_a_meter_that_ran_backwards_owes_what_it_took_off_too(self) -> None:
        found = answer("wrong_wiring", elements=[1, -1, -1], ran_backwards=True)

        # −1000 × (3 ÷ (−1) − 1) = 4000
        assert found["lines"][0]["quantity"] == "4000"

    def test_elements_that_cancel_out_say_nothing(self) -> None:
        with pytest.raises(quote.QuoteRefused, match="相互抵消"):
            answer("wrong_wiring", elements=[1, -1, 0])

    def test_the_note_tells_what_is_paid_meanwhile(self) -> None:
        assert "按正常月用电量先行交付" in answer("wrong_wiring", factor="1.5")["notes"][0]


class TestWithoutPrices:
    def test_periods_are_corrected_with_flat_as_the_remainder(self) -> None:
        energies = [
            {"measures": "total", "quantity": 1000},
            {"measures": "peak", "quantity": 400},
        ]

        found = answer("wrong_wiring", factor=2, energies=energies, tariff=None)

        added = {q["id"]: q["value"] for q in found["quantities"] if "correction" in q["id"]}
        assert added == {"correction.peak": "400", "correction.flat": "600"}
        assert found["total_yuan"] is None
