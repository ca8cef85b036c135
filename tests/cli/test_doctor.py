"""`busbar doctor` says what is there and what is missing."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django.fixtures import Settings

from busbar.cli.doctor import Finding, report
from busbar.clocks import operations as clocks_operations
from busbar.clocks.models import CalendarDay
from busbar.pricing.models import RuleSet

AT = dt.datetime(2026, 6, 1, 4, 0, tzinfo=dt.UTC)


def _found() -> dict[str, Finding]:
    return {finding.name: finding for finding in report(at=AT)}


@pytest.mark.slow
class TestDoctorOnAnEmptyDatabase:
    def test_says_what_to_run_and_fails(self, tmp_path: Path) -> None:
        environment = {**os.environ, "BUSBAR_HOME": str(tmp_path)}
        environment.pop("DATABASE_URL", None)

        done = subprocess.run(
            [sys.executable, "-m", "busbar.cli.main", "doctor", "--json"],
            check=False,
            env=environment,
            capture_output=True,
            text=True,
        )

        found = {row["name"]: row for row in json.loads(done.stdout)}
        assert done.returncode == 1
        assert found["数据库"]["state"] == "ok"
        assert found["工作日历"] == {
            "name": "工作日历",
            "state": "missing",
            "text": "数据表尚未建立，请运行 busbar migrate",
        }
        assert "busbar migrate" in found["数据库结构"]["text"]

    def test_never_prints_the_secret_key(self, tmp_path: Path) -> None:
        environment = {**os.environ, "BUSBAR_HOME": str(tmp_path), "SECRET_KEY": "s3cret-" * 8}

        done = subprocess.run(
            [sys.executable, "-m", "busbar.cli.main", "doctor"],
            check=False,
            env=environment,
            capture_output=True,
            text=True,
        )

        assert "来自环境变量 SECRET_KEY" in done.stdout
        assert "s3cret" not in done.stdout + done.stderr

    def test_an_unreachable_server_is_a_finding(self, tmp_path: Path) -> None:
        environment = {**os.environ, "BUSBAR_HOME": str(tmp_path)}
        environment["DATABASE_URL"] = "postgres://busbar:pass-word@127.0.0.1:1/busbar"

        done = subprocess.run(
            [sys.executable, "-m", "busbar.cli.main", "doctor"],
            check=False,
            env=environment,
            capture_output=True,
            text=True,
        )

        assert done.returncode == 1
        assert "✗ 缺失  数据库：PostgreSQL 连接不上" in done.stdout
        assert "pass-word" not in done.stdout + done.stderr


@pytest.mark.django_db
class TestReport:
    def test_finds_the_schema_up_to_date(self) -> None:
        assert _found()["数据库结构"] == Finding("数据库结构", "ok", "已是最新")

    def test_misses_calendar_and_rules_until_they_are_loaded(self) -> None:
        CalendarDay.objects.all().delete()
        RuleSet.objects.all().delete()

        found = _found()

        assert found["工作日历"].text == "没有装入任何年份，请运行 busbar migrate"
        assert found["规则集"].state == "missing"

    def test_names_the_years_of_the_calendar(self) -> None:
        clocks_operations.load_announced_years(at=AT)

        assert _found()["工作日历"] == Finding("工作日历", "ok", "已装入 2004–2026 年")

    def test_notes_debug_and_open_hosts(self, settings: Settings) -> None:
        settings.DEBUG = True
        settings.ALLOWED_HOSTS = ["*"]

        found = _found()

        assert (found["调试模式"].state, found["允许的主机名"].state) == ("note", "note")

    def test_says_where_the_lake_will_be(self) -> None:
        found = _found()["曲线库"]

        assert (found.state, str(settings.LAKE_ROOT) in found.text) == ("note", True)

    def test_misses_static_files_that_were_not_collected(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        settings.STATIC_ROOT = tmp_path

        assert _found()["静态文件"].state == "missing"

    def test_notes_that_no_worker_runs(self) -> None:
        assert _found()["后台任务"].state == "note"
