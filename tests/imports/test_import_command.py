"""`busbar import` says what it read, what came in, what was refused; and the job does the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from busbar.access.models import OrganizationUnit, Role
from busbar.cli import main as cli
from busbar.customers.models import Customer
from busbar.imports import operations as imports_operations
from busbar.imports.models import ImportRun
from busbar.imports.operations import Incoming
from busbar.jobs import imports as imports_jobs
from tests.imports.world import AT, CUSTOMERS, csv_bytes, make_viewer

Units = dict[str, OrganizationUnit]


def command(*words: str) -> int:
    return cli.main(["import", *words])


class TestCommand:
    def test_ends_with_0_2_or_1(
        self, units: Units, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        header, rows = CUSTOMERS
        path = tmp_path / "客户.csv"

        path.write_bytes(csv_bytes(header, rows, "gb18030"))
        assert command("archive", str(path)) == 0
        assert "客户.csv → 客户（2 行）" in capsys.readouterr().out

        path.write_bytes(csv_bytes(header, [*rows, ["C3", "丙", "", "学校", "", "999"]]))
        assert command("archive", str(path), "--errors", str(tmp_path)) == 2
        said = capsys.readouterr().out
        assert "新增 0，更新 0，未变 2，拒绝 1" in said
        assert "第 4 行 单位编码“999”：没有这个编码的单位" in said
        assert len(list(tmp_path.glob("import-*-errors.csv"))) == 1

        assert command("archive", str(tmp_path / "没有.csv")) == 1
        path.write_bytes(b"a,b\n1,2\n")
        assert command("archive", str(path)) == 1
        assert "认不出是哪张表" in capsys.readouterr().err
        assert Customer.objects.count() == 2

    @pytest.mark.parametrize(
        ("pair", "sentence"),
        [
            ("客户名称", "--map 应写成 字段=列，不是“客户名称”"),
            ("name=", "--map 应写成 字段=列，不是“name=”"),
            ("name=全称", "--map：文件里没有“全称”这一列"),
            ("nick=客户名称", "客户.csv：客户没有“nick”这一项"),
        ],
    )
    def test_refuses_a_mapping_that_it_would_not_follow(
        self,
        units: Units,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        pair: str,
        sentence: str,
    ) -> None:
        path = tmp_path / "客户.csv"
        path.write_bytes(csv_bytes(*CUSTOMERS))

        assert command("archive", str(path), "--map", pair) == 1

        assert capsys.readouterr().err == f"busbar: {sentence}\n"
        assert not Customer.objects.exists()

    def test_lays_the_stated_columns_over_the_suggested(self, units: Units, tmp_path: Path) -> None:
        header, rows = CUSTOMERS
        path = tmp_path / "客户.csv"
        path.write_bytes(csv_bytes([*header, "全称"], [[*row, f"全{row[1]}"] for row in rows]))

        assert command("archive", str(path), "--map", "name=全称") == 0

        assert {c.name for c in Customer.objects.all()} == {f"全{row[1]}" for row in rows}


class TestJob:
    def test_runs_as_the_person_who_confirmed_and_once(self, units: Units) -> None:
        viewer = make_viewer(units["310101"], Role.BILLING_CLERK)
        run = imports_operations.receive_files(
            kind="archive",
            files=[Incoming("客户.csv", [csv_bytes(*CUSTOMERS)])],
            by=viewer,
            at=AT,
        )
        imports_operations.confirm_mapping(run_id=run.pk, by=viewer, at=AT)

        first = imports_jobs.run_import(run.pk)
        second = imports_jobs.run_import(run.pk)

        assert first == second == {"run": run.pk, "state": "finished"}
        assert Customer.objects.get().number == "C1"
        assert ImportRun.objects.get().files.get().refused == 1
