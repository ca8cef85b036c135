"""Published examination bills come out to the fen: inputs in quotes/, answers here."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.billing.quoting import amounts, answer_of, answer_to, document_of


class TestE01LargeIndustryWithTimeOfUse:
    """examk.com/p/1123548778.html; m.274949.com/2644/t28908703.html, grade A."""

    def test_every_line_is_the_published_one(self) -> None:
        assert amounts(answer_of("e01")) == {
            "s1.energy.peak": "72697.50",
            "s1.energy.flat": "144765.00",
            "s1.energy.valley": "18090.00",
            "s1.deducted.lighting": "1400.00",
            "basic.capacity.T1": "75000.00",
            "power_factor.main": "-2329.14",
            "s1.charge.loan_repayment": "10236.00",
            "s1.charge.three_gorges": "3582.60",
            "s1.charge.local": "3582.60",
        }

    def test_the_total_and_the_average_price_are_the_published_ones(self) -> None:
        answer = answer_of("e01")

        assert answer["total_yuan"] == "327024.56"
        assert answer["average_price_yuan_per_kwh"] == "0.64"

    def test_the_power_side_before_and_after_adjustment_is_the_published_one(self) -> None:
        answer = answer_of("e01")
        result = answer["power_factors"][0]

        assert (result["base_yuan"], result["power_factor"]) == ("310552.50", "0.98")
        assert result["percent"] == "-0.75"
        assert Decimal(result["base_yuan"]) + Decimal(amounts(answer)["power_factor.main"]) == (
            Decimal("308223.36")
        )

    def test_registers_become_the_published_energies(self) -> None:
        quantities = {q["id"]: q["value"] for q in answer_of("e01")["quantities"]}

        assert quantities["m1.total"] == "511800"
        assert quantities["m1.reactive_forward"] == "110100"

    def test_the_flat_line_shows_what_was_taken_off_and_where_from(self) -> None:
        flat = next(li for li in answer_of("e01")["lines"] if li["code"] == "energy.flat")

        assert flat["quantity"] == "321700"
        assert flat["formula"] == ("(511800 − 107700 − 80400 − 2000) × 0.45 = 144765.00 元")
        assert flat["inputs"] == ["m1.total", "m1.peak", "m1.valley", "lighting"]

    def test_neither_lighting_nor_funds_stand_in_the_base(self) -> None:
        line = next(li for li in answer_of("e01")["lines"] if li["code"] == "power_factor")

        assert line["based_on"] == [
            "s1.energy.peak",
            "s1.energy.flat",
            "s1.energy.valley",
            "basic.capacity.T1",
        ]


class TestE03TransformerAndMeterExchangedWithinTheMonth:
    """livelovelifegateway.com/tiku/shiti/5001277.html; dushuang.com/detail/981711.html, A."""

    def test_both_segments_and_the_total_are_the_published_ones(self) -> None:
        answer = answer_of("e03")

        assert amounts(answer) == {
            "low.energy.total": "3101.50",
            "high.energy.peak": "6400.00",
            "high.energy.flat": "11000.00",
            "high.energy.valley": "1200.00",
            "power_factor.high": "-27.90",
        }
        assert answer["total_yuan"] == "21673.60"

    def test_the_transformer_loss_is_prorated_and_whole(self) -> None:
        loss = next(q for q in answer_of("e03")["quantities"] if q["id"] == "transformer_loss")

        assert (loss["value"], loss["formula"]) == ("203", "304 × 20/30")

    def test_below_100_kva_no_power_factor_is_applied_and_the_bill_says_so(self) -> None:
        answer = answer_of("e03")

        assert answer["notes"] == ["力调 low：容量 50 kVA 小于 100 kVA，不执行功率因数调整。"]
        assert [result["power_factor"] for result in answer["power_factors"]] == [None, "0.91"]


class TestE05InterlockedTransformers:
    """m.zhaokaoti.com/shiti/b2079a2c55cf469ca9255746ada2a988.html, grade A."""

    def test_the_largest_capacity_that_may_run_is_charged(self) -> None:
        answer = answer_of("e05")

        assert answer["total_yuan"] == "24900.00"
        assert amounts(answer) == {
            "basic.capacity.T1/T2": "18900.00",
            "basic.capacity.T3": "6000.00",
        }

    def test_the_line_cites_article_85(self) -> None:
        rule = answer_of("e05")["lines"][0]["rule"]

        assert (rule["code"], rule["article"], rule["certainty"]) == (
            "basic_charge.interlock",
            "供电营业规则(1996) 第85条",
            "B",
        )


class TestE06SuspensionWithinTwoYearsOfConnection:
    """m.274949.com/4591/t28841077.html, grade A; since document 1583 the charge is lifted."""

    @pytest.mark.parametrize(
        ("name", "total"),
        [("e06_r1996", "19450.00"), ("e06_r2016", "14450.00"), ("e06_r2024", "14450.00")],
    )
    def test_half_was_charged_until_2016_and_nothing_since(self, name: str, total: str) -> None:
        assert answer_of(name)["total_yuan"] == total

    def test_the_formula_shows_the_day_of_sealing_among_the_sealed_days(self) -> None:
        formula = answer_of("e06_r1996")["lines"][0]["formula"]

        assert formula == "(1000×10/30 + 1000×0.5×20/30) × 15 = 10000.00 元"


class TestE09ReactiveEnergyInBothDirections:
    """1006ss.com/a/diangongwenda/20171012/16430_6.html no. 10, grade A."""

    def test_absolute_values_are_added_and_the_adjustment_is_750(self) -> None:
        answer = answer_of("e09")

        assert amounts(answer)["power_factor.main"] == "750.00"
        assert answer["power_factors"][0]["reactive_kvarh"] == "30000"
        assert answer["power_factors"][0]["power_factor"] == "0.80"
        assert answer["total_yuan"] == "15750.00"


class TestE10PublishedAnswerUsesTheWrongColumn:
    """360docs.net/doc/a414125317.html L13031J001, grade B: 250 yuan is the 0.85 column's."""

    def test_a_tap_changing_customer_answers_to_090_and_owes_500(self) -> None:
        answer = answer_of("e10")

        assert answer["power_factors"][0]["standard"] == "0.90"
        assert amounts(answer)["power_factor.main"] == "500.00"

    def test_the_published_250_appears_only_by_the_085_column(self, tmp_path: Path) -> None:
        document = document_of("e10")
        document["power_factors"] = [{"standard": "0.85"}]

        answer = answer_to(document, tmp_path)

        assert answer["power_factors"][0]["percent"] == "2.5"
        assert amounts(answer)["power_factor.main"] == "250.00"


class TestE11HospitalStandard:
    """360docs.net/doc/a414125317.html L13031J002, grade A."""

    def test_a_non_industrial_customer_answers_to_085(self) -> None:
        answer = answer_of("e11")

        assert (answer["standard"], answer["percent"]) == ("0.85", "2.5")
