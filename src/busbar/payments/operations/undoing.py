"""Taking a match back: the money is where it was (R37, R67)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.payments.models import (
    LateCharge,
    MatchWay,
    MoneySource,
    MoneyTarget,
    PayerLink,
    PaymentMatch,
    PaymentRefund,
    PostingKind,
    Receivable,
    RefundState,
    in_yuan,
)
from busbar.payments.operations import ledger
from busbar.payments.operations.book import Book, Move, open_book
from busbar.payments.operations.late_reversals import absorb, reverse_charges
from busbar.payments.operations.matching import keep_move, posting_of, record_move


class UnableToUndoMatch(Refusal):
    """The match stands."""


@transaction.atomic
def undo_match(*, match_id: int, reason: str, by: Viewer, at: dt.datetime) -> PaymentMatch:
    """Take a match back with a reason: the money is where it was, the receivable owes it again.

    The late-payment charge that was posted because the bill was paid is taken back with it.
    Refused where the credit or deposit that it fed has been used or paid back since.
    """
    by.require(Permission.TAKE_PAYMENTS)
    journal_operations.take_turn()
    rows = PaymentMatch.objects.visible_to(by)
    found = rows.select_related("payment__unit", "receivable", "takings__point").filter(pk=match_id)
    match: PaymentMatch | None = found.first()
    if match is None:
        raise UnableToUndoMatch("没有这笔核销，或不在您的范围之内")
    if match.undone_at is not None:
        raise UnableToUndoMatch("这笔核销已经撤销")
    if not reason.strip():
        raise UnableToUndoMatch("请写明撤销的原因")
    move, is_void = _move_of(match, reason.strip()), _is_taken_back(match)
    final = _final_charges(match)
    book = open_book(
        [] if move.account_id is None else [move.account_id],
        [] if move.receivable is None else [move.receivable],
    )
    _check_unused(move, book)
    book.take_back(move)
    ledger.post(
        postings=[posting_of(PostingKind.UNDONE, move, book, local_date(at), sign=-1)],
        by_name=by.name,
        at=at,
    )
    match.undone_at, match.undone_by_name = at, by.name
    match.undone_reason = reason.strip()[:300]
    match.save(update_fields=["undone_at", "undone_by_name", "undone_reason"])
    why = f"核销撤销：{move.reason}"
    reverse_charges(final, book, reason=why, by=by, at=at)
    if is_void and move.receivable is not None:
        absorb([move.receivable], book, reason=why, by=by, at=at)
    _unlearn(move)
    keep_move(move, book, at)
    record_move("payments.payment.unmatched", [move], match.pk, book, by, at)
    return match


def _is_taken_back(match: PaymentMatch) -> bool:
    """Whether what it paid was taken back since; what settled it then stays."""
    paid = match.receivable_id
    if paid is None or not (
        LateCharge.objects.filter(receivable=paid, is_reversed=True).exists()
        or Receivable.objects.filter(reverses=paid).exists()
    ):
        return False
    if match.source == MoneySource.CREDIT:
        raise UnableToUndoMatch("这笔应收已冲回，冲抵它的核销不能撤销")
    return True


def _final_charges(match: PaymentMatch) -> list[LateCharge]:
    """Charges up to the day on which the bill was paid: they fall with that payment."""
    owed = match.receivable
    if owed is None or owed.settled_on is None:
        return []
    rows = LateCharge.objects.standing().filter(overdue=owed, until=owed.settled_on)
    return list(rows.select_related("receivable"))


def _move_of(match: PaymentMatch, reason: str) -> Move:
    return Move(
        MoneySource(match.source),
        MoneyTarget(match.target),
        match.amount_fen,
        MatchWay(match.way),
        match.account_id,
        payment=match.payment,
        receivable=match.receivable,
        takings=match.takings,
        reason=reason,
    )


def _check_unused(move: Move, book: Book) -> None:
    if move.target not in (MoneyTarget.CREDIT, MoneyTarget.DEPOSIT):
        return
    balance = book.balances[move.account_id or 0]
    is_credit = move.target == MoneyTarget.CREDIT
    held = balance.credit_fen if is_credit else balance.deposit_fen
    if held < move.fen:
        raise UnableToUndoMatch("余额只剩 %(held)s 元，其余已经用掉，不能撤销", held=in_yuan(held))
    _check_not_refunded(move)


def _check_not_refunded(move: Move) -> None:
    """What went back of a payment by way of the balance it fed may not wait once more."""
    payment, source = move.payment, MoneySource(move.target)
    if payment is None:
        return
    refunds = PaymentRefund.objects.filter(payment=payment, account=move.account_id, source=source)
    back = _fen_of(refunds.exclude(state=RefundState.REFUSED))
    fed = payment.matches.filter(target=move.target, account=move.account_id, undone_at=None)
    if back > _fen_of(fed) - move.fen:
        raise UnableToUndoMatch(
            "缴费 %(reference)s 已申请或已办退费 %(back)s 元，不能撤销",
            reference=payment.reference,
            back=in_yuan(back),
        )


def _fen_of(rows: QuerySet[Any]) -> int:
    return int(rows.aggregate(total=Sum("amount_fen"))["total"] or 0)


def _unlearn(move: Move) -> None:
    """A payer whose last match to the 户号 is taken back is not known to pay for it."""
    if move.payment is None or move.account_id is None:
        return
    payer = move.payment.payer_account
    others = PaymentMatch.objects.filter(
        payment__payer_account=payer, account=move.account_id, undone_at=None
    )
    if not others.exists():
        PayerLink.objects.filter(payer_account=payer, account=move.account_id).delete()
