"""`busbar desk due | score | promises | survey …`: what is due, scoring, kept rates, surveys."""

from __future__ import annotations

import argparse
import datetime as dt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """due | score | promises [--by manager|customer|unit] | survey open|close|show."""
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("due", help="列出到期的承诺、投诉、回访与整改")
    words.add_parser("score", help="计算全部客户的满意度并产生到期业务；可重复运行")
    ledger = words.add_parser("promises", help="承诺兑现率")
    ledger.add_argument("--by", choices=("manager", "customer", "unit"), default="manager")
    survey = words.add_parser("survey", help="满意度调查：发起、结束、查看结果")
    acts = survey.add_subparsers(dest="act", required=True)
    opening = acts.add_parser("open", help="抽样并发起一次调查")
    opening.add_argument("code", help="调查编号")
    opening.add_argument("--name", required=True, help="调查名称")
    opening.add_argument("--unit", required=True, help="单位编码")
    opening.add_argument("--until", type=dt.date.fromisoformat, required=True, help="截止日")
    opening.add_argument("--sample", type=int, required=True, help="样本户数")
    opening.add_argument("--seed", type=int, required=True, help="抽样种子；同一种子可重抽")
    for word, told in (("close", "结束一次调查"), ("show", "至今的结果")):
        acts.add_parser(word, help=told).add_argument("code", help="调查编号")


def run(args: argparse.Namespace) -> int:
    """0 done."""
    words = {"due": _due, "score": _score, "promises": _promises, "survey": _survey}
    return words[args.word](args)


def _survey(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.service_desk import operations, queries
    from busbar.service_desk.models import Survey

    at = dt.datetime.now(dt.UTC)
    if args.act == "open":
        operations.open_survey(
            code=args.code,
            name=args.name,
            unit_code=args.unit,
            closes_on=args.until,
            sample_size=args.sample,
            seed=args.seed,
            by=SYSTEM_VIEWER,
            at=at,
        )
    elif args.act == "close":
        operations.close_survey(code=args.code, by=SYSTEM_VIEWER, at=at)
    try:
        row = queries.get_survey(SYSTEM_VIEWER, args.code)
    except Survey.DoesNotExist:
        print(f"没有调查 {args.code}")
        return 1
    found = queries.summarize_survey(SYSTEM_VIEWER, row)
    weighted = "-" if found.weighted is None else f"{found.weighted.value:.1f}"
    state = "已结束" if row.closed_at else f"{row.closes_on} 截止"
    told = f"受访 {found.invited}  回收 {found.answered}  拒答 {found.refused}"
    print(row.code, row.name, state, told, f"加权满意度 {weighted}", sep="  ")
    return 0


def _due(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.kit.periods import CHINA
    from busbar.service_desk import queries
    from busbar.service_desk.queries import DueScope

    at, scope = dt.datetime.now(dt.UTC), DueScope()
    lists = (
        ("承诺", queries.due_promises),
        ("投诉", queries.due_complaints),
        ("回访", queries.due_call_backs),
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
