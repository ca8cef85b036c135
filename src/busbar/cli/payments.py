"""`busbar payments import FILE`: the bank's rows of electricity money in, matched, queued."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from busbar.cli.refused_rows import show_refused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """import FILE --account NUMBER | account --unit … | raise | check."""
    words = parser.add_subparsers(dest="word", required=True)
    importing = words.add_parser("import", help="导入电费银行流水（CSV 或 Excel），自动核销")
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--account", default="", help="电费账户；只有一个在册时可省略")
    importing.add_argument("--errors", type=Path, metavar="FILE", help="把未收的行写成 CSV")
    opening = words.add_parser("account", help="登记电费账户")
    for name, text in (
        ("unit", "单位编码"),
        ("number", "账号"),
        ("name", "户名"),
        ("bank", "开户银行"),
    ):
        opening.add_argument(f"--{name}", required=True, help=text)
    opening.add_argument("--from", dest="valid_from", type=dt.date.fromisoformat, help="启用日")
    words.add_parser("raise", help="把已发行的账单转为应收")
    words.add_parser("check", help="核对总账与明细")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 the ledger and its rows differ, 2 some rows were not kept."""
    does = {"import": _import, "account": _open_account, "raise": _raise, "check": _check}
    return does[args.word](args)


def _import(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.payments import bank_file
    from busbar.payments import operations as payments_operations

    if not args.file.is_file():
        raise bank_file.UnableToReadBankFile(f"没有这个文件：{args.file}")
    rows, refused = bank_file.read_bank_file(args.file)
    at = dt.datetime.now(dt.UTC)
    payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=at)
    file = payments_operations.import_payments(
        collection_number=args.account or _only_account(),
        name=args.file.name,
        rows=rows,
        refused=refused,
        by=SYSTEM_VIEWER,
        at=at,
    )
    waiting = file.payments.filter(waiting_fen__gt=0).count()
    print(f"收下 {file.kept} 行，其中 {waiting} 行待核对；未收 {len(file.refused)} 行")
    show_refused(file.refused, write_to=args.errors)
    return 2 if file.refused else 0


def _only_account() -> str:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.payments import queries as payments_queries
    from busbar.payments.bank_file import UnableToReadBankFile

    known = payments_queries.list_collection_accounts(SYSTEM_VIEWER)
    numbers = list(known.values_list("number", flat=True))
    if len(numbers) != 1:
        raise UnableToReadBankFile(
            f"请用 --account 指明电费账户（{'、'.join(numbers) or '尚未登记'}）"
        )
    return numbers[0]


def _open_account(args: argparse.Namespace) -> int:
    from busbar.access import queries as access_queries
    from busbar.access.models import OrganizationUnit
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.kit.periods import local_date
    from busbar.payments import operations as payments_operations

    at = dt.datetime.now(dt.UTC)
    try:
        unit = access_queries.get_unit(args.unit)
    except OrganizationUnit.DoesNotExist:
        raise payments_operations.UnableToKeepCollectionAccount(f"没有单位 {args.unit}") from None
    account = payments_operations.open_collection_account(
        number=args.number,
        name=args.name,
        bank=args.bank,
        unit_id=unit.pk,
        valid_from=args.valid_from or local_date(at),
        by=SYSTEM_VIEWER,
        at=at,
    )
    print(f"已登记 {unit.name}的电费账户 {account.number}")
    return 0


def _raise(_args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.payments import operations as payments_operations

    at = dt.datetime.now(dt.UTC)
    print(f"新增应收 {payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=at)} 笔")
    return 0


def _check(_args: argparse.Namespace) -> int:
    from busbar.payments import queries as payments_queries

    wrong = payments_queries.list_disagreements()
    if wrong:
        print(f"总账与明细不符：{'、'.join(wrong)}", file=sys.stderr)
        return 1
    print("总账与明细相符，借贷相等。")
    return 0
