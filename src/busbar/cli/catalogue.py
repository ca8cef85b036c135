"""`busbar catalogue list | add | revise | end`: what the office offers and words, by versions."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from busbar.cli.given import day, pairs

_KINDS = ("product", "package", "template", "reason")
_LISTS = ("services", "sections", "shapes", "bands")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list KIND | add KIND CODE FIELD=TEXT … | revise … | end KIND CODE."""
    words = parser.add_subparsers(dest="word", required=True)
    listing = words.add_parser("list", help="列出一类目录的全部版本")
    _kind(listing)
    for word, told in (("add", "新增一项"), ("revise", "登记新版本；没写的内容不变")):
        keeping = words.add_parser(word, help=told)
        _kind(keeping)
        keeping.add_argument("code", help="编码")
        keeping.add_argument(
            "facts", nargs="+", metavar="FIELD=TEXT",
            help="如 name=储能租赁；services、sections、shapes、bands 用、分开",
        )  # fmt: skip
        keeping.add_argument("--from", dest="since", type=day, required=True, help="生效日")
        keeping.add_argument("--source", required=True, help="依据（文号）")
    ending = words.add_parser("end", help="自某日起停用")
    _kind(ending)
    ending.add_argument("code", help="编码")
    ending.add_argument("--from", dest="since", type=day, required=True, help="停用日")
    ending.add_argument("--reason", required=True, help="原因")


def _kind(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=_KINDS, help="产品、服务包、记录模板或拒绝理由")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 misspelled; a refusal is told by the caller."""
    words = {"list": _list, "add": _keep, "revise": _keep, "end": _end}
    return words[args.word](args)


def _list(args: argparse.Namespace) -> int:
    from busbar.key_accounts.queries import catalogue

    for row in catalogue.list_versions(args.kind):
        print(row.code, row.name, row.valid_from, row.valid_until or "", row.source, sep="  ")
    return 0


def _keep(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts import operations

    facts = operations.FACTS[args.kind]
    names = [field.name for field in fields(facts)]
    given = pairs(args.facts, names)
    if given is None:
        print(f"{args.kind} 的内容应写成 {'=… '.join(names)}=…")
        return 1
    act = operations.add_catalogue_item if args.word == "add" else operations.revise_catalogue_item
    row = act(
        code=args.code,
        facts=facts(**_whole(args, names, given)),
        valid_from=args.since,
        source=args.source,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    print(f"{row.code} {row.name}：{row.valid_from} 起生效")
    return 0


def _whole(args: argparse.Namespace, names: Sequence[str], given: dict[str, str]) -> dict[str, Any]:
    """Every field: as given, else as the newest version has it, else empty."""
    from busbar.key_accounts.queries import catalogue

    old = next((r for r in catalogue.list_versions(args.kind) if r.code == args.code), None)
    kept = {n: getattr(old, n, () if n in _LISTS else "") for n in names}
    said = {n: _parts(text) if n in _LISTS else text for n, text in given.items()}
    return {n: tuple(v) if n in _LISTS else v for n, v in {**kept, **said}.items()}


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("、") if part.strip())


def _end(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts import operations

    row = operations.end_catalogue_item(
        kind=args.kind,
        code=args.code,
        ends_on=args.since,
        reason=args.reason,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    print(f"{row.code} {row.name}：{row.valid_until} 起停用")
    return 0
