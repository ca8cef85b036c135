"""`busbar recognition-rules list | criterion | policy | figures`: the next version of a rule."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from busbar.cli.given import day


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list | criterion CODE | policy CATEGORY | figures KIND CODE NAME=NUMBER …."""
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("list", help="列出今天有效的认定条件、办法与分析参数")
    criterion = words.add_parser("criterion", help="登记一个认定条件的新版本")
    criterion.add_argument("code", help="条件编码，如 economic-energy")
    criterion.add_argument("--points", type=int, required=True, help="分值")
    criterion.add_argument("--enter", type=_decimal, help="进入值")
    criterion.add_argument("--leave", type=_decimal, help="保留值")
    criterion.add_argument("--values", default="", help="代码，用、分开")
    policy = words.add_parser("policy", help="登记一类大客户的认定办法的新版本")
    policy.add_argument("category", help="economic、important 或 potential")
    policy.add_argument("--enter", type=int, required=True, help="进入分")
    policy.add_argument("--stay", type=int, required=True, help="保留分")
    policy.add_argument("--months", type=int, required=True, help="最短保留，月")
    figures = words.add_parser("figures", help="登记一行分析参数的新版本")
    figures.add_argument("kind", help="stage、warning、cost、band 或 service")
    figures.add_argument("code", help="编码，如 value_added")
    figures.add_argument("figures", nargs="+", type=_figure, metavar="NAME=NUMBER", help="全部数值")
    for one in (criterion, policy, figures):
        one.add_argument("--from", dest="since", type=day, required=True, help="生效日")
        one.add_argument("--source", required=True, help="依据（文号）")


def run(args: argparse.Namespace) -> int:
    """0 done; a refusal is told by the caller."""
    if args.word == "list":
        return _list()
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts import operations

    operations_by_word: dict[str, Callable[..., Any]] = {
        "criterion": operations.set_criterion,
        "policy": operations.set_policy,
        "figures": operations.set_figures,
    }
    made = operations_by_word[args.word](
        **_given(args),
        valid_from=args.since,
        source=args.source,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    print(f"{made}：{made.valid_from} 起生效")
    return 0


def _given(args: argparse.Namespace) -> dict[str, Any]:
    if args.word == "criterion":
        values = [part for part in args.values.split("、") if part.strip()]
        thresholds = {"enter_at": args.enter, "leave_at": args.leave, "values": values}
        return {"code": args.code, "points": args.points, **thresholds}
    if args.word == "policy":
        return {
            "category": args.category,
            "points_to_enter": args.enter,
            "points_to_stay": args.stay,
            "min_stay_months": args.months,
        }
    return {"kind": args.kind, "code": args.code, "figures": dict(args.figures)}


def _list() -> int:
    from busbar.key_accounts.operations.ruling import FIGURES
    from busbar.key_accounts.queries import rules
    from busbar.kit.periods import local_date

    today = local_date(dt.datetime.now(dt.UTC))
    for row in rules.list_criteria(today):
        said = "、".join(row.values) or f"进入 {row.enter_at}  保留 {row.leave_at}"
        print("criterion", row.code, row.name, f"{row.points} 分", said, row.source, sep="  ")
    for policy in rules.list_policy_rows(today):
        scores = f"进入 {policy.points_to_enter} 分  保留 {policy.points_to_stay} 分"
        print("policy", policy.category, scores, f"{policy.min_stay_months} 月", sep="  ")
    for kind, rows in rules.list_figure_rows(today).items():
        for one in rows:
            values = {name: getattr(one, name) for name in FIGURES[kind][1]}
            told = " ".join(f"{n}={v}" for n, v in values.items() if v is not None)
            print(kind, getattr(one, "code", ""), one, told, one.source, sep="  ")
    return 0


def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"{text} 不是数") from error
    if not found.is_finite():
        raise argparse.ArgumentTypeError(f"{text} 不是数")
    return found


def _figure(text: str) -> tuple[str, Decimal]:
    name, _sign, number = text.partition("=")
    return name, _decimal(number)
