"""A small company and its files, for the tests of imports and registers."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.imports import operations as imports_operations
from busbar.imports.models import ImportRun
from busbar.imports.operations import Incoming
from tests.worlds import kept

AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
STEEL_CODE = "91110108551385082Q"

UNITS = (
    ("31", "东海省电力公司", "province", None),
    ("3101", "临江市供电公司", "city", "31"),
    ("310101", "临江县供电公司", "county", "3101"),
    ("310102", "望海县供电公司", "county", "3101"),
)


@kept
def make_units() -> dict[str, OrganizationUnit]:
    """A province, a city and two counties, by code."""
    made: dict[str, OrganizationUnit] = {}
    for code, name, kind, parent in UNITS:
        made[code] = access_operations.create_unit(
            code=code,
            name=name,
            kind=kind,
            parent=made.get(parent) if parent else None,
            by=SYSTEM_VIEWER,
            at=AT,
        )
    return made


def make_viewer(
    unit: OrganizationUnit, *roles: Role, number: str = "E1", username: str = ""
) -> Viewer:
    """An employee of the unit as row visibility knows him."""
    hired = access_operations.hire_employee(
        username=username or number.lower(),
        number=number,
        name=f"员工{number}",
        unit=unit,
        roles=list(roles),
        password="Busbar-tests-2026",
        by=SYSTEM_VIEWER,
        at=AT,
    )
    return access_queries.get_viewer(hired.employee.user)


def csv_bytes(
    header: Sequence[str], rows: Sequence[Sequence[Any]], encoding: str = "utf-8"
) -> bytes:
    """A CSV file as somebody exports it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def run_files(
    kind: str,
    files: dict[str, bytes],
    *,
    by: Viewer = SYSTEM_VIEWER,
    table: str = "",
    options: dict[str, Any] | None = None,
    at: dt.datetime = AT,
) -> ImportRun:
    """Receive, confirm what is suggested, run."""
    incoming = [Incoming(name, [content]) for name, content in files.items()]
    run = imports_operations.receive_files(
        kind=kind, files=incoming, by=by, at=at, table=table, options=options
    )
    imports_operations.confirm_mapping(run_id=run.pk, by=by, at=at)
    return imports_operations.run_import(run_id=run.pk, by=by, at=at)


def counts(run: ImportRun) -> dict[str, tuple[int, int, int, int]]:
    """(created, updated, unchanged, refused) by table."""
    return {f.table: (f.created, f.updated, f.unchanged, f.refused) for f in run.files.all()}


def errors(run: ImportRun) -> list[tuple[int, str, str, str]]:
    """(row, column, value, expectation) of a run, by file and row."""
    return [
        (e.row, e.column, e.value, str(e.expectation))
        for f in run.files.order_by("id")
        for e in f.errors.order_by("row", "id")
    ]


CUSTOMERS = (
    ["客户编号", "客户名称", "统一社会信用代码", "客户类别", "重要性等级", "单位编码"],
    [
        ["C1", "东海钢铁有限公司", STEEL_CODE, "工业企业", "一级重要", "310101"],
        ["C2", "望海医院", "", "医院", "二级", "310102"],
    ],
)
ACCOUNTS = (
    ["户号", "户名", "客户编号", "单位编码", "用电地址", "立户日期"],
    [
        ["3101000001", "东海钢铁一厂", "C1", "310101", "钢铁路1号", "2015/3/1"],
        ["3101000002", "东海钢铁二厂", "C1", "310102", "钢铁路2号", "20160401"],
        ["3102000001", "望海医院", "C2", "310102", "海滨路5号", "2018-01-01"],
    ],
)
SITES = (
    ["用电地址编码", "地址名称", "客户编号"],
    [["S1", "一厂", "C1"], ["S2", "医院本部", "C2"]],
)
SUBSTATIONS = (
    ["变电站编码", "变电站名称", "单位编码", "电压等级", "容量"],
    [["SS1", "临江变", "310101", "110", "63000"], ["SS2", "望海变", "310102", "110", "40000"]],
)
FEEDERS = (
    ["馈线编码", "馈线名称", "变电站编码", "电压等级", "容量"],
    [["F1", "钢铁线", "SS1", "10", "10000"], ["F2", "海滨线", "SS2", "10", "8000"]],
)
SOURCES = (
    ["用电地址编码", "馈线编码", "电源性质", "电压等级", "供电容量"],
    [["S1", "F1", "主供", "10", "5000"], ["S1", "F2", "备用", "10", "3000"]],
)
TRANSFORMERS = (
    ["变压器编号", "户号", "用电地址编码", "容量", "投运日期", "状态", "状态起日", "变更原因"],
    [
        ["T1", "3101000001", "S1", "1000", "2015-03-01", "运行", "2015-03-01", ""],
        ["T1", "3101000001", "S1", "1000", "2015-03-01", "加封停用", "2025-06-01", "暂停"],
        ["T2", "3101000001", "S1", "630", "2015-03-01", "", "", ""],
    ],
)
AGREEMENTS = (
    [
        "合同编号", "户号", "签订日期", "生效日期", "失效日期", "电价编码", "电价类别",
        "基本电费方式", "合同容量", "合同需量", "功率因数标准",
    ],
    [
        [
            "HT1", "3101000001", "2024-12-20", "2025-01-01", "2027-01-01", "GD-2P-10", "大工业",
            "合同需量", "1630", "1200", "0.9",
        ],
    ],
)  # fmt: skip
USAGE_POINTS = (
    ["计量点编号", "计量点名称", "户号", "用电地址编码", "电压等级", "计量方式"],
    [["P1", "一厂总表", "3101000001", "S1", "10", "高供高计"]],
)
METERS = (
    ["表号", "计量点编号", "装表日期", "拆表日期", "CT变比", "PT变比"],
    [
        ["M1", "P1", "2015-03-01", "2025-02-01", "100", "100"],
        ["M2", "P1", "2025-02-01", "", "100", "100"],
    ],
)


def archive_files(encoding: str = "utf-8") -> dict[str, bytes]:
    """The whole archive, in an order that is not that of its dependencies."""
    tables = {
        "电能表.csv": METERS,
        "计量点.csv": USAGE_POINTS,
        "合同.csv": AGREEMENTS,
        "变压器.csv": TRANSFORMERS,
        "电源.csv": SOURCES,
        "用电地址.csv": SITES,
        "户号.csv": ACCOUNTS,
        "客户.csv": CUSTOMERS,
    }
    return {name: csv_bytes(*table, encoding=encoding) for name, table in tables.items()}


def network_files() -> dict[str, bytes]:
    """Feeders before the substations they hang on."""
    return {"馈线.csv": csv_bytes(*FEEDERS), "变电站.csv": csv_bytes(*SUBSTATIONS)}
