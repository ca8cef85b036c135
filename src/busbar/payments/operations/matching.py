"""Matching by hand, with a reason, and taking a match back (R37, R67)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.payments.models import (
    DailyTakings,
    LateCharge,
    MatchWay,
    MoneySource,
    MoneyTarget,
    PayerLink,
    Payment,
    PaymentHold,
    PaymentMatch,
    PaymentRefund,
    PostingKind,
    Receivable,
    RefundState,
    TakingsState,
    in_yuan,
)
from busbar.payments.operations import ledger
from busbar.payments.operations.book import (
    Book,
    Move,
    learn_payers,
    open_book,
    save_takings,
    write_matches,
)
from busbar.payments.operations.importing import matched_happening
from busbar.payments.operations.late_reversals import absorb, reverse_charges
from busbar.payments.operations.ledger import Posting


class UnableToMatch(Refusal):
    """The money does not go there."""


class UnableToUndoMatch(Refusal):
    """The match stands."""


def as_fen(amount_yuan: Decimal, refusal: type[Refusal]) -> int:
    """Yuan above nought with at most two decimals as whole fen, or the refusal."""
    if not amount_yuan.is_finite() or amount_yuan <= 0:
        raise refusal("金额应大于零")
    fen = amount_yuan * 100
    if fen != fen.to_integral_value() or fen > 10**15:
        raise refusal("金额至多两位小数")
    return int(fen)


def lock_payment(payment_id: int, by: Viewer, refusal: type[Refusal]) -> Payment:
    """The visible payment as it stands; the turn at the journal keeps it so."""
    journal_operations.take_turn()
    rows = Payment.objects.visible_to(by).select_related("unit", "point")
    found: Payment | None = rows.filter(pk=payment_id).first()
    if found is None:
        raise refusal("没有这笔缴费，或不在您的范围之内")
    return found


def find_account(number: str, by: Viewer, refusal: type[Refusal]) -> CustomerAccount:
    """The visible 户号."""
    rows = CustomerAccount.objects.visible_to(by).select_related("unit")
    found: CustomerAccount | None = rows.filter(number=number.strip()).first()
    if found is None:
        raise refusal("没有户号 %(number)s，或不在您的范围之内", number=number)
    return found


@transaction.atomic
def match_payment(
    *,
    payment_id: int,
    reference: str,
    reason: str,
    by: Viewer,
    at: dt.datetime,
    amount_yuan: Decimal | None = None,
) -> PaymentMatch:
    """Match waiting money to the receivable of that reference; without an amount all that fits."""
    by.require(Permission.TAKE_PAYMENTS)
    payment = lock_payment(payment_id, by, UnableToMatch)
    found = Receivable.objects.visible_to(by).filter(reference=reference.strip().upper()).first()
    if found is None:
        raise UnableToMatch("没有账单号 %(reference)s，或不在您的范围之内", reference=reference)
    if not found.open_fen:
        raise UnableToMatch("账单 %(reference)s 已缴清", reference=found.reference)
    fen = min(payment.waiting_fen, found.open_fen)
    if amount_yuan is not None:
        fen = as_fen(amount_yuan, UnableToMatch)
    if fen > found.open_fen:
        raise UnableToMatch(
            "账单 %(reference)s 只欠 %(open_fen)s 元",
            reference=found.reference,
            open_fen=in_yuan(found.open_fen),
        )
    move = Move(
        MoneySource.PAYMENT,
        MoneyTarget.RECEIVABLE,
        fen,
        MatchWay.MANUAL,
        found.account_id,
        payment=payment,
        receivable=found,
    )
    return _match(move, reason, by, at)


@transaction.atomic
def credit_payment(
    *,
    payment_id: int,
    account_number: str,
    reason: str,
    by: Viewer,
    at: dt.datetime,
    amount_yuan: Decimal | None = None,
    as_deposit: bool = False,
) -> PaymentMatch:
    """Put waiting money into a 户号's credit (预存), or into its deposit (保证金)."""
    by.require(Permission.TAKE_PAYMENTS)
    payment = lock_payment(payment_id, by, UnableToMatch)
    account = find_account(account_number, by, UnableToMatch)
    whole = amount_yuan is None
    move = Move(
        MoneySource.PAYMENT,
        MoneyTarget.DEPOSIT if as_deposit else MoneyTarget.CREDIT,
        payment.waiting_fen if whole else as_fen(amount_yuan or Decimal(0), UnableToMatch),
        MatchWay.MANUAL,
        account.pk,
        payment=payment,
    )
    return _match(move, reason, by, at)


@transaction.atomic
def reconcile_takings(
    *, takings_id: int, payment_id: int, reason: str, by: Viewer, at: dt.datetime
) -> PaymentMatch:
    """Tie a point's takings to the bank's row that brought them: no more than is missing."""
    by.require(Permission.TAKE_PAYMENTS)
    payment = lock_payment(payment_id, by, UnableToMatch)
    takings = DailyTakings.objects.visible_to(by).select_related("point").filter(pk=takings_id)
    found = takings.first()
    if found is None:
        raise UnableToMatch("没有这笔解款，或不在您的范围之内")
    if found.state != TakingsState.HANDED_IN:
        raise UnableToMatch(
            "解款 %(number)s %(state)s", number=found.number, state=found.get_state_display()
        )
    if payment.point_id is not None:
        raise UnableToMatch("解款只能与银行到账核对")
    if payment.waiting_fen > found.missing_fen:
        raise UnableToMatch(
            "解款 %(number)s 还应到 %(missing_yuan)s 元，流水待核销 %(waiting_yuan)s 元",
            number=found.number,
            missing_yuan=found.missing_yuan,
            waiting_yuan=payment.waiting_yuan,
        )
    move = Move(
        MoneySource.PAYMENT,
        MoneyTarget.TAKINGS,
        payment.waiting_fen,
        MatchWay.MANUAL,
        payment=payment,
        takings=found,
    )
    return _match(move, reason, by, at)


@transaction.atomic
def settle_from_balance(
    *,
    reference: str,
    reason: str,
    by: Viewer,
    at: dt.datetime,
    source: MoneySource = MoneySource.CREDIT,
) -> PaymentMatch:
    """Settle a receivable, as far as it goes, from its 户号's credit or deposit."""
    by.require(Permission.TAKE_PAYMENTS)
    journal_operations.take_turn()
    found = Receivable.objects.visible_to(by).filter(reference=reference.strip().upper()).first()
    if found is None or not found.open_fen:
        raise UnableToMatch("没有待缴的账单 %(reference)s，或不在您的范围之内", reference=reference)
    book = open_book([found.account_id], [found])
    balance = book.balances[found.account_id]
    held = balance.deposit_fen if source == MoneySource.DEPOSIT else balance.credit_fen
    if source == MoneySource.PAYMENT or not held:
        raise UnableToMatch("这个户号没有可用的余额")
    way = MatchWay.MANUAL if source == MoneySource.DEPOSIT else MatchWay.FROM_CREDIT
    move = Move(
        source,
        MoneyTarget.RECEIVABLE,
        min(held, found.open_fen),
        way,
        found.account_id,
        receivable=found,
    )
    return _match(move, reason, by, at, book)


def _match(
    move: Move, reason: str, by: Viewer, at: dt.datetime, book: Book | None = None
) -> PaymentMatch:
    if not reason.strip():
        raise UnableToMatch("请写明核销的依据")
    move.reason = reason.strip()
    payment = move.payment
    if payment is not None and not 0 < move.fen <= payment.waiting_fen:
        raise UnableToMatch(
            "缴费 %(reference)s 只余 %(waiting_yuan)s 元待核销",
            reference=payment.reference,
            waiting_yuan=payment.waiting_yuan,
        )
    known = [] if move.receivable is None else [move.receivable]
    book = book or open_book([] if move.account_id is None else [move.account_id], known)
    on = local_date(at)
    settled_on = payment.booked_on if payment else on
    book.carry_out(move, on=settled_on)
    (head,) = ledger.post(
        postings=[_posting(PostingKind.MATCHED, move, book, on)], by_name=by.name, at=at
    )
    (match,) = write_matches([(move, head.pk)], on=on, by_name=by.name, at=at)
    learn_payers([move])
    _keep(move, book, at)
    _record("payments.payment.matched", [move], match.pk, book, by, at)
    return match


def _posting(kind: PostingKind, move: Move, book: Book, on: dt.date, *, sign: int = 1) -> Posting:
    account = book.accounts.get(move.account_id or 0)
    unit_id = account.unit_id if account else move.payment.unit_id if move.payment else 0
    text = move.payment.reference if move.payment else account.number if account else ""
    return Posting(kind, unit_id, on, f"{kind.label} {text}", move.sides(sign=sign))


def _keep(move: Move, book: Book, at: dt.datetime) -> None:
    if move.payment is not None:
        move.payment.hold = _hold(move.payment)
        move.payment.save(update_fields=["waiting_fen", "hold"])
    if move.takings is not None:
        save_takings(move.takings, at)
    book.save()


def _hold(payment: Payment) -> PaymentHold:
    """Why what is left waits: of all of it nothing is known, of a part the rest is."""
    if not payment.waiting_fen:
        return PaymentHold.NONE
    is_whole = payment.waiting_fen == payment.amount_fen
    return PaymentHold.UNKNOWN if is_whole else PaymentHold.SURPLUS


def _record(
    event: str, moves: Sequence[Move], match_id: int, book: Book, by: Viewer, at: dt.datetime
) -> None:
    move = moves[0]
    if move.payment is not None:
        happening = matched_happening(event, move.payment, moves, book, reason=move.reason)
    else:
        account = book.accounts[move.account_id or 0]
        happening = Happening(
            event=event,
            subject_type="payments.match",
            subject_id=match_id,
            subject_label=account.number,
            customer_id=account.customer_id,
            unit_path=account.unit.path,
            changes={"source": move.source, "amount_fen": move.fen},
            reason=move.reason,
        )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    book.tell(by.actor, at)


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
    move, charge = _move_of(match, reason.strip()), _charge_of(match)
    final = _final_charges(match)
    book = open_book(
        [] if move.account_id is None else [move.account_id],
        [] if move.receivable is None else [move.receivable],
    )
    _check_unused(move, book)
    book.take_back(move)
    ledger.post(
        postings=[_posting(PostingKind.UNDONE, move, book, local_date(at), sign=-1)],
        by_name=by.name,
        at=at,
    )
    match.undone_at, match.undone_by_name = at, by.name
    match.undone_reason = reason.strip()[:300]
    match.save(update_fields=["undone_at", "undone_by_name", "undone_reason"])
    why = f"核销撤销：{move.reason}"
    reverse_charges(final, book, reason=why, by=by, at=at)
    if charge is not None and move.receivable is not None:
        absorb([move.receivable], book, reason=why, by=by, at=at)
    _unlearn(move)
    _keep(move, book, at)
    _record("payments.payment.unmatched", [move], match.pk, book, by, at)
    return match


def _charge_of(match: PaymentMatch) -> LateCharge | None:
    """The charge that was taken back since the match paid it; what settled it then stays."""
    found = LateCharge.objects.filter(receivable=match.receivable_id, is_reversed=True).first()
    if found is not None and match.source == MoneySource.CREDIT:
        raise UnableToUndoMatch("这笔违约金已冲回，冲抵它的核销不能撤销")
    return found


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
