"""An organization's own limits: within the rules above, refused with the clause beyond (R7)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from tests.clocks.conftest import CLERK, Company, china

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import NotPermitted
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import LimitAdoption, TimeLimit, WorkingHours
from busbar.clocks.operations import UnableToAdoptRules, UnableToSetHours, UnableToSetLimit
from busbar.clocks.rulebook import loosens
from busbar.journal.models import Entry

AT = china("2025-11-03T10:00")
ON = dt.date(2025, 11, 3)


def tighten(
    company: Company, unit: OrganizationUnit, amount: int, code: str = "scheme-reply-single"
) -> TimeLimit:
    """By the unit's own administrator."""
    return set_limit(company, unit, amount, code)


def set_limit(
    company: Company,
    unit: OrganizationUnit,
    amount: int,
    code: str = "scheme-reply-single",
    *,
    at: dt.datetime = AT,
) -> TimeLimit:
    """The same at another moment."""
    return clocks_operations.set_local_limit(
        unit=unit,
        code=code,
        amount=amount,
        reason="优化营商环境",
        source="县供电〔2025〕8 号",
        viewer=company.keeper(unit),
        at=at,
    )


def adopt(company: Company, unit: OrganizationUnit, rule_set: str) -> LimitAdoption:
    """From the day on."""
    return clocks_operations.adopt_rule_set(
        unit=unit,
        rule_set=rule_set,
        valid_from=ON,
        reason="统一标准",
        source="省供电〔2025〕1 号",
        viewer=company.keeper(company.province),
        at=AT,
    )


def amount(unit: OrganizationUnit, code: str = "scheme-reply-single", on: dt.date = ON) -> Decimal:
    """The figure in force."""
    return clocks_queries.get_limit(code, on=on, unit_path=unit.path).amount


class TestLocalLimit:
    """Only tighter."""

    def test_it_holds_in_the_branch_from_the_day_on(self, company: Company) -> None:
        tighten(company, company.county, 12)
        assert amount(company.county) == amount(company.station) == 12
        assert amount(company.other) == amount(company.city) == 20
        assert amount(company.county, on=dt.date(2025, 11, 2)) == 20
        limit = clocks_queries.get_limit(
            "scheme-reply-single", on=ON, unit_path=company.county.path
        )
        assert (limit.certainty, limit.source) == ("local", "县供电〔2025〕8 号")
        assert Entry.objects.get(event="clocks.limit.set").changes["limit"] == ["20.00", "12"]

    def test_loosening_is_refused_with_the_clause(self, company: Company) -> None:
        with pytest.raises(UnableToSetLimit) as refused:
            tighten(company, company.county, 25)
        assert "不能延长到 25 个工作日" in str(refused.value)
        assert "《电力大客户用电管理制度》第二节 4: 高压单电源供电方案答复不超过 20" in str(
            refused.value
        )
        assert not TimeLimit.objects.exclude(unit=None).exists()

    def test_a_county_stays_within_its_city(self, company: Company) -> None:
        tighten(company, company.city, 15)
        with pytest.raises(UnableToSetLimit, match="县供电〔2025〕8 号"):
            tighten(company, company.county, 18)
        tighten(company, company.county, 10)
        assert amount(company.station) == 10

    def test_a_city_that_tightens_later_binds_the_county(self, company: Company) -> None:
        tighten(company, company.county, 15)
        tighten(company, company.city, 10)
        assert amount(company.county) == 10

    def test_a_city_that_tightens_later_binds_a_county_with_a_set_of_its_own(
        self, company: Company
    ) -> None:
        adopt(company, company.county, "R2024")
        assert amount(company.county) == 10
        tighten(company, company.city, 8)
        assert amount(company.county) == amount(company.station) == 8
        with pytest.raises(UnableToSetLimit, match="不能延长到 9 个工作日"):
            tighten(company, company.county, 9)
        tighten(company, company.county, 6)
        assert (amount(company.county), amount(company.other)) == (6, 8)

    def test_at_least_may_only_grow(self, company: Company) -> None:
        with pytest.raises(UnableToSetLimit, match="不能缩短到 5 天"):
            tighten(company, company.county, 5, "scheme-extension-notice")
        assert tighten(company, company.county, 15, "scheme-extension-notice").amount == 15

    def test_setting_it_again_replaces_it(self, company: Company) -> None:
        tighten(company, company.county, 12)
        tighten(company, company.county, 14)
        assert amount(company.county) == 14

    def test_a_figure_by_which_clocks_already_run_is_not_replaced_the_same_day(
        self, company: Company
    ) -> None:
        local = tighten(company, company.county, 12)
        clock = clocks_operations.start_clock(
            code="scheme-reply-single", subject=company.subject(), actor=CLERK, at=AT
        )
        with pytest.raises(UnableToSetLimit, match="同一天不能再改"):
            tighten(company, company.county, 11)
        assert amount(company.county) == 12
        assert list(TimeLimit.objects.exclude(unit=None)) == [local]
        later = set_limit(company, company.county, 11, at=AT + dt.timedelta(days=1))
        clock.refresh_from_db()
        assert (clock.limit, later.valid_from) == (local, dt.date(2025, 11, 4))
        assert amount(company.county, on=dt.date(2025, 11, 4)) == 11

    def test_a_clock_keeps_the_ladder_and_reasons(self, company: Company) -> None:
        local = tighten(company, company.county, 12)
        assert local.rungs.count() == 7
        assert local.pause_reasons.count() == 6

    def test_another_units_administrator_may_not(self, company: Company) -> None:
        with pytest.raises(NotPermitted):
            clocks_operations.set_local_limit(
                unit=company.other,
                code="scheme-reply-single",
                amount=10,
                reason="理由",
                source="文号",
                viewer=company.keeper(company.county),
                at=AT,
            )
        assert not TimeLimit.objects.exclude(unit=None).exists()

    @pytest.mark.parametrize("wanted", [0, Decimal("2.5")])
    def test_a_figure_that_is_none_is_refused(self, company: Company, wanted: Decimal) -> None:
        with pytest.raises(UnableToSetLimit):
            tighten(company, company.county, wanted)  # type: ignore[arg-type]


class TestAdoption:
    """A company follows a set; what the set lacks stays with 种子制度."""

    def test_the_branch_follows(self, company: Company) -> None:
        adopt(company, company.province, "R2024")
        assert amount(company.station) == 10
        assert amount(company.station, on=dt.date(2025, 11, 2)) == 20
        assert amount(company.station, "hand-over-to-marketing") == 5

    def test_the_top_company_may_follow_a_law_that_allows_more(self, company: Company) -> None:
        adopt(company, company.province, "R2009")
        assert amount(company.county, "scheme-reply-dual") == 45

    def test_a_lower_company_may_not_loosen(self, company: Company) -> None:
        with pytest.raises(UnableToAdoptRules, match="宽于上级现行规定"):
            adopt(company, company.county, "R2009")
        assert not LimitAdoption.objects.exists()

    def test_what_a_lower_set_lacks_stays_as_the_company_above_has_it(
        self, company: Company
    ) -> None:
        adopt(company, company.province, "SG186")
        adopt(company, company.county, "SG2022")  # says nothing of the reply; 种子制度 says 20
        assert amount(company.province) == amount(company.county) == 15

    def test_a_company_above_that_goes_over_to_a_tighter_set_later_binds_those_below(
        self, company: Company
    ) -> None:
        adopt(company, company.county, "R2024")
        adopt(company, company.province, "COMPRESSED")
        above = clocks_queries.limits_in_force(on=ON, unit_path=company.province.path)
        below = clocks_queries.limits_in_force(on=ON, unit_path=company.station.path)
        looser = {code for code, row in above.items() if loosens(below[code], row)}
        assert looser == set()

    def test_a_figure_in_another_unit_of_time_holds_only_where_it_is_surely_tighter(
        self, company: Company
    ) -> None:
        adopt(company, company.county, "R2024")  # 5 working days, where 种子制度 says 5 days
        limit = clocks_queries.get_limit("change-reinstall", on=ON, unit_path=company.county.path)
        assert (limit.amount, limit.amount_unit, limit.rule_set) == (5, "calendar_day", "SEED")

    def test_a_set_out_of_force_is_refused(self, company: Company) -> None:
        with pytest.raises(UnableToAdoptRules, match="不施行"):
            adopt(company, company.province, "R1996")

    def test_a_department_adopts_nothing(self, company: Company) -> None:
        with pytest.raises(UnableToAdoptRules, match="是部门"):
            adopt(company, company.station, "R2024")

    def test_an_unknown_set_names_the_known_ones(self, company: Company) -> None:
        with pytest.raises(clocks_queries.NoSuchRuleSet, match="R2024"):
            adopt(company, company.province, "X")


class TestWorkingHours:
    """Per unit, and per customer."""

    def test_the_customers_own_come_first(self, company: Company) -> None:
        for customer_id, opens in ((None, "08:00"), (7, "10:00")):
            clocks_operations.set_working_hours(
                unit=company.county,
                customer_id=customer_id,
                periods=[[[opens, "12:00"]]] * 5 + [[], []],
                valid_from=ON,
                viewer=company.keeper(company.county),
                at=AT,
            )
        found = [
            clocks_queries.get_hours(unit_path=company.station.path, customer_id=c, on=ON)
            for c in (None, 7)
        ]
        assert [hours.days[0][0][0] // 3600 for hours in found] == [8, 10]

    def test_hours_that_overlap_are_refused(self, company: Company) -> None:
        with pytest.raises(UnableToSetHours, match="不重叠"):
            clocks_operations.set_working_hours(
                unit=company.county,
                periods=[[["08:00", "12:00"], ["11:00", "13:00"]]] * 7,
                valid_from=ON,
                viewer=company.keeper(company.county),
                at=AT,
            )
        assert not WorkingHours.objects.exists()
