"""Days of critical peak: by dates of the year, or by the day's highest temperature."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.billing import quote, rating
from busbar.kit.periods import Period
from tests.billing.rating_facts import STATED

D = Decimal
THREE_DAYS = Period(dt.date(2024, 6, 10), dt.date(2024, 6, 13))
HEAT = {
    dt.date(2024, 6, 10): D("34.9"),
    dt.date(2024, 6, 11): D("35.0"),
    dt.date(2024, 6, 12): D("36.2"),
}


class TestByTemperature:
    def test_guangdong_takes_days_of_35_degrees_and_more(self) -> None:
        found = rating.day_types(quote.day_type_rules(), "GD2021", THREE_DAYS, HEAT)

        assert found == {dt.date(2024, 6, 11): "hot", dt.date(2024, 6, 12): "hot"}

    def test_a_scheme_without_rule_has_no_such_days(self) -> None:
        assert rating.day_types(quote.day_type_rules(), "SC2023", THREE_DAYS, HEAT) == {}

    def test_a_day_without_temperature_is_refused(self) -> None:
        with pytest.raises(rating.UnableToRate, match="2024-06-10 没有日最高气温"):
            rating.day_types(quote.day_type_rules(), "GD2021", THREE_DAYS, {})

    def test_before_the_rule_held_no_temperature_is_wanted(self) -> None:
        early = Period(dt.date(2021, 9, 1), dt.date(2021, 9, 3))

        assert rating.day_types(quote.day_type_rules(), "GD2021", early, {}) == {}

    def test_the_shipped_rule_says_where_it_was_read(self) -> None:
        rule = quote.day_type_rules()[0].rule

        assert (rule.value, rule.unit, rule.certainty) == (D(35), "℃", "C")
        assert rule.source


class TestByDates:
    WINTER = rating.DayTypeRule(
        "X", STATED, dt.date(2024, 1, 1), dates=(rating.DateRange((12, 31), (1, 1)),)
    )

    def test_both_ends_belong_to_a_range_that_may_pass_new_year(self) -> None:
        days = Period(dt.date(2024, 12, 30), dt.date(2025, 1, 3))

        found = rating.day_types((self.WINTER,), "X", days, {})

        assert list(found) == [dt.date(2024, 12, 31), dt.date(2025, 1, 1)]

    def test_a_date_decides_before_the_temperature_is_asked_for(self) -> None:
        both = rating.DayTypeRule(
            "X", STATED, dt.date(2024, 1, 1), None, D(35), (rating.DateRange((7, 1), (7, 31)),)
        )
        day = Period(dt.date(2024, 7, 5), dt.date(2024, 7, 6))

        assert rating.day_types((both,), "X", day, {}) == {dt.date(2024, 7, 5): "hot"}
