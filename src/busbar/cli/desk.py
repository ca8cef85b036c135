"""`busbar desk due | score | promises`: what is due, the day's scoring, the ledger's kept rates."""

from __future__ import annotations

import argparse
import datetime as dt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """due | score | promises [--by manager|customer|unit]."""
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("due", help="列出到期的承诺、投诉与整改")
    words.add_parser("score", help="计算全部客户的满意度并产生到期业务；可重复运行")
    ledger = words.add_parser("promises", help="承诺兑现率")
    ledger.add_argument("--by", choices=("manager", "customer", "unit"), default="manager")


def run(args: argparse.Namespace) -> int:
    """0 done."""
    return {"due": _due, "score": _score, "promises": _promises}[args.word](args)


def _due(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.kit.periods import CHINA
    from busbar.service_desk import queries
    from busbar.service_desk.queries import DueScope

    at, scope = dt.datetime.now(dt.UTC), DueScope()
    lists = (
        ("承诺", queries.due_promises),
        ("投诉", queries.due_complaints),
        ("整改", queries.due_improvements),
    )
    for name, read in lists:
        for row in read(SYSTEM_VIEWER, at=at, scope=scope).order_by("due_at", "pk"):
            when = f"{row.due_at.astimezone(CHINA):%Y-%m-%d %H:%M}" if row.due_at else "-"
            print(when, name, row.pk, row.customer.name, row, sep="  ")
    return 0


def _score(args: argparse.Namespace) -> int:
    from busbar.jobs import basic_services, service_desk

    print(service_desk.score_all())
    print(basic_services.raise_due())
    return 0


def _promises(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.service_desk import queries

    at = dt.datetime.now(dt.UTC)
    for code, name, rate in queries.kept_rates(SYSTEM_VIEWER, by=args.by, at=at):
        share = "-" if rate.share is None else f"{100 * rate.share:.0f}%"
        print(code, name, share, f"到期 {rate.due}", f"超期 {rate.late}", sep="  ")
    return 0
