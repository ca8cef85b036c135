"""`busbar doctor`: what is configured, what can be reached and what is missing.

Each finding is `ok`, `note` (works, but an operator should know) or `missing` (required and
not there); one missing makes the exit code 1. Secrets are never printed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.timezone import get_default_timezone

from busbar.cli import doctor_gateways
from busbar.clocks import queries as clocks_queries
from busbar.metering.lake.storage import is_table, list_months, read_snapshot
from busbar.pricing.models import RuleSet

State = Literal["ok", "note", "missing"]
_MARKS: dict[State, str] = {"ok": "✓ 正常", "note": "! 注意", "missing": "✗ 缺失"}
_MIGRATE = "请运行 busbar migrate"
_LOW_SPACE_GIB = 2


@dataclass(frozen=True)
class Finding:
    """One thing looked at: its name, how it is, and a sentence that says so."""

    name: str
    state: State
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Text for people, JSON for programs."""
    parser.add_argument("--json", action="store_true", help="以 JSON 输出")


def run(args: argparse.Namespace) -> int:
    """Print the report; 1 when something required is missing."""
    findings = report(at=dt.datetime.now(dt.UTC))
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(f"{_MARKS[finding.state]}  {finding.name}：{finding.text}")
    return 1 if any(finding.state == "missing" for finding in findings) else 0


def report(*, at: dt.datetime) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding, never an exception."""
    findings = [_python(), _time_zone(at), _secret(), _debug(), _hosts(), _home(), _static()]
    findings += [
        Finding("短信网关", *doctor_gateways.sms()),
        Finding("邮件网关", *doctor_gateways.email()),
    ]
    database = _database()
    findings += [database, _lake()]
    if database.state == "missing":
        return findings
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("数据库结构", _migrations),
        ("工作日历", lambda: _calendar(at)),
        ("规则集", _rule_sets),
        ("后台任务", _worker),
    ]
    return findings + [_guarded(name, check) for name, check in checks]


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except DatabaseError:
        return Finding(name, "missing", f"数据表尚未建立，{_MIGRATE}")


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()}（{sys.executable}）")


def _time_zone(at: dt.datetime) -> Finding:
    now = at.astimezone(get_default_timezone()).strftime("%Y-%m-%d %H:%M:%S")
    state: State = "ok" if settings.TIME_ZONE == "Asia/Shanghai" else "note"
    return Finding("时区", state, f"{settings.TIME_ZONE}，现在 {now}")


def _secret() -> Finding:
    if os.environ.get("SECRET_KEY"):
        return Finding("密钥", "ok", "来自环境变量 SECRET_KEY")
    path = settings.BUSBAR_HOME / "secret_key"
    if path.stat().st_mode & 0o077:
        return Finding("密钥", "note", f"{path} 可被他人读取，请运行 chmod 600")
    return Finding("密钥", "ok", f"首次启动时生成，存于 {path}")


def _debug() -> Finding:
    if settings.DEBUG:
        return Finding("调试模式", "note", "已打开（DEBUG=1），生产环境应关闭")
    return Finding("调试模式", "ok", "关闭")


def _hosts() -> Finding:
    hosts = "、".join(settings.ALLOWED_HOSTS)
    if "*" in settings.ALLOWED_HOSTS:
        return Finding("允许的主机名", "note", "任意（*），请用 BUSBAR_HOSTS 指定")
    tls = "启用 TLS 选项" if settings.BUSBAR_TLS else "未启用 TLS 选项（BUSBAR_TLS）"
    return Finding("允许的主机名", "ok", f"{hosts}；{tls}")


def _home() -> Finding:
    home: Path = settings.BUSBAR_HOME
    try:
        with tempfile.TemporaryFile(dir=home):
            free_gib = shutil.disk_usage(home).free / 2**30
    except OSError as error:
        return Finding("数据目录", "missing", f"{home} 不可写：{error.strerror}")
    state: State = "ok" if free_gib >= _LOW_SPACE_GIB else "note"
    return Finding("数据目录", state, f"{home} 可写，剩余 {free_gib:.1f} GiB")


def _static() -> Finding:
    manifest: Path = settings.STATIC_ROOT / "staticfiles.json"
    if not manifest.exists():
        return Finding("静态文件", "missing", f"{manifest} 不存在，请运行 make setup")
    count = len(json.loads(manifest.read_text(encoding="utf-8"))["paths"])
    return Finding("静态文件", "ok", f"{count} 个，在 {settings.STATIC_ROOT}")


def _database() -> Finding:
    try:
        connection.ensure_connection()
        version = ".".join(map(str, connection.get_database_version()))
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return Finding("数据库", "missing", f"{connection.display_name} 连接不上：{reason}")
    return Finding("数据库", "ok", f"{connection.display_name} {version}，{_where()}")


def _where() -> str:
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(facts["NAME"])
    return f"{facts['HOST'] or '本机'}:{facts['PORT'] or 5432}/{facts['NAME']}"


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if pending:
        return Finding("数据库结构", "missing", f"有 {pending} 个升级未执行，{_MIGRATE}")
    return Finding("数据库结构", "ok", "已是最新")


def _lake() -> Finding:
    root: Path = settings.LAKE_ROOT
    if not is_table(root):
        return Finding("曲线库", "note", f"{root} 还没有曲线，导入负荷数据后自动建立")
    try:
        months = list_months(root)
        version = read_snapshot(root).version
    # delta-rs has errors of its own and the system's: to an operator they all mean the same.
    except Exception as error:
        return Finding("曲线库", "missing", f"{root} 读不出来：{error}")
    span = f"{months[0]} 至 {months[-1]}" if months else "空"
    return Finding("曲线库", "ok", f"{root}，{span}，第 {version} 版")


def _calendar(at: dt.datetime) -> Finding:
    years = clocks_queries.list_years()
    announced = [year for year, is_provisional in years if not is_provisional]
    if not announced:
        return Finding("工作日历", "missing", f"没有装入任何年份，{_MIGRATE}")
    span = f"已装入 {announced[0]}–{announced[-1]} 年"
    this_year = at.astimezone(get_default_timezone()).year
    if this_year > announced[-1]:
        return Finding("工作日历", "note", f"{span}，{this_year} 年尚未装入，时限为暂定")
    return Finding("工作日历", "ok", span)


def _rule_sets() -> Finding:
    codes = list(RuleSet.objects.order_by("valid_from", "code").values_list("code", flat=True))
    if not codes:
        return Finding("规则集", "missing", f"没有装入任何规则集，{_MIGRATE}")
    return Finding("规则集", "ok", f"{len(codes)} 套：{'、'.join(codes)}")


def _worker() -> Finding:
    from django_q.status import Stat

    clusters = Stat.get_all()
    if not clusters:
        return Finding("后台任务", "note", "没有运行，请运行 busbar serve 或 busbar work")
    return Finding("后台任务", "ok", f"{len(clusters)} 个集群在运行（{clusters[0].host}）")
