"""`busbar mandates list [--unit CODE] | set CODE … | end CODE …`: who may order what from whom."""

from __future__ import annotations

import argparse
import datetime as dt
from decimal import Decimal, InvalidOperation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list | set | end."""
    words = parser.add_subparsers(dest="word", required=True)
    listing = words.add_parser("list", help="列出现行有效的授权")
    listing.add_argument("--unit", default="", help="对哪个单位，单位编码；缺省为种子授权")
    setting = words.add_parser("set", help="另定一个公司的版本：省公司核定，以下只能从严")
    setting.add_argument("code", help="授权编码")
    setting.add_argument("--unit", required=True, help="省、市、县公司的单位编码")
    setting.add_argument("--amount", type=_decimal, help="金额限额，元；不写为不限")
    setting.add_argument("--hours", type=_decimal, help="时长限额，小时；不写为不限")
    setting.add_argument("--grades", default="", help="客户等级，逗号分隔；不写为全部")
    setting.add_argument("--any-customer", action="store_true", help="不限本人客户")
    setting.add_argument("--from", dest="since", type=_date, required=True, help="生效日")
    setting.add_argument("--reason", required=True, help="理由")
    setting.add_argument("--source", required=True, help="依据（文号）")
    ending = words.add_parser("end", help="终止一个公司另定的版本，恢复上级的授权")
    ending.add_argument("code", help="授权编码")
    ending.add_argument("--unit", required=True, help="省、市、县公司的单位编码")
    ending.add_argument("--from", dest="since", type=_date, required=True, help="该版本的生效日")
    ending.add_argument("--until", type=_date, required=True, help="不再有效的第一天")
    ending.add_argument("--reason", required=True, help="理由")


def run(args: argparse.Namespace) -> int:
    """0 done; a refusal is told by the caller."""
    return {"list": _list, "set": _set, "end": _end}[args.word](args)


def _list(args: argparse.Namespace) -> int:
    from busbar.access import queries
    from busbar.kit.periods import local_date

    path = queries.get_unit(args.unit).path if args.unit else ""
    for mandate in queries.list_mandates(on=local_date(dt.datetime.now(dt.UTC)), unit_path=path):
        limits = [
            f"≤{mandate.most_amount_yuan} 元" if mandate.most_amount_yuan else "",
            f"≤{mandate.most_hours} 小时" if mandate.most_hours else "",
            "本人客户" if mandate.own_customers_only else "",
            ",".join(mandate.grades),
        ]
        ladder = "→".join(str(rung.get_level_display()) for rung in mandate.rungs.order_by("order"))
        told = " ".join(limit for limit in limits if limit) or "不限"
        print(mandate.code, mandate.name, told, mandate.work_limit, ladder, sep="  ")
    return 0


def _set(args: argparse.Namespace) -> int:
    from busbar.access import operations, queries
    from busbar.access.mandating import MandateLimits
    from busbar.access.visibility import SYSTEM_VIEWER

    grades = tuple(grade for grade in args.grades.split(",") if grade)
    mandate = operations.set_local_mandate(
        unit=queries.get_unit(args.unit),
        code=args.code,
        limits=MandateLimits(args.amount, args.hours, grades, not args.any_customer),
        valid_from=args.since,
        reason=args.reason,
        source=args.source,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    print(f"{args.unit} {mandate.name}：{mandate.valid_from} 起生效")
    return 0


def _end(args: argparse.Namespace) -> int:
    from busbar.access import operations, queries
    from busbar.access.models import Mandate
    from busbar.access.visibility import SYSTEM_VIEWER

    unit = queries.get_unit(args.unit)
    try:
        own = queries.get_local_mandate(unit=unit, code=args.code, valid_from=args.since)
    except Mandate.DoesNotExist:
        print(f"{args.unit} 没有 {args.since} 起另定的授权“{args.code}”")
        return 1
    ended = operations.end_local_mandate(
        mandate_id=own.pk,
        until=args.until,
        reason=args.reason,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    print(f"{args.unit} {ended.name}：{ended.valid_until} 起恢复上级的授权")
    return 0


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"{text} 不是数") from error


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} 不是日期，应如 2026-03-01") from error
