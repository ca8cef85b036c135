"""`busbar payments import FILE`: the bank's rows of electricity money in, matched, queued."""

from __future__ import annotations

import argparse
import datetime as dt
import io
import sys
from pathlib import Path

from busbar.cli import bank_files
from busbar.kit.periods import Month


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """import FILE --account NUMBER | account --unit … | raise | check."""
    words = parser.add_subparsers(dest="word", required=True)
    bank_files.add_import(
        words,
        text="导入电费银行流水（CSV 或 Excel），自动核销",
        account="电费账户；只有一个在册时可省略",
    )
    bank_files.add_account(words, text="登记电费账户")
    words.add_parser("raise", help="把已发行的账单转为应收")
    words.add_parser("check", help="核对总账与明细")
    balancing = words.add_parser("balance", help="一个月的试算平衡，CSV")
    balancing.add_argument("month", type=_month, metavar="YYYY-MM")
    balancing.add_argument("--output", type=Path, help="文件名，缺省写到标准输出")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 the ledger and its rows differ, 2 some rows were not kept."""
    does = {
        "import": _import,
        "account": _open_account,
        "raise": _raise,
        "check": _check,
        "balance": _balance,
    }
    return does[args.word](args)


def _import(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.payments import operations as payments_operations

    rows, refused = bank_files.read(args.file)
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
    return bank_files.tell_kept(
        kept=file.kept, waiting=waiting, refused=file.refused, write_to=args.errors
    )


def _only_account() -> str:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.payments import queries as payments_queries

    known = payments_queries.list_collection_accounts(SYSTEM_VIEWER)
    return bank_files.only_account(list(known.values_list("number", flat=True)), "电费账户")


def _open_account(args: argparse.Namespace) -> int:
    from busbar.payments import operations as payments_operations

    return bank_files.open_account(
        args,
        payments_operations.open_collection_account,
        payments_operations.UnableToKeepCollectionAccount,
        "电费账户",
    )


def _raise(_args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.payments import operations as payments_operations

    at = dt.datetime.now(dt.UTC)
    print(f"新增应收 {payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=at)} 笔")
    return 0


def _balance(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.console.exporting import record_export
    from busbar.console.payments.ledger import TRIAL_HEADER, trial_rows
    from busbar.kit import exports
    from busbar.payments import queries as payments_queries

    rows = trial_rows(payments_queries.get_trial_balance(SYSTEM_VIEWER, args.month))
    file = io.BytesIO()
    exports.write_csv(file, [str(name) for name in TRIAL_HEADER], rows)
    record_export(
        viewer=SYSTEM_VIEWER,
        name=f"试算平衡 {args.month}",
        kind="csv",
        rows=len(rows),
        at=dt.datetime.now(dt.UTC),
        customer_id=None,
    )
    if args.output is None:
        sys.stdout.write(file.getvalue().decode("utf-8-sig"))
        return 0
    try:
        args.output.write_bytes(file.getvalue())
    except OSError as error:
        print(f"busbar: 不能写入 {args.output}：{error.strerror}", file=sys.stderr)
        return 1
    print(args.output)
    return 0


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不是月份，应为 YYYY-MM") from None


def _check(_args: argparse.Namespace) -> int:
    from busbar.payments import queries as payments_queries

    wrong = payments_queries.list_disagreements()
    if wrong:
        print(f"总账与明细不符：{'、'.join(wrong)}", file=sys.stderr)
        return 1
    print("总账与明细相符，借贷相等。")
    return 0
