"""What `busbar fees` and `busbar payments` share: a bank's file in, a bank account registered."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from busbar.kit.phrases import recall

if TYPE_CHECKING:
    from busbar.access.models import OrganizationUnit
    from busbar.payments.bank_file import BankRow, RefusedRow

_SHOWN = 20
_ACCOUNT = (("unit", "单位编码"), ("number", "账号"), ("name", "户名"), ("bank", "开户银行"))


def add_import(words: Any, *, text: str, account: str) -> None:
    """`import FILE [--account NUMBER] [--errors FILE]`."""
    importing = words.add_parser("import", help=text)
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--account", default="", help=account)
    importing.add_argument("--errors", type=Path, metavar="FILE", help="把未收的行写成 CSV")


def add_account(words: Any, *, text: str) -> None:
    """`account --unit … --number … --name … --bank … [--from DAY]`."""
    opening = words.add_parser("account", help=text)
    for name, meaning in _ACCOUNT:
        opening.add_argument(f"--{name}", required=True, help=meaning)
    opening.add_argument("--from", dest="valid_from", type=dt.date.fromisoformat, help="启用日")


def read(path: Path) -> tuple[list[BankRow], list[RefusedRow]]:
    """The file's rows and those it refuses; UnableToReadBankFile where there is no file."""
    from busbar.payments import bank_file

    if not path.is_file():
        raise bank_file.UnableToReadBankFile(f"没有这个文件：{path}")
    return bank_file.read_bank_file(path)


def only_account(numbers: Sequence[str], name: str) -> str:
    """The one account there is; UnableToReadBankFile names them where it must be said which."""
    from busbar.payments.bank_file import UnableToReadBankFile

    if len(numbers) != 1:
        known = "、".join(numbers) or "尚未登记"
        raise UnableToReadBankFile(f"请用 --account 指明{name}（{known}）")
    return numbers[0]


def tell_kept(
    *, kept: int, waiting: int, refused: Sequence[dict[str, Any]], write_to: Path | None
) -> int:
    """Say what became of the rows; 2 where some were not kept."""
    print(f"收下 {kept} 行，其中 {waiting} 行待核对；未收 {len(refused)} 行")
    for row in refused[:_SHOWN]:
        print(
            f"  第 {row['row']} 行 {row['column']}“{row['value']}”：{recall(row['expectation'])}",
            file=sys.stderr,
        )
    if write_to and refused:
        _write(write_to, refused)
    return 2 if refused else 0


def open_account(
    args: argparse.Namespace, open_one: Callable[..., Any], refusal: type[Exception], name: str
) -> int:
    """Register the account that the words describe by the room's operation."""
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.kit.periods import local_date

    at, unit = dt.datetime.now(dt.UTC), _unit(args.unit, refusal)
    account = open_one(
        number=args.number,
        name=args.name,
        bank=args.bank,
        unit_id=unit.pk,
        valid_from=args.valid_from or local_date(at),
        by=SYSTEM_VIEWER,
        at=at,
    )
    print(f"已登记 {unit.name}的{name} {account.number}")
    return 0


def _unit(code: str, refusal: type[Exception]) -> OrganizationUnit:
    from busbar.access import queries as access_queries
    from busbar.access.models import OrganizationUnit

    try:
        return access_queries.get_unit(code)
    except OrganizationUnit.DoesNotExist:
        raise refusal(f"没有单位 {code}") from None


def _write(path: Path, refused: Sequence[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["行", "列", "值", "应为"])
        writer.writerows(
            [r["row"], r["column"], r["value"], str(recall(r["expectation"]))] for r in refused
        )
    print(f"未收的行已写到 {path}")
