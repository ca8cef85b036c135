"""`busbar arrears list | show NUMBER | run`: dunning cases and the day's round."""

from __future__ import annotations

import argparse
import datetime as dt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list [--state STATE] | show NUMBER | run."""
    words = parser.add_subparsers(dest="word", required=True)
    listing = words.add_parser("list", help="列出催费单")
    listing.add_argument("--state", default="", help="只列这一状态，如 stopped")
    show = words.add_parser("show", help="一件催费单的经过与能否停电")
    show.add_argument("number", help="催费单编号")
    words.add_parser("run", help="办理一天：新增、缴清、协议到期、违约金；可重复运行")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 refused or not found."""
    return {"list": _list, "show": _show, "run": _run}[args.word](args)


def _list(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.arrears import queries

    for case in queries.list_cases(SYSTEM_VIEWER, state=args.state):
        words = (case.number, case.account.number, case.get_state_display(), case.oldest_due_on)
        print(*words, case.account.customer.name, sep="  ")
    return 0


def _show(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.arrears import queries
    from busbar.arrears.models import DunningCase
    from busbar.kit.periods import CHINA

    try:
        case = queries.get_case(SYSTEM_VIEWER, args.number)
    except DunningCase.DoesNotExist:
        print(f"没有催费单 {args.number}")
        return 1
    print(case.number, case.account.number, case.account.customer.name, case.get_state_display())
    for step in queries.list_steps(case):
        when = f"{step.at.astimezone(CHINA):%Y-%m-%d %H:%M}"
        print(f"  {when}  {step.by_name}  {step.text}  {step.source}")
    if not case.may_be_stopped:
        return 0
    for sentence in queries.list_obstacles(case, at=dt.datetime.now(dt.UTC)):
        print(f"  不能停电：{sentence}")
    return 0


def _run(args: argparse.Namespace) -> int:
    from busbar.jobs import arrears, payments

    print(payments.charge_late_payments())
    print(arrears.run_day())
    return 0
