"""The archive of the demonstration region: its size, variety and inner consistency."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter

import pytest

from busbar.access.models import Role, UnitKind
from busbar.customers.models import CustomerKind, Importance
from busbar.demo.names import places
from busbar.demo.parameters import Parameters, UnableToBuildDemonstration
from busbar.demo.region import build_region
from busbar.demo.values import Account, Customer, Region
from busbar.kit.identifiers import is_credit_code
from busbar.kit.periods import Month
from busbar.supply.models import BasicChargeMode


def accounts_of(region: Region) -> list[Account]:
    return [account for customer in region.customers for account in customer.accounts]


def substations_of(region: Region, customer: Customer) -> set[str]:
    station = {feeder.code: feeder.substation for feeder in region.grid.feeders}
    return {station[source.feeder] for source in customer.accounts[0].sources}


class TestDefaultRegion:
    def test_has_the_stated_size(self, default_region: Region) -> None:
        kinds = Counter(unit.kind for unit in default_region.units)
        assert (kinds["province"], kinds["city"], kinds["county"]) == (1, 3, 9)
        assert len(default_region.customers) == 300
        assert 560 <= len(accounts_of(default_region)) <= 680
        assert len(default_region.staff) == 94

    def test_has_every_kind_of_unit(self, default_region: Region) -> None:
        assert {unit.kind for unit in default_region.units} == set(UnitKind.values)

    def test_has_every_kind_of_customer(self, default_region: Region) -> None:
        assert {c.kind for c in default_region.customers} == set(CustomerKind.values)

    def test_has_every_importance_grade(self, default_region: Region) -> None:
        assert {c.importance for c in default_region.customers} == set(Importance.values)

    def test_has_every_role_among_its_staff(self, default_region: Region) -> None:
        assert {role for s in default_region.staff for role in s.roles} == set(Role.values)

    def test_feeds_graded_customers_as_their_grade_asks(self, default_region: Region) -> None:
        wanted = {"special": 3, "first": 2, "second": 2}
        for customer in default_region.customers:
            if customer.importance in wanted:
                sources = customer.accounts[0].sources
                assert len(sources) == wanted[customer.importance], customer.name
                assert [s.role for s in sources].count("main") == 1
                assert len(substations_of(default_region, customer)) >= 2

    def test_uses_every_mode_of_the_basic_charge(self, default_region: Region) -> None:
        modes = {a.mode for u in accounts_of(default_region) for a in u.agreements}
        assert modes == set(BasicChargeMode.values)

    def test_has_transformers_of_every_stated_history(self, default_region: Region) -> None:
        transformers = [t for a in accounts_of(default_region) for t in a.transformers]
        states = {span.state for t in transformers for span in t.states}
        assert states == {"running", "sealed", "hot_standby"}
        pairs = Counter(t.interlock for t in transformers if t.interlock)
        assert pairs
        assert set(pairs.values()) == {2}

    def test_keeps_each_history_without_gap_or_overlap(self, default_region: Region) -> None:
        for account in accounts_of(default_region):
            for transformer in account.transformers:
                spans = transformer.states
                assert spans[0].start == transformer.installed_on
                assert all(a.end == b.start for a, b in itertools.pairwise(spans))
                assert spans[-1].end is None

    def test_seals_for_at_least_fifteen_days(self, default_region: Region) -> None:
        sealed = [
            (span.end - span.start).days
            for account in accounts_of(default_region)
            for transformer in account.transformers
            for span in transformer.states
            if span.state == "sealed" and span.end
        ]
        assert sealed
        assert min(sealed) >= 15

    def test_has_agreements_about_to_expire(self, default_region: Region) -> None:
        end = Month(2026, 10).next.first
        ends = [a.valid_until for u in accounts_of(default_region) for a in u.agreements]
        soon = [e for e in ends if e and end < e <= end + dt.timedelta(days=75)]
        assert 15 <= len(soon) <= 70

    def test_covers_every_billed_month_of_every_account(self, default_region: Region) -> None:
        first, end = dt.date(2025, 10, 1), dt.date(2026, 11, 1)
        for account in accounts_of(default_region)[:-1]:
            spans = account.agreements
            assert spans[0].valid_from <= first
            assert all(a.valid_until == b.valid_from for a, b in itertools.pairwise(spans))
            assert spans[-1].valid_until is None or spans[-1].valid_until > end

    def test_contracts_no_demand_below_the_floor_of_forty_percent(
        self, default_region: Region
    ) -> None:
        agreements = [a for u in accounts_of(default_region) for a in u.agreements]
        contracted = [a for a in agreements if a.mode == "contract_demand"]
        assert contracted
        assert all(a.demand_kw and a.demand_kw >= int(0.4 * a.capacity_kva) for a in contracted)

    def test_spreads_groups_over_counties(self, default_region: Region) -> None:
        counties: dict[str, set[int]] = {}
        for customer in default_region.customers:
            if customer.group:
                counties.setdefault(customer.group, set()).add(customer.accounts[0].county)
        assert len(counties) == 12
        assert sum(len(found) > 1 for found in counties.values()) >= 10
        assert any(group.parent for group in default_region.groups)

    def test_gives_every_customer_an_a_and_a_b_manager(self, default_region: Region) -> None:
        managers = {s.number for s in default_region.staff if "account_manager" in s.roles}
        for customer in default_region.customers:
            assert {customer.lead, customer.deputy} <= managers
            assert customer.lead != customer.deputy

    def test_numbers_nobody_twice(self, default_region: Region) -> None:
        customers, accounts = default_region.customers, accounts_of(default_region)
        meters = [m.serial for p in default_region.points for m in p.installations]
        for values in (
            [c.name for c in customers],
            [c.credit_code for c in customers],
            [a.number for a in accounts],
            [p.number for p in default_region.points],
            [x.number for a in accounts for x in a.agreements],
            [t.number for a in accounts for t in a.transformers],
            meters,
        ):
            assert len(values) == len(set(values))

    def test_writes_numbers_that_check_and_belong_to_nobody(self, default_region: Region) -> None:
        assert all(is_credit_code(c.credit_code) for c in default_region.customers)
        assert {c.credit_code[2:4] for c in default_region.customers} == {"99"}
        assert {len(a.number) for a in accounts_of(default_region)} == {10, 12, 13}
        phones = [k.phone for c in default_region.customers for k in c.contacts]
        assert all(phone.startswith("000-") for phone in phones)

    def test_places_accounts_in_all_nine_counties(self, default_region: Region) -> None:
        assert {a.county for a in accounts_of(default_region)} == set(range(len(places())))

    def test_has_the_steel_plant_once(self, default_region: Region) -> None:
        steel = [c for c in default_region.customers if c.name == "示范钢铁厂"]
        assert len(steel) == 1
        assert "CC BY 4.0" in steel[0].accounts[0].origin
        assert steel[0].accounts[0].agreements[0].valid_from == dt.date(2018, 1, 1)


class TestSeed:
    def test_makes_the_same_region_again(self, small_region: Region) -> None:
        assert build_region(Parameters(customers=12, months=2)) == small_region

    def test_of_another_number_makes_another_region(self, small_region: Region) -> None:
        other = build_region(Parameters(customers=12, months=2, seed=7))
        assert [c.name for c in other.customers] != [c.name for c in small_region.customers]


class TestParameters:
    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"customers": 0}, "客户数为 0，应在 1 至 10000 之间"),
            ({"customers": 10_001}, "客户数为 10001，应在 1 至 10000 之间"),
            ({"months": 0}, "月数为 0，应在 1 至 36 之间"),
            ({"seed": -1}, "随机种子为 -1，应为不小于 0 的整数"),
        ],
    )
    def test_refuse_what_cannot_be(self, wrong: dict[str, int], sentence: str) -> None:
        with pytest.raises(UnableToBuildDemonstration, match=sentence):
            Parameters(**wrong)

    def test_name_thirteen_months_before_the_base_date(self) -> None:
        months = Parameters().month_list
        assert (str(months[0]), str(months[-1]), len(months)) == ("2025-10", "2026-10", 13)
        assert str(Parameters().billed_months[0]) == "2025-11"

    def test_allow_a_region_of_one_customer(self) -> None:
        region = build_region(Parameters(customers=1, months=1))
        assert [c.name for c in region.customers] == ["示范钢铁厂"]
