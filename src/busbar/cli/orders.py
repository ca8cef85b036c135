"""`busbar orders list | show NUMBER | send …`: orders of managers to departments."""

from __future__ import annotations

import argparse
import datetime as dt
from decimal import Decimal

from busbar.cli.mandates import _decimal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list | show | send."""
    words = parser.add_subparsers(dest="word", required=True)
    listing = words.add_parser("list", help="列出指令，最近下达的在前")
    listing.add_argument("--state", default="", help="只列这一状态，如 climbed")
    listing.add_argument("--open", action="store_true", help="只列未办结的")
    show = words.add_parser("show", help="一条指令的经过")
    show.add_argument("number", help="指令编号")
    send = words.add_parser("send", help="以一名经理的名义下达指令")
    send.add_argument("customer", help="客户编号")
    send.add_argument("--as", dest="employee", required=True, help="下达人工号")
    send.add_argument("--kind", required=True, help="指令种类编码")
    send.add_argument("--title", required=True, help="事由")
    send.add_argument("--details", required=True, help="要求")
    send.add_argument("--amount", type=_decimal, help="涉及金额，元")
    send.add_argument("--hours", type=_decimal, help="涉及时长，小时")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 not found; a refusal is told by the caller."""
    return {"list": _list, "show": _show, "send": _send}[args.word](args)


def _list(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts.queries import orders

    narrowed = orders.OrderFilter(state=args.state, only_open=args.open)
    for order in orders.list_orders(SYSTEM_VIEWER, narrowed=narrowed):
        words = (order.number, order.get_state_display(), order.kind_name, order.department.name)
        print(*words, order.customer.name, order.title, sep="  ")
    return 0


def _show(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts.models import DepartmentOrder
    from busbar.key_accounts.queries import orders
    from busbar.kit.periods import CHINA

    try:
        order = orders.get_order(SYSTEM_VIEWER, args.number)
    except DepartmentOrder.DoesNotExist:
        print(f"没有指令 {args.number}")
        return 1
    print(order.number, order.get_state_display(), order.customer.name, order.title)
    for step in orders.list_steps(order):
        when = f"{step.at.astimezone(CHINA):%Y-%m-%d %H:%M}"
        print(f"  {when}  {step.unit_name} {step.by_name}  {step.text}")
    task = orders.find_open_task(order)
    if task is not None and task.due_at is not None:
        due = f"{task.due_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
        print(f"  现在等 {task.unit.name}：{task.title}，应于 {due} 前办理")
    return 0


def _send(args: argparse.Namespace) -> int:
    from busbar.access import queries as access_queries
    from busbar.access.models import Employee
    from busbar.key_accounts.operations import sending

    person = Employee.objects.select_related("user").filter(number=args.employee).first()
    if person is None:
        print(f"没有工号 {args.employee}")
        return 1
    amount: Decimal | None = args.amount
    draft = sending.OrderDraft(args.kind, args.title, args.details, amount, args.hours)
    order = sending.send_order(
        customer_number=args.customer,
        draft=draft,
        by=access_queries.get_viewer(person.user),
        at=dt.datetime.now(dt.UTC),
    )
    print(f"{order.number} 已下达给 {order.department.name}")
    return 0
