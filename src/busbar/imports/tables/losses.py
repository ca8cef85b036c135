"""Losses that meters do not see, and energy that has a price of its own (定量定比)."""

from __future__ import annotations

from busbar.imports.models import ImportKind
from busbar.imports.tables.declaring import Field, Table
from busbar.imports.tables.tariffs import sourced
from busbar.supply.models import EnergyUse, LossMethod, MeterConnection

LOSS_CORRECTIONS = Table(
    "loss_corrections",
    "变损修正系数",
    ImportKind.TARIFFS,
    58,
    (
        Field("province", "省份", ("province",), max_length=20, about="空＝未指明省份"),
        Field("shifts", "班制", ("shifts",), "integer", required=True, about="1、2、3"),
        Field("value", "修正系数K", ("修正系数", "K"), "decimal", required=True),
        *sourced(),
    ),
    ("province", "shifts", "valid_from"),
)

LOSS_TABLE_ROWS = Table(
    "loss_table_rows",
    "变损表",
    ImportKind.TARIFFS,
    59,
    (
        Field("table", "变损表编号", ("table",), "code", required=True, max_length=30),
        Field("capacity_kva", "容量", ("变压器容量",), "integer", required=True, at_least=1),
        Field(
            "up_to_kwh",
            "月用电量上限",
            ("电量上限",),
            "integer",
            at_least=1,
            about="千瓦时，含本数；空＝以上不限",
        ),
        Field("active_kwh", "有功损耗", ("月有功损耗",), "decimal", required=True, about="千瓦时"),
        Field("reactive_kvarh", "无功损耗", ("月无功损耗",), "decimal", about="千乏时"),
        *sourced(),
    ),
    ("table", "capacity_kva", "up_to_kwh", "valid_from"),
    about="按容量与月用电量查有功、无功损耗",
)


def _term(what: str) -> tuple[Field, ...]:
    return (
        Field(
            "usage_point", "计量点编号", ("计量点", "usage_point"), "code", required=True,
            max_length=30,
        ),
        Field("number", f"{what}编号", ("项目编号",), "code", required=True, max_length=20),
        Field("name", f"{what}名称", ("项目名称",), required=True, max_length=100),
    )  # fmt: skip


def _dated() -> tuple[Field, ...]:
    return (
        Field("valid_from", "生效日期", ("执行日期", "valid_from"), "date", required=True),
        Field("valid_until", "失效日期", ("valid_until",), "date", about="不含当日；空＝仍有效"),
        Field("source", "依据", ("来源", "source"), required=True, max_length=300),
    )


POINT_LOSSES = Table(
    "point_losses",
    "计量点损耗",
    ImportKind.ARCHIVE,
    105,
    (
        *_term("损耗"),
        Field("method", "损耗算法", ("method",), "choice", required=True, choices=LossMethod),
        Field("transformer", "变压器编号", ("transformer",), "code", max_length=30),
        Field("loss_table", "变损表编号", ("变损表",), "code", max_length=30, about="查表用"),
        Field("load_share", "通过比例", ("load_share",), "decimal", about="空＝1，全部电量通过"),
        Field("correction", "修正系数K", ("K",), "decimal", above_zero=True, about="代替班制"),
        Field("shifts", "班制", ("shifts",), "integer", at_least=1, about="1、2、3，查 K 用"),
        Field("province", "省份", ("province",), max_length=20, about="查 K 用"),
        Field("voltage_kv", "线电压", ("voltage_kv",), "decimal", above_zero=True, about="千伏"),
        Field("resistance_ohm", "每相电阻", ("resistance_ohm",), "decimal", about="欧"),
        Field("reactance_ohm", "每相电抗", ("reactance_ohm",), "decimal", about="欧"),
        Field("agreed_share", "协商损耗比例", ("agreed_share",), "decimal", example="0.02"),
        *_dated(),
    ),
    ("usage_point", "number", "valid_from"),
    about="高供低计的变压器损耗、产权分界点至表计的线路损耗",
)
FIXED_ENERGIES = Table(
    "fixed_energies",
    "定量定比",
    ImportKind.ARCHIVE,
    107,
    (
        *_term("定量定比"),
        Field("use", "用途", ("use",), "choice", required=True, choices=EnergyUse),
        Field("connection", "接线", ("connection",), "choice", choices=MeterConnection),
        Field("tariff_code", "电价编码", ("tariff_code",), "code", required=True, max_length=40),
        Field("energy_kwh", "定量", ("每月定量",), "integer", at_least=1, about="每月千瓦时"),
        Field("share", "定比", ("share",), "decimal", about="占该户电量的比例", example="0.05"),
        *_dated(),
    ),
    ("usage_point", "number", "valid_from"),
)

TABLES = (LOSS_CORRECTIONS, LOSS_TABLE_ROWS, POINT_LOSSES, FIXED_ENERGIES)
