"""退费: asked for with a ground, decided by another, back the way it came, proven (R9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Sum

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Phrase, Refusal
from busbar.kit.periods import local_date
from busbar.payments.models import (
    LedgerCode,
    MoneySource,
    MoneyTarget,
    Payment,
    PaymentChannel,
    PaymentHold,
    PaymentMatch,
    PaymentRefund,
    Payout,
    PostingKind,
    RefundState,
    in_yuan,
)
from busbar.payments.numbers import find_payment_numbers, payment_number
from busbar.payments.operations import ledger
from busbar.payments.operations.book import Book, open_book
from busbar.payments.operations.ledger import Posting, Side
from busbar.payments.recognition import REFUND_PREFIX

_CODES = {
    MoneySource.PAYMENT: LedgerCode.UNMATCHED,
    MoneySource.CREDIT: LedgerCode.CREDIT,
    MoneySource.DEPOSIT: LedgerCode.DEPOSIT,
}
_FED = {MoneySource.CREDIT: MoneyTarget.CREDIT, MoneySource.DEPOSIT: MoneyTarget.DEPOSIT}


class UnableToRequestRefund(Refusal):
    """The refund may not be asked for as stated."""


class UnableToDecideRefund(Refusal):
    """The refund cannot be decided by this person or at this time."""


class UnableToPayRefund(Refusal):
    """The money did not go back as it was approved."""


@transaction.atomic
def request_refund(
    *,
    payment_id: int,
    amount_yuan: Decimal,
    ground: str,
    by: Viewer,
    at: dt.datetime,
    source: MoneySource = MoneySource.PAYMENT,
    account_number: str = "",
) -> PaymentRefund:
    """Ask for money back, to the account it came from; there is no way to name another.

    `source` payment: of what waits; credit or deposit: of what this payment fed into the 户号's
    balance, as far as it is still there. The money is set aside until the decision.
    """
    by.require(Permission.TAKE_PAYMENTS)
    journal_operations.take_turn()
    payment = Payment.objects.visible_to(by).select_related("unit").filter(pk=payment_id).first()
    if payment is None:
        raise UnableToRequestRefund("没有这笔缴费，或不在您的范围之内")
    if not ground.strip():
        raise UnableToRequestRefund("请写明退费的理由")
    _check_way_back(payment)
    account = _account(source, account_number, by)
    book = open_book([account.pk] if account else [])
    fen = _checked_fen(payment, source, account, amount_yuan, book)
    refund = PaymentRefund.objects.create(
        number=_next_number(local_date(at).year),
        source=source,
        payment=payment,
        account=account,
        amount_fen=fen,
        to_account=payment.payer_account,
        to_name=payment.payer_name,
        ground=ground.strip()[:300],
        state=RefundState.REQUESTED,
        requested_by_id=by.employee_id,
        requested_by_name=by.name,
        requested_at=at,
    )
    _set_aside(refund, book, PostingKind.REFUND_ASKED, 1, by, at)
    _record("payments.refund.requested", refund, by, at, refund.ground)
    return refund


def _check_way_back(payment: Payment) -> None:
    if payment.channel == PaymentChannel.AGENCY:
        raise UnableToRequestRefund("代收点收的款由代收点原路退还，请先撤销核销并与代收点核对")
    if payment.channel != PaymentChannel.COUNTER and not payment.payer_account:
        raise UnableToRequestRefund(
            "流水 %(reference)s 没有付款账号，不能原路退回；请先向银行查明付款账号",
            reference=payment.reference,
        )


def _account(source: MoneySource, number: str, by: Viewer) -> CustomerAccount | None:
    if source == MoneySource.PAYMENT:
        return None
    found: CustomerAccount | None = (
        CustomerAccount.objects.visible_to(by).filter(number=number.strip()).first()
    )
    if found is None:
        raise UnableToRequestRefund("没有户号 %(number)s，或不在您的范围之内", number=number)
    return found


def _checked_fen(
    payment: Payment,
    source: MoneySource,
    account: CustomerAccount | None,
    amount_yuan: Decimal,
    book: Book,
) -> int:
    fen = amount_yuan * 100
    if not amount_yuan.is_finite() or fen <= 0 or fen != fen.to_integral_value():
        raise UnableToRequestRefund("退费金额应大于零，至多两位小数")
    left = payment.waiting_fen if account is None else _left_of(payment, source, account, book)
    if fen > left:
        raise UnableToRequestRefund(
            "缴费 %(reference)s 可退 %(left)s 元，不能退 %(amount_yuan)s 元",
            reference=payment.reference,
            left=in_yuan(left),
            amount_yuan=amount_yuan,
        )
    return int(fen)


def _left_of(payment: Payment, source: MoneySource, account: CustomerAccount, book: Book) -> int:
    """What this payment fed into the balance, less what of it went back, and is still there."""
    fed = PaymentMatch.objects.filter(
        payment=payment, account=account, target=_FED[source], undone_at=None
    )
    back = PaymentRefund.objects.filter(payment=payment, account=account, source=source)
    left = _sum(fed) - _sum(back.exclude(state=RefundState.REFUSED))
    balance = book.balances[account.pk]
    held = balance.credit_fen if source == MoneySource.CREDIT else balance.deposit_fen
    return min(left, held)


def _sum(rows: object) -> int:
    return int(rows.aggregate(total=Sum("amount_fen"))["total"] or 0)  # type: ignore[attr-defined]


def _next_number(year: int) -> str:
    """The next of the year; the turn at the journal keeps two from taking the same."""
    begin = f"{REFUND_PREFIX}{year % 100:02d}"
    last = PaymentRefund.objects.filter(number__startswith=begin).aggregate(last=Max("number"))
    serial = int(last["last"][4:10]) if last["last"] else 0
    return payment_number(REFUND_PREFIX, year, serial + 1)


def _set_aside(
    refund: PaymentRefund,
    book: Book,
    kind: PostingKind,
    sign: int,
    by: Viewer,
    at: dt.datetime,
) -> None:
    """Out of where it lies into what is owed to the payer; the other way when refused."""
    code, fen = _CODES[MoneySource(refund.source)], sign * refund.amount_fen
    if refund.account_id is None:
        refund.payment.waiting_fen -= fen
        if not refund.payment.waiting_fen:
            refund.payment.hold = PaymentHold.NONE
        elif sign < 0 and not refund.payment.hold:
            refund.payment.hold = PaymentHold.SURPLUS
        refund.payment.save(update_fields=["waiting_fen", "hold"])
    else:
        book.change(refund.account_id, code, -fen)
        book.save()
    posting = Posting(
        kind,
        _unit_id(refund),
        local_date(at),
        f"{kind.label} {refund.number}",
        (Side(code, fen, refund.account_id), Side(LedgerCode.REFUNDS, -fen)),
    )
    ledger.post(postings=[posting], by_name=by.name, at=at)


def _unit_id(refund: PaymentRefund) -> int:
    return refund.account.unit_id if refund.account else refund.payment.unit_id


@transaction.atomic
def approve_refund(*, refund_id: int, remark: str, by: Viewer, at: dt.datetime) -> PaymentRefund:
    """Approve it, as somebody other than who asked."""
    refund = _decide(refund_id, RefundState.APPROVED, remark, by, at)
    _record("payments.refund.approved", refund, by, at, refund.decision_remark)
    return refund


@transaction.atomic
def refuse_refund(*, refund_id: int, remark: str, by: Viewer, at: dt.datetime) -> PaymentRefund:
    """Refuse it with a reason; the money is where it was before it was asked for."""
    if not remark.strip():
        raise UnableToDecideRefund("不予退费须写明理由")
    refund = _decide(refund_id, RefundState.REFUSED, remark, by, at)
    book = open_book([] if refund.account_id is None else [refund.account_id])
    _set_aside(refund, book, PostingKind.REFUND_REFUSED, -1, by, at)
    _record("payments.refund.refused", refund, by, at, refund.decision_remark)
    return refund


def _decide(
    refund_id: int, state: RefundState, remark: str, by: Viewer, at: dt.datetime
) -> PaymentRefund:
    by.require(Permission.APPROVE_REFUNDS)
    refund = _locked(refund_id, by, UnableToDecideRefund)
    if refund.state != RefundState.REQUESTED:
        raise UnableToDecideRefund(
            "退费 %(number)s %(state)s，不能再审批",
            number=refund.number,
            state=refund.get_state_display(),
        )
    if by.is_employee(refund.requested_by_id):
        raise UnableToDecideRefund("退费不能由申请人自己审批")
    refund.state, refund.decided_at = state, at
    refund.decided_by_id, refund.decided_by_name = by.employee_id, by.name
    refund.decision_remark = remark.strip()[:300]
    refund.save(
        update_fields=["state", "decided_at", "decided_by", "decided_by_name", "decision_remark"]
    )
    return refund


def _locked(refund_id: int, by: Viewer, refusal: type[Refusal]) -> PaymentRefund:
    journal_operations.take_turn()
    rows = PaymentRefund.objects.visible_to(by).select_related("payment__unit", "account__unit")
    found: PaymentRefund | None = rows.filter(pk=refund_id).first()
    if found is None:
        raise refusal("没有这笔退费，或不在您的范围之内")
    return found


@transaction.atomic
def prove_refund(*, refund_id: int, payout_id: int, by: Viewer, at: dt.datetime) -> PaymentRefund:
    """Tie an approved refund to the bank's outgoing row: same sum, same account, or refused."""
    by.require(Permission.TAKE_PAYMENTS)
    refund = _locked(refund_id, by, UnableToPayRefund)
    payout = Payout.objects.visible_to(by).select_related("collection").filter(pk=payout_id).first()
    if payout is None:
        raise UnableToPayRefund("没有这笔银行支出，或不在您的范围之内")
    why_not = _why_not(refund, payout)
    if why_not:
        raise UnableToPayRefund.saying(why_not)
    _prove(refund, payout, LedgerCode.UNEXPLAINED, by, at)
    return refund


@transaction.atomic
def pay_refund_in_cash(*, refund_id: int, by: Viewer, at: dt.datetime) -> PaymentRefund:
    """Pay back at the counter what came in cash at a counter."""
    by.require(Permission.TAKE_PAYMENTS)
    refund = _locked(refund_id, by, UnableToPayRefund)
    if refund.state != RefundState.APPROVED:
        raise UnableToPayRefund(
            "退费 %(number)s %(state)s，不能付款",
            number=refund.number,
            state=refund.get_state_display(),
        )
    if refund.payment.channel != PaymentChannel.COUNTER or refund.to_account:
        raise UnableToPayRefund("这笔款经银行缴来，只能由银行原路退回")
    _pay(refund, LedgerCode.CASH, local_date(at), by, at)
    _record("payments.refund.paid", refund, by, at)
    return refund


def _why_not(refund: PaymentRefund, payout: Payout) -> Phrase | None:
    if refund.state != RefundState.APPROVED:
        return Phrase(
            "退费 %(number)s %(state)s，只有已批准的才能付款",
            number=refund.number,
            state=refund.get_state_display(),
        )
    if payout.is_explained:
        return Phrase("支出 %(reference)s 已用于另一笔退费", reference=payout.reference)
    if payout.payee_account != refund.to_account or not refund.to_account:
        return Phrase(
            "退款付到了 %(account)s，应原路退回 %(to)s",
            account=payout.payee_account or Phrase("（空）"),
            to=refund.to_account,
        )
    if payout.amount_fen != refund.amount_fen:
        return Phrase(
            "支出 %(paid)s 元，批准的是 %(granted)s 元",
            paid=payout.amount_yuan,
            granted=refund.amount_yuan,
        )
    if payout.collection_id != refund.payment.collection_id:
        return Phrase("退款应从收款的账户付出")
    if payout.booked_on < local_date(refund.requested_at):
        return Phrase("支出日期 %(day)s 早于退费申请", day=payout.booked_on)
    return None


def _prove(
    refund: PaymentRefund, payout: Payout, credit: LedgerCode, by: Viewer, at: dt.datetime
) -> None:
    payout.is_explained = True
    payout.save(update_fields=["is_explained"])
    refund.payout = payout
    _pay(refund, credit, payout.booked_on, by, at)
    _record("payments.refund.paid", refund, by, at)


def _pay(
    refund: PaymentRefund, credit: LedgerCode, on: dt.date, by: Viewer, at: dt.datetime
) -> None:
    refund.state, refund.paid_on = RefundState.PAID, on
    refund.save(update_fields=["state", "paid_on", "payout"])
    posting = Posting(
        PostingKind.REFUND_PAID,
        _unit_id(refund),
        on,
        f"退费付出 {refund.number}",
        (Side(LedgerCode.REFUNDS, refund.amount_fen), Side(credit, -refund.amount_fen)),
    )
    ledger.post(postings=[posting], by_name=by.name, at=at)


def book_payouts(payouts: Sequence[Payout], *, by: Viewer, at: dt.datetime) -> None:
    """Money that went: it proves the refund it names, or waits as unexplained. For imports."""
    for payout in payouts:
        refund = _named_refund(payout)
        if refund is not None:
            _prove(refund, payout, LedgerCode.BANK, by, at)
            continue
        posting = Posting(
            PostingKind.PAID_OUT,
            payout.collection.unit_id,
            payout.booked_on,
            f"银行支出 {payout.reference} {payout.payee_name}",
            (
                Side(LedgerCode.UNEXPLAINED, payout.amount_fen),
                Side(LedgerCode.BANK, -payout.amount_fen),
            ),
        )
        ledger.post(postings=[posting], by_name=by.name, at=at)


def _named_refund(payout: Payout) -> PaymentRefund | None:
    rows = PaymentRefund.objects.select_related("payment__unit", "account__unit")
    for number in find_payment_numbers(REFUND_PREFIX, payout.remark):
        found: PaymentRefund | None = rows.filter(number=number).first()
        if found is not None and _why_not(found, payout) is None:
            return found
    return None


def _record(
    event: str, refund: PaymentRefund, by: Viewer, at: dt.datetime, reason: str = ""
) -> None:
    unit = refund.account.unit if refund.account else refund.payment.unit
    happening = Happening(
        event=event,
        subject_type="payments.refund",
        subject_id=refund.pk,
        subject_label=refund.number,
        customer_id=refund.account.customer_id if refund.account else None,
        unit_path=unit.path,
        changes={
            "amount_yuan": refund.amount_yuan,
            "to_account": refund.to_account,
            "state": refund.state,
        },
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
