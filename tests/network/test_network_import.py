"""The demonstration's network files through the importer, with everything a study needs."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.demo.grid import build_grid
from busbar.demo.parameters import Parameters
from busbar.imports import operations as imports_operations
from busbar.imports.models import ImportKind
from busbar.imports.operations import Incoming
from busbar.network.models import ConductorType, Feeder, FeederTie, SubstationTransformer

AT = dt.datetime(2026, 11, 2, 1, tzinfo=dt.UTC)
CONDUCTORS = [
    ["导线型号编码", "导线名称", "敷设方式", "单位电阻", "单位电抗", "载流量"],
    ["X-240", "试验线", "架空", "0.13", "0.36", "500"],
]
SUBSTATIONS = [
    ["变电站编码", "变电站名称", "单位编码", "电压等级", "容量", "最大负荷", "剩余出线间隔"],
    ["SS1", "临江变", "U1", "110", "100000", "52000", "2"],
]
TRANSFORMERS = [
    ["主变编码", "变电站编码", "母线段", "容量", "低压侧电压", "短路电压百分数"],
    ["T1", "SS1", "Ⅰ段", "50000", "10", "14"],
]
FEEDERS = [
    ["馈线编码", "馈线名称", "变电站编码", "电压等级", "容量", "线路长度", "导线型号", "母线段"],
    ["F1", "一线", "SS1", "10", "8000", "4.2", "X-240", "Ⅰ段"],
    ["F2", "二线", "SS1", "10", "8000", "", "", ""],
]
TIES = [["联络编码", "馈线编码", "对侧馈线编码", "转供能力"], ["L1", "F1", "F2", "4000"]]


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> None:
    settings.BUSBAR_HOME, settings.FILES_ROOT = tmp_path, tmp_path / "files"


def content(rows: list[list[str]]) -> Iterator[bytes]:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    yield text.getvalue().encode()


@pytest.mark.django_db
def test_every_table_of_a_study_comes_in_by_its_columns() -> None:
    OrganizationUnit.objects.create(code="U1", name="县公司", kind="county", path="U1/")
    tables = {
        "联络": TIES, "馈线": FEEDERS, "主变": TRANSFORMERS, "变电站": SUBSTATIONS,
        "导线": CONDUCTORS,
    }  # fmt: skip
    files = [Incoming(f"{name}.csv", content(rows)) for name, rows in tables.items()]
    run = imports_operations.receive_files(
        kind=ImportKind.NETWORK, files=files, by=SYSTEM_VIEWER, at=AT, options={}
    )
    imports_operations.confirm_mapping(run_id=run.pk, by=SYSTEM_VIEWER, at=AT)

    run = imports_operations.run_import(run_id=run.pk, by=SYSTEM_VIEWER, at=AT)

    assert [(f.table, f.created, f.refused) for f in run.files.order_by("table")] == [
        ("conductor_types", 1, 0),
        ("feeder_ties", 1, 0),
        ("feeders", 2, 0),
        ("substation_transformers", 1, 0),
        ("substations", 1, 0),
    ]
    feeder = Feeder.objects.select_related("conductor", "substation").get(code="F1")
    assert str(feeder.conductor) == "X-240"
    assert (feeder.bus, str(feeder.length_km)) == ("Ⅰ段", "4.200")
    assert (feeder.substation.peak_load_kw, feeder.substation.spare_bays) == (52_000, 2)
    assert FeederTie.objects.get().other.code == "F2"
    assert SubstationTransformer.objects.get().uk_percent == 14
    assert ConductorType.objects.get().kind == ConductorType.Kind.OVERHEAD


class TestDemonstrationGrid:
    def test_is_the_same_every_time(self) -> None:
        assert build_grid(Parameters()) == build_grid(Parameters())

    def test_feeds_every_feeder_from_a_transformer_of_its_bus_and_voltage(self) -> None:
        grid = build_grid(Parameters())
        places = {(t.substation, t.bus, t.low_voltage_kv) for t in grid.main_transformers}

        assert {(f.substation, f.bus, f.voltage_kv) for f in grid.feeders} <= places

    def test_has_feeders_with_room_and_without_and_ties_across_stations(self) -> None:
        grid = build_grid(Parameters())
        station = {f.code: f.substation for f in grid.feeders}

        assert all(0 < f.peak_load_kw < f.capacity_kva for f in grid.feeders)
        assert any(station[t.feeder] != station[t.other] for t in grid.ties)
        assert {s.spare_bays for s in grid.substations} >= {0, 1}
