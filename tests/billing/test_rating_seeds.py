"""The packaged rules: complete, dated without gaps, every figure with source or marked unsure."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest

from busbar.billing import quote, rating
from tests.billing.naive_bill import naive_percent

D = Decimal


class TestRuleSets:
    def test_follow_each_other_without_gap(self) -> None:
        sets = quote.rule_sets()

        assert [entry.code for entry in sets] == ["R1996", "R2016", "R2018", "R2023", "R2024"]
        assert all(one.valid_until == other.valid_from for one, other in pairwise(sets))
        assert sets[-1].valid_until is None

    @pytest.mark.parametrize(
        ("day", "code"),
        [
            ("1996-10-08", "R1996"),
            ("2016-06-29", "R1996"),
            ("2016-06-30", "R2016"),
            ("2018-04-01", "R2018"),
            ("2023-06-01", "R2023"),
            ("2024-05-31", "R2023"),
            ("2024-06-01", "R2024"),
        ],
    )
    def test_are_chosen_by_date(self, day: str, code: str) -> None:
        chosen = rating.rule_set_on(quote.rule_sets(), dt.date.fromisoformat(day))

        assert chosen.code == code

    def test_before_the_first_there_is_none(self) -> None:
        with pytest.raises(rating.UnableToRate, match="1996-10-07 没有生效的规则集"):
            rating.rule_set_on(quote.rule_sets(), dt.date(1996, 10, 7))

    def test_every_figure_read_somewhere_says_where(self) -> None:
        figures = [figure for entry in quote.rule_sets() for figure in entry.figures.values()]

        assert {figure.certainty for figure in figures} <= {"A", "B", "C", "unverified"}
        assert all(figure.source for figure in figures if figure.certainty != "unverified")

    def test_the_differences_between_sets_are_the_dated_ones(self) -> None:
        sets = {entry.code: entry for entry in quote.rule_sets()}

        proration = {code: s.rule("basic_charge.proration").value for code, s in sets.items()}
        early = {code for code, s in sets.items() if s.find("basic_charge.early_suspended_share")}
        discount = {code for code, s in sets.items() if s.find("demand.discount_factor")}
        assert proration == {
            "R1996": D(30), "R2016": D(30), "R2018": D(30), "R2023": D(30),
            "R2024": "calendar_month",
        }  # fmt: skip
        assert early == {"R1996"}
        assert discount == {"R2023", "R2024"}


class TestPowerFactorTable:
    @pytest.mark.parametrize("standard", ["0.90", "0.85", "0.80"])
    def test_every_hundredth_follows_the_rule_of_the_standard(self, standard: str) -> None:
        table = quote.power_factor_table()

        for hundredths in range(101):
            percent, _ = table.percent(D(standard), D(hundredths) / 100)
            assert percent == D(str(float(naive_percent(standard, hundredths))))

    @pytest.mark.parametrize(
        ("standard", "factor", "percent"),
        [
            ("0.90", "0.95", "-0.75"), ("0.90", "0.94", "-0.6"), ("0.90", "0.70", "10"),
            ("0.90", "0.65", "15"), ("0.90", "0.64", "17"), ("0.90", "0.50", "45"),
            ("0.85", "0.94", "-1.1"), ("0.85", "0.93", "-0.95"), ("0.85", "0.60", "15"),
            ("0.85", "0.59", "17"), ("0.80", "0.92", "-1.3"), ("0.80", "0.91", "-1.15"),
            ("0.80", "0.55", "15"), ("0.80", "0.54", "17"), ("0.90", "0.49", "47"),
        ],
    )  # fmt: skip
    def test_holds_the_published_corners(self, standard: str, factor: str, percent: str) -> None:
        assert quote.power_factor_table().percent(D(standard), D(factor))[0] == D(percent)

    def test_says_which_rows_were_read_and_which_derived(self) -> None:
        table = quote.power_factor_table()

        certainty = {f: table.percent(D("0.90"), D(f))[1].certainty for f in ("0.95", "0.80")}
        assert certainty == {"0.95": "B", "0.80": "unverified"}

    @pytest.mark.parametrize(
        ("category", "kva", "standard"),
        [
            ("industrial", "161", "0.90"),
            ("industrial", "160", "0.85"),
            ("industrial", "99", None),
            ("non_industrial", "560", "0.85"),
            ("irrigation", "3200", "0.90"),
            ("irrigation", "3199", "0.85"),
            ("agriculture", "100", "0.80"),
            ("wholesale", "1000", "0.80"),
        ],
    )
    def test_classes_high_voltage_customers(
        self, category: str, kva: str, standard: str | None
    ) -> None:
        facts = rating.CustomerFacts(category, D(kva), high_voltage=True)

        found = quote.power_factor_table().standard_for(facts)

        assert (found.standard if found else None) == (D(standard) if standard else None)
