"""The company's own network: substations, feeders, transformers."""

from __future__ import annotations

from busbar.imports.models import ImportKind
from busbar.imports.tables.archive import unit_field
from busbar.imports.tables.declaring import Field, Table
from busbar.imports.tables.supply import voltage_field


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

TABLES = (SUBSTATIONS, FEEDERS, PUBLIC_TRANSFORMERS)
