"""`busbar fees import FILE`: the bank's rows in; `busbar fees account`: where customers pay."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from busbar.cli.refused_rows import show_refused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """import FILE --account NUMBER | account --unit … --number … --name … --bank …."""
    words = parser.add_subparsers(dest="word", required=True)
    importing = words.add_parser("import", help="导入银行流水（CSV 或 Excel），自动核销")
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--account", default="", help="收款账号；只有一个在用时可省略")
    importing.add_argument("--errors", type=Path, metavar="FILE", help="把未收的行写成 CSV")
    opening = words.add_parser("account", help="登记收款账号")
    for name, text in (
        ("unit", "单位编码"),
        ("number", "账号"),
        ("name", "户名"),
        ("bank", "开户银行"),
    ):
        opening.add_argument(f"--{name}", required=True, help=text)
    opening.add_argument("--from", dest="valid_from", type=dt.date.fromisoformat, help="启用日")


def run(args: argparse.Namespace) -> int:
    """0 done, 2 some rows were not kept."""
    return _import(args) if args.word == "import" else _open_account(args)


def _import(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.connections import operations as connections_operations
    from busbar.payments import bank_file

    if not args.file.is_file():
        raise bank_file.UnableToReadBankFile(f"没有这个文件：{args.file}")
    rows, refused = bank_file.read_bank_file(args.file)
    file = connections_operations.import_bank_file(
        payee_number=args.account or _only_account(),
        name=args.file.name,
        rows=rows,
        refused=refused,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    waiting = file.receipts.filter(is_settled=False).count()
    print(f"收下 {file.kept} 行，其中 {waiting} 行待核对；未收 {len(file.refused)} 行")
    show_refused(file.refused, write_to=args.errors)
    return 2 if file.refused else 0


def _only_account() -> str:
    from busbar.connections import queries as connections_queries
    from busbar.kit.periods import local_date
    from busbar.payments.bank_file import UnableToReadBankFile

    today = local_date(dt.datetime.now(dt.UTC))
    numbers = [account.number for account in connections_queries.list_payee_accounts(on=today)]
    if len(numbers) != 1:
        known = "、".join(numbers) or "尚未登记"
        raise UnableToReadBankFile(f"请用 --account 指明收款账号（{known}）")
    return numbers[0]


def _open_account(args: argparse.Namespace) -> int:
    from busbar.access import queries as access_queries
    from busbar.access.models import OrganizationUnit
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.connections import operations as connections_operations
    from busbar.kit.periods import local_date

    at = dt.datetime.now(dt.UTC)
    try:
        unit = access_queries.get_unit(args.unit)
    except OrganizationUnit.DoesNotExist:
        raise connections_operations.UnableToKeepPayeeAccount(f"没有单位 {args.unit}") from None
    account = connections_operations.open_payee_account(
        number=args.number,
        name=args.name,
        bank=args.bank,
        unit_id=unit.pk,
        valid_from=args.valid_from or local_date(at),
        by=SYSTEM_VIEWER,
        at=at,
    )
    print(f"已登记 {unit.name}的收款账号 {account.number}")
    return 0
