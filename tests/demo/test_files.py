"""The files that the demonstration hands to the importers."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from busbar.demo import operations as demo_operations
from busbar.demo import steel
from busbar.demo.parameters import Parameters
from busbar.demo.readings import CHANNEL_NAMES, end_stamps, write_month
from busbar.demo.records import archive_rows, tariff_rows
from busbar.demo.registers import OLD_SYSTEM, write_registers
from busbar.demo.values import Region
from busbar.imports.cells import parse_cell
from busbar.imports.tables import TABLES, get_table
from busbar.metering.lake import CHANNELS
from busbar.metering.layouts import Channel, ReadingLayout, parse_readings

SHARED = Path(__file__).parents[3] / "shared/data/steel_plant_2018/steel_industry_data.csv.gz"


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def written(parameters: Parameters, folder: Path) -> dict[str, str]:
    demo_operations.write_files(parameters=parameters, folder=folder, say=lambda line: None)
    return digests(folder)


class TestWriteFiles:
    def test_writes_the_same_bytes_of_the_same_seed(
        self, tmp_path: Path, small_parameters: Parameters
    ) -> None:
        first = written(small_parameters, tmp_path / "a")
        again = written(small_parameters, tmp_path / "b")
        assert first == again
        assert len(first) == 6 + 6 + 4 + 4 + 1 + 2

    def test_writes_other_bytes_of_another_seed(
        self, tmp_path: Path, small_parameters: Parameters
    ) -> None:
        first = written(small_parameters, tmp_path / "a")
        other = written(Parameters(customers=12, months=2, seed=7), tmp_path / "b")
        same = {name for name in first if other.get(name) == first[name]}
        assert same == {
            "主变压器.csv",
            "导线型号.csv",
            "馈线联络.csv",
            "steel_plant_2018.parquet",
        }

    def test_heads_every_sheet_and_file_as_the_importer_declares(
        self, tmp_path: Path, small_parameters: Parameters
    ) -> None:
        written(small_parameters, tmp_path)
        headers = {table.name: [f.header for f in table.fields] for table in TABLES}
        for path in tmp_path.glob("*.xlsx"):
            book = CalamineWorkbook.from_path(path)
            for name in book.sheet_names:
                assert book.get_sheet_by_name(name).to_python()[0] == headers[name]
        for name in ("户号", "用电地址", "电源", "受电变压器", "计量点", "电能表安装"):
            with (tmp_path / f"{name}.csv").open(encoding="gb18030", newline="") as file:
                assert next(csv.reader(file)) == headers[name]

    def test_keeps_the_leading_zero_of_an_account_number(
        self, tmp_path: Path, small_parameters: Parameters
    ) -> None:
        written(small_parameters, tmp_path)
        book = CalamineWorkbook.from_path(tmp_path / "客户档案.xlsx")
        rows = book.get_sheet_by_name(get_table("agreements").name).to_python()
        numbers = [row[rows[0].index("户号")] for row in rows[1:]]
        assert any(str(number).startswith("0") for number in numbers)
        assert all(isinstance(number, str) for number in numbers)


class TestWriteMonth:
    def test_names_the_ninety_six_columns_by_the_interval_end(
        self, tmp_path: Path, small_region: Region
    ) -> None:
        parameters = Parameters(customers=12, months=2)
        month = parameters.month_list[0]
        paths, tally = write_month(parameters, small_region, month, tmp_path)
        table = pq.read_table(paths[0])
        assert table.column_names == ["计量点编号", "数据日期", "数据项", *end_stamps()]
        assert table.num_rows == tally.rows == tally.points * month.days * 3

    def test_writes_the_csv_month_in_gb18030(self, tmp_path: Path, small_region: Region) -> None:
        parameters = Parameters(customers=12, months=2)
        paths, tally = write_month(parameters, small_region, parameters.last_month, tmp_path)
        assert paths[0].suffix == ".csv"
        options = pacsv.ReadOptions(encoding="gb18030")
        assert pacsv.read_csv(paths[0], read_options=options).num_rows == tally.rows


class TestTariffs:
    def test_cover_every_month_and_2018_without_overlap(self) -> None:
        rows = tariff_rows(Parameters())["tariffs"]
        spans: dict[object, list[tuple[dt.date, dt.date | None]]] = {}
        for row in rows:
            assert isinstance(row["valid_from"], dt.date)
            spans.setdefault(row["code"], []).append((row["valid_from"], row["valid_until"]))
        assert len(spans["LC-2P-10"]) == 14
        for found in spans.values():
            ordered = sorted(found, key=lambda span: span[0])
            for (_, end), (start, _) in itertools.pairwise(ordered):
                assert end is not None
                assert end <= start

    def test_say_that_they_are_invented(self) -> None:
        for table in ("tou_schemes", "tariffs", "surcharges"):
            for row in tariff_rows(Parameters())[table]:
                assert str(row["source"]).startswith("演示")
                assert row["certainty"] == "local"

    def test_price_every_tariff_that_an_agreement_names(self, default_region: Region) -> None:
        priced = {row["code"] for row in tariff_rows(Parameters())["tariffs"]}
        rows = archive_rows(default_region, on=dt.date(2026, 11, 1))["agreements"]
        named = {row["tariff_code"] for row in rows}
        assert named <= priced


class TestSteelPlant:
    def test_has_every_quarter_of_the_year(self) -> None:
        table = pq.read_table(steel.CURVES)
        assert table.num_rows == 365 * 96
        assert table["date"][0].as_py() == "1/1/2018 0:15"
        assert table["date"][95].as_py() == "1/1/2018 0:00"

    @pytest.mark.skipif(not SHARED.exists(), reason="the original is not part of the project")
    def test_equals_its_source(self) -> None:
        original = pacsv.read_csv(SHARED)
        kept = pq.read_table(steel.CURVES)
        for name in kept.column_names[1:]:
            assert np.array_equal(kept[name].to_numpy(), original[name].to_numpy())


class TestCells:
    def test_are_accepted_by_the_columns_of_the_importer(
        self, default_region: Region, default_parameters: Parameters, tmp_path: Path
    ) -> None:
        write_registers(default_parameters, default_region, tmp_path)
        checked = 0
        for path in tmp_path.glob("*.xlsx"):
            book = CalamineWorkbook.from_path(path)
            for name in book.sheet_names:
                header, *rows = book.get_sheet_by_name(name).to_python()
                checked += check_cells(name, header, rows)
        for path in tmp_path.glob("*.csv"):
            rows = read_csv(path)
            checked += check_cells(path.stem.removeprefix(OLD_SYSTEM), rows[0], rows[1:])
        assert checked > 50_000


def read_csv(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    is_utf8 = content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(content.decode("utf-8-sig" if is_utf8 else "gb18030").splitlines()))


def check_cells(name: str, header: list[Any], rows: list[list[Any]]) -> int:
    table = next(table for table in TABLES if table.name == name)
    fields = [next(f for f in table.fields if f.header == heading) for heading in header]
    for row in rows:
        for field, cell in zip(fields, row, strict=True):
            parse_cell(field, cell)
    return len(rows) * len(fields)


class TestReadingFiles:
    def test_have_only_the_bad_rows_that_were_put_in(
        self, default_region: Region, default_parameters: Parameters, tmp_path: Path
    ) -> None:
        paths, tally = write_month(
            default_parameters, default_region, default_parameters.last_month, tmp_path
        )
        layout = ReadingLayout(
            shape="wide",
            channels=tuple(
                Channel(name, label) for name, label in zip(CHANNELS, CHANNEL_NAMES, strict=True)
            ),
            point_column="计量点编号",
            date_column="数据日期",
            channel_column="数据项",
            stamp="end",
        )
        parsed = parse_readings(pq.read_table(paths[0]), layout)
        put_in = tally.faults["overflow"] + tally.faults["negative"]
        assert put_in > 0
        assert parsed.rows_rejected == put_in
        assert parsed.curves.num_rows == tally.points * 31
        assert parsed.values_rounded == 0
