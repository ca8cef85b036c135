"""`busbar outages list | show | plan | announce | …`: the register of stops by command."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from typing import Any

_ACTS = {
    "announce": "通知受影响的客户；计划检修须按规定天数提前",
    "report": "登记重要用户停电的抄报文号",
    "begin": "开始停电",
    "cause-removed": "停电原因已消除，恢复供电的时限开始计时",
    "restore": "恢复供电并告知客户",
    "cancel": "取消尚未开始的停电",
}
_REGISTERS = {
    "substations": "变电站编号",
    "feeders": "馈线编号",
    "transformers": "受电变压器编号",
    "usage_points": "用电点编号",
    "accounts": "户号",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list | show NUMBER | plan … | NUMBER after what is to be done with it."""
    words = parser.add_subparsers(dest="word", required=True)
    listing = words.add_parser("list", help="列出停电，最近的在前")
    listing.add_argument("--kind", default="", help="只列这一类，如 planned、fault")
    listing.add_argument("--state", default="", help="只列这一状态，如 begun")
    show = words.add_parser("show", help="一件停电与受影响的客户")
    show.add_argument("number", help="停电编号")
    _add_plan(words.add_parser("plan", help="安排停电"))
    for word, text in _ACTS.items():
        act = words.add_parser(word, help=text)
        act.add_argument("number", help="停电编号")
        if word == "report":
            act.add_argument("report", help="抄报文号")
        if word == "cancel":
            act.add_argument("reason", help="取消的原因")
        if word in {"begin", "restore"}:
            act.add_argument("--at", type=_moment, help="实际时间，如 2026-03-02T09:05；不填即现在")


def _add_plan(plan: argparse.ArgumentParser) -> None:
    plan.add_argument("--kind", required=True, choices=["planned", "fault", "breach", "safety"])
    plan.add_argument("--unit", required=True, help="停电单位编号")
    plan.add_argument("--reason", required=True, help="停电原因")
    plan.add_argument("--from", dest="start", type=_moment, required=True, help="停电时间")
    plan.add_argument("--until", type=_moment, help="预计恢复时间")
    plan.add_argument("--report", default="", help="抄报文号")
    for name, text in _REGISTERS.items():
        option = f"--{name.replace('_', '-')}"
        plan.add_argument(option, dest=name, nargs="+", default=[], help=text)


def _moment(text: str) -> dt.datetime:
    from busbar.kit.periods import CHINA

    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"时间须写成 2026-03-02T09:05，而不是 {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def run(args: argparse.Namespace) -> int:
    """0 done, 1 refused or not found."""
    does: dict[str, Callable[[argparse.Namespace], int]] = {
        "list": _list,
        "show": _show,
        "plan": _plan,
    }
    return does.get(args.word, _act)(args)


def _list(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.outages import queries

    for row in queries.list_outages(SYSTEM_VIEWER, kind=args.kind, state=args.state):
        when = _spoken(row.planned_from)
        print(
            row.number, row.get_kind_display(), row.get_state_display(), when, row.reason, sep="  "
        )
    return 0


def _show(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.outages import queries
    from busbar.outages.models import Outage

    try:
        row = queries.get_outage(SYSTEM_VIEWER, args.number)
    except Outage.DoesNotExist:
        print(f"没有停电 {args.number}")
        return 1
    print(row.number, row.get_kind_display(), row.get_state_display(), row.reason, row.scope)
    for notice in queries.list_notices(SYSTEM_VIEWER, row):
        points = "、".join(point.usage_point.number for point in notice.points)
        told = f"消息 {len(notice.messages)} 送达 {len(notice.receipts)}"
        print(f"  {notice.customer.number}  {notice.customer.name}  {points}  {told}")
    return 0


def _plan(args: argparse.Namespace) -> int:
    from busbar.access import queries as access_queries
    from busbar.access.models import OrganizationUnit
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.outages import operations
    from busbar.outages.queries import Scope

    try:
        unit = access_queries.get_unit(args.unit)
    except OrganizationUnit.DoesNotExist:
        print(f"没有单位 {args.unit}")
        return 1
    row = operations.plan_outage(
        kind=args.kind,
        unit_id=unit.pk,
        reason=args.reason,
        planned_from=args.start,
        planned_until=args.until,
        scope=Scope(**{name: getattr(args, name) for name in _REGISTERS}),
        authority_report=args.report,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    print(f"{row.number}  影响用电点 {row.affected.count()} 个")
    return 0


def _act(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.outages import operations, queries
    from busbar.outages.models import Outage, OutageKind

    row = Outage.objects.filter(number=args.number).first()
    if row is None:
        print(f"没有停电 {args.number}")
        return 1
    if row.kind == OutageKind.ARREARS:
        print("欠费停电按催费单的步骤办理，不能单独操作")
        return 1
    does: dict[str, tuple[Any, dict[str, Any]]] = {
        "announce": (operations.announce_outage, {}),
        "report": (operations.report_to_authority, {"report": getattr(args, "report", "")}),
        "begin": (operations.begin_outage, {"begun_at": getattr(args, "at", None)}),
        "cause-removed": (operations.remove_cause, {}),
        "restore": (operations.restore_outage, {"restored_at": getattr(args, "at", None)}),
        "cancel": (operations.cancel_outage, {"reason": getattr(args, "reason", "")}),
    }
    act, facts = does[args.word]
    act(number=args.number, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC), **facts)
    done = queries.get_outage(SYSTEM_VIEWER, args.number)
    print(done.number, done.get_state_display())
    return 0


def _spoken(moment: dt.datetime) -> str:
    from busbar.kit.periods import CHINA

    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"
