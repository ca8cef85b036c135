"""Losses from plates, lines, tables and shares, with the numbers worked out by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from busbar.billing import quote, rating
from busbar.kit.periods import Period
from tests.billing.rating_facts import STATED, bill, segment, time_of_use

D = Decimal
PLATE = rating.Nameplate(D(1000), D("1.15"), D("10.3"), D("0.6"), D("4.5"))
BY_PLATE = rating.ComputedLoss("v", "变损", "nameplate", PLATE, hours=D(720))


def loss_of(loss: rating.ComputedLoss, rule_set: str = "R1996") -> rating.LossEnergy:
    """The loss for 300,000 kWh and 100,000 kvarh in a month of 30 days."""
    return rating.computed_loss(loss, D(300_000), D(100_000), quote.rule_set(rule_set), 30)


class TestByPlate:
    def test_iron_goes_by_hours_and_copper_by_the_square_of_the_mean_load(self) -> None:
        found = loss_of(BY_PLATE)

        # β² = 10^11 ÷ (1000² × 720²) = 0.192901; 1.15×720 + 10.3×0.192901×720 = 2258.56
        assert found.active_kwh == 2259
        # 0.6 % × 1000 × 720 + 4.5 % × 1000 × 0.192901 × 720 = 4320 + 6250
        assert found.reactive_kvarh == 10570
        assert found.formula == "1.15×720 + 1×10.3×(300000² + 100000²) ÷ (1000²×720)"

    def test_k_lifts_copper_alone(self) -> None:
        found = loss_of(replace(BY_PLATE, correction=D(2)))

        assert (found.active_kwh, found.reactive_kvarh) == (3689, 16820)

    def test_a_share_of_the_energy_counts_by_its_square(self) -> None:
        found = loss_of(replace(BY_PLATE, load_share=D("0.5")))

        assert found.active_kwh == 1186  # 828 + 1430.56 ÷ 4

    def test_without_running_hours_there_is_no_loss(self) -> None:
        assert loss_of(replace(BY_PLATE, hours=D(0))).active_kwh == 0

    def test_a_method_and_a_plate_that_do_not_fit_are_refused(self) -> None:
        with pytest.raises(rating.UnableToRate, match="损耗 v 的计算方法 line 与所给参数不符"):
            loss_of(replace(BY_PLATE, method="line"))


class TestOtherWays:
    def test_simplified_iron_by_hours_copper_two_percent(self) -> None:
        found = loss_of(replace(BY_PLATE, method="simplified"))

        assert (found.active_kwh, found.reactive_kvarh) == (6828, 4320)
        assert found.rules[0].code == "loss.copper_share"
        assert found.rules[0].certainty == "C"

    def test_a_stated_copper_share_replaces_the_rules(self) -> None:
        found = loss_of(
            replace(BY_PLATE, method="simplified", copper_share=D("0.015"), copper_rule=STATED)
        )

        assert found.active_kwh == 5328
        assert found.rules[0] == STATED

    def test_a_line_loses_by_its_resistance(self) -> None:
        line = rating.Line(D(10), D("0.5"), D("0.4"))

        found = loss_of(rating.ComputedLoss("l", "线损", "line", line, hours=D(720)))

        # 10^11 × 0.5 ÷ (1000 × 10² × 720) = 694.44, with 0.4 ohm 555.56
        assert (found.active_kwh, found.reactive_kvarh) == (694, 556)

    @pytest.mark.parametrize(("most", "lost"), [("300000", 203), ("299999", 600)])
    def test_a_table_is_read_by_energy_and_prorated_by_days(self, most: str, lost: int) -> None:
        rows = (
            rating.LossTableRow(D(900), up_to_kwh=None),
            rating.LossTableRow(D(304), up_to_kwh=D(most)),
        )
        table = rating.LossTable(rows, STATED)

        found = loss_of(rating.ComputedLoss("t", "变损", "table", table, days=20))

        assert found.active_kwh == lost

    def test_energy_beyond_the_table_is_refused(self) -> None:
        table = rating.LossTable((rating.LossTableRow(D(304), up_to_kwh=D(5)),), STATED)

        with pytest.raises(rating.UnableToRate, match="变损表没有月用电量 300000 kWh 的一行"):
            loss_of(rating.ComputedLoss("t", "变损", "table", table))

    def test_an_agreed_share_takes_both_energies(self) -> None:
        agreed = rating.EnergyShare(D("0.015"), STATED)

        found = loss_of(rating.ComputedLoss("s", "线损", "share", agreed, days=0))

        assert (found.active_kwh, found.reactive_kvarh) == (4500, 1500)


class TestHours:
    @pytest.mark.parametrize(
        ("rule_set", "days", "month", "hours"),
        [
            ("R1996", None, 31, "720"),
            ("R1996", 31, 31, "720"),
            ("R1996", 20, 31, "480"),
            ("R2024", None, 31, "744"),
            ("R2024", 31, 31, "744"),
            ("R2024", 20, 31, "480"),
            ("R2024", 28, 28, "672"),
        ],
    )
    def test_a_part_of_a_month_goes_by_the_sets_proration(
        self, rule_set: str, days: int | None, month: int, hours: str
    ) -> None:
        assert rating.month_hours(days, quote.rule_set(rule_set), month) == D(hours)


class TestCorrection:
    @pytest.mark.parametrize(("shifts", "k"), [(1, "3"), (2, "2"), (3, "1")])
    def test_k_goes_by_shifts_and_nobody_verified_it(self, shifts: int, k: str) -> None:
        rule = rating.correction_for(quote.loss_corrections(), "江苏", shifts)

        assert (rule.value, rule.certainty) == (D(k), "unverified")

    def test_a_provinces_own_k_goes_before(self) -> None:
        own = rating.Rule("loss.correction", "江苏", D("1.05"), certainty="local")
        corrections = (*quote.loss_corrections(), ("江苏", 2, own))

        assert rating.correction_for(corrections, "江苏", 2).value == D("1.05")
        assert rating.correction_for(corrections, "浙江", 2).value == 2

    def test_without_any_k_it_has_to_be_stated(self) -> None:
        with pytest.raises(rating.UnableToRate, match="没有 2 班制的修正系数 K"):
            rating.correction_for((), "", 2)


class TestInABill:
    ENERGIES = (
        rating.Energy("p", "peak", D(100_000)),
        rating.Energy("f", "flat", D(200_000)),
        rating.Energy("r", "reactive_forward", D(100_000)),
    )

    def test_the_loss_is_billed_flat_and_lowers_the_power_factor(self) -> None:
        month = segment(
            *self.ENERGIES, tariff=time_of_use(peak="1", flat="0.5"), losses=(BY_PLATE,)
        )

        rated = bill(
            segments=(month,), power_factors=(rating.PowerFactorAssessment("m", D("0.90")),)
        )

        flat = next(line for line in rated.lines if line.code == "energy.flat")
        assert flat.formula == "(200000 + 2259) × 0.5 = 101129.50 元"
        assert {"loss.period", "loss.transformer"} <= {rule.code for rule in flat.also}
        assert rated.power_factors[0].active_kwh == 302_259
        assert rated.power_factors[0].reactive_kvarh == 110_570

    def test_the_quantities_show_both_formulas(self) -> None:
        month = segment(
            *self.ENERGIES, tariff=time_of_use(peak="1", flat="0.5"), losses=(BY_PLATE,)
        )

        found = {q.id: q for q in bill(segments=(month,)).quantities}

        assert (found["v"].value, found["v"].unit) == (2259, "kWh")
        assert (found["v.reactive"].value, found["v.reactive"].unit) == (10570, "kvarh")
        assert found["v.reactive"].formula.startswith("(0.6×1000×720 + 1×4.5×1000×")

    def test_without_days_the_segments_own_are_taken(self) -> None:
        ten_days = Period(dt.date(2024, 6, 11), dt.date(2024, 6, 21))
        loss = replace(BY_PLATE, hours=None, method="simplified")
        part = segment(rating.Energy("t", "total", D(0)), period=ten_days, losses=(loss,))

        assert bill(segments=(part,)).energy_kwh == 276  # 1.15 × 240

    def test_several_losses_all_start_from_what_was_metered(self) -> None:
        agreed = rating.EnergyShare(D("0.01"), STATED)
        shares = tuple(
            rating.ComputedLoss(name, "线损", "share", agreed) for name in ("one", "two")
        )

        rated = bill(segments=(segment(rating.Energy("t", "total", D(1000)), losses=shares),))

        assert rated.energy_kwh == 1020


class TestInADocument:
    def test_a_plate_becomes_kwh_with_k_by_shifts(self) -> None:
        document = {
            "kind": "bill",
            "period": {"start": "2023-09-01", "end": "2023-10-01"},
            "tariff": {"prices": {"total": "0.5"}},
            "segments": [
                {
                    "energies": [
                        {"measures": "total", "quantity": 300000},
                        {"measures": "reactive_forward", "quantity": 100000},
                    ],
                    "losses": [
                        {
                            "method": "nameplate",
                            "shifts": 2,
                            "transformer": {
                                "rated_kva": 1000, "no_load_kw": "1.15", "load_kw": "10.3",
                                "no_load_current_percent": "0.6", "impedance_percent": "4.5",
                            },
                        }
                    ],
                }
            ],
        }  # fmt: skip

        answer = quote.quote(document)

        line = answer["lines"][0]
        assert answer["energy_kwh"] == "303689"
        assert line["formula"] == "(300000 + 3689) × 0.5 = 151844.50 元"
        assert "2 班制修正系数 K" in next(
            rule["name"] for rule in line["also"] if rule["code"] == "loss.correction"
        )
