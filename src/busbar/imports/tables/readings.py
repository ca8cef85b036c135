"""Load curves: one row a day with 96 values, or one row an interval.

The 96 columns of the wide shape are found by name (P1…P96, 1…96, 00:15…24:00, 00:00…23:45) and
are no fields; numbers and times are read by `busbar.metering.layouts`, column by column.
"""

from __future__ import annotations

from busbar.imports.models import ImportKind
from busbar.imports.tables.declaring import Field, Table

_POINT = Field(
    "point",
    "计量点编号",
    ("计量点", "用电点", "表号", "电能表编号", "测量点", "usage_point", "point", "meter", "serial"),
    "raw",
    about="计量点编号，或当日装在该点的表号；只有一个计量点的文件可不写，导入时指明",
)

WIDE = Table(
    "readings_wide",
    "日曲线（每日一行 96 点）",
    ImportKind.READINGS,
    10,
    (
        _POINT,
        Field("day", "日期", ("数据日期", "day", "date"), "raw", required=True),
        Field(
            "channel",
            "数据项",
            ("数据类型", "通道", "channel"),
            "raw",
            about="正向有功、感性无功、容性无功；文件只有有功时可无此列",
        ),
    ),
    ("point", "day", "channel"),
    about="另有 96 列：P1…P96，或 00:15…24:00（区间终点），或 00:00…23:45（区间起点）",
)
LONG = Table(
    "readings_long",
    "分时读数（每区间一行）",
    ImportKind.READINGS,
    20,
    (
        _POINT,
        Field(
            "timestamp",
            "时间",
            ("数据时间", "时标", "采集时间", "timestamp", "time", "datetime", "date"),
            "raw",
            required=True,
        ),
        Field(
            "active_wh",
            "有功电量",
            (
                "有功",
                "正向有功",
                "正向有功电量",
                "正向有功总",
                "有功电量kWh",
                "电量",
                "Usage_kWh",
                "active",
                "active_kwh",
                "active_wh",
            ),
            "raw",
            required=True,
        ),
        Field(
            "reactive_lag_varh",
            "感性无功电量",
            (
                "感性无功",
                "正向无功",
                "正向无功电量",
                "无功电量",
                "Lagging_Current_Reactive.Power_kVarh",
                "reactive_lag_varh",
                "reactive_lag",
            ),
            "raw",
        ),
        Field(
            "reactive_lead_varh",
            "容性无功电量",
            (
                "容性无功",
                "反向无功",
                "反向无功电量",
                "Leading_Current_Reactive_Power_kVarh",
                "reactive_lead_varh",
                "reactive_lead",
            ),
            "raw",
        ),
        Field(
            "quality",
            "质量码",
            ("数据质量", "quality"),
            "raw",
            about="0 实测 1 估算 2 编辑 3 缺失 4 可疑 5 停电",
        ),
    ),
    ("point", "timestamp"),
    about="时间是区间起点还是终点由来源决定，导入时写明一次即记住",
)

TABLES = (WIDE, LONG)
