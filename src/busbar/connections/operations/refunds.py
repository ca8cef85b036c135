"""退费: asked for with a ground, approved by another, paid back where it came from (R9)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.connections.charging import REFUND_PREFIX
from busbar.connections.models import (
    BankReceipt,
    FeeNotice,
    FeeRefund,
    FeeRefundState,
    ReceiptDirection,
)
from busbar.connections.numbering import next_serial
from busbar.connections.operations import bank_rows
from busbar.connections.queries import fees as fee_queries
from busbar.connections.recording import record_about
from busbar.journal.operations import Actor
from busbar.kit.errors import Phrase, Refusal
from busbar.kit.periods import local_date
from busbar.payments.numbers import find_payment_numbers, payment_number

REFUND = "connections.refund"
"""Subject type of a refund in the journal and in clocks."""


class UnableToRequestRefund(Refusal):
    """The refund may not be asked for as stated."""


class UnableToDecideRefund(Refusal):
    """The refund cannot be decided by this person or at this time."""


class UnableToProveRefund(Refusal):
    """The bank's row is not the payment of this refund."""


@transaction.atomic
def request_refund(
    *,
    receipt_id: int,
    amount_yuan: Decimal,
    ground: str,
    by: Viewer,
    at: dt.datetime,
    notice_id: int | None = None,
) -> FeeRefund:
    """Ask for money back: of what waits unmatched, or of what paid the named notice.

    The account is the one the receipt came from; there is no way to name another. Never more
    than is left of the receipt, refunds under way taken off.
    """
    by.require(Permission.RECEIVE_FEES)
    receipt = _lock_receipt(receipt_id, by)
    notice = _notice(notice_id, by)
    if not ground.strip():
        raise UnableToRequestRefund("请写明退费的理由")
    if not receipt.payer_account:
        raise UnableToRequestRefund(
            "流水 %(reference)s 没有付款账号，不能原路退回；请先向银行查明付款账号",
            reference=receipt.reference,
        )
    amount = _checked_amount(receipt, notice, amount_yuan)
    year = local_date(at).year
    refund = FeeRefund.objects.create(
        number=payment_number(REFUND_PREFIX, year, next_serial(f"fee_refund:{year % 100:02d}")),
        receipt=receipt,
        notice=notice,
        amount_yuan=amount,
        to_account=receipt.payer_account,
        to_name=receipt.payer_name,
        ground=ground.strip()[:500],
        state=FeeRefundState.REQUESTED,
        requested_by_id=by.employee_id,
        requested_by_name=by.name,
        requested_at=at,
    )
    bank_rows.mark_settled(receipt)
    _record("connections.refund.requested", refund, by.actor, at, reason=refund.ground)
    return refund


def _lock_receipt(receipt_id: int, by: Viewer) -> BankReceipt:
    receipt = bank_rows.lock_receipt(receipt_id, by, UnableToRequestRefund)
    if receipt.direction != ReceiptDirection.IN:
        raise UnableToRequestRefund(
            "流水 %(reference)s 是支出，不能退费", reference=receipt.reference
        )
    return receipt


def _notice(notice_id: int | None, by: Viewer) -> FeeNotice | None:
    if notice_id is None:
        return None
    notice: FeeNotice | None = FeeNotice.objects.visible_to(by).filter(pk=notice_id).first()
    if notice is None:
        raise UnableToRequestRefund("没有这份缴费通知，或不在您的范围之内")
    return notice


def _checked_amount(receipt: BankReceipt, notice: FeeNotice | None, amount: Decimal) -> Decimal:
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(Decimal("0.01")):
        raise UnableToRequestRefund("退费金额应大于零，至多两位小数")
    left = fee_queries.get_refundable_yuan(receipt, notice)
    if amount > left:
        part = f"核销到通知 {notice.number} 的部分" if notice else "未核销的部分"
        raise UnableToRequestRefund(
            "流水 %(reference)s %(part)s可退 %(left)s 元，不能退 %(amount)s 元",
            reference=receipt.reference,
            part=part,
            left=left,
            amount=amount,
        )
    return amount.quantize(Decimal("0.01"))


@transaction.atomic
def approve_refund(*, refund_id: int, remark: str, by: Viewer, at: dt.datetime) -> FeeRefund:
    """Approve it, as somebody other than who asked."""
    return _decide(refund_id, FeeRefundState.APPROVED, remark, by, at)


@transaction.atomic
def refuse_refund(*, refund_id: int, remark: str, by: Viewer, at: dt.datetime) -> FeeRefund:
    """Refuse it with a reason; the money is where it was before it was asked for."""
    if not remark.strip():
        raise UnableToDecideRefund("不予退费须写明理由")
    return _decide(refund_id, FeeRefundState.REFUSED, remark, by, at)


def _decide(
    refund_id: int, state: FeeRefundState, remark: str, by: Viewer, at: dt.datetime
) -> FeeRefund:
    by.require(Permission.APPROVE_REFUNDS)
    refund = _locked_refund(refund_id, by, UnableToDecideRefund)
    if refund.state != FeeRefundState.REQUESTED:
        raise UnableToDecideRefund(
            "退费 %(number)s %(state)s，不能再审批",
            number=refund.number,
            state=refund.get_state_display(),
        )
    if refund.requested_by_id == by.employee_id:
        raise UnableToDecideRefund("退费不能由申请人自己审批")
    refund.state, refund.decided_at = state, at
    refund.decided_by_id, refund.decided_by_name = by.employee_id, by.name
    refund.decision_remark = remark.strip()[:300]
    refund.save()
    bank_rows.mark_settled(refund.receipt)
    _record(f"connections.refund.{state}", refund, by.actor, at, reason=remark.strip())
    return refund


@transaction.atomic
def prove_refund(*, refund_id: int, payout_id: int, by: Viewer, at: dt.datetime) -> FeeRefund:
    """Tie an approved refund to the bank's outgoing row: same amount, same account, or refused."""
    by.require(Permission.RECEIVE_FEES)
    refund = _locked_refund(refund_id, by, UnableToProveRefund)
    payout = bank_rows.lock_receipt(payout_id, by, UnableToProveRefund)
    why_not = _why_not_proof(refund, payout)
    if why_not:
        raise UnableToProveRefund.saying(why_not)
    _prove(refund, payout, by.actor, at)
    return refund


def prove_by_number(payout: BankReceipt, *, actor: Actor, at: dt.datetime) -> None:
    """Money that went and names its refund proves it if all agrees; else it waits. For imports."""
    for number in find_payment_numbers(REFUND_PREFIX, payout.remark):
        found = FeeRefund.objects.filter(number=number).first()
        if found is None:
            continue
        refund = _lock(found)
        if _why_not_proof(refund, payout) is None:
            _prove(refund, payout, actor, at)
            return


def _why_not_proof(refund: FeeRefund, payout: BankReceipt) -> Phrase | None:
    if refund.state != FeeRefundState.APPROVED:
        return Phrase(
            "退费 %(number)s %(state)s，只有已批准的才能付款",
            number=refund.number,
            state=refund.get_state_display(),
        )
    if payout.direction != ReceiptDirection.OUT:
        return Phrase("流水 %(reference)s 是收入，不是退款", reference=payout.reference)
    if payout.payee_id != refund.receipt.payee_id:
        return Phrase("退款应从收款的账号 %(number)s 付出", number=refund.receipt.payee.number)
    if FeeRefund.objects.filter(payout=payout).exists():
        return Phrase("流水 %(reference)s 已用于另一笔退费", reference=payout.reference)
    if payout.payer_account != refund.to_account:
        return Phrase(
            "退款付到了 %(account)s，应原路退回 %(to)s",
            account=payout.payer_account or Phrase("（空）"),
            to=refund.to_account,
        )
    if payout.amount_yuan != refund.amount_yuan:
        return Phrase(
            "退款流水 %(paid)s 元，批准的是 %(granted)s 元",
            paid=payout.amount_yuan,
            granted=refund.amount_yuan,
        )
    if payout.booked_on < local_date(refund.requested_at):
        return Phrase("退款流水日期 %(day)s 早于退费申请", day=payout.booked_on)
    return None


def _prove(refund: FeeRefund, payout: BankReceipt, actor: Actor, at: dt.datetime) -> None:
    refund.state, refund.payout, refund.paid_on = FeeRefundState.PAID, payout, payout.booked_on
    refund.save(update_fields=["state", "payout", "paid_on"])
    payout.is_settled = True
    payout.save(update_fields=["is_settled"])
    _record("connections.refund.paid", refund, actor, at)


def _locked_refund(refund_id: int, by: Viewer, refusal: type[Refusal]) -> FeeRefund:
    seen = FeeRefund.objects.visible_to(by).filter(pk=refund_id).first()
    if seen is None:
        raise refusal("没有这笔退费，或不在您的范围之内")
    return _lock(seen)


def _lock(seen: FeeRefund) -> FeeRefund:
    """Hold the receipt first and then the refund, in the order every operation does."""
    receipt = bank_rows.hold_receipt(seen.receipt_id)
    refund: FeeRefund = FeeRefund.objects.select_for_update(of=("self",)).get(pk=seen.pk)
    refund.receipt = receipt
    return refund


def _record(
    event: str, refund: FeeRefund, actor: Actor, at: dt.datetime, *, reason: str = ""
) -> None:
    notice = refund.notice
    unit = notice.application.unit if notice else refund.receipt.payee.unit
    subject = Subject(
        type=REFUND,
        id=refund.pk,
        label=refund.number,
        customer_id=notice.application.customer_id if notice else None,
        unit_id=unit.pk,
    )
    record_about(
        event=event,
        subject=subject,
        unit_path=unit.path,
        facts={"state": refund.state},
        actor=actor,
        at=at,
        reason=reason,
        changes={
            "refund": refund.number,
            "amount_yuan": refund.amount_yuan,
            "to_account": refund.to_account,
            "state": refund.state,
        },
    )
