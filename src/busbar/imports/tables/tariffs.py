"""Dated prices and rules, each with its source and certainty."""

from __future__ import annotations

from busbar.imports.models import ImportKind
from busbar.imports.tables.declaring import Field, Table
from busbar.pricing.models import (
    Certainty,
    DayType,
    PowerFactorStandard,
    RuleSubject,
    TariffCategory,
    TimeOfUsePeriod,
)

_TARIFFS = ImportKind.TARIFFS


def sourced() -> tuple[Field, ...]:
    return (
        Field("valid_from", "生效日期", ("执行日期", "valid_from"), "date", required=True),
        Field("valid_until", "失效日期", ("valid_until",), "date", about="不含当日；空＝仍有效"),
        Field("source", "来源", ("文件依据", "依据", "source"), max_length=300),
        Field(
            "certainty",
            "确定度",
            ("可信度", "certainty"),
            "choice",
            required=True,
            choices=Certainty,
        ),
    )


_REGION = Field("region", "价区", ("省份", "地区", "region"), required=True, max_length=20)
_SCHEME = Field("scheme", "分时方案编码", ("分时方案", "scheme"), "code", max_length=30)

RULE_SETS = Table(
    "rule_sets",
    "规则集",
    _TARIFFS,
    10,
    (
        Field("code", "规则集编码", ("规则集", "code"), "code", required=True, max_length=20),
        Field("name", "规则集名称", ("名称", "name"), required=True),
        Field("subject", "主题", ("subject",), "choice", choices=RuleSubject),
        Field("document", "文号", ("文件", "document")),
        *sourced(),
    ),
    ("code",),
)
RULE_PARAMETERS = Table(
    "rule_parameters",
    "规则参数",
    _TARIFFS,
    20,
    (
        Field("rule_set", "规则集编码", ("规则集",), "code", required=True, max_length=20),
        Field("key", "参数", ("参数编码", "key"), required=True, max_length=60),
        Field("name", "参数名称", ("name",), required=True),
        Field(
            "value", "值", ("参数值", "value"), "value", required=True, about="数字、文字或 JSON"
        ),
        Field("unit", "单位", ("unit",), max_length=30),
        Field("article", "条款", ("article",)),
        Field("source", "来源", ("依据", "source"), max_length=300),
        Field("certainty", "确定度", ("certainty",), "choice", required=True, choices=Certainty),
        Field("note", "说明", ("note",), max_length=500),
    ),
    ("rule_set", "key"),
)
POWER_FACTOR_STEPS = Table(
    "power_factor_steps",
    "功率因数调整表",
    _TARIFFS,
    30,
    (
        Field("rule_set", "规则集编码", ("规则集",), "code", required=True, max_length=20),
        Field(
            "standard",
            "功率因数标准",
            ("标准", "standard"),
            "choice",
            required=True,
            choices=PowerFactorStandard,
            synonyms={"0.9": "0.90", "0.8": "0.80"},
        ),
        Field("power_factor", "功率因数", ("cosφ", "power_factor"), "decimal", required=True),
        Field(
            "tangent_upper",
            "无功有功比上界",
            ("无功/有功", "tangent_upper"),
            "decimal",
            required=True,
        ),
        Field(
            "adjustment_percent",
            "调整百分比",
            ("增减百分比", "adjustment_percent"),
            "decimal",
            required=True,
            about="正为增收，负为减收",
        ),
        Field("source", "来源", ("依据", "source"), required=True, max_length=300),
        Field("certainty", "确定度", ("certainty",), "choice", required=True, choices=Certainty),
    ),
    ("rule_set", "standard", "power_factor"),
)
TOU_SCHEMES = Table(
    "tou_schemes",
    "分时方案",
    _TARIFFS,
    40,
    (
        Field("code", "分时方案编码", ("方案编码", "code"), "code", required=True, max_length=30),
        Field("name", "分时方案名称", ("方案名称", "name"), required=True, max_length=100),
        *sourced(),
    ),
    ("code",),
)
TOU_INTERVALS = Table(
    "tou_intervals",
    "分时时段",
    _TARIFFS,
    50,
    (
        Field(
            "scheme", "分时方案编码", ("方案编码", "scheme"), "code", required=True, max_length=30
        ),
        Field(
            "months", "月份", ("适用月份", "months"), "months", about="如 7、8 或 1-12；空＝全年"
        ),
        Field(
            "day_type",
            "日类型",
            ("day_type",),
            "choice",
            choices=DayType,
            synonyms={"全部": "all", "节假日": "holiday", "周末": "restday"},
        ),
        Field("start_minute", "开始时刻", ("起", "开始", "start"), "minute", required=True),
        Field("end_minute", "结束时刻", ("止", "结束", "end"), "minute", required=True),
        Field(
            "period",
            "时段",
            ("period",),
            "choice",
            required=True,
            choices=TimeOfUsePeriod,
            synonyms={"尖峰": "sharp", "高峰": "peak", "平段": "flat", "低谷": "valley"},
        ),
        Field("priority", "优先级", ("priority",), "integer", at_least=0),
    ),
    ("scheme", "months", "day_type", "start_minute", "end_minute", "period"),
    about="一个方案的时段以本文件为准：文件里没有的旧时段会撤下",
)


def _price(key: str, header: str, *aliases: str) -> Field:
    return Field(key, header, (*aliases, key), "decimal", about="元/千瓦时")


TARIFFS = Table(
    "tariffs",
    "电价",
    _TARIFFS,
    60,
    (
        Field("code", "电价编码", ("电价代码", "code"), "code", required=True, max_length=40),
        Field("name", "电价名称", ("名称", "name"), required=True, max_length=150),
        _REGION,
        Field(
            "category",
            "电价类别",
            ("用电类别", "category"),
            "choice",
            required=True,
            choices=TariffCategory,
            synonyms={"大工业": "industry_two_part", "两部制": "industry_two_part"},
        ),
        Field(
            "voltage_class",
            "电压等级",
            ("电压", "voltage_class"),
            required=True,
            max_length=20,
            example="1-10kV",
        ),
        _SCHEME,
        Field("capacity_price", "容量电价", ("变压器容量价", "capacity_price"), "decimal"),
        Field("demand_price", "需量电价", ("最大需量价", "demand_price"), "decimal"),
        _price("sharp", "尖峰电价", "尖"),
        _price("peak", "高峰电价", "峰"),
        _price("flat", "平段电价", "平", "电度电价", "单一电价"),
        _price("valley", "低谷电价", "谷"),
        _price("deep_valley", "深谷电价", "深谷"),
        *sourced(),
    ),
    ("code", "valid_from"),
    about="不分时的电价只填平段电价，方案留空",
)
SURCHARGES = Table(
    "surcharges",
    "附加与随电价收取",
    _TARIFFS,
    70,
    (
        Field("code", "项目编码", ("附加编码", "code"), "code", required=True, max_length=40),
        Field("name", "项目名称", ("附加名称", "name"), required=True, max_length=100),
        _REGION,
        Field("price", "单价", ("征收标准", "price"), "decimal", required=True, about="元/千瓦时"),
        Field(
            "in_power_factor_base",
            "参与力调",
            ("参与功率因数调整", "in_power_factor_base"),
            "flag",
            required=True,
        ),
        *sourced(),
    ),
    ("region", "code", "valid_from"),
)

TABLES = (
    RULE_SETS,
    RULE_PARAMETERS,
    POWER_FACTOR_STEPS,
    TOU_SCHEMES,
    TOU_INTERVALS,
    TARIFFS,
    SURCHARGES,
)
