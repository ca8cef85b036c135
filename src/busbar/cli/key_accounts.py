"""`busbar key-accounts evaluate | list | simulate | review | certificates`: key accounts."""

from __future__ import annotations

import argparse
import datetime as dt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """evaluate | list [--category] | simulate CODE=ENTER … | review YEAR | certificates."""
    words = parser.add_subparsers(dest="word", required=True)
    evaluate = words.add_parser("evaluate", help="评定一个月的全部客户；可重复运行")
    evaluate.add_argument("--month", default="", help="YYYY-MM，默认最近核算的月份")
    simulate = words.add_parser(
        "simulate", help="试算：门槛改变时谁会列入、谁会退出；不改变任何东西"
    )
    simulate.add_argument(
        "changes", nargs="+", metavar="CODE=ENTER", help="如 economic-energy=8000000"
    )
    review = words.add_parser("review", help="年度复评各类的新增、保留、退出户数")
    review.add_argument("year", type=int, help="年份")
    words.add_parser("certificates", help="列出缺资格的A角与即将到期的经理证书；有缺的返回 1")
    listing = words.add_parser("list", help="列出大客户及其理由")
    listing.add_argument("--category", default="", help="economic、important 或 potential")
    listing.add_argument("--limit", type=int, default=50, help="至多几户，默认 50")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 refused or nothing there."""
    words = {
        "evaluate": _evaluate,
        "list": _list,
        "simulate": _simulate,
        "review": _review,
        "certificates": _certificates,
    }
    return words[args.word](args)


def _certificates(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts.queries import qualifications as queries
    from busbar.kit.periods import local_date

    on = local_date(dt.datetime.now(dt.UTC))
    lacking = queries.list_lacking(SYSTEM_VIEWER, on=on)
    for row in lacking:
        who = f"{row.employee.number} {row.employee.name}"
        print(f"缺资格  {who}  {row.employee.unit.name}  须{row.needs}  {row.customers} 户")
    for held in queries.list_expiring(SYSTEM_VIEWER, on=on):
        word = "已到期" if held.valid_until <= on else "将到期"
        who = f"{held.employee.number} {held.employee.name}"
        print(f"{word}  {who}  {held.certificate}  有效至 {held.valid_until} 前")
    return 1 if lacking else 0


def _simulate(args: argparse.Namespace) -> int:
    from decimal import Decimal, InvalidOperation

    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts.queries import recognition, simulation
    from busbar.key_accounts.simulating import Change

    latest = recognition.get_latest_run()
    if latest is None:
        print("还没有完成过评定，先运行 busbar key-accounts evaluate")
        return 1
    changes = {}
    for text in args.changes:
        code, _sign, number = text.partition("=")
        try:
            changes[code] = Change(enter_at=Decimal(number))
        except InvalidOperation:
            print(f"{text}：应写成 条件编码=进入值，如 economic-energy=8000000")
            return 1
    found = simulation.simulate_rules(SYSTEM_VIEWER, latest, changes=changes)
    for category, now, then in found.counts:
        print(f"{category.label}：{now} → {then} 户")
    for one in found.movers:
        verb = "会列入" if one.moved.enters else "会退出"
        print(f"  {verb}  {one.category.label}  {one.customer.number}  {one.customer.name}")
    return 0


def _review(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts.models import Category, ReviewChange, YearlyReview
    from busbar.key_accounts.queries import review as queries

    try:
        found = queries.get_review(args.year)
    except YearlyReview.DoesNotExist:
        print(f"没有 {args.year} 年的复评")
        return 1
    print(found.year, found.get_state_display(), found.run.month)
    for category, counts in queries.count_items(SYSTEM_VIEWER, found).items():
        told = "  ".join(f"{ReviewChange(c).label} {n}" for c, n in counts.items())
        print(f"  {Category(category).label}：{told}")
    return 0


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
    at = dt.datetime.now(dt.UTC)
    done = operations.evaluate_month(month=month, by=SYSTEM_VIEWER, at=at, progress=_say)
    operations.assess_month(month=month, by=SYSTEM_VIEWER, at=at)
    operations.segment_month(month=month, by=SYSTEM_VIEWER, at=at)
    operations.renew_assessments(by=SYSTEM_VIEWER, at=at)
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
