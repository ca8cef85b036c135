"""Posting: several balanced transactions at once, in the caller's database transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month
from busbar.payments.models import (
    LedgerCode,
    LedgerLine,
    LedgerMonth,
    LedgerTransaction,
    MonthState,
    PostingKind,
)

_BATCH = 2000


class UnableToPost(Refusal):
    """The ledger does not take the transaction as stated."""


@dataclass(frozen=True)
class Side:
    """One line: debit positive, credit negative, in fen; whose it is where it is somebody's."""

    code: LedgerCode
    fen: int
    account_id: int | None = None


@dataclass(frozen=True)
class Posting:
    """One transaction before it has a number."""

    kind: PostingKind
    unit_id: int
    on: dt.date
    text: str
    sides: tuple[Side, ...]


@transaction.atomic
def post(*, postings: Sequence[Posting], by_name: str, at: dt.datetime) -> list[LedgerTransaction]:
    """Write the transactions with the next numbers; sides of nought are left out.

    A day of a closed month is posted in the first month after it that is open.
    Raises UnableToPost where a transaction does not balance.
    """
    journal_operations.take_turn()
    closed = _closed_months()
    last = LedgerTransaction.objects.aggregate(last=Max("id"))["last"] or 0
    heads: list[LedgerTransaction] = []
    lines: list[LedgerLine] = []
    for number, posting in enumerate(postings, start=last + 1):
        sides = [side for side in posting.sides if side.fen]
        total = _checked_total(posting, sides)
        month = _open_month(posting.on, closed)
        lines += _lines(number, month, sides)
        heads.append(
            LedgerTransaction(
                id=number,
                month=month,
                posted_on=posting.on,
                kind=posting.kind,
                unit_id=posting.unit_id,
                text=posting.text[:200],
                total_fen=total,
                line_count=len(sides),
                posted_at=at,
                posted_by_name=by_name,
            )
        )
    LedgerLine.objects.bulk_create(lines, batch_size=_BATCH)
    LedgerTransaction.objects.bulk_create(heads, batch_size=_BATCH)
    return heads


def _closed_months() -> set[str]:
    rows = LedgerMonth.objects.filter(state=MonthState.CLOSED)
    return set(rows.values_list("month", flat=True))


def _open_month(on: dt.date, closed: set[str]) -> str:
    month = Month.of(on)
    while str(month) in closed:
        month = month.next
    return str(month)


def _checked_total(posting: Posting, sides: Sequence[Side]) -> int:
    if sum(side.fen for side in sides):
        raise UnableToPost("凭证借贷不平：%(text)s", text=posting.text)
    total = sum(side.fen for side in sides if side.fen > 0)
    if not total:
        raise UnableToPost("凭证没有金额：%(text)s", text=posting.text)
    return total


def _lines(number: int, month: str, sides: Sequence[Side]) -> list[LedgerLine]:
    return [
        LedgerLine(
            transaction_id=number,
            position=position,
            month=month,
            account_id=side.code,
            customer_account_id=side.account_id,
            debit_fen=max(side.fen, 0),
            credit_fen=max(-side.fen, 0),
        )
        for position, side in enumerate(sides, start=1)
    ]
