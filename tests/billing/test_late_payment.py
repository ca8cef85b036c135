"""The late-payment charge: days, rates, part payments, the minimum, agreed rates, rule sets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.billing import quote, rating

D = Decimal


def day(text: str) -> dt.date:
    """A date."""
    return dt.date.fromisoformat(text)


def charge(
    amount: str, due: str, until: str, *payments: tuple[str, str], **terms: object
) -> rating.Calculation:
    """The charge on one arrear under the sets by date."""
    paid = tuple(rating.Payment(day(on), D(yuan)) for on, yuan in payments)
    arrear = rating.Arrear("a", D(amount), day(due), paid)
    named = rating.LateTerms(**terms)  # type: ignore[arg-type]
    return rating.late_payment([arrear], day(until), quote.rule_sets(), named)


class TestDays:
    def test_the_last_day_in_time_is_not_late_the_day_of_payment_is(self) -> None:
        assert charge("1000", "2020-03-15", "2020-03-16").total_yuan == D("2.00")

    def test_paid_in_time_nothing_is_due_and_a_note_says_so(self) -> None:
        found = charge("1000", "2020-03-15", "2020-03-15")

        assert (found.lines, found.total_yuan) == ((), 0)
        assert found.notes == ("a：截至 2020-03-15 没有逾期的欠费。",)

    def test_each_later_year_has_the_higher_rate(self) -> None:
        found = charge("1000", "2019-12-30", "2021-01-01")

        assert [line.formula for line in found.lines] == [
            "1000 × 1 × 2‰ = 2.00 元",
            "1000 × 367 × 3‰ = 1101.00 元",
        ]

    def test_residents_pay_one_per_mille_in_every_year(self) -> None:
        found = charge("1000", "2019-12-30", "2020-01-02", is_resident=True)

        assert [line.formula for line in found.lines] == ["1000 × 3 × 1‰ = 3.00 元"]


class TestPayments:
    def test_what_was_paid_counts_up_to_its_day(self) -> None:
        found = charge("1000", "2020-03-10", "2020-03-20", ("2020-03-15", "400"))

        assert [line.formula for line in found.lines] == [
            "1000 × 5 × 2‰ = 10.00 元",
            "600 × 5 × 2‰ = 6.00 元",
        ]

    def test_after_the_last_payment_nothing_runs_on(self) -> None:
        found = charge("1000", "2020-03-10", "2021-03-20", ("2020-03-15", "1000"))

        assert found.total_yuan == D("10.00")

    def test_more_than_the_arrear_is_refused(self) -> None:
        with pytest.raises(rating.UnableToRate, match="付款合计 1001 元超过欠费金额"):
            charge("1000", "2020-03-10", "2020-03-20", ("2020-03-15", "1001"))


class TestMinimum:
    def test_less_than_one_yuan_is_raised_to_one(self) -> None:
        found = charge("10", "2020-03-10", "2020-03-12")

        assert [line.amount_yuan for line in found.lines] == [D("0.04"), D("0.96")]
        assert found.lines[1].rule.code == "late_payment.minimum_yuan"
        assert found.total_yuan == D("1.00")

    def test_the_set_of_2024_has_none_that_anybody_read(self) -> None:
        found = charge("10", "2024-07-10", "2024-07-12")

        assert found.total_yuan == D("0.04")
        assert found.notes == ("规则集 R2024 没有违约金最低额，按实计收。",)


class TestRates:
    def test_where_another_set_begins_the_line_is_cut_and_cites_it(self) -> None:
        found = charge("1000", "2024-05-30", "2024-06-01")

        assert [(line.rule.rule_set, line.rule.certainty) for line in found.lines] == [
            ("R2023", "B"),
            ("R2024", "unverified"),
        ]

    @pytest.mark.parametrize("rate", ["0.0009", "0.0031"])
    def test_an_agreed_rate_outside_the_law_is_refused_with_its_article(self, rate: str) -> None:
        agreed = rating.Rule("rate", "约定", D(rate), certainty="local")

        with pytest.raises(rating.UnableToRate, match=r"应在 0\.001 至 0\.003 之间.*第39条"):
            charge("1000", "2020-03-10", "2020-03-20", contract_rate=agreed)

    def test_an_agreed_rate_holds_in_every_year(self) -> None:
        agreed = rating.Rule("rate", "约定", D("0.0015"), certainty="local")

        found = charge("1000", "2019-12-30", "2020-01-03", contract_rate=agreed)

        assert [line.formula for line in found.lines] == ["1000 × 4 × 1.5‰ = 6.00 元"]
