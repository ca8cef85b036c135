"""违约金冲回: a charge that does not stand is taken back by an entry of its own, never removed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.periods import local_date
from busbar.payments.models import (
    LateCharge,
    LedgerCode,
    MatchWay,
    MoneySource,
    MoneyTarget,
    PostingKind,
    Receivable,
    ReceivableKind,
    in_yuan,
)
from busbar.payments.operations import ledger
from busbar.payments.operations.book import Book, Move, write_matches
from busbar.payments.operations.ledger import Posting, Side
from busbar.payments.operations.references import next_references


def reverse_charges(
    charges: Sequence[LateCharge], book: Book, *, reason: str, by: Viewer, at: dt.datetime
) -> list[LateCharge]:
    """Take the charges back, each by a receivable below nought of the same bill.

    It is the 户号's credit, and settles the charge itself as far as that is open. `book` holds
    the accounts; the caller saves it and tells.
    """
    if not charges:
        return []
    on = local_date(at)
    made = _write(charges, reason, on)
    postings = [_posting(charge, book, on) for charge in charges]
    ledger.post(postings=postings, by_name=by.name, at=at)
    for charge in charges:
        owed = charge.receivable
        book.change(owed.account_id, LedgerCode.CREDIT, owed.amount_fen)
    absorb([charge.receivable for charge in charges], book, reason=reason, by=by, at=at)
    happenings = [_happening(charge, book, reason) for charge in charges]
    journal_operations.record_many(happenings=happenings, actor=by.actor, at=at)
    return made


def _write(charges: Sequence[LateCharge], reason: str, on: dt.date) -> list[LateCharge]:
    made = [
        LateCharge(
            receivable=_negative(charge.receivable, reference, on),
            overdue_id=charge.overdue_id,
            until=charge.until,
            reverses=charge,
            lines=[_explained(charge, reason)],
        )
        for charge, reference in zip(charges, _references(charges), strict=True)
    ]
    Receivable.objects.bulk_create([charge.receivable for charge in made])
    for charge in made:
        charge.receivable_id = charge.receivable.pk
    LateCharge.objects.bulk_create(made)
    LateCharge.objects.filter(pk__in=[charge.pk for charge in charges]).update(is_reversed=True)
    return made


def _references(charges: Sequence[LateCharge]) -> list[str]:
    return next_references(ReceivableKind.LATE, len(charges))


def _negative(owed: Receivable, reference: str, on: dt.date) -> Receivable:
    return Receivable(
        kind=ReceivableKind.LATE,
        account_id=owed.account_id,
        month=owed.month,
        reference=reference,
        amount_fen=-owed.amount_fen,
        open_fen=0,
        issued_on=on,
        due_on=on,
        settled_on=on,
    )


def _explained(charge: LateCharge, reason: str) -> dict[str, object]:
    owed = charge.receivable
    return {
        "name": f"冲回违约金 {owed.reference}",
        "formula": reason[:300],
        "amount_yuan": str(-owed.amount_yuan),
        "rules": [],
    }


def _posting(charge: LateCharge, book: Book, on: dt.date) -> Posting:
    owed = charge.receivable
    account = book.accounts[owed.account_id]
    return Posting(
        PostingKind.LATE_REVERSED,
        account.unit_id,
        on,
        f"冲回违约金 {account.number} {owed.month} 至 {charge.until}",
        (
            Side(LedgerCode.LATE_INCOME, owed.amount_fen),
            Side(LedgerCode.CREDIT, -owed.amount_fen, owed.account_id),
        ),
    )


def absorb(
    owed: Sequence[Receivable], book: Book, *, reason: str, by: Viewer, at: dt.datetime
) -> None:
    """Settle charges that were taken back from the credit that this gave."""
    on, moves = local_date(at), []
    for row in owed:
        fen = min(row.open_fen, book.balances[row.account_id].credit_fen)
        if fen <= 0:
            continue
        move = Move(
            MoneySource.CREDIT,
            MoneyTarget.RECEIVABLE,
            fen,
            MatchWay.FROM_CREDIT,
            row.account_id,
            receivable=row,
            reason=reason,
        )
        book.carry_out(move, on=on)
        moves.append(move)
    if not moves:
        return
    postings = [_offset(move, book, on) for move in moves]
    heads = ledger.post(postings=postings, by_name=by.name, at=at)
    numbered = [(move, head.pk) for move, head in zip(moves, heads, strict=True)]
    write_matches(numbered, on=on, by_name=by.name, at=at)


def _offset(move: Move, book: Book, on: dt.date) -> Posting:
    account = book.accounts[move.account_id or 0]
    text = f"冲抵已冲回的违约金 {account.number}"
    return Posting(PostingKind.MATCHED, account.unit_id, on, text, move.sides())


def _happening(charge: LateCharge, book: Book, reason: str) -> Happening:
    owed = charge.receivable
    account = book.accounts[owed.account_id]
    return Happening(
        event="payments.late_payment.reversed",
        subject_type="payments.receivable",
        subject_id=owed.pk,
        subject_label=f"{account.number} {owed.month}",
        customer_id=account.customer_id,
        unit_path=account.unit.path,
        changes={"amount_yuan": in_yuan(-owed.amount_fen), "until": charge.until},
        reason=reason,
    )
