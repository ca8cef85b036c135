"""`busbar migrate`: database schema, cache table, ground data, timetable, first administrator."""

from __future__ import annotations

import argparse
import datetime as dt

from django.core.management import call_command

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.arrears import operations as arrears_operations
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.clocks import operations as clocks_operations
from busbar.connections import operations as connections_operations
from busbar.connections.operations import changes as change_operations
from busbar.customers import operations as customers_operations
from busbar.jobs.timetable import install_timetable
from busbar.key_accounts import operations as key_accounts_operations
from busbar.kit.periods import Month
from busbar.metering import operations as metering_operations
from busbar.network import operations as network_operations
from busbar.notifications import operations as notifications_operations
from busbar.payments import operations as payments_operations
from busbar.pricing import operations as pricing_operations
from busbar.service_desk import operations as service_desk_operations
from busbar.workflow import operations as workflow_operations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The demonstration makes its own people."""
    parser.add_argument(
        "--no-administrator", action="store_true", help="不建立首个管理员（演示区域自带）"
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
    clocks_operations.load_time_limits(at=at)
    pricing_operations.load_seed(at=at)
    metering_operations.load_reading_types()
    metering_operations.load_vee_rules(at=at)
    customers_operations.load_customers_seed(at=at)
    network_operations.load_conductor_types(at=at)
    workflow_operations.load_shipped_processes(at=at)
    notifications_operations.load_shipped_words(at=at)
    connections_operations.load_intake_seed(at=at)
    connections_operations.load_works_seed(at=at)
    connections_operations.load_charge_items(at=at)
    connections_operations.load_unit_costs(at=at)
    change_operations.load_change_rules(at=at)
    payments_operations.load_payments_seed(at=at)
    arrears_operations.load_stop_rules(at=at)
    key_accounts_operations.load_recognition_seed(at=at)
    access_operations.load_mandates(at=at)
    key_accounts_operations.load_managers_seed(at=at)
    service_desk_operations.load_satisfaction_seed(at=at)
    key_accounts_operations.load_services_seed(at=at)
    install_timetable(at=at)
    for month in billing_queries.list_unsearched_months():
        billing_operations.renew_findings(month=Month.parse(month), by=SYSTEM_VIEWER, at=at)


def _announce(hired: access_operations.Hired) -> None:
    print("首个管理员已建立。此口令只显示这一次，首次登录后须更改：")
    print(f"  用户名  {hired.employee.user.username}")
    print(f"  口令    {hired.password}")
