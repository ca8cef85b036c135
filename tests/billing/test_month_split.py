"""A month in which something changes: one bill of several stretches of days, exact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import explanation, overview
from busbar.billing import queries as billing_queries
from busbar.billing.engines import HERE
from busbar.billing.engines.pieces import from_batch, measure_piece, to_batch
from busbar.billing.measuring import NO_SCHEME, PERIOD_CODES, maps_of
from busbar.billing.models import Bill, BillRefusal
from busbar.billing.month_sums import MonthAggregates, PeriodMaps, PointMonth
from busbar.billing.operations import correct_bills, run_month
from busbar.billing.price_book import load_price_book
from busbar.billing.tariff_use import list_billed_months
from busbar.billing.trial import try_draft
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import CHINA, Month, Period
from busbar.metering import lake as lakes
from busbar.pricing.models import (
    RuleParameter,
    RuleSet,
    Surcharge,
    Tariff,
    TariffDraft,
    TariffPrice,
)
from busbar.supply.models import Agreement, BasicChargeMode, UsagePoint
from tests.billing import world

pytestmark = pytest.mark.django_db

D = Decimal
THE_16TH = dt.date(2026, 1, 16)
FIRST_HALF = Period(dt.date(2026, 1, 1), THE_16TH)
SECOND_HALF = Period(THE_16TH, dt.date(2026, 2, 1))
FLAT = {
    (NO_SCHEME, dt.date(2026, 1, day)): [PERIOD_CODES.index("flat")] * 96 for day in range(1, 32)
}


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    return tmp_path / "lake"


def run(lake: Path, point: UsagePoint) -> Bill:
    """The account's bill of a month at 100 kW all day; 2,400 kWh a day."""
    world.store(lake, world.curves([point]))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
    assert not BillRefusal.objects.exists(), str(BillRefusal.objects.get().reason)
    return Bill.objects.get()


def amounts(bill: Bill) -> dict[str, Decimal]:
    return {line.line_id: line.amount for line in billing_queries.list_lines(bill)}


def amend(point: UsagePoint, day: dt.date = THE_16TH, **facts: object) -> Agreement:
    """End the account's agreement on the day and begin another that differs in these facts."""
    old = Agreement.objects.get(account=point.account)
    Agreement.objects.filter(pk=old.pk).update(valid_until=day)
    named = {f.name: getattr(old, f.attname) for f in Agreement._meta.concrete_fields}
    named = {name: value for name, value in named.items() if name not in {"id", "account"}}
    fresh = {"number": f"{old.number}-2", "valid_from": day, "valid_until": None}
    return Agreement.objects.create(account=point.account, **(named | fresh | facts))


def next_version(day: dt.date = THE_16TH, *, capacity_price: str = "30", **prices: str) -> Tariff:
    """A new version of the two-part tariff from the day on."""
    old = Tariff.objects.get(code="TWO-PART")
    Tariff.objects.filter(pk=old.pk).update(valid_until=day)
    kept = {f.attname: getattr(old, f.attname) for f in Tariff._meta.concrete_fields}
    fresh = {"id": None, "valid_from": day, "valid_until": None}
    new = Tariff.objects.create(**(kept | fresh | {"capacity_price": D(capacity_price)}))
    for row in TariffPrice.objects.filter(tariff=old):
        price = D(prices.get(row.period, str(row.price)))
        TariffPrice.objects.create(tariff=new, period=row.period, price=price)
    return new


def is_recomputed(bill: Bill) -> bool:
    return explanation.check_again(bill).is_equal


class TestAgreementsThatFollowEachOther:
    def test_each_charge_its_days_and_the_energy_of_each_is_told_apart(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        amend(point, basic_charge_mode=BasicChargeMode.CONTRACT_DEMAND, contract_demand_kw=500)

        bill = run(lake, point)

        # 15 and 16 days of 800 kWh valley, 400 peak, 1,200 flat; R2024 divides by 31 days.
        assert amounts(bill) == {
            "2026-01-01.energy.valley": D("3600.00"),
            "2026-01-01.energy.peak": D("6000.00"),
            "2026-01-01.energy.flat": D("10800.00"),
            "2026-01-16.energy.valley": D("3840.00"),
            "2026-01-16.energy.peak": D("6400.00"),
            "2026-01-16.energy.flat": D("11520.00"),
            "basic.capacity.T1001": D("14516.13"),
            "basic.contract_demand.U1001": D("10322.58"),
        }
        assert (bill.amount, bill.energy_kwh) == (D("66998.71"), 74_400)
        assert is_recomputed(bill)

    def test_lines_and_page_name_the_days(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        amend(point, contract_capacity_kva=800)

        bill = run(lake, point)

        names = [line.name for line in billing_queries.list_lines(bill)]
        assert "高峰电度电费（1月1日至15日）" in names
        assert "高峰电度电费（1月16日至31日）" in names
        assert [s.period for s in overview.list_segments(bill.facts["segments"])] == [
            FIRST_HALF,
            SECOND_HALF,
        ]

    def test_the_demand_of_each_is_the_maximum_of_its_own_days(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        demand = BasicChargeMode.ACTUAL_DEMAND
        point = world.make_account(world.make_county(), "1001", mode=demand, standard="")
        amend(point, contract_capacity_kva=800)
        world.store(lake, world.curves([point]))
        loud = world.curves([point], load=world.FLAT_LOAD * 2, days=10)
        world.store(lake, loud, "louder")

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        bill = Bill.objects.get()
        found = {k: v for k, v in amounts(bill).items() if k.startswith("basic.")}
        # 200 kW × 40 × 15/31 and 100 kW × 40 × 16/31.
        assert sorted(found.values()) == [D("2064.52"), D("3870.97")]
        assert (bill.max_demand_kw, bill.max_demand_at.astimezone(CHINA).day) == (200, 1)

    def test_a_tariff_without_time_of_use_follows_one_with_it(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        flat_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        amend(point, tariff_code="PLAIN")

        bill = run(lake, point)

        # 16 days of 2,400 kWh at 0.60.
        assert amounts(bill)["2026-01-16.energy.total"] == D("23040.00")
        periods = {
            day.day.day: set(day.by_period) for day in overview.list_days(SYSTEM_VIEWER, bill)
        }
        assert periods[15] == {"valley", "peak", "flat"}
        assert periods[16] == {"flat"}

    def test_a_standard_that_changes_is_assessed_over_its_own_days(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="0.90")
        amend(point, power_factor_standard="0.85")

        bill = run(lake, point)

        factors = [x for x in billing_queries.list_lines(bill) if x.code == "power_factor"]
        # cos φ 1.00: −0.75 % of 20,400 yuan and 15 days' basic charge at 0.90, −1.10 % of 21,760
        # and 16 days' at 0.85.
        basic = [x.amount for x in billing_queries.list_lines(bill) if x.code.startswith("basic")]
        assert basic == [D("14516.13"), D("15483.87")]
        assert [line.amount for line in factors] == [D("-261.87"), D("-409.68")]
        assert bill.notes[-1] == (
            "功率因数标准在月内变更：2026-01-01 至 2026-01-15 0.90，2026-01-16 至 2026-01-31 0.85；"
            "各按本段的电量考核，基本电费按合同天数随本段计入基数。"
        )
        assert is_recomputed(bill)

    def test_days_without_a_standard_keep_their_basic_charge_out_of_the_base(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="0.90")
        amend(point, power_factor_standard="")

        bill = run(lake, point)

        factors = [x for x in billing_queries.list_lines(bill) if x.code == "power_factor"]
        assert [line.amount for line in factors] == [D("-261.87")]


class TestPricesThatChange:
    def test_each_version_prices_its_days(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        next_version(peak="1.10", capacity_price="31")

        bill = run(lake, point)

        found = amounts(bill)
        assert found["2026-01-01.energy.peak"] == D("6000.00")
        assert found["2026-01-16.energy.peak"] == D("7040.00")
        basic = [v for k, v in found.items() if k.startswith("basic.")]
        assert basic == [D("14516.13"), D("16000.00")]
        assert is_recomputed(bill)

    def test_a_basic_price_that_stays_is_one_month(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        next_version(peak="1.10")

        bill = run(lake, point)

        basic = [v for k, v in amounts(bill).items() if k.startswith("basic.")]
        assert sum(basic) == D("30000.00")

    def test_a_fund_that_changes_is_charged_by_its_days(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        first = world.make_surcharge("0.02")
        Surcharge.objects.filter(pk=first.pk).update(valid_until=THE_16TH)
        Surcharge.objects.create(
            code="fund",
            name="基金",
            region="测试省",
            price=D("0.03"),
            in_power_factor_base=False,
            valid_from=THE_16TH,
            source="测试",
            certainty="local",
        )
        point = world.make_account(world.make_county(), "1001", standard="")

        bill = run(lake, point)

        found = amounts(bill)
        assert found["2026-01-01.charge.fund"] == D("720.00")
        assert found["2026-01-16.charge.fund"] == D("1152.00")

    def test_the_difference_to_the_month_before_still_adds_up(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001")
        december = Month(2025, 12)
        world.store(lake, world.curves([point], december), "december")
        run_month(month=december, by=SYSTEM_VIEWER, at=world.AT)
        before = Bill.objects.get()
        next_version(peak="1.10")
        world.store(lake, world.curves([point]), "january")

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        bill = Bill.objects.get(month="2026-01")
        effects = explanation.explain_difference(bill, before)
        assert sum(effects.values()) == bill.amount - before.amount


class TestRuleSetsThatTakeOver:
    def test_the_month_is_cut_on_the_day(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        by_thirty = self._from_the_16th(divisor="30")

        bill = run(lake, point)

        book = load_price_book(world.MONTH)
        assert [s.code for s in book.later_rule_sets] == [by_thirty.code]
        assert bill.facts["later_rule_sets"] == [by_thirty.code]
        assert [s.period for s in overview.list_segments(bill.facts["segments"])] == [
            FIRST_HALF,
            SECOND_HALF,
        ]
        # A full month stays one month: 15/31 under the one, 16/31 under the other.
        basic = [v for k, v in amounts(bill).items() if k.startswith("basic.")]
        assert basic == [D("14516.13"), D("15483.87")]
        assert is_recomputed(bill)

    def _from_the_16th(self, *, divisor: str) -> RuleSet:
        old = RuleSet.objects.get(code="R2024")
        RuleSet.objects.filter(pk=old.pk).update(valid_until=THE_16TH)
        new = RuleSet.objects.create(
            code="R-NEW",
            name="新规则",
            subject=old.subject,
            document=old.document,
            valid_from=THE_16TH,
        )
        for row in old.parameters.all():
            kept = {f.attname: getattr(row, f.attname) for f in RuleParameter._meta.concrete_fields}
            if row.key == "basic_charge.proration":
                kept["value"] = divisor
            RuleParameter.objects.create(**(kept | {"id": None, "rule_set_id": new.pk}))
        return new


class TestAccountsThatOpenOrClose:
    def test_one_that_opens_is_billed_from_its_first_day(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        self._dated(point, opened_on=dt.date(2026, 1, 22))
        rows = world.curves([point])
        world.store(lake, rows.slice(21))

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        bill = Bill.objects.get()
        # 10 of 31 days; nothing is missing.
        assert (bill.energy_kwh, bill.missing_intervals) == (24_000, 0)
        assert amounts(bill)["basic.capacity.T1001"] == D("9677.42")
        assert is_recomputed(bill)

    def test_one_that_closes_is_billed_up_to_that_day(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        self._dated(point, closed_on=dt.date(2026, 1, 11))

        bill = run(lake, point)

        assert (bill.energy_kwh, bill.missing_intervals) == (24_000, 0)
        assert amounts(bill)["basic.capacity.T1001"] == D("9677.42")

    def _dated(self, point: UsagePoint, **days: dt.date) -> None:
        CustomerAccount.objects.filter(pk=point.account_id).update(**days)


class TestRefusals:
    def reason(self, lake: Path, point: UsagePoint) -> str:
        world.store(lake, world.curves([point]))
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        assert not Bill.objects.exists()
        return str(BillRefusal.objects.get().reason)

    def test_days_without_an_agreement(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001")
        amend(point, dt.date(2026, 1, 16))
        Agreement.objects.filter(number="A1001").update(valid_until=dt.date(2026, 1, 10))

        assert self.reason(lake, point) == "2026-01-10 起没有有效的供用电合同"

    def test_days_without_a_version_of_the_tariff(self, ground: None, lake: Path) -> None:
        tariff = world.make_tariff()
        point = world.make_account(world.make_county(), "1001")
        Tariff.objects.filter(pk=tariff.pk).update(valid_until=dt.date(2026, 1, 20))

        assert self.reason(lake, point) == "2026-01-20 没有电价 TWO-PART"


class TestCosts:
    def test_the_number_of_queries_does_not_grow_with_the_accounts(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        county = world.make_county()
        few = [world.make_account(county, f"10{n:02d}", standard="") for n in range(2)]
        many = [world.make_account(county, f"20{n:02d}", standard="") for n in range(12)]
        for point in [*few, *many]:
            amend(point, contract_capacity_kva=800)
        world.store(lake, world.curves(few), "few")
        world.store(lake, world.curves(many), "many")
        keep = CustomerAccount.objects.filter(number__startswith="20")
        keep.update(opened_on=dt.date(2026, 2, 1))
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as seen:
                run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
            counts.append(len(seen))
            keep.update(opened_on=world.LONG_AGO)

        assert Bill.objects.count() == 14
        assert counts[1] <= counts[0]


class TestCorrection:
    def test_an_agreement_amended_after_billing_is_a_correction(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        before = run(lake, point)
        amend(point, basic_charge_mode=BasicChargeMode.CONTRACT_DEMAND, contract_demand_kw=500)

        found = correct_bills(
            month=world.MONTH,
            account_ids=[point.account_id],
            reason="合同变更补录",
            by=SYSTEM_VIEWER,
            at=world.AT,
        )

        (bill,) = found.corrected
        # The basic charge: 14,516.13 + 10,322.58 instead of 30,000.
        assert bill.amount - before.amount == D("-5161.29")
        assert (before.amount, bill.replaces_id) == (D("72160.00"), before.pk)


def flat_tariff() -> None:
    """`PLAIN`: 0.60 all day."""
    plain = world.make_tariff("PLAIN")
    TariffPrice.objects.filter(tariff=plain).exclude(period="flat").delete()
    Tariff.objects.filter(pk=plain.pk).update(scheme=None)


class TestTheTariffOfTheFirstDays:
    def test_is_used_though_the_bill_names_the_last(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        flat_tariff()
        point = world.make_account(world.make_county(), "1001", standard="")
        amend(point, tariff_code="PLAIN")

        bill = run(lake, point)

        assert bill.tariff_code == "PLAIN"
        assert list_billed_months("TWO-PART", world.LONG_AGO, None) == ["2026-01"]
        assert list_billed_months("TWO-PART", world.LONG_AGO, dt.date(2026, 1, 1)) == []

    def test_stays_as_it_is_in_a_test_bill_of_the_other(self, ground: None, lake: Path) -> None:
        flat_tariff()
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001", tariff="PLAIN", standard="")
        amend(point, tariff_code="TWO-PART")
        bill = run(lake, point)
        draft = TariffDraft.objects.create(
            code="TWO-PART", base_from=world.LONG_AGO, valid_from=dt.date(2026, 3, 1),
            scheme=None, prices={"flat": "0.7"}, capacity_price=D(30), demand_price=D(40),
            source="草案", certainty="A", drafted_at=world.AT,
        )  # fmt: skip

        (tried,) = try_draft(SYSTEM_VIEWER, draft, month="2026-01").bills

        after = {line.id: line.amount_yuan for line in tried.after.lines}
        assert after["2026-01-01.energy.total"] == amounts(bill)["2026-01-01.energy.total"]
        # 16 days of 2,400 kWh at 0.70.
        assert after["2026-01-16.energy.total"] == D("26880.00")


parts = st.lists(st.integers(1, 31), max_size=4, unique=True)


class TestSumsOfStretches:
    @hypothesis_settings(max_examples=25)
    @given(days=parts, seed=st.integers(0, 2**31))
    def test_join_to_the_sums_of_the_month(
        self, days: list[int], seed: int, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        root = tmp_path_factory.mktemp("lake")
        month, random = world.MONTH, np.random.default_rng(seed)
        point = UsagePoint(pk=7)
        load = random.integers(0, 30_000, 96).astype(np.int32)
        world.store(root, world.curves([point], load=load, days=int(random.integers(1, 32))))
        cuts = sorted({dt.date(2026, 1, d) for d in days} | {month.first, month.period.end})
        stretches = [Period(a, b) for a, b in pairwise(cuts)]

        whole = self._measure(root, month, month.period).of(7)
        joined = PointMonth.joined([self._measure(root, month, s).of(7) for s in stretches])

        assert replace(joined, usage_point_id=7) == whole

    def test_are_the_same_in_pieces(self, tmp_path: Path) -> None:
        points = [UsagePoint(pk=n) for n in range(1, 30)]
        world.store(tmp_path, world.curves(points))
        maps = maps_of(world.MONTH, FIRST_HALF, dict.fromkeys(range(1, 30)), FLAT)

        here = self._here(tmp_path, maps)
        pieces = MonthAggregates.empty(maps.usage_point_ids)
        cut = lakes.split_month(tmp_path, world.MONTH, maps.usage_point_ids, pieces=3, as_of=1)
        for piece in cut:
            pieces.put(from_batch(to_batch(measure_piece(piece, maps))))

        assert here.days.tolist() == [15] * 29
        for name, figures in here.arrays().items():
            assert (figures == pieces.arrays()[name]).all(), name

    def _measure(self, root: Path, month: Month, days: Period) -> MonthAggregates:
        return self._here(root, maps_of(month, days, {7: None}, FLAT))

    def _here(self, root: Path, maps: PeriodMaps) -> MonthAggregates:
        return HERE.measure(root, world.MONTH, maps, as_of=1)


def test_names_are_unique_in_a_bill(ground: None, lake: Path) -> None:
    world.make_tariff()
    point = world.make_account(world.make_county(), "1001")
    amend(point, contract_capacity_kva=800)

    bill = run(lake, point)

    ids: Mapping[str, int] = {q["id"]: 1 for q in bill.quantities}
    assert len(ids) == len(bill.quantities)
