"""What curves are held against: registers' readings, and what meters report of themselves."""

from __future__ import annotations

from busbar.imports.models import ImportKind
from busbar.imports.tables.declaring import Field, Table
from busbar.metering.models import MeterEventKind, RegisterChannel

_SERIALS = ("电能表编号", "电表资产号", "出厂编号", "电表编号", "serial", "meter")


def _serial(*, required: bool, about: str = "") -> Field:
    return Field("serial", "表号", _SERIALS, "code", required=required, max_length=30, about=about)


def _source() -> Field:
    return Field("source", "来源", ("数据来源", "source"), max_length=100, about="可不填")


REGISTER_READINGS = Table(
    "register_readings",
    "示数（表码）",
    ImportKind.METERING,
    10,
    (
        _serial(required=True),
        Field(
            "read_at",
            "抄表时间",
            ("冻结时间", "数据时间", "抄表日期", "read_at", "time"),
            "moment",
            required=True,
            about="日冻结写次日 0:00 或当日 24:00；只写日期即当日 0:00",
            example="2026-01-02 00:00",
        ),
        Field(
            "value",
            "示数",
            ("表码", "止码", "止度", "正向有功示数", "正向有功总示数", "value", "reading"),
            "decimal",
            required=True,
            about="电能表自身一侧的累计示数，千瓦时或千乏时，未乘变比",
            example="1234.56",
        ),
        Field(
            "channel",
            "数据项",
            ("示数类型", "channel"),
            "choice",
            choices=RegisterChannel,
            synonyms={
                "正向有功总": "active_wh",
                "有功": "active_wh",
                "正向无功": "reactive_lag_varh",
                "正向无功总": "reactive_lag_varh",
                "反向无功": "reactive_lead_varh",
                "反向无功总": "reactive_lead_varh",
            },
            about="空＝正向有功",
        ),
        Field(
            "clock_offset_s",
            "时钟偏差",
            ("时钟偏差秒", "时钟偏差（秒）", "clock_offset_s"),
            "integer",
            about="抄表时表钟减标准时间的秒数，表快为正，可不填",
        ),
        _source(),
    ),
    ("serial", "channel", "read_at"),
    about="一行一个示数；同一表、数据项和时间再导入即以新值为准。曲线与它核对，补值使合计与它一致",
)
METER_EVENTS = Table(
    "meter_events",
    "计量事件",
    ImportKind.METERING,
    20,
    (
        _serial(required=False, about="表号和计量点编号至少填一项"),
        Field(
            "usage_point",
            "计量点编号",
            ("计量点", "用电点", "usage_point", "point"),
            "code",
            max_length=30,
        ),
        Field(
            "event",
            "事件",
            ("事件类型", "事件名称", "event"),
            "choice",
            required=True,
            choices=MeterEventKind,
            synonyms={
                "停电事件": "power_off",
                "停上电": "power_off",
                "掉电": "power_off",
                "电能表掉电": "power_off",
                "时钟异常": "clock",
                "时钟超差": "clock",
            },
        ),
        Field(
            "begins_at",
            "发生时间",
            ("停电时间", "开始时间", "事件时间", "begins_at", "off_at"),
            "moment",
            required=True,
            example="2026-01-02 10:07",
        ),
        Field(
            "ends_at",
            "结束时间",
            ("复电时间", "上电时间", "恢复时间", "ends_at", "on_at"),
            "moment",
            about="空＝尚未恢复；恢复后再导入同一行并补上",
        ),
        Field(
            "offset_s",
            "偏差秒数",
            ("时钟偏差", "时钟偏差秒", "offset_s"),
            "integer",
            about="只用于时钟偏差：表钟减标准时间，表快为正",
        ),
        _source(),
    ),
    ("serial", "usage_point", "event", "begins_at"),
    about="停电时段内的 0 和缺失记为停电，不补值；时钟偏差超限的日子提请人工",
)

TABLES = (REGISTER_READINGS, METER_EVENTS)
