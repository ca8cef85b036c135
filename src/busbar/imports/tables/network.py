"""The company's own network: substations, feeders, ties, conductors, transformers."""

from __future__ import annotations

from busbar.imports.models import ImportKind
from busbar.imports.tables.archive import unit_field
from busbar.imports.tables.declaring import Field, Table
from busbar.imports.tables.supply import voltage_field
from busbar.network.models import ConductorType


def _capacity() -> Field:
    return Field(
        "capacity_kva",
        "容量",
        ("额定容量", "可供容量", "变电容量", "capacity_kva"),
        "integer",
        required=True,
        above_zero=True,
        about="千伏安",
    )


def _peak_load() -> Field:
    return Field(
        "peak_load_kw",
        "最大负荷",
        ("年最大负荷", "最高负荷", "peak_load_kw"),
        "integer",
        at_least=0,
        about="最近一年最大负荷千瓦，可不填",
    )


def _bus() -> Field:
    return Field("bus", "母线段", ("所在母线", "bus"), max_length=20, about="如 Ⅰ段，可不填")


def _impedance(key: str, header: str) -> Field:
    return Field(
        key, header, (key,), "decimal", required=True, above_zero=True, about="欧每千米（正序）"
    )


SUBSTATIONS = Table(
    "substations",
    "变电站",
    ImportKind.NETWORK,
    10,
    (
        Field(
            "code",
            "变电站编码",
            ("厂站编码", "substation", "code"),
            "code",
            required=True,
            max_length=30,
        ),
        Field("name", "变电站名称", ("厂站名称", "名称", "name"), required=True, max_length=100),
        unit_field(),
        voltage_field(),
        _capacity(),
        _peak_load(),
        Field(
            "spare_bays",
            "剩余出线间隔",
            ("剩余间隔", "备用间隔", "spare_bays"),
            "integer",
            at_least=0,
            about="还能接入的出线间隔数，可不填",
        ),
    ),
    ("code",),
)
SUBSTATION_TRANSFORMERS = Table(
    "substation_transformers",
    "主变压器",
    ImportKind.NETWORK,
    12,
    (
        Field("code", "主变编码", ("code",), "code", required=True, max_length=30),
        Field("substation", "变电站编码", ("所属变电站", "厂站编码"), "code", required=True),
        _bus(),
        _capacity(),
        Field(
            "low_voltage_kv",
            "低压侧电压",
            ("低压侧电压kV", "low_voltage_kv"),
            "decimal",
            required=True,
            above_zero=True,
            about="千伏，如 10、35",
        ),
        Field(
            "uk_percent",
            "短路电压百分数",
            ("短路阻抗", "阻抗电压", "Uk%", "uk_percent"),
            "decimal",
            required=True,
            above_zero=True,
            about="百分数，如 10.5",
        ),
    ),
    ("code",),
)
CONDUCTOR_TYPES = Table(
    "conductor_types",
    "导线型号",
    ImportKind.NETWORK,
    14,
    (
        Field("code", "导线型号编码", ("型号编码", "code"), "code", required=True, max_length=30),
        Field("name", "导线名称", ("型号名称", "name"), required=True, max_length=100),
        Field(
            "kind",
            "敷设方式",
            ("kind",),
            "choice",
            required=True,
            choices=ConductorType.Kind,
            synonyms={"架空": "overhead"},
        ),
        _impedance("r_ohm_per_km", "单位电阻"),
        _impedance("x_ohm_per_km", "单位电抗"),
        Field("c_nf_per_km", "单位电容", ("c_nf_per_km",), "decimal", about="纳法每千米，可不填"),
        Field(
            "ampacity_a",
            "载流量",
            ("长期允许电流", "ampacity_a"),
            "decimal",
            required=True,
            above_zero=True,
            about="安",
        ),
        Field("source", "来源", ("source",), about="参数出自何处"),
        Field("certainty", "确定度", ("certainty",), max_length=20, about="A、B、C 或 unverified"),
    ),
    ("code",),
)
FEEDERS = Table(
    "feeders",
    "馈线",
    ImportKind.NETWORK,
    20,
    (
        Field(
            "code", "馈线编码", ("线路编码", "feeder", "code"), "code", required=True, max_length=30
        ),
        Field("name", "馈线名称", ("线路名称", "名称", "name"), required=True, max_length=100),
        Field("substation", "变电站编码", ("所属变电站", "厂站编码"), "code", required=True),
        voltage_field(),
        _capacity(),
        _bus(),
        Field(
            "length_km",
            "线路长度",
            ("主干长度", "长度", "length_km"),
            "decimal",
            above_zero=True,
            about="主干线千米数，可不填",
        ),
        Field(
            "conductor",
            "导线型号编码",
            ("导线型号", "主干型号", "conductor"),
            "code",
            max_length=30,
            about="主干线型号，可不填；须先登记该型号",
        ),
        _peak_load(),
        Field(
            "peak_power_factor",
            "最大负荷功率因数",
            ("peak_power_factor",),
            "decimal",
            about="0 至 1，可不填",
        ),
    ),
    ("code",),
)
FEEDER_TIES = Table(
    "feeder_ties",
    "馈线联络",
    ImportKind.NETWORK,
    25,
    (
        Field("code", "联络编码", ("联络开关编码", "code"), "code", required=True, max_length=30),
        Field("feeder", "馈线编码", ("线路编码",), "code", required=True, max_length=30),
        Field("other", "对侧馈线编码", ("对侧线路编码",), "code", required=True, max_length=30),
        Field(
            "capacity_kva",
            "转供能力",
            ("联络容量", "容量", "capacity_kva"),
            "integer",
            required=True,
            above_zero=True,
            about="千伏安",
        ),
    ),
    ("code",),
)
PUBLIC_TRANSFORMERS = Table(
    "public_transformers",
    "公用变压器",
    ImportKind.NETWORK,
    30,
    (
        Field(
            "code",
            "公变编码",
            ("配变编码", "台区编码", "code"),
            "code",
            required=True,
            max_length=30,
        ),
        Field("name", "公变名称", ("配变名称", "台区名称", "name"), required=True, max_length=100),
        Field("feeder", "馈线编码", ("所属馈线", "线路编码"), "code", required=True, max_length=30),
        _capacity(),
    ),
    ("code",),
)

TABLES = (
    SUBSTATIONS,
    SUBSTATION_TRANSFORMERS,
    CONDUCTOR_TYPES,
    FEEDERS,
    FEEDER_TIES,
    PUBLIC_TRANSFORMERS,
)
