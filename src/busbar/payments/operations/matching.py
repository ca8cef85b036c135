"""Matching by hand, with a reason (R37, R67)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.payments.models import (
    DailyTakings,
    MatchWay,
    MoneySource,
    MoneyTarget,
    Payment,
    PaymentHold,
    PaymentMatch,
    PostingKind,
    Receivable,
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
from busbar.payments.operations.ledger import Posting


class UnableToMatch(Refusal):
    """The money does not go there."""


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
        postings=[posting_of(PostingKind.MATCHED, move, book, on)], by_name=by.name, at=at
    )
    (match,) = write_matches([(move, head.pk)], on=on, by_name=by.name, at=at)
    learn_payers([move])
    keep_move(move, book, at)
    record_move("payments.payment.matched", [move], match.pk, book, by, at)
    return match


def posting_of(kind: PostingKind, move: Move, book: Book, on: dt.date, *, sign: int = 1) -> Posting:
    """The entries of a move; with `sign` -1 those that take it back."""
    account = book.accounts.get(move.account_id or 0)
    unit_id = account.unit_id if account else move.payment.unit_id if move.payment else 0
    text = move.payment.reference if move.payment else account.number if account else ""
    return Posting(kind, unit_id, on, f"{kind.label} {text}", move.sides(sign=sign))


def keep_move(move: Move, book: Book, at: dt.datetime) -> None:
    """Store the payment, the takings and the book as the move left them."""
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


def record_move(
    event: str, moves: Sequence[Move], match_id: int, book: Book, by: Viewer, at: dt.datetime
) -> None:
    """Tell the journal of moves of one payment, or of one between a balance and a bill."""
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
