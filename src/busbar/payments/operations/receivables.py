"""Released bills become receivables with a due day; credit settles them at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.models import Bill
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.money import to_fen
from busbar.kit.periods import local_date
from busbar.payments.models import (
    LedgerCode,
    MatchWay,
    MoneySource,
    MoneyTarget,
    PaymentTerm,
    PostingKind,
    Receivable,
    ReceivableKind,
)
from busbar.payments.operations import ledger
from busbar.payments.operations.book import Book, Move, open_book, write_matches
from busbar.payments.operations.ledger import Posting, Side
from busbar.payments.recognition import bill_reference

_BATCH = 500


class UnableToRaiseReceivables(Refusal):
    """No term says until when a bill is to be paid."""


class UnableToKeepTerm(Refusal):
    """The term cannot be kept as stated."""


def raise_receivables(*, by: Viewer, at: dt.datetime) -> int:
    """Every released bill that owes nothing yet owes its amount from now on; returns how many.

    500 bills are one transaction; killed, the next call goes on. Credit settles what it can.
    """
    raised, last = 0, 0
    while True:
        found, last = _raise_batch(last, by=by, at=at)
        if not found:
            return raised
        raised += found


@transaction.atomic
def _raise_batch(after: int, *, by: Viewer, at: dt.datetime) -> tuple[int, int]:
    journal_operations.take_turn()
    known = Receivable.objects.filter(bill=OuterRef("pk"))
    bills = list(
        Bill.objects.filter(~Exists(known), pk__gt=after, released_at__isnull=False)
        .select_related("account__unit", "replaces")
        .defer("facts", "quantities", "notes", "replaces__facts", "replaces__quantities")
        .order_by("pk")[:_BATCH]
    )
    if not bills:
        return 0, after
    terms = list(PaymentTerm.objects.select_related("unit"))
    rows = Receivable.objects.bulk_create([_receivable(bill, terms) for bill in bills])
    book = open_book(bill.account_id for bill in bills)
    heads = ledger.post(postings=_billed(bills), by_name=by.name, at=at)
    for bill in bills:
        _owe(book, bill)
    moves = _use_credit(book, rows, local_date(at))
    _post_credit(moves, book, by, at)
    book.save()
    _record(rows, heads[0].pk if heads else 0, by, at)
    book.tell(by.actor, at)
    return len(bills), bills[-1].pk


def _receivable(bill: Bill, terms: Sequence[PaymentTerm]) -> Receivable:
    issued_on, amount = _given_on(bill), fen_of(bill)
    open_fen = max(amount, 0)
    return Receivable(
        kind=ReceivableKind.BILL,
        bill=bill,
        account_id=bill.account_id,
        month=bill.month,
        reference=bill_reference(bill.pk),
        amount_fen=amount,
        open_fen=open_fen,
        issued_on=issued_on,
        due_on=issued_on + dt.timedelta(days=days_allowed(terms, bill.account.unit, issued_on)),
        settled_on=None if open_fen else issued_on,
    )


def _given_on(bill: Bill) -> dt.date:
    """The day on which the customer was given the bill: the term runs from there."""
    return local_date(bill.released_at or bill.issued_at)


def fen_of(bill: Bill) -> int:
    """What the bill adds to what is owed, in whole fen: a correction only its difference."""
    return int(to_fen(bill.amount_due) * 100)


def days_allowed(terms: Sequence[PaymentTerm], unit: OrganizationUnit, on: dt.date) -> int:
    """Days after issue by the unit's own term, else the nearest above, else the company's."""
    fitting = [
        term
        for term in terms
        if term.valid_from <= on
        and (term.valid_until is None or on < term.valid_until)
        and (term.unit is None or unit.path.startswith(term.unit.path))
    ]
    if not fitting:
        raise UnableToRaiseReceivables("%(name)s在 %(on)s 没有缴费期限", name=unit.name, on=on)
    nearest = max(
        fitting, key=lambda term: (len(term.unit.path) if term.unit else 0, term.valid_from)
    )
    return nearest.days_after_issue


def _billed(bills: Sequence[Bill]) -> list[Posting]:
    """One transaction a unit and day of issue: each account's side, the sum to revenue."""
    groups: dict[tuple[int, dt.date], list[Bill]] = {}
    for bill in bills:
        if fen_of(bill):
            groups.setdefault((bill.account.unit_id, _given_on(bill)), []).append(bill)
    return [
        Posting(
            PostingKind.BILLED,
            unit,
            on,
            f"电费应收 {len(rows)} 笔",
            (
                *(_side(bill) for bill in rows),
                Side(LedgerCode.REVENUE, -sum(fen_of(bill) for bill in rows)),
            ),
        )
        for (unit, on), rows in groups.items()
    ]


def _side(bill: Bill) -> Side:
    fen = fen_of(bill)
    return Side(LedgerCode.RECEIVABLE if fen > 0 else LedgerCode.CREDIT, fen, bill.account_id)


def _owe(book: Book, bill: Bill) -> None:
    fen = fen_of(bill)
    if fen > 0:
        book.change(bill.account_id, LedgerCode.RECEIVABLE, fen)
    elif fen < 0:
        book.change(bill.account_id, LedgerCode.CREDIT, -fen)


def _use_credit(book: Book, rows: Sequence[Receivable], today: dt.date) -> list[Move]:
    """Credit that was there pays a new bill when it is issued; an old one waited for it."""
    moves = []
    by_key = {row.pk: row for row in rows}
    for account_id, queue in book.open_receivables.items():
        for found in queue:
            row = by_key.get(found.pk, found)
            fen = min(book.balances[account_id].credit_fen, row.open_fen)
            if fen <= 0:
                break
            move = Move(
                MoneySource.CREDIT,
                MoneyTarget.RECEIVABLE,
                fen,
                MatchWay.FROM_CREDIT,
                account_id,
                receivable=row,
            )
            book.carry_out(move, on=row.issued_on if row.pk in by_key else today)
            moves.append(move)
    return moves


def _post_credit(moves: Sequence[Move], book: Book, by: Viewer, at: dt.datetime) -> None:
    on = local_date(at)
    postings = [
        Posting(
            PostingKind.MATCHED,
            book.accounts[move.account_id or 0].unit_id,
            on,
            f"预存冲抵 {book.accounts[move.account_id or 0].number}",
            move.sides(),
        )
        for move in moves
    ]
    heads = ledger.post(postings=postings, by_name=by.name, at=at) if postings else []
    numbered = [(move, head.pk) for move, head in zip(moves, heads, strict=True)]
    write_matches(numbered, on=on, by_name=by.name, at=at)


def _record(rows: Sequence[Receivable], number: int, by: Viewer, at: dt.datetime) -> None:
    happening = Happening(
        event="payments.receivables.raised",
        subject_type="payments.ledger_transaction",
        subject_id=number,
        subject_label=rows[0].month,
        changes={"receivables": len(rows), "amount_fen": sum(row.amount_fen for row in rows)},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


@transaction.atomic
def set_payment_term(
    *,
    days_after_issue: int,
    valid_from: dt.date,
    source: str,
    by: Viewer,
    at: dt.datetime,
    unit_id: int | None = None,
) -> PaymentTerm:
    """From a day on the unit's bills (without one: the company's) are due so many days later.

    Bills that are receivables already keep their due day.
    """
    by.require(Permission.KEEP_LEDGER)
    unit = OrganizationUnit.objects.filter(pk=unit_id).first() if unit_id else None
    if unit is not None:
        by.require_unit(unit.path)
    elif not by.covers(_top_path()):
        raise UnableToKeepTerm("全公司的缴费期限须由省公司维护")
    if not source.strip():
        raise UnableToKeepTerm("请写明缴费期限的依据")
    earlier = PaymentTerm.objects.filter(unit=unit, valid_until=None)
    if earlier.filter(valid_from__gte=valid_from).exists():
        raise UnableToKeepTerm("生效日须晚于现行期限的生效日")
    earlier.filter(~Q(valid_from=valid_from)).update(valid_until=valid_from)
    term = PaymentTerm.objects.create(
        unit=unit,
        days_after_issue=days_after_issue,
        valid_from=valid_from,
        source=source.strip()[:300],
        certainty="local",
    )
    happening = Happening(
        event="payments.term.set",
        subject_type="payments.payment_term",
        subject_id=term.pk,
        subject_label=unit.name if unit else "",
        unit_path=unit.path if unit else "",
        changes={"days_after_issue": days_after_issue, "valid_from": valid_from},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return term


def _top_path() -> str:
    top = OrganizationUnit.objects.filter(parent=None).order_by("path").first()
    return top.path if top else ""
