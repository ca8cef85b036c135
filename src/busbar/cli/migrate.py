"""`busbar migrate`: database schema, cache table, ground data, timetable, first administrator."""

from __future__ import annotations

import argparse
import datetime as dt

from django.core.management import call_command

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.clocks import operations as clocks_operations
from busbar.jobs.timetable import install_timetable
from busbar.metering import operations as metering_operations
from busbar.pricing import operations as pricing_operations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The demonstration makes its own people."""
    parser.add_argument(
        "--no-administrator", action="store_true", help="不建立首个管理员(演示区域自带)"
    )


def run(args: argparse.Namespace) -> int:
    """Safe to run again: everything here is done once."""
    at = dt.datetime.now(dt.UTC)
    prepare(at=at)
    if not args.no_administrator and not access_queries.has_administrator():
        _announce(access_operations.create_first_administrator(at=at))
    print("数据库已就绪。")
    return 0


def prepare(*, at: dt.datetime) -> None:
    """Everything that a start needs, short of people."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    clocks_operations.load_announced_years(at=at)
    pricing_operations.load_seed(at=at)
    metering_operations.load_reading_types()
    install_timetable(at=at)


def _announce(hired: access_operations.Hired) -> None:
    print("首个管理员已建立。此口令只显示这一次,首次登录后须更改:")
    print(f"  用户名  {hired.employee.user.username}")
    print(f"  口令    {hired.password}")
