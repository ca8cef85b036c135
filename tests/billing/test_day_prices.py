"""Days of critical peak and prices of every interval in a month's run (R25)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import explanation
from busbar.billing import queries as billing_queries
from busbar.billing.day_prices import load_series
from busbar.billing.decomposition import Effect
from busbar.billing.models import Bill, BillRefusal
from busbar.billing.operations import correct_bills, run_month
from busbar.kit.periods import Month
from busbar.pricing.models import (
    CriticalDayRule,
    DailyTemperature,
    PriceSeries,
    SeriesPrice,
    TariffPrice,
    TimeOfUseInterval,
    TimeOfUseScheme,
)
from busbar.supply.models import UsagePoint
from tests.billing import world

pytestmark = pytest.mark.django_db

D = Decimal
JANUARY = [dt.date(2026, 1, day) for day in range(1, 32)]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def point(ground: None) -> UsagePoint:
    """An account whose price is 2.00 yuan from 8:00 to 9:00 of days of critical peak."""
    tariff = world.make_tariff()
    TariffPrice.objects.create(tariff=tariff, period="sharp", price=D(2))
    TimeOfUseInterval.objects.create(
        scheme=TimeOfUseScheme.objects.get(code="TOU-TWO-PART"),
        start_minute=480,
        end_minute=540,
        period="sharp",
        day_type="hot",
        priority=1,
    )
    return world.make_account(world.make_county(), "1001", standard="")


def make_rule(**facts: object) -> CriticalDayRule:
    given = {"region": "测试省", "at_least_celsius": D(35), "dates": []}
    return CriticalDayRule.objects.create(
        scheme=TimeOfUseScheme.objects.get(code="TOU-TWO-PART"),
        name="尖峰日",
        valid_from=world.LONG_AGO,
        source="某省通知",
        certainty="C",
        **(given | facts),
    )


def make_heat(hot: set[int], days: list[dt.date] = JANUARY) -> None:
    DailyTemperature.objects.bulk_create(
        DailyTemperature(
            region="测试省",
            day=day,
            highest_celsius=D("35.0") if day.day in hot else D("34.9"),
            source="气象台",
        )
        for day in days
    )


def make_series(prices: dict[dt.date, list[str]], code: str = "SPOT") -> PriceSeries:
    """A series of the two-part tariff with as many even intervals a day as prices are given."""
    series = PriceSeries.objects.create(
        code=code,
        name="现货",
        tariff_code="TWO-PART",
        valid_from=world.LONG_AGO,
        source="交易中心",
        certainty="A",
    )
    for day, of_day in prices.items():
        minutes = 1440 // len(of_day)
        SeriesPrice.objects.bulk_create(
            SeriesPrice(
                series=series,
                day=day,
                start_minute=index * minutes,
                end_minute=(index + 1) * minutes,
                price=D(price),
            )
            for index, price in enumerate(of_day)
        )
    return series


def run(lake: Path, *points: UsagePoint) -> None:
    world.store(lake, world.curves(list(points)))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)


def energy(bill: Bill) -> dict[str, tuple[int, Decimal]]:
    lines = billing_queries.list_lines(bill)
    return {x.code: (int(x.quantity), x.amount) for x in lines if x.code.startswith("energy.")}


class TestDaysOfCriticalPeak:
    def test_by_heat_take_their_hours_out_of_the_peak(self, point: UsagePoint, lake: Path) -> None:
        make_rule()
        make_heat(hot={5, 6})

        run(lake, point)

        bill = Bill.objects.get()
        # 100 kWh an hour: 2 days × 1 hour at 2.00; the peak keeps 31 × 4 − 2 hours at 1.00.
        assert energy(bill) == {
            "energy.sharp": (200, D("400.00")),
            "energy.peak": (12_200, D("12200.00")),
            "energy.flat": (37_200, D("22320.00")),
            "energy.valley": (24_800, D("7440.00")),
        }
        assert explanation.check_again(bill).is_equal

    def test_by_date_need_no_temperature(self, point: UsagePoint, lake: Path) -> None:
        make_rule(at_least_celsius=None, region="", dates=[["12-30", "01-03"]])

        run(lake, point)

        assert energy(Bill.objects.get())["energy.sharp"] == (300, D("600.00"))

    def test_are_cited_by_the_lines_with_their_days(self, point: UsagePoint, lake: Path) -> None:
        make_rule()
        make_heat(hot={5, 6})

        run(lake, point)

        whys = {why.line.code: why for why in explanation.explain(Bill.objects.get())}
        cited = [r for r in whys["energy.sharp"].rules if r["code"] == "time_of_use.critical_day"]
        assert [(r["name"], r["value"], r["unit"], r["source"]) for r in cited] == [
            ("尖峰日", "35", "℃", "某省通知")
        ]
        assert cited[0]["article"] == "2020-01-01 起；2026年1月：5日、6日"

    def test_without_a_temperature_refuse_the_bill(self, point: UsagePoint, lake: Path) -> None:
        make_rule()
        make_heat(hot=set(), days=JANUARY[:30])

        run(lake, point)

        assert not Bill.objects.exists()
        assert str(BillRefusal.objects.get().reason) == (
            "2026-01-31 没有日最高气温，不能判断是否执行尖峰电价"
        )

    def test_that_change_nothing_need_no_temperature(self, point: UsagePoint, lake: Path) -> None:
        make_rule()
        TimeOfUseInterval.objects.filter(day_type="hot").delete()

        run(lake, point)

        assert "energy.sharp" not in energy(Bill.objects.get())

    def test_of_a_corrected_temperature_correct_the_bill(
        self, point: UsagePoint, lake: Path
    ) -> None:
        make_rule()
        make_heat(hot={5, 6})
        run(lake, point)
        DailyTemperature.objects.filter(day=JANUARY[5]).update(highest_celsius=D("33.0"))

        done = correct_bills(
            month=world.MONTH,
            account_ids=[point.account_id],
            reason="气温更正",
            by=SYSTEM_VIEWER,
            at=world.AT,
        )

        # One hour of 100 kWh back from 2.00 to 1.00 yuan.
        old = Bill.objects.get(is_current=False)
        assert done.corrected[0].amount - old.amount == D("-100.00")
        assert explanation.check_again(old).is_equal


class TestAPriceSeries:
    def test_bills_every_interval_at_its_price(self, point: UsagePoint, lake: Path) -> None:
        make_series({day: ["0.5", "-0.1"] for day in JANUARY})

        run(lake, point)

        bill = Bill.objects.get()
        # 31 days of 1,200 kWh at 0.50 and as much at −0.10.
        assert energy(bill) == {"energy.series": (74_400, D("14880.00"))}
        assert (bill.energy_kwh, explanation.check_again(bill).is_equal) == (74_400, True)

    def test_agrees_with_a_naive_sum(self, point: UsagePoint, lake: Path) -> None:
        generator = np.random.default_rng(4)
        cents = generator.integers(-5_000, 150_000, size=(31, 24))
        make_series({d: [f"{c / 100_000:.5f}" for c in cents[i]] for i, d in enumerate(JANUARY)})
        load = generator.integers(0, 200_000, size=96).astype(np.int32)
        world.store(lake, world.curves([point], load=load))

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        naive = sum(
            D(int(wh)) / 1000 * D(int(cents[day, quarter // 4])) / 100_000
            for day in range(31)
            for quarter, wh in enumerate(load)
        )
        assert energy(Bill.objects.get())["energy.series"][1] == round(naive, 2)

    def test_is_cited_with_the_curves_behind_it(self, point: UsagePoint, lake: Path) -> None:
        make_series({day: ["0.5"] for day in JANUARY})

        run(lake, point)

        whys = {why.line.code: why for why in explanation.explain(Bill.objects.get())}
        why = whys["energy.series"]
        assert (why.rules[0]["source"], why.rules[0]["certainty"]) == ("交易中心", "A")
        assert why.inputs[0]["evidence"].startswith("31 天 96 点曲线 数据版本 ")

    def test_with_a_gap_refuses_the_bill(self, point: UsagePoint, lake: Path) -> None:
        make_series({day: ["0.5"] for day in JANUARY[:29]})

        run(lake, point)

        assert not Bill.objects.exists()
        assert str(BillRefusal.objects.get().reason) == (
            "价格序列 现货 缺 2026-01-30、2026-01-31 共 2 天的电价"
        )

    def test_that_begins_within_the_month_follows_the_periods(
        self, point: UsagePoint, lake: Path
    ) -> None:
        series = make_series({day: ["0.5"] for day in JANUARY})
        PriceSeries.objects.filter(pk=series.pk).update(valid_from=dt.date(2026, 1, 31))

        run(lake, point)

        found = {x.line_id: x.amount for x in billing_queries.list_lines(Bill.objects.get())}
        assert found["2026-01-31.energy.series"] == D("1200.00")
        assert found["2026-01-01.energy.peak"] == D("12000.00")
        assert sum(v for k, v in found.items() if k.startswith("basic.")) == D("30000.00")

    def test_adds_up_when_compared_with_a_month_of_periods(
        self, point: UsagePoint, lake: Path
    ) -> None:
        run(lake, point)
        february = Month(2026, 2)
        days = [dt.date(2026, 2, day) for day in range(1, 29)]
        make_series({day: ["0.5"] for day in days})
        world.store(lake, world.curves([point], february), "february")
        run_month(month=february, by=SYSTEM_VIEWER, at=world.AT)

        before, after = Bill.objects.order_by("month")

        effects = explanation.explain_difference(after, before)
        assert sum(effects.values()) == after.amount - before.amount
        assert set(effects) == set(Effect)

    def test_costs_no_more_queries_for_three_accounts_than_for_one(
        self, point: UsagePoint, lake: Path
    ) -> None:
        make_series({day: ["0.5"] for day in JANUARY})
        world.store(lake, world.curves([point]))
        with CaptureQueriesContext(connection) as for_one:
            run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        unit = point.account.unit
        more = [world.make_account(unit, number, standard="") for number in ("1", "2", "3")]
        world.store(lake, world.curves(more), "more")

        with CaptureQueriesContext(connection) as for_three:
            run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert Bill.objects.count() == 1 + len(more)
        assert len(for_three) <= len(for_one)

    def test_without_any_costs_one_query(self, ground: None) -> None:
        with CaptureQueriesContext(connection) as captured:
            assert load_series(world.MONTH) == {}

        assert len(captured) == 1
