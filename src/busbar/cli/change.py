"""`busbar change judge | request ACCOUNT KIND --starts DAY …`: a change of supply, 变更用电."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING

from busbar.kit.errors import Refusal

if TYPE_CHECKING:
    from busbar.access.visibility import Viewer
    from busbar.connections.queries.changes import Wish
    from busbar.customers.models import CustomerAccount


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """judge | request."""
    words = parser.add_subparsers(dest="word", required=True)
    for word, about in (("judge", "试判，不写任何数据"), ("request", "受理并送审批")):
        one = words.add_parser(word, help=about)
        one.add_argument("account", help="户号")
        one.add_argument("kind", help="类别编码，如 charge_mode_change、contract_demand_change")
        one.add_argument("--as", dest="employee", required=True, help="经办人工号")
        one.add_argument("--starts", required=True, type=dt.date.fromisoformat, help="生效日期")
        one.add_argument("--ends", type=dt.date.fromisoformat, help="恢复日期")
        one.add_argument("--confirm", action="append", default=[], help="经核查成立的条件编码")
        one.add_argument(
            "--fact",
            action="append",
            default=[],
            type=_fact,
            metavar="NAME=VALUE",
            help="该类别所需的内容，如 basic_charge_mode=actual_demand",
        )
        one.add_argument("--reason", default="", help="客户申请理由")


def run(args: argparse.Namespace) -> int:
    """0 allowed or taken in, 1 not; a refusal is told by the caller."""
    from busbar.access import queries as access_queries
    from busbar.access.models import Employee
    from busbar.connections.models import ChangeKind
    from busbar.connections.queries.changes import Wish
    from busbar.customers import queries as customers_queries
    from busbar.customers.models import CustomerAccount

    person = Employee.objects.select_related("user").filter(number=args.employee).first()
    if person is None:
        print(f"没有工号 {args.employee}")
        return 1
    if args.kind not in ChangeKind.values:
        print(f"没有类别 {args.kind}，应为 {'、'.join(ChangeKind.values)} 之一")
        return 1
    by = access_queries.get_viewer(person.user)
    try:
        account = customers_queries.get_account(by, args.account)
    except CustomerAccount.DoesNotExist:
        print(f"没有户号 {args.account}，或不在该员工的管辖范围内")
        return 1
    wish = Wish(ChangeKind(args.kind), args.starts, args.ends, confirmed=frozenset(args.confirm))
    return {"judge": _judge, "request": _request}[args.word](args, account, wish, by)


def _judge(args: argparse.Namespace, account: CustomerAccount, wish: Wish, by: Viewer) -> int:
    from busbar.connections.operations.changes.requirements import check_facts
    from busbar.connections.queries import changes as change_queries
    from busbar.kit.periods import local_date

    facts = check_facts(account, wish, dict(args.fact), by)
    today = local_date(dt.datetime.now(dt.UTC))
    try:
        judged = change_queries.judge(
            account, change_queries.with_facts(wish, facts), asked_on=today
        )
    except LookupError as silence:
        raise Refusal(str(silence)) from silence
    print(f"{wish.kind.label}：{change_queries.as_rule(judged.rule).citation}")
    print(*(judged.objections or ["可以受理"]), sep="\n")
    return 1 if judged.objections else 0


def _request(args: argparse.Namespace, account: CustomerAccount, wish: Wish, by: Viewer) -> int:
    from busbar.connections import operations as connections_operations

    change = connections_operations.request_change_and_start(
        account=account,
        wish=wish,
        facts=dict(args.fact),
        reason=args.reason,
        by=by,
        at=dt.datetime.now(dt.UTC),
    )
    print(f"{change.number} 已受理，送审批")
    return 0


def _fact(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"应写作 名称=内容，写的是 {text}")
    return name, value
