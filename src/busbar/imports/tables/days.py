"""What decides on single days and intervals: critical peak, temperatures, price series."""

from __future__ import annotations

from busbar.imports.models import ImportKind
from busbar.imports.tables.declaring import Field, Table
from busbar.imports.tables.tariffs import sourced

_TARIFFS = ImportKind.TARIFFS

CRITICAL_DAY_RULES = Table(
    "critical_day_rules",
    "尖峰日规则",
    _TARIFFS,
    55,
    (
        Field("scheme", "分时方案编码", ("方案编码",), "code", required=True, max_length=30),
        Field("name", "规则名称", ("尖峰日规则",), required=True, max_length=100),
        Field(
            "dates",
            "尖峰日期",
            ("critical_dates",),
            about="每年的月-日至月-日，含首尾，多段以顿号分开",
            example="07-15~08-15",
        ),
        Field("region", "气温地区", about="以哪个地区的日最高气温为准", max_length=20),
        Field(
            "at_least_celsius", "最高气温下限", ("at_least_celsius",), "decimal", about="℃，含本数"
        ),
        *sourced(),
    ),
    ("scheme", "name", "valid_from"),
    about="符合的日子按方案中“高温日”的时段",
)
DAILY_TEMPERATURES = Table(
    "daily_temperatures",
    "日最高气温",
    _TARIFFS,
    57,
    (
        Field("region", "气温地区", ("地区",), required=True, max_length=20),
        Field("day", "日期", ("day",), "date", required=True),
        Field(
            "highest_celsius",
            "最高气温",
            ("日最高气温", "highest_celsius"),
            "decimal",
            required=True,
            about="℃",
        ),
        Field("source", "来源", ("source",), required=True, max_length=300, about="气象部门"),
    ),
    ("region", "day"),
)
PRICE_SERIES = Table(
    "price_series",
    "价格序列",
    _TARIFFS,
    80,
    (
        Field("code", "价格序列编码", ("序列编码",), "code", required=True, max_length=30),
        Field("name", "价格序列名称", ("序列名称",), required=True, max_length=100),
        Field("tariff_code", "电价编码", (), "code", required=True, max_length=40),
        *sourced(),
    ),
    ("code",),
    about="执行该电价的户，电度电费按序列逐时段计",
)
SERIES_PRICES = Table(
    "series_prices",
    "逐时段电价",
    _TARIFFS,
    90,
    (
        Field("series", "价格序列编码", ("序列编码",), "code", required=True, max_length=30),
        Field("day", "日期", ("day",), "date", required=True),
        Field("start_minute", "开始时刻", ("起", "开始", "start"), "minute", required=True),
        Field("end_minute", "结束时刻", ("止", "结束", "end"), "minute", required=True),
        Field(
            "price", "时段电价", ("出清价格", "price"), "decimal", required=True, about="元/千瓦时"
        ),
    ),
    ("series", "day", "start_minute"),
    about="一日的电价以本文件为准，应覆盖 0:00 至 24:00",
)

TABLES = (CRITICAL_DAY_RULES, DAILY_TEMPERATURES, PRICE_SERIES, SERIES_PRICES)
