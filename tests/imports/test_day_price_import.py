"""Temperatures, days of critical peak and price series from files, refused by row and column."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.access.models import OrganizationUnit
from busbar.journal.models import Entry
from busbar.pricing import operations as pricing_operations
from busbar.pricing.models import CriticalDayRule, DailyTemperature, PriceSeries, SeriesPrice
from tests.imports.world import counts, csv_bytes, errors, run_files
from tests.shelf import lay

Units = dict[str, OrganizationUnit]

pytestmark = pytest.mark.django_db

HEAT = ("气温地区", "日期", "最高气温", "来源")
RULE = (
    "分时方案编码", "规则名称", "尖峰日期", "气温地区", "最高气温下限", "生效日期",
    "来源", "确定度",
)  # fmt: skip
SERIES = ("价格序列编码", "价格序列名称", "电价编码", "生效日期", "来源", "确定度")
PRICES = ("价格序列编码", "日期", "开始时刻", "结束时刻", "时段电价")
SPOT = csv_bytes(SERIES, [["SPOT", "现货", "X-2P", "2026-01-01", "交易中心", "A"]])


class TestTemperatures:
    def test_come_in_once_and_are_corrected(self, units: Units) -> None:
        rows = [["广东", "2026-05-20", "35.2", "气象台"], ["广东", "2026-05-21", "33", "气象台"]]
        run_files("tariffs", {"气温.csv": csv_bytes(HEAT, rows)})
        rows[1][2] = "35.0"

        run = run_files("tariffs", {"气温.csv": csv_bytes(HEAT, rows)})

        assert counts(run) == {"daily_temperatures": (0, 1, 1, 0)}
        found = DailyTemperature.objects.order_by("day").values_list("highest_celsius", flat=True)
        assert list(found) == [Decimal("35.2"), Decimal("35.0")]
        assert Entry.objects.filter(event="pricing.daily_temperature.amended").count() == 1

    def test_that_cannot_be_are_refused(self, units: Units) -> None:
        rows = [["广东", "2026-05-20", "352", "气象台"], ["广东", "2026-05-32", "35", "气象台"]]

        run = run_files("tariffs", {"气温.csv": csv_bytes(HEAT, rows)})

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (2, "最高气温", "应在 -60 至 60 ℃ 之间"),
            (3, "日期", "应为日期，如 2025-01-31、2025/1/31 或 20250131"),
        ]
        assert not DailyTemperature.objects.exists()


class TestRulesOfCriticalDays:
    def test_come_in_by_dates_or_heat(self, units: Units) -> None:
        lay(pricing_operations.load_seed)
        rows = [
            ["TEXTBOOK", "夏季尖峰", "07-15~08-15、12-20~01-10", "", "", "2026-01-01", "通知", "A"],
            ["TEXTBOOK", "高温尖峰", "", "东海", "37.5", "2026-01-01", "通知", "A"],
        ]

        run = run_files("tariffs", {"尖峰日.csv": csv_bytes(RULE, rows)})

        assert counts(run) == {"critical_day_rules": (2, 0, 0, 0)}
        by_date = CriticalDayRule.objects.get(name="夏季尖峰")
        assert by_date.dates == [["07-15", "08-15"], ["12-20", "01-10"]]
        assert CriticalDayRule.objects.get(name="高温尖峰").at_least_celsius == Decimal("37.5")

    def test_that_decide_nothing_are_refused(self, units: Units) -> None:
        lay(pricing_operations.load_seed)
        before = CriticalDayRule.objects.count()
        rows = [
            ["TEXTBOOK", "甲", "", "", "", "2026-01-01", "通知", "A"],
            ["TEXTBOOK", "乙", "", "", "35", "2026-01-01", "通知", "A"],
            ["TEXTBOOK", "丙", "7月15日", "", "", "2026-01-01", "通知", "A"],
        ]

        run = run_files("tariffs", {"尖峰日.csv": csv_bytes(RULE, rows)})

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (2, "尖峰日期", "应写明日期，或日最高气温"),
            (3, "气温地区", "按气温确定尖峰日的，应写明以哪个地区的气温为准"),
            (4, "尖峰日期", "应为月-日至月-日，如 07-15~08-15，多段以顿号分开"),
        ]
        assert CriticalDayRule.objects.count() == before


class TestPriceSeries:
    def test_bring_a_day_that_replaces_the_day(self, units: Units) -> None:
        halves = [
            ["SPOT", "2026-01-05", "0:00", "12:00", "0.31"],
            ["SPOT", "2026-01-05", "12:00", "24:00", "-0.02"],
        ]
        run_files("tariffs", {"序列.csv": SPOT, "电价.csv": csv_bytes(PRICES, halves)})
        whole = [["SPOT", "2026-01-05", "0:00", "24:00", "0.4"]]

        run_files("tariffs", {"电价.csv": csv_bytes(PRICES, whole)})

        found = SeriesPrice.objects.values_list("day", "start_minute", "end_minute", "price")
        assert list(found) == [(dt.date(2026, 1, 5), 0, 1440, Decimal("0.4"))]
        assert PriceSeries.objects.get().tariff_code == "X-2P"
        told = Entry.objects.filter(event="pricing.price_series.repriced")
        assert told.latest("pk").changes == {"days": ["2026-01-05", "2026-01-05"]}

    def test_leave_a_day_alone_of_which_a_row_is_refused(self, units: Units) -> None:
        run_files("tariffs", {"序列.csv": SPOT})
        rows = [
            ["SPOT", "2026-01-05", "0:00", "12:00", "0.31"],
            ["SPOT", "2026-01-05", "11:30", "24:00", "0.32"],
            ["SPOT", "2026-01-06", "0:00", "24:00", "0.33"],
            ["NONE", "2026-01-06", "0:00", "24:00", "0.33"],
            ["SPOT", "2026-01-07", "0:10", "24:00", "0.33"],
            ["SPOT", "2026-01-08", "0:00", "24:00", "三毛"],
        ]

        run = run_files("tariffs", {"电价.csv": csv_bytes(PRICES, rows)})

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (2, "日期", "该日另有行不合格，整日未导入"),
            (3, "开始时刻", "与前一时段重叠"),
            (5, "价格序列编码", "没有这个编码的价格序列"),
            (6, "开始时刻", "时刻应落在一刻钟上"),
            (7, "时段电价", "应为数字"),
        ]
        assert [price.day.day for price in SeriesPrice.objects.all()] == [6]
