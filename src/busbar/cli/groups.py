"""`busbar groups list | head GROUP CUSTOMER --reason … | head GROUP --nobody --reason …`."""

from __future__ import annotations

import argparse
import datetime as dt

from busbar.kit.errors import Refusal


class UnableToFindGroup(Refusal):
    """There is no such group, or no such customer."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list | head."""
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("list", help="列出集团、客户数、户号数与牵头客户")
    heading = words.add_parser("head", help="指定集团的牵头客户；其服务团队看得到集团各成员")
    heading.add_argument("group", help="集团编码")
    chosen = heading.add_mutually_exclusive_group(required=True)
    chosen.add_argument("customer", nargs="?", help="牵头的客户编号，须是集团成员")
    chosen.add_argument("--nobody", action="store_true", help="不再有牵头客户")
    heading.add_argument("--reason", required=True, help="依据")


def run(args: argparse.Namespace) -> int:
    """0 done; a refusal is told by the caller."""
    return {"list": _list, "head": _head}[args.word](args)


def _list(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.customers.queries import groups as groups_queries

    for line in groups_queries.list_group_lines(SYSTEM_VIEWER):
        head = line.group.head
        led = "未指定牵头"
        if head is not None and head.group_id == line.group.pk:
            led = f"牵头 {head.number} {head.name}"
        told = f"{'  ' * line.depth}{line.group.code}  {line.group.name}"
        print(told, f"{line.customers} 个客户", f"{line.accounts} 个户号", led, sep="  ")
    return 0


def _head(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.customers import operations as customers_operations
    from busbar.customers.models import Customer, CustomerGroup

    group = CustomerGroup.objects.filter(code=args.group).first()
    if group is None:
        raise UnableToFindGroup("没有集团 %(code)s", code=args.group)
    customer = None
    if not args.nobody:
        customer = Customer.objects.filter(number=args.customer).first()
        if customer is None:
            raise UnableToFindGroup("没有客户 %(number)s", number=args.customer)
    customers_operations.name_group_head(
        group=group,
        customer=customer,
        reason=args.reason,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    told = f"由 {customer.number} {customer.name} 牵头" if customer else "不再有牵头客户"
    print(f"{group.code} {group.name}：{told}")
    return 0
