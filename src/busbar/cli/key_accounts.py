"""`busbar key-accounts evaluate | list`: the evaluation of a month, and what it found."""

from __future__ import annotations

import argparse
import datetime as dt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """evaluate [--month] | list [--category]."""
    words = parser.add_subparsers(dest="word", required=True)
    evaluate = words.add_parser("evaluate", help="评定一个月的全部客户；可重复运行")
    evaluate.add_argument("--month", default="", help="YYYY-MM，默认最近核算的月份")
    listing = words.add_parser("list", help="列出大客户及其理由")
    listing.add_argument("--category", default="", help="economic、important 或 potential")
    listing.add_argument("--limit", type=int, default=50, help="至多几户，默认 50")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 refused or nothing there."""
    return {"evaluate": _evaluate, "list": _list}[args.word](args)


def _evaluate(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing import insights
    from busbar.key_accounts import operations
    from busbar.kit.periods import Month

    text = args.month or insights.get_latest_month()
    if text is None:
        print("还没有核算过任何月份")
        return 1
    try:
        month = Month.parse(text)
    except ValueError:
        print(f"{text}：月份应为 YYYY-MM")
        return 1
    done = operations.evaluate_month(
        month=month, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC), progress=_say
    )
    print(f"{month}：评定 {done.customers} 户，列入 {done.entered} 项，退出 {done.left} 项")
    return 0


def _say(done: int, total: int) -> None:
    print(f"  {done}/{total}", end="\r", flush=True)


def _list(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts.queries import recognition as queries

    latest = queries.get_latest_run()
    if latest is None:
        print("还没有完成过评定，先运行 busbar key-accounts evaluate")
        return 1
    narrowed = queries.RecognitionFilter(category=args.category)
    for row in queries.list_recognitions(SYSTEM_VIEWER, latest, narrowed, limit=args.limit):
        row.run = latest
        words = "、".join(str(category.label) for category in row.categories)
        print(row.customer.number, row.customer.name, words, sep="  ")
        for one in queries.explain(row):
            met = [r.criterion.name for r in one.judgement.reasons if r.is_met]
            if one.holds:
                points = f"{one.judgement.points}/{one.judgement.needed} 分"
                print(f"    {one.category.label}：{points}，{'、'.join(met) or '人工认定'}")
    return 0
