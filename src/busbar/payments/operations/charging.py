"""Owing beside the bills: claims become receivables, or credit where the company owes (R9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from busbar.access.visibility import Viewer
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.periods import Month, local_date
from busbar.payments.models import (
    LedgerCode,
    PaymentTerm,
    PostingKind,
    Receivable,
    ReceivableKind,
    in_yuan,
)
from busbar.payments.operations import ledger
from busbar.payments.operations.book import Book, open_book
from busbar.payments.operations.late_reversals import absorb
from busbar.payments.operations.ledger import Posting, Side
from busbar.payments.operations.receivables import days_allowed
from busbar.payments.operations.references import next_references

Parts = Mapping[LedgerCode, int]
"""Fen by the account that earns them; below nought what the company gives back or pays."""


def owe_beside_bills(
    *, account: CustomerAccount, parts: Parts, text: str, by: Viewer, at: dt.datetime
) -> Receivable:
    """From today the 户号 owes the sum of the parts, due as a bill of today would be.

    Below nought it owes nothing: the sum stands in its credit, which pays its next bill or is
    paid back. Runs in the caller's transaction; raises UnableToRaiseReceivables without a term.
    """
    journal_operations.take_turn()
    book = open_book([account.pk])
    owed = _write(account, sum(parts.values()), None, at)
    posting = _posting(owed, account, PostingKind.CLAIMED, text, parts)
    ledger.post(postings=[posting], by_name=by.name, at=at)
    book.change(account.pk, _side_of(owed), abs(owed.amount_fen))
    _save(owed, "payments.claim.owed", book, by, at)
    return owed


def take_back(
    *, owed: Receivable, parts: Parts, reason: str, by: Viewer, at: dt.datetime
) -> Receivable:
    """What was owed by these parts is owed no more, by an entry of its own; nothing is removed.

    What was paid of it becomes the 户号's credit; credit that it had given is taken from what is
    there, and owed where it is gone.
    """
    journal_operations.take_turn()
    book = open_book([owed.account_id], [owed])
    account = book.accounts[owed.account_id]
    made = _write(account, -owed.amount_fen, owed, at)
    text = f"冲回 {owed.reference} {account.number}"
    opposite = {code: -fen for code, fen in parts.items()}
    posting = _posting(made, account, PostingKind.CLAIM_REVERSED, text, opposite)
    ledger.post(postings=[posting], by_name=by.name, at=at)
    book.change(account.pk, _side_of(made), abs(made.amount_fen))
    absorb([owed if owed.amount_fen > 0 else made], book, reason=reason, by=by, at=at)
    _save(made, "payments.claim.taken_back", book, by, at, reason)
    return made


def _write(
    account: CustomerAccount, fen: int, reverses: Receivable | None, at: dt.datetime
) -> Receivable:
    on = local_date(at)
    allowed = days_allowed(list(PaymentTerm.objects.select_related("unit")), account.unit, on)
    return Receivable.objects.create(
        kind=ReceivableKind.CLAIM,
        account=account,
        month=str(Month.of(on)),
        reference=next_references(ReceivableKind.CLAIM, 1)[0],
        reverses=reverses,
        amount_fen=fen,
        open_fen=max(fen, 0),
        issued_on=on,
        due_on=on + dt.timedelta(days=allowed if fen > 0 else 0),
        settled_on=None if fen > 0 else on,
    )


def _posting(
    owed: Receivable, account: CustomerAccount, kind: PostingKind, text: str, parts: Parts
) -> Posting:
    sides = (
        Side(_side_of(owed), owed.amount_fen, account.pk),
        *(Side(code, -fen) for code, fen in parts.items()),
    )
    return Posting(kind, account.unit_id, owed.issued_on, text, sides)


def _side_of(owed: Receivable) -> LedgerCode:
    return LedgerCode.RECEIVABLE if owed.amount_fen > 0 else LedgerCode.CREDIT


def _save(
    owed: Receivable, event: str, book: Book, by: Viewer, at: dt.datetime, reason: str = ""
) -> None:
    book.save()
    account = book.accounts[owed.account_id]
    happening = Happening(
        event=event,
        subject_type="payments.receivable",
        subject_id=owed.pk,
        subject_label=f"{account.number} {owed.reference}",
        customer_id=account.customer_id,
        unit_path=account.unit.path,
        changes={"amount_yuan": in_yuan(owed.amount_fen)},
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    book.tell(by.actor, at)
