"""A killed import leaves whole tables only and goes on when it is run again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.imports.world import csv_bytes

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
UNITS = csv_bytes(
    ["编码", "名称", "类型", "上级编码"],
    [
        ["31", "省", "省公司", ""],
        ["3101", "市", "市公司", "31"],
        ["310101", "县", "县公司", "3101"],
    ],
)


class World:
    """A product of its own in a folder, driven through its real command line."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.home, self.database_url = home, database_url
        self.environment = {
            **os.environ,
            "BUSBAR_HOME": str(home / "home"),
            "DATABASE_URL": database_url,
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
        }
        self.run("-m", "django", "migrate", "-v0", "--skip-checks")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *words],
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        text = process.communicate(timeout=300)[0].decode()
        return process.returncode, text

    def imports(self, *words: str) -> tuple[int, str]:
        return self.run("-m", "busbar.cli.main", "import", *words)

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the database itself, past Django: quick enough to catch the work half-way."""
        if self.database_url.startswith("postgres"):
            with psycopg.connect(self.database_url) as server:
                return server.execute(sql).fetchall()
        path = self.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=30)) as file:
            return file.execute(sql).fetchall()

    def kill_when(self, process: subprocess.Popen[bytes], sql: str) -> None:
        """SIGKILL as soon as the query answers 1."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if self.ask(sql)[0][0]:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.01)
        process.wait()

    def write(self, name: str, content: bytes) -> str:
        path = self.home / name
        path.write_bytes(content)
        return str(path)


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> World:
    """Migrated, empty."""
    return World(tmp_path, database_url)


class TestKilledArchiveImport:
    def test_goes_on_and_loses_and_doubles_nothing(self, world: World) -> None:
        customers = world.write(
            "客户.csv",
            csv_bytes(
                ["客户编号", "客户名称", "客户类别", "单位编码"],
                [[f"C{i}", f"客户{i}", "工业", "310101"] for i in range(3000)],
            ),
        )
        accounts = world.write(
            "户号.csv",
            csv_bytes(
                ["户号", "户名", "客户编号", "单位编码"],
                [[f"31{i:08d}", f"户{i}", f"C{i}", "310101"] for i in range(3000)],
            ),
        )
        units = world.write("单位.csv", UNITS)
        process = world.start(
            "-m", "busbar.cli.main", "import", "archive", accounts, customers, units
        )
        world.kill_when(
            process, "select count(*) from imports_importfile where name = '客户.csv' and done"
        )

        assert process.returncode == -signal.SIGKILL
        assert world.ask("select count(*) from customers_customer") == [(3000,)]
        half = world.ask("select count(*) from customers_customeraccount")
        assert half == [(0,)]
        assert world.ask("select state from imports_importrun") == [("running",)]

        code, text = world.imports("archive", "--resume", "1")

        assert code == 0, text
        assert world.ask("select count(*) from customers_customeraccount") == [(3000,)]
        files = world.ask("select name, created, refused, done from imports_importfile")
        assert sorted(files) == [
            ("单位.csv", 3, 0, 1),
            ("客户.csv", 3000, 0, 1),
            ("户号.csv", 3000, 0, 1),
        ]
        opened = "select count(*) from journal_entry where event = 'customers.account.opened'"
        assert world.ask(opened) == [(3000,)]


class TestKilledReadingsImport:
    def test_between_the_lakes_commit_and_the_databases_is_healed(self, world: World) -> None:
        _archive_of_one_point(world)
        days = [f"2025-{m:02d}-{d:02d}" for m in range(1, 13) for d in range(1, 29)]
        readings = world.write(
            "曲线.csv",
            csv_bytes(
                ["计量点编号", "日期", *[f"P{i}" for i in range(1, 97)]],
                [["P1", day, *["1.25"] * 96] for day in days],
            ),
        )
        # The program dies by itself at the worst place: after the lake's commit.
        dying = (
            "import os, signal, sys; from busbar.cli.main import start_django, main;start_django();"
            "from busbar.metering.operations import curves;"
            "curves.note_commit = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL);"
            f"sys.exit(main(['import', 'readings', {readings!r}]))"
        )
        assert world.run("-c", dying)[0] == -signal.SIGKILL
        assert world.ask("select count(*) from metering_lakecommit") == [(0,)]
        versions = len(list((world.home / "home/lake/_delta_log").glob("*.json")))

        number = world.ask("select max(id) from imports_importrun")[0][0]
        code, text = world.imports("readings", "--resume", str(number))

        assert code == 0, text
        assert world.ask("select rows_added from metering_lakecommit") == [(len(days),)]
        done = "select created, unchanged, done from imports_importfile where name = '曲线.csv'"
        assert world.ask(done) == [(len(days), 0, 1)]
        assert len(list((world.home / "home/lake/_delta_log").glob("*.json"))) == versions
        told = "select count(*) from journal_entry where event = 'metering.curves.appended'"
        assert world.ask(told) == [(1,)]


def _archive_of_one_point(world: World) -> None:
    files = {
        "单位.csv": UNITS,
        "户号.csv": csv_bytes(["户号", "户名", "单位编码"], [["3101000001", "厂", "310101"]]),
        "用电地址.csv": csv_bytes(
            ["用电地址编码", "地址名称", "户号"], [["S1", "厂区", "3101000001"]]
        ),
        "计量点.csv": csv_bytes(
            ["计量点编号", "计量点名称", "户号", "用电地址编码", "电压等级", "计量方式"],
            [["P1", "总表", "3101000001", "S1", "10", "高供高计"]],
        ),
    }
    paths = [world.write(name, content) for name, content in files.items()]
    code, text = world.imports("archive", *paths)
    assert code == 0, text
