"""`busbar journal`: verify the chain, print its head, list the newest entries."""

from __future__ import annotations

import argparse

from busbar.journal import queries as journal_queries
from busbar.journal.models import Entry
from busbar.kit.periods import CHINA


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """verify, head, list."""
    actions = parser.add_subparsers(dest="action", required=True)
    verify = actions.add_parser("verify", help="核验日志链：改动、删除、插入、调换都会被发现")
    verify.add_argument(
        "--head", metavar="校验值", help="早先记下的末条校验值；它若不在链中，说明末尾条目被删除"
    )
    actions.add_parser("head", help="打印末条校验值，供另处保存")
    newest = actions.add_parser("list", help="列出最近的条目")
    newest.add_argument("--limit", type=int, default=20)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when the chain does not hold."""
    if args.action == "head":
        print(journal_queries.get_head_hash())
        return 0
    if args.action == "list":
        return _list(args.limit)
    return _verify(args.head)


def _verify(expected_head: str | None) -> int:
    found = journal_queries.verify_chain(expected_head=expected_head)
    if found.broken is None:
        print(f"日志链完好：共 {found.entries} 条，末条校验值 {found.head}")
        return 0
    where = f"第 {found.broken.entry_id} 条" if found.broken.entry_id else "链尾"
    print(f"日志链已断：{where}，{found.broken.explanation}")
    return 1


def _list(limit: int) -> int:
    for entry in Entry.objects.order_by("-id")[:limit]:
        at = entry.occurred_at.astimezone(CHINA)
        print(f"{entry.pk:>8} {at:%Y-%m-%d %H:%M:%S} {entry.actor_name} {entry.event}", end=" ")
        print(f"{entry.subject_label or entry.subject_type} {entry.reason}".rstrip())
    return 0
