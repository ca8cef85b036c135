"""May the way of the basic charge change? The refusals cite their clause, by rule set."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from busbar.billing import quote, rating

JULY = rating.WantedChange(dt.date(2024, 7, 1), dt.date(2024, 4, 1), 15)
R2024, R1996, R2016 = (quote.rule_set(code) for code in ("R2024", "R1996", "R2016"))


class TestModeChange:
    def test_for_the_next_quarter_with_15_working_days_is_allowed(self) -> None:
        rules = rating.check_mode_change(JULY, "actual_demand", R2024)

        assert [rule.code for rule in rules] == [
            "basic_charge.modes",
            "basic_charge.mode_change_months",
            "basic_charge.mode_change_notice_working_days",
            "basic_charge.mode_change_starts",
        ]

    def test_one_working_day_less_is_refused(self) -> None:
        late = replace(JULY, notice_working_days=14)

        with pytest.raises(
            rating.UnableToRate,
            match="变更基本电费计收方式应提前 15 个工作日申请，现提前 14 个工作日（发改办价格",
        ):
            rating.check_mode_change(late, "capacity", R2024)

    def test_within_three_months_is_refused_with_the_earliest_day(self) -> None:
        soon = replace(JULY, present_since=dt.date(2024, 4, 2))

        with pytest.raises(rating.UnableToRate, match="3 个月内不得再变更，最早 2024-07-02"):
            rating.check_mode_change(soon, "capacity", R2024)

    def test_within_a_quarter_is_refused(self) -> None:
        august = replace(JULY, effective_from=dt.date(2024, 8, 1))

        with pytest.raises(rating.UnableToRate, match="应自季度首日起执行，现为 2024-08-01"):
            rating.check_mode_change(august, "capacity", R2024)

    def test_actual_demand_came_in_2018(self) -> None:
        with pytest.raises(rating.UnableToRate, match="R2016 没有按实际最大需量计收的方式"):
            rating.check_mode_change(JULY, "actual_demand", R2016)

    def test_before_2016_a_year_had_to_pass_and_no_notice_is_known(self) -> None:
        with pytest.raises(rating.UnableToRate, match="12 个月内不得再变更"):
            rating.check_mode_change(JULY, "capacity", R1996)

        a_year = replace(JULY, present_since=dt.date(2023, 7, 1), notice_working_days=0)
        assert rating.check_mode_change(a_year, "capacity", R1996)

    def test_a_first_agreement_has_nothing_to_wait_for(self) -> None:
        assert rating.check_mode_change(replace(JULY, present_since=None), "capacity", R2024)


class TestContractChange:
    MAY = rating.WantedChange(dt.date(2024, 5, 25), dt.date(2024, 4, 25), 5, reading_day=25)

    def test_for_the_next_reading_period_with_5_working_days_is_allowed(self) -> None:
        assert len(rating.check_contract_change(self.MAY, R2024)) == 3

    def test_four_working_days_are_refused(self) -> None:
        late = replace(self.MAY, notice_working_days=4)

        with pytest.raises(rating.UnableToRate, match="应提前 5 个工作日申请，现提前 4 个工作日"):
            rating.check_contract_change(late, R2024)

    def test_a_day_within_the_reading_period_is_refused(self) -> None:
        within = replace(self.MAY, effective_from=dt.date(2024, 6, 1))

        with pytest.raises(rating.UnableToRate, match="抄表结算周期首日（每月 25 日）"):
            rating.check_contract_change(within, R2024)

    def test_before_2016_half_a_year_had_to_pass(self) -> None:
        june = rating.WantedChange(dt.date(2015, 6, 1), dt.date(2015, 1, 1), 5)

        with pytest.raises(rating.UnableToRate, match="6 个月内不得再变更，最早 2015-07-01"):
            rating.check_contract_change(june, R1996)
