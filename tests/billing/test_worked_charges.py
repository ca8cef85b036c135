"""Published examination cases of single charges, through `busbar bill quote FILE`.

Grade A answers are reproduced to the fen; grade B answers are shown to be wrong, and why.
"""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.billing.quoting import (
    QUOTES,
    amounts,
    answer_of,
    answer_to,
    document_of,
    refusal_to,
)


class TestE18LateFromOneYearToTheNext:
    """m.274949.com/5999/t28841167.html gives 190; two other sites give 126 and 222. Grade B."""

    def test_every_day_takes_the_rate_of_its_own_year(self) -> None:
        answer = answer_of("e18")

        assert amounts(answer) == {
            "2001-01.1": "18.00",
            "2000-12.1": "64.00",
            "2000-12.2": "108.00",
        }
        assert answer["total_yuan"] == "190.00"

    def test_the_lines_name_days_rate_and_rule(self) -> None:
        lines = {line["id"]: line for line in answer_of("e18")["lines"]}

        assert lines["2000-12.1"]["name"] == ("违约金（2000-12，2000-12-16 至 2000-12-31，16 天）")
        assert lines["2000-12.2"]["formula"] == "2000 × 18 × 3‰ = 108.00 元"
        assert lines["2000-12.2"]["rule"]["code"] == "late_payment.later_year_rate"
        assert lines["2000-12.2"]["rule"]["certainty"] == "B"

    def test_126_leaves_out_the_sixteen_days_of_december(self) -> None:
        lines = amounts(answer_of("e18"))
        without_december = sum(
            (Decimal(amount) for key, amount in lines.items() if key != "2000-12.1"), Decimal(0)
        )

        assert without_december == 126

    def test_222_takes_the_later_years_rate_for_december_too(self, tmp_path: Path) -> None:
        document = document_of("e18")
        december = document["arrears"][1]
        only_december = document | {"arrears": [december], "contract_rate": "0.003"}
        only_january = document | {"arrears": [document["arrears"][0]]}

        at_three = Decimal(answer_to(only_december, tmp_path)["total_yuan"])
        january = Decimal(answer_to(only_january, tmp_path)["total_yuan"])

        assert at_three + january == 222


class TestE19PublishedSumIsMiscalculated:
    """app.ixiawen.com/question/49977613: 31.5 stands on 900 × 15 × 3‰ = “13.5”. Grade B."""

    def test_the_charge_is_58_50(self) -> None:
        answer = answer_of("e19")

        assert amounts(answer) == {"2012-12.1": "18.00", "2012-12.2": "40.50"}
        assert answer["total_yuan"] == "58.50"

    def test_the_published_sum_is_short_by_a_third_of_its_second_product(self) -> None:
        second = Decimal(amounts(answer_of("e19"))["2012-12.2"])

        assert second == 3 * Decimal("13.5")
        assert Decimal("58.50") - (second - Decimal("13.5")) == Decimal("31.50")


class TestE20MotorAddedOnOnesOwn:
    """m.examk.com/p/2985275081.html, grade A."""

    def test_the_basic_charge_owed_and_its_triple_are_the_published_ones(self) -> None:
        assert amounts(answer_of("e20")) == {
            "breach.owed": "4800.00",
            "breach.multiple": "14400.00",
        }

    def test_the_multiple_stands_on_the_line_it_multiplies(self) -> None:
        owed, multiple = answer_of("e20")["lines"]

        assert multiple["based_on"] == [owed["id"]]
        assert multiple["rule"]["code"] == "breach.over_capacity_multiple"
        assert multiple["also"][0]["value"] == "fixed"


class TestE21TransformerAddedOnOnesOwn:
    """m.274949.com/704/t28851053.html, grade A."""

    def test_seven_days_of_august_count_seven_thirtieths(self) -> None:
        answer = answer_of("e21")

        assert amounts(answer) == {"breach.owed": "7770.00", "breach.multiple": "23310.00"}
        assert answer["lines"][0]["formula"] == "(315×7/30 + 315) × 20 = 7770.00 元"

    def test_by_the_set_of_2024_august_has_its_31_days(self, tmp_path: Path) -> None:
        answer = answer_to(document_of("e21") | {"rule_set": "R2024"}, tmp_path)

        assert amounts(answer)["breach.owed"] == "7722.58"


class TestE25TheftOfUnknownDuration:
    """274949.com/8775/t28749571.html; dushuang.com/detail/981708.html, grade A."""

    def test_180_days_of_12_hours_are_charged_and_three_times_that(self) -> None:
        answer = answer_of("e25")

        assert amounts(answer) == {"theft.owed": "1728.00", "breach.multiple": "5184.00"}
        assert answer["lines"][0]["formula"] == "2 × 180 × 12 × 0.4 = 1728.00 元"


class TestE29OnePhaseReversed:
    """m.274949.com/203/t28749569.html, grade A."""

    def test_every_period_gets_two_more_of_itself(self) -> None:
        answer = answer_of("e29")

        assert amounts(answer) == {
            "correction.energy.peak": "36000.00",
            "correction.energy.flat": "24000.00",
            "correction.energy.valley": "8000.00",
        }
        assert answer["total_yuan"] == "68000.00"

    def test_the_factor_given_says_the_same(self, tmp_path: Path) -> None:
        document = document_of("e29") | {"factor": 3}
        del document["elements"]

        assert answer_to(document, tmp_path)["total_yuan"] == "68000.00"


class TestE30MeterTenPercentSlow:
    """tk.swop.cn/question.php?id=4161132, grade A."""

    def test_half_of_the_missing_energy_is_added(self) -> None:
        answer = answer_of("e30")
        added = answer["quantities"][-1]

        assert (added["value"], added["unit"]) == ("50000", "kWh")
        assert added["formula"] == "900000 × (1 ÷ (1 − 10%) − 1) × 0.5"
        assert answer["total_yuan"] is None

    def test_it_is_divided_by_090_and_not_multiplied_by_010(self) -> None:
        assert answer_of("e30")["quantities"][-1]["value"] != "45000"


class TestE37CompensationForAnOutage:
    """app.ixiawen.com/question/51598865, grade A."""

    def test_four_times_the_charge_of_what_would_have_been_used(self) -> None:
        answer = answer_of("e37")

        assert answer["total_yuan"] == "2000.00"
        assert answer["lines"][0]["formula"] == "30 × (30000 ÷ 30 ÷ 24) × 0.4 × 4 = 2000.00 元"

    def test_five_times_for_a_two_part_tariff(self, tmp_path: Path) -> None:
        document = document_of("e37")
        document["case"]["two_part"] = True

        assert answer_to(document, tmp_path)["total_yuan"] == "2500.00"

    def test_from_2024_the_base_is_the_average_price_of_like_customers(
        self, tmp_path: Path
    ) -> None:
        document = document_of("e37") | {"rule_set": "R2024"}

        refusal = refusal_to(document, tmp_path)
        case = dict(document["case"], peer_average_price="0.62")
        del case["energy_price"]
        answer = answer_to(document | {"case": case}, tmp_path)

        assert "请填 peer_average_price，不填 energy_price" in refusal
        assert answer["total_yuan"] == "3100.00"


class TestE38ErrorRate:
    """1006ss.com/a/diangongwenda/20171012/16430_6.html no. 8, grade A."""

    def test_absolute_errors_are_added_and_not_set_against_each_other(self) -> None:
        found = answer_of("e38")["indicators"][0]

        assert found["percent"] == "5.1"
        assert found["formula"] == "(20000 + 3000) ÷ 450000 = 5.1%"
        assert found["unrounded_percent"] == "5.111111"
        assert found["rounding"] == "四舍五入到 1 位小数"

    def test_the_net_error_would_be_3_8(self, tmp_path: Path) -> None:
        document = document_of("e38")
        document["indicator"] |= {"overcharged_yuan": [], "undercharged_yuan": [17000]}

        assert answer_to(document, tmp_path)["indicators"][0]["percent"] == "3.8"


class TestE39ShareOfMetersRead:
    """1006ss.com/a/diangongwenda/20171012/16430_6.html no. 9, grade A."""

    def test_all_three_figures_are_the_published_ones(self) -> None:
        found = {entry["name"]: entry["percent"] for entry in answer_of("e39")["indicators"]}

        assert found == {"照明实抄率": "99.16", "动力实抄率": "99.60", "综合实抄率": "99.23"}

    def test_cut_off_they_are_the_same_and_the_rounding_is_stated(self, tmp_path: Path) -> None:
        cut = answer_to(document_of("e39") | {"rounding": "down"}, tmp_path)["indicators"]

        assert [entry["percent"] for entry in cut] == ["99.16", "99.60", "99.23"]
        assert {entry["rounding"] for entry in cut} == {"截去到 2 位小数"}

    def test_rounding_and_cutting_off_differ_where_the_third_decimal_is_five(
        self, tmp_path: Path
    ) -> None:
        document = document_of("e39")
        document["indicator"]["classes"] = [{"id": "all", "name": "全部", "due": 1200, "missed": 1}]

        rounded = answer_to(document, tmp_path)["indicators"]
        cut = answer_to(document | {"rounding": "down"}, tmp_path)["indicators"]

        assert (rounded[0]["percent"], cut[0]["percent"]) == ("99.92", "99.91")

    def test_an_estimate_counts_as_unread(self, tmp_path: Path) -> None:
        document = document_of("e39")
        document["indicator"]["classes"][0]["estimated"] = 0

        assert answer_to(document, tmp_path)["indicators"][0]["percent"] == "99.28"


class TestCommand:
    def test_the_installed_program_prints_the_answer(self) -> None:
        program = Path(sys.executable).parent / "busbar"

        done = subprocess.run(
            [program, "bill", "quote", QUOTES / "e18.json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip

        assert json.loads(done.stdout)["total_yuan"] == "190.00"

    @pytest.mark.parametrize("path", sorted(QUOTES.glob("*.json")), ids=lambda path: path.stem)
    def test_every_line_of_every_case_tells_formula_rule_and_source(self, path: Path) -> None:
        answer = answer_of(path.stem)

        for line in answer.get("lines", []):
            assert line["formula"].endswith(f"= {line['amount_yuan']} 元")
            assert line["rule"]["certainty"] in {"A", "B", "C", "unverified", "local"}
            assert line["inputs"] or line["based_on"]
            for rule in (line["rule"], *line["also"]):
                assert rule["source"] or rule["certainty"] == "unverified"
