"""One bill over a change: agreement, tariff, rule set, each part by its own proration."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from busbar.billing import quote, rating
from busbar.kit.periods import Period
from tests.billing.rating_facts import STATED, bill, by_capacity, by_demand, segment, state

D = Decimal
JULY = Period(dt.date(2024, 7, 1), dt.date(2024, 8, 1))
FIRST, LAST = Period(JULY.start, dt.date(2024, 7, 11)), Period(dt.date(2024, 7, 11), JULY.end)
OVER_JUNE = Period(dt.date(2024, 5, 25), dt.date(2024, 6, 25))
MAY_PART = Period(dt.date(2024, 5, 25), dt.date(2024, 6, 1))
JUNE_PART = Period(dt.date(2024, 6, 1), dt.date(2024, 6, 25))
UNIT = rating.Transformer("T1", D(1000))
INFEED = rating.Infeed("L1", D(500), D(500))


def over_june(**facts: object) -> rating.RatedBill:
    """A bill from 25 May to 24 June 2024, in which R2024 takes over on 1 June."""
    return bill(
        period=OVER_JUNE, rule_set="R2023", later_rule_sets=(quote.rule_set("R2024"),), **facts
    )


class TestAgreementChangedWithinTheMonth:
    @pytest.mark.parametrize("rule_set", ["R2018", "R2024"])
    def test_both_together_charge_one_month_of_31_days(self, rule_set: str) -> None:
        rated = bill(
            period=JULY,
            rule_set=rule_set,
            basic=(
                by_capacity(UNIT, used=FIRST),
                by_demand("contract_demand", INFEED, used=LAST),
            ),
        )

        assert [line.formula for line in rated.lines] == [
            "1000×10/31 × 30 = 9677.42 元",
            "500 × 21/31 × 40 = 13548.39 元",
        ]

    def test_days_that_are_not_a_whole_month_count_thirtieths_before_2024(self) -> None:
        five = Period(dt.date(2024, 7, 11), dt.date(2024, 7, 16))

        rated = bill(
            period=JULY,
            rule_set="R2018",
            basic=(by_capacity(UNIT, used=FIRST), by_capacity(UNIT, used=five)),
        )

        assert [line.amount_yuan for line in rated.lines] == [D("10000.00"), D("5000.00")]
        assert [line.id for line in rated.lines] == ["basic.capacity.T1", "basic.capacity.T1#2"]

    def test_two_agreements_on_the_same_other_days_count_them_once(self) -> None:
        rest = (by_capacity(UNIT, used=LAST), by_demand("contract_demand", INFEED, used=LAST))

        rated = bill(period=JULY, rule_set="R2018", basic=(by_capacity(UNIT, used=FIRST), *rest))

        assert rated.lines[0].formula == "1000×10/31 × 30 = 9677.42 元"

    def test_charges_that_hold_beside_each_other_do_not_join_their_days(self) -> None:
        rated = bill(
            period=JULY,
            rule_set="R2018",
            basic=(by_capacity(UNIT), by_demand("contract_demand", INFEED, used=FIRST)),
        )

        assert rated.lines[1].formula == "500 × 10/30 × 40 = 6666.67 元"

    def test_days_outside_the_bill_are_refused(self) -> None:
        august = Period(dt.date(2024, 8, 1), dt.date(2024, 8, 5))

        with pytest.raises(rating.UnableToRate, match="used 不在账期之内"):
            bill(period=JULY, basic=(by_capacity(UNIT, used=august),))


class TestRuleSetChangedWithinThePeriod:
    def test_each_segment_goes_by_its_own_set(self) -> None:
        loss = rating.Loss("a", "变损", D(304), days=7), rating.Loss("b", "变损", D(304), days=24)
        first = segment(
            rating.Energy("e", "total", D(100)), id="may", period=MAY_PART, losses=loss[:1]
        )
        second = segment(
            rating.Energy("f", "total", D(100)), id="june", period=JUNE_PART, losses=loss[1:]
        )

        rated = over_june(segments=(first, second))

        found = {q.id: (q.value, q.formula) for q in rated.quantities}
        assert found["a"] == (71, "304 × 7/30")
        assert found["b"] == (235, "304 × 24/31")
        assert (rated.rule_set, rated.later_rule_sets) == ("R2023", ("R2024",))

    def test_the_basic_charge_is_one_month_in_two_lines(self) -> None:
        rated = over_june(basic=(by_capacity(UNIT),))

        assert [line.formula for line in rated.lines] == [
            "1000×7/31 × 30 = 6774.19 元",
            "1000×24/31 × 30 = 23225.81 元",
        ]
        assert [line.also[0].rule_set or line.rule.rule_set for line in rated.lines] == [
            "R2023", "R2024",
        ]  # fmt: skip

    def test_a_unit_sealed_in_the_second_part_leaves_seven_thirtieths_of_the_first(self) -> None:
        sealed = rating.Transformer("T1", D(1000), (state("suspended", "2024-06-01"),))

        rated = over_june(basic=(by_capacity(sealed),))

        assert rated.lines[0].formula == "1000×7/30 × 30 = 7000.00 元"
        assert rated.lines[1].amount_yuan == 0

    def test_a_mode_that_the_first_set_lacks_is_refused(self) -> None:
        with pytest.raises(rating.UnableToRate, match="规则集 R2016 没有按实际最大需量"):
            bill(
                period=Period(dt.date(2018, 3, 25), dt.date(2018, 4, 25)),
                rule_set="R2016",
                later_rule_sets=(quote.rule_set("R2018"),),
                basic=(by_demand("actual_demand", INFEED),),
            )

    def test_one_power_factor_over_both_goes_by_the_later_set(self) -> None:
        first = segment(
            rating.Energy("e", "total", D(40000)),
            rating.Energy("q", "reactive_forward", D(30000)),
            id="may", period=MAY_PART,
        )  # fmt: skip
        second = segment(rating.Energy("f", "total", D(0)), id="june", period=JUNE_PART)

        rated = over_june(
            segments=(first, second), power_factors=(rating.PowerFactorAssessment("m", D("0.90")),)
        )

        line = rated.lines[-1]
        assert line.amount_yuan == D("1000.00")
        assert {rule.rule_set for rule in line.also} == {"R2024"}

    def test_a_segment_over_the_day_goes_by_its_first_day_and_the_bill_says_so(self) -> None:
        whole = segment(rating.Energy("e", "total", D(100)), period=OVER_JUNE)

        rated = over_june(segments=(whole,))

        assert rated.notes == (
            "计费段 s 跨过规则集变更日 2024-06-01，没有该日示数，整段按 R2023 计。",
        )

    def test_a_set_that_does_not_begin_inside_is_refused(self) -> None:
        with pytest.raises(rating.UnableToRate, match="R1996 自 1996-10-08 生效，不在账期之内"):
            bill(later_rule_sets=(quote.rule_set("R1996"),))

    def test_a_document_without_set_finds_both(self) -> None:
        document = {
            "kind": "basic_charge",
            "period": {"start": "2024-05-25", "end": "2024-06-25"},
            "basic_charge": {
                "mode": "capacity",
                "prices": [{"price": 30}],
                "transformers": [{"id": "T1", "capacity_kva": 1000}],
            },
        }

        answer = quote.quote(document)

        assert (answer["rule_set"], answer["later_rule_sets"]) == ("R2023", ["R2024"])
        assert answer["total_yuan"] == "30000.00"


class TestCut:
    def test_begins_a_part_on_every_day_inside(self) -> None:
        days = [LAST.start, JULY.start, JULY.end, dt.date(2030, 1, 1)]

        assert rating.cut(JULY, days) == (FIRST, LAST)


class TestStoredFacts:
    def test_come_back_from_json_to_the_same_bill(self) -> None:
        plate = rating.ComputedLoss("v", "变损", "nameplate", rating.Nameplate(D(5), D(1)), days=3)
        line = rating.ComputedLoss("w", "线损", "line", rating.Line(D(10), D(1)), days=3)
        share = rating.ComputedLoss("x", "线损", "share", rating.EnergyShare(D("0.1"), STATED))
        table = rating.ComputedLoss(
            "y", "变损", "table", rating.LossTable((rating.LossTableRow(D(5)),), STATED)
        )
        simplified = rating.ComputedLoss(
            "s", "变损", "simplified", rating.Nameplate(D(5), D(1)), copper_share=D("0.1"),
            copper_rule=STATED,
        )  # fmt: skip
        losses = (plate, line, share, table, simplified, rating.Loss("z", "变损", D(7), days=3))
        series = rating.series_cost([5000], [D("0.5")], identity="d", name="现货", rule=STATED)
        facts = rating.BillInput(
            "t", OVER_JUNE, quote.rule_set("R2023"), quote.power_factor_table(),
            (segment(period=OVER_JUNE, losses=losses, series=series),),
            (by_capacity(UNIT, used=MAY_PART),),
            later_rule_sets=(quote.rule_set("R2024"),),
        )  # fmt: skip
        by_name = ("rule_set", "power_factor_table", "later_rule_sets")
        kept = TypeAdapter(rating.BillInput)
        written = kept.dump_python(facts, mode="json", exclude=dict.fromkeys(by_name, True))

        again = kept.validate_python(written | {name: getattr(facts, name) for name in by_name})

        before, after = rating.rate(facts), rating.rate(again)
        assert [line.formula for line in after.lines] == [line.formula for line in before.lines]
        assert after.quantities == before.quantities
        assert after.total_yuan == before.total_yuan
