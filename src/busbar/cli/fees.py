"""`busbar fees import FILE`: the bank's rows in; `busbar fees account`: where customers pay."""

from __future__ import annotations

import argparse
import datetime as dt

from busbar.cli import bank_files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """import FILE --account NUMBER | account --unit … --number … --name … --bank …."""
    words = parser.add_subparsers(dest="word", required=True)
    bank_files.add_import(
        words,
        text="导入银行流水（CSV 或 Excel），自动核销",
        account="收款账号；只有一个在用时可省略",
    )
    bank_files.add_account(words, text="登记收款账号")


def run(args: argparse.Namespace) -> int:
    """0 done, 2 some rows were not kept."""
    return _import(args) if args.word == "import" else _open_account(args)


def _import(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.connections import operations as connections_operations

    rows, refused = bank_files.read(args.file)
    file = connections_operations.import_bank_file(
        payee_number=args.account or _only_account(),
        name=args.file.name,
        rows=rows,
        refused=refused,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    waiting = file.receipts.filter(is_settled=False).count()
    return bank_files.tell_kept(
        kept=file.kept, waiting=waiting, refused=file.refused, write_to=args.errors
    )


def _only_account() -> str:
    from busbar.connections import queries as connections_queries
    from busbar.kit.periods import local_date

    today = local_date(dt.datetime.now(dt.UTC))
    known = connections_queries.list_payee_accounts(on=today)
    return bank_files.only_account([account.number for account in known], "收款账号")


def _open_account(args: argparse.Namespace) -> int:
    from busbar.connections import operations as connections_operations

    return bank_files.open_account(
        args,
        connections_operations.open_payee_account,
        connections_operations.UnableToKeepPayeeAccount,
        "收款账号",
    )
