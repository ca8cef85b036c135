"""Archive, network and tariff files as offices keep them: workbooks, GB18030 and UTF-8 CSV.

Headings and the words in cells come from the importer's declared tables, so what is written
here is what an operator would deliver, not a back door.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db.models import TextChoices
from django.utils import translation
from openpyxl import Workbook

from busbar.access.models import Role
from busbar.demo.parameters import Parameters
from busbar.demo.records import archive_rows, network_rows, old_rows, tariff_rows
from busbar.demo.tariffs import Row
from busbar.demo.values import Region
from busbar.imports.tables import Field, get_table

_STAFF_TABLES = ("units", "employees")
_OFFICE_TABLES = ("groups", "customers", "contacts", "certificates", "team", "agreements")
OLD_SYSTEM = "旧系统"
_FIXED_MOMENT = (2026, 11, 1, 0, 0, 0)


@dataclass(frozen=True)
class RegisterFiles:
    """Files by what they fill, in the order in which they depend on each other."""

    organization: list[Path]
    network: list[Path]
    tariffs: list[Path]
    archive: list[Path]


def write_registers(
    parameters: Parameters, region: Region, folder: Path, *, on: dt.date | None = None
) -> RegisterFiles:
    """Write everything but the readings, as delivered on the day (after the last month)."""
    rows = archive_rows(region, on=on or parameters.last_month.period.end)
    staff = {key: rows.pop(key) for key in _STAFF_TABLES}
    office = {key: rows.pop(key) for key in _OFFICE_TABLES}
    prices = tariff_rows(parameters)
    surcharges = prices.pop("surcharges")
    plant = [_csv(folder, key, table, "gb18030") for key, table in rows.items()]
    old = [
        _csv(folder, key, table, "gb18030", prefix=OLD_SYSTEM)
        for key, table in old_rows(region).items()
        if table
    ]
    return RegisterFiles(
        organization=[_workbook(folder / "组织机构.xlsx", staff)],
        network=[_csv(folder, key, t, "utf-8-sig") for key, t in network_rows(region).items()],
        tariffs=[
            _workbook(folder / "电价表.xlsx", prices),
            _csv(folder, "surcharges", surcharges, "utf-8-sig"),
        ],
        archive=[_workbook(folder / "客户档案.xlsx", office), *plant, *old],
    )


def _csv(folder: Path, key: str, rows: Iterable[Row], encoding: str, *, prefix: str = "") -> Path:
    table = get_table(key)
    path = folder / f"{prefix}{table.name}.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow([field.header for field in table.fields])
        for row in rows:
            writer.writerow([_text(field, row.get(field.key)) for field in table.fields])
    return path


def _workbook(path: Path, tables: Mapping[str, Iterable[Row]]) -> Path:
    """One sheet a table; numbers as numbers, dates as dates, codes as text."""
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = dt.datetime(*_FIXED_MOMENT)  # noqa: DTZ001
    for key, rows in tables.items():
        table = get_table(key)
        sheet = book.create_sheet(table.name)
        sheet.append([field.header for field in table.fields])
        for row in rows:
            sheet.append([_cell(field, row.get(field.key)) for field in table.fields])
    book.save(path)
    _fix_moments(path)
    return path


def _fix_moments(path: Path) -> None:
    """Write the archive anew with one moment on every entry: same parameters, same bytes."""
    with zipfile.ZipFile(path) as old:
        entries = [(name, old.read(name)) for name in old.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, _FIXED_MOMENT)
            new.writestr(entry, _settled(name, content), zipfile.ZIP_DEFLATED)


def _settled(name: str, content: bytes) -> bytes:
    """openpyxl stamps the moment of saving into the core properties whatever it was told."""
    if name != "docProps/core.xml":
        return content
    # With lxml installed openpyxl writes the element's attributes differently: match any.
    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2026-11-01T00:00:00Z", content)


def _cell(field: Field, value: object) -> object:
    if isinstance(value, dt.date):
        return value
    if field.cell == "decimal" and value not in {None, ""}:
        return float(str(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _text(field, value)


def _text(field: Field, value: object) -> str:
    """The words of the trade: choices by their Chinese name, flags 是 and 否."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, tuple):
        return "、".join(_label(Role, str(role)) for role in value)
    if field.cell == "choice" and field.choices is not None:
        return _label(field.choices, str(value))
    return str(value)


def _label(choices: type[TextChoices], value: str) -> str:
    """The Chinese label, whatever language the process speaks."""
    with translation.override("zh-hans"):
        return str(choices(value).label)
