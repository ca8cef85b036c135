"""The bank's file of rows as plain values: which columns, what a cell may hold, what is refused.

CSV (UTF-8 or GB18030) or Excel with a header. Columns by name, Chinese or English:
流水号 reference, 交易日期 date, 对方户名 payer, 对方账号 account, 金额 amount, 附言 remark.
The amount is in yuan, positive for money that came and negative for money that went.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from busbar.kit import tables
from busbar.kit.errors import Listing, Phrase, Refusal
from busbar.kit.phrases import keep

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "reference": ("reference", "流水号", "交易流水号", "银行流水号"),
    "date": ("date", "交易日期", "记账日期", "日期"),
    "payer": ("payer", "对方户名", "付款人", "户名"),
    "account": ("account", "对方账号", "付款账号", "账号"),
    "amount": ("amount", "金额", "交易金额"),
    "remark": ("remark", "附言", "摘要", "备注"),
}
_REQUIRED = ("reference", "date", "payer", "amount")
_LONGEST = {"reference": 60, "payer": 200, "account": 40, "remark": 300}
_MOST_YUAN = Decimal("999999999999.99")
_DATE = re.compile(r"(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})日?(?:[ T].*)?$")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$")


class UnableToReadBankFile(Refusal):
    """The file as a whole is not what the bank gives."""


class NotReadable(Refusal):
    """One cell holds what it may not; says what was expected."""


@dataclass(frozen=True)
class BankRow:
    """One good row; `amount_yuan` is signed as in the file, `number` counts the file's rows."""

    number: int
    reference: str
    booked_on: dt.date
    payer_name: str
    payer_account: str
    amount_yuan: Decimal
    remark: str


@dataclass(frozen=True)
class RefusedRow:
    """One row that was not kept: where, what stood there, what was expected."""

    row: int
    column: str
    value: str
    expectation: Phrase


def read_bank_file(path: Path) -> tuple[list[BankRow], list[RefusedRow]]:
    """Good rows and refused ones; UnableToReadBankFile where the header lacks a column."""
    heads = tables.list_heads(path)
    if not heads:
        raise UnableToReadBankFile("文件没有表头")
    head = heads[0]
    places = _places(head.header)
    rows: list[BankRow] = []
    refused: list[RefusedRow] = []
    for number, cells in tables.read_rows(path, head):
        texts = {key: tables.cell_text(cells[place]).strip() for key, place in places.items()}
        outcome = _row(number, texts, head.header, places)
        if isinstance(outcome, BankRow):
            rows.append(outcome)
        else:
            refused.append(outcome)
    return rows, refused


def _places(header: Sequence[str]) -> dict[str, int]:
    known = {name: key for key, names in COLUMNS.items() for name in names}
    lowered = [name.strip().lower() for name in header]
    places: dict[str, int] = {}
    for place, name in enumerate(lowered):
        if name in known:
            places.setdefault(known[name], place)
    missing = [COLUMNS[key][1] for key in _REQUIRED if key not in places]
    if missing:
        raise UnableToReadBankFile(
            "银行流水缺少列：%(missing)s；表头是：%(header)s",
            missing=Listing(missing),
            header=Listing(header),
        )
    return places


def _row(
    number: int, texts: Mapping[str, str], header: Sequence[str], places: Mapping[str, int]
) -> BankRow | RefusedRow:
    key = "reference"
    try:
        reference = _text(texts, "reference", required=True)
        key = "date"
        booked_on = _day(texts["date"])
        key = "payer"
        payer = _text(texts, "payer", required=True)
        key = "account"
        account = _text(texts, "account").replace(" ", "")
        key = "amount"
        amount = read_amount(texts["amount"])
        key = "remark"
        remark = _text(texts, "remark")
    except NotReadable as refusal:
        return RefusedRow(number, header[places[key]], texts[key], refusal)
    return BankRow(number, reference, booked_on, payer, account, amount, remark)


def _text(texts: Mapping[str, str], key: str, *, required: bool = False) -> str:
    text = texts.get(key, "")
    if required and not text:
        raise NotReadable("不能空缺")
    if len(text) > _LONGEST[key]:
        raise NotReadable("至多 %(most)s 个字符", most=_LONGEST[key])
    if "\x00" in text:
        raise NotReadable("含有不可见的控制字符")
    return text


def _day(text: str) -> dt.date:
    found = _COMPACT.match(text) or _DATE.match(text)
    year, month, day = (int(part) for part in found.groups()) if found else (0, 0, 0)
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise NotReadable("应为日期，如 2026-03-02") from None


def read_amount(text: str) -> Decimal:
    """Yuan with at most two decimals and not nought; NotReadable says what was expected.

    >>> read_amount("-1,250.50")
    Decimal('-1250.50')
    """
    plain = text.replace(",", "").replace("\uff0c", "").removeprefix("¥").removeprefix("\uffe5")
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise NotReadable("应为金额（元），如 1250.50，支出为负") from None
    if not amount.is_finite() or abs(amount) > _MOST_YUAN:
        raise NotReadable("应为金额（元），至多十二位整数")
    if amount != amount.quantize(Decimal("0.01")):
        raise NotReadable("金额至多两位小数")
    if amount == 0:
        raise NotReadable("金额不能为零")
    return amount.quantize(Decimal("0.01"))


def refused_facts(rows: Sequence[RefusedRow]) -> list[dict[str, Any]]:
    """The refused rows as JSON values; what was expected as it is kept (kit/phrases.py)."""
    return [
        {"row": r.row, "column": r.column, "value": r.value, "expectation": keep(r.expectation)}
        for r in rows
    ]


def sift_rows(
    rows: Sequence[BankRow], known: Mapping[str, dt.date], today: dt.date
) -> tuple[list[BankRow], list[RefusedRow]]:
    """Rows that may be kept, and those seen before, repeated in the file or dated after today.

    `known` are references that stand already, with the day on which they were imported.
    """
    good: list[BankRow] = []
    bad: list[RefusedRow] = []
    first: dict[str, int] = {}
    for row in rows:
        if row.reference in known:
            day = known[row.reference]
            told = Phrase("这个流水号 %(day)s 已导入过，同一流水只记一次", day=day)
            bad.append(_repeat(row, told))
        elif row.reference in first:
            told = Phrase("流水号与第 %(row)s 行重复", row=first[row.reference])
            bad.append(_repeat(row, told))
        elif row.booked_on > today:
            told = Phrase("不能晚于导入当日")
            bad.append(RefusedRow(row.number, "交易日期", str(row.booked_on), told))
        else:
            first[row.reference] = row.number
            good.append(row)
    return good, bad


def _repeat(row: BankRow, expectation: Phrase) -> RefusedRow:
    return RefusedRow(row.number, "流水号", row.reference, expectation)
