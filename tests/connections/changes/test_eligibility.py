"""Every objection at once, each with its clause."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from busbar.connections.changes.eligibility import add_months, objections
from busbar.connections.changes.facts import Request, Rule, Stay

SUSPENSION_1996 = Rule(
    rule_set="R1996",
    kind="suspension",
    kind_name="暂停",
    article="第24条",
    source="",
    certainty="B",
    notice=5,
    min_days=15,
    max_days_a_year=180,
    max_times_a_year=2,
    whole_transformers=True,
    all_capacity_by_demand=True,
    after="按合同容量计收",
)
WISH = Request(
    kind="suspension",
    starts_on=dt.date(2015, 3, 1),
    ends_on=dt.date(2015, 3, 16),
    notice_counted=5,
    total_kva=1630,
    stopped_kva=(630,),
)


def codes(request: Request, rule: Rule = SUSPENSION_1996) -> list[str]:
    return [objection.code for objection in objections(request, rule)]


class TestObjections:
    """One rule at its edges."""

    def test_there_are_none_at_the_edge_of_every_limit(self) -> None:
        assert codes(WISH) == []

    def test_names_notice_that_is_a_day_short(self) -> None:
        (found,) = objections(replace(WISH, notice_counted=4), SUSPENSION_1996)

        assert str(found) == (
            "应提前 5 天提出申请，距 2015-03-01 只有 4 天（依据：第24条（R1996））"
        )

    def test_names_a_stay_that_is_a_day_short(self) -> None:
        assert codes(replace(WISH, ends_on=dt.date(2015, 3, 15))) == ["too_short"]

    def test_counts_the_third_time_of_a_year(self) -> None:
        earlier = (
            Stay(dt.date(2015, 1, 1), dt.date(2015, 1, 16)),
            Stay(dt.date(2015, 2, 1), dt.date(2015, 2, 16)),
        )

        assert codes(replace(WISH, earlier=earlier)) == ["times"]

    def test_counts_only_the_days_that_fall_in_the_year(self) -> None:
        earlier = (Stay(dt.date(2014, 7, 1), dt.date(2015, 1, 16)),)

        assert codes(replace(WISH, earlier=earlier, ends_on=dt.date(2015, 8, 13))) == []
        assert codes(replace(WISH, earlier=earlier, ends_on=dt.date(2015, 8, 14))) == [
            "days_a_year"
        ]

    def test_asks_for_all_capacity_where_demand_is_charged(self) -> None:
        assert codes(replace(WISH, by_demand=True)) == ["all_capacity"]
        assert codes(replace(WISH, by_demand=True, stopped_kva=(630, 1000))) == []

    def test_names_the_day_from_which_a_stop_may_be_repeated(self) -> None:
        rule = replace(SUSPENSION_1996, repeat_years=2, repeat_share=Decimal("0.5"))
        before = replace(WISH, earlier=(Stay(dt.date(2012, 10, 1), dt.date(2013, 3, 1)),))
        assert codes(before, rule) == []

        late = replace(WISH, earlier=(Stay(dt.date(2012, 10, 2), dt.date(2013, 3, 2)),))
        found = objections(late, rule)

        assert [each.code for each in found] == ["repeat"]
        assert "最早为 2015-03-02；继续办理的按 50% 计收基本电费" in found[0].sentence

    def test_says_everything_at_once(self) -> None:
        wish = replace(WISH, notice_counted=0, ends_on=dt.date(2015, 3, 2), stopped_kva=())

        assert codes(wish) == ["notice", "too_short", "whole"]

    def test_points_to_the_change_that_took_its_place(self) -> None:
        gone = replace(
            SUSPENSION_1996,
            rule_set="R2024",
            available=False,
            replaced_by_name="减容",
            certainty="unverified",
        )

        (found,) = objections(WISH, gone)

        assert str(found) == ("现行规则没有“暂停”，请办理减容（依据：第24条（R2024，未核实））")

    def test_allows_a_longer_loan_from_high_voltage_upwards(self) -> None:
        rule = replace(
            SUSPENSION_1996,
            kind="temporary_replacement",
            min_days=None,
            max_days_a_year=None,
            max_times_a_year=None,
            max_months=2,
            max_months_high=3,
        )
        wish = replace(WISH, kind="temporary_replacement", ends_on=dt.date(2015, 6, 1))

        assert codes(wish, rule) == ["too_long"]
        assert codes(replace(wish, voltage_kv=Decimal(35)), rule) == []


class TestAddMonths:
    """民法典 第202条."""

    def test_ends_with_the_month_where_there_is_no_such_day(self) -> None:
        assert add_months(dt.date(2023, 12, 31), 2) == dt.date(2024, 2, 29)
