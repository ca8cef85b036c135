"""Receivables and their age, payments, matches, refunds, statements."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Body, Router, Schema

from busbar.api.paging import After, Day, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import BodyId, Flag, Id, Sent, Sentence, Short, Yuan, in_reach, now
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import local_date
from busbar.payments import operations as payments_operations
from busbar.payments import queries as payments_queries
from busbar.payments.ageing import days_overdue
from busbar.payments.models import (
    MatchWay,
    MoneySource,
    MoneyTarget,
    Payment,
    PaymentChannel,
    PaymentMatch,
    PaymentRefund,
    Receivable,
    RefundState,
)

receivables = Router()
payments = Router()
matches = Router()
refunds = Router()
_YEAR = dt.timedelta(days=396)


class ReceivableOut(Schema):
    """应收: what a bill leaves owing; amounts in yuan."""

    id: int
    reference: str
    account_number: str
    customer_number: str
    month: str
    amount_yuan: Decimal
    open_yuan: Decimal
    issued_on: dt.date
    due_on: dt.date
    settled_on: dt.date | None
    days_overdue: int

    @staticmethod
    def resolve_account_number(row: Receivable) -> str:
        """户号."""
        return row.account.number

    @staticmethod
    def resolve_customer_number(row: Receivable) -> str:
        """客户编号."""
        return row.account.customer.number

    @staticmethod
    def resolve_days_overdue(row: Receivable) -> int:
        """Whole days after the due day; nought when nothing is open."""
        return days_overdue(row.due_on, local_date(timezone.now())) if row.open_fen else 0


class AgeOut(Schema):
    """One stretch of days overdue."""

    key: str
    least_days: int
    most_days: int | None
    yuan: Decimal
    receivables: int


class StatementLineOut(Schema):
    """What a line added to what is owed (negative: paid), and what was owed after it."""

    on: dt.date
    kind: str
    text: str
    amount_yuan: Decimal
    owed_yuan: Decimal


class StatementOut(Schema):
    """A 户号's balances and its lines since a day."""

    account_number: str
    owed_yuan: Decimal
    overdue_yuan: Decimal
    credit_yuan: Decimal
    deposit_yuan: Decimal
    lines: list[StatementLineOut]


class PaymentOut(Schema):
    """缴费: money that came."""

    id: int
    reference: str
    channel: PaymentChannel
    booked_on: dt.date
    payer_name: str
    payer_account: str
    amount_yuan: Decimal
    waiting_yuan: Decimal
    remark: str
    hold: str


class PaymentMatchOut(Schema):
    """电费核销: so much of a payment, credit or deposit went to a place."""

    id: int
    source: MoneySource
    target: MoneyTarget
    way: MatchWay
    account_number: str | None
    bill_reference: str | None
    amount_yuan: Decimal
    reason: str
    matched_at: dt.datetime
    matched_by_name: str
    undone_at: dt.datetime | None
    undone_reason: str

    @staticmethod
    def resolve_account_number(match: PaymentMatch) -> str | None:
        """户号."""
        return match.account.number if match.account else None

    @staticmethod
    def resolve_bill_reference(match: PaymentMatch) -> str | None:
        """The bill it pays."""
        return match.receivable.reference if match.receivable else None


class PaymentDetailOut(PaymentOut):
    """A payment with what became of it."""

    parts: list[PaymentMatchOut]


class PaymentMatchIn(Sent):
    """Which bill it pays, why, and how much if not all."""

    bill_reference: Short
    reason: Sentence
    amount_yuan: Yuan | None = None


class CreditIn(Sent):
    """Into which 户号's balance it goes, and why."""

    account_number: Short
    reason: Sentence
    amount_yuan: Yuan | None = None
    as_deposit: Flag = False


class PaymentUndoIn(Sent):
    """Why the match was wrong."""

    reason: Sentence


class PaymentRefundIn(Sent):
    """How much goes back, of what, and why."""

    payment_id: BodyId
    amount_yuan: Yuan
    ground: Sentence
    source: MoneySource = MoneySource.PAYMENT
    account_number: Short = ""


class PaymentRefundOut(Schema):
    """电费退费, back the way it was paid."""

    number: str
    source: MoneySource
    payment_id: int
    amount_yuan: Decimal
    to_account: str
    to_name: str
    ground: str
    state: RefundState
    requested_by_name: str
    requested_at: dt.datetime
    decided_by_name: str
    decided_at: dt.datetime | None
    decision_remark: str
    paid_on: dt.date | None


@receivables.get("", response=answers(Page[ReceivableOut], 409), operation_id="list_receivables")
def list_receivables(
    request: HttpRequest,
    *,
    account: Text = "",
    open_only: Flag = True,
    overdue_days: int = 0,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的应收，到期早的在前；`overdue_days` 只要逾期至少这么多天的。"""
    viewer = viewer_of(request, group)
    found = payments_queries.list_receivables(viewer)
    if open_only:
        found = payments_queries.list_open_receivables(viewer)
    if overdue_days > 0:
        days = min(overdue_days, 36_500)
        found = payments_queries.list_overdue(
            viewer, on=local_date(timezone.now()), at_least_days=days
        )
    if account:
        found = found.filter(account__number=account)
    return page_by_moment(found, "due_on", after=after, limit=limit, newest_first=False)


@receivables.get("/ageing", response=answers(list[AgeOut], 409), operation_id="age_receivables")
def age_receivables(request: HttpRequest, on: Day | None = None) -> list[dict[str, Any]]:
    """可见的未收电费按账龄合计。"""
    day = on or local_date(timezone.now())
    in_reach(day, "on")
    return [
        {
            "key": each.bucket.key,
            "least_days": max(each.bucket.least, 0),
            "most_days": each.bucket.most,
            "yuan": each.yuan,
            "receivables": each.receivables,
        }
        for each in payments_queries.age_receivables(viewer_of(request), on=day)
    ]


@receivables.get(
    "/statement/{account_number}", response=answers(StatementOut, 404), operation_id="get_statement"
)
def get_statement(
    request: HttpRequest, account_number: Text, since: Day | None = None
) -> dict[str, Any]:
    """一个户号的对账单：账单、缴费与结欠。"""
    viewer, today = viewer_of(request), local_date(timezone.now())
    account = CustomerAccount.objects.visible_to(viewer).get(number=account_number)
    balance = payments_queries.balance_of(account, on=today)
    lines = payments_queries.get_statement(viewer, [account.pk], since=since or today - _YEAR)
    return {
        "account_number": account.number,
        "owed_yuan": balance.owed_yuan,
        "overdue_yuan": balance.overdue_yuan,
        "credit_yuan": balance.credit_yuan,
        "deposit_yuan": balance.deposit_yuan,
        "lines": lines[account.pk],
    }


@payments.get("", response=answers(Page[PaymentOut], 409), operation_id="list_payments")
def list_payments(
    request: HttpRequest,
    *,
    channel: PaymentChannel | None = None,
    waiting: Flag = False,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的缴费，新的在前；`waiting` 只要待核销的。"""
    found = payments_queries.list_payments(
        viewer_of(request, group), channel=channel or "", waiting_only=waiting
    )
    return page_by_moment(found, "booked_on", after=after, limit=limit)


@payments.get("/{payment_id}", response=answers(PaymentDetailOut, 404), operation_id="get_payment")
def get_payment(request: HttpRequest, payment_id: Id) -> dict[str, Any]:
    """一笔缴费及其去向。"""
    viewer = viewer_of(request)
    payment = payments_queries.get_payment(viewer, payment_id)
    return {
        **{name: getattr(payment, name) for name in PaymentOut.model_fields},
        "parts": list(payments_queries.list_matches(viewer, payment_id=payment.pk)),
    }


@payments.post(
    "/{payment_id}/match",
    response=answers(PaymentMatchOut, 400, 403, 404, 409),
    operation_id="match_payment",
)
def match_payment(
    request: HttpRequest, payment_id: Id, asked: Annotated[PaymentMatchIn, Body()]
) -> PaymentMatch:
    """把待核销的款核销到账单；不写金额即尽数核销。需“电费收费与核销”权限。"""
    viewer = viewer_of(request)
    Payment.objects.visible_to(viewer).get(pk=payment_id)
    return payments_operations.match_payment(
        payment_id=payment_id,
        reference=asked.bill_reference,
        reason=asked.reason,
        amount_yuan=asked.amount_yuan,
        by=viewer,
        at=now(),
    )


@payments.post(
    "/{payment_id}/credit",
    response=answers(PaymentMatchOut, 400, 403, 404, 409),
    operation_id="credit_payment",
)
def credit_payment(
    request: HttpRequest, payment_id: Id, asked: Annotated[CreditIn, Body()]
) -> PaymentMatch:
    """把待核销的款转入户号的预存或保证金。需“电费收费与核销”权限。"""
    viewer = viewer_of(request)
    Payment.objects.visible_to(viewer).get(pk=payment_id)
    return payments_operations.credit_payment(
        payment_id=payment_id,
        account_number=asked.account_number,
        reason=asked.reason,
        amount_yuan=asked.amount_yuan,
        as_deposit=asked.as_deposit,
        by=viewer,
        at=now(),
    )


@matches.post(
    "/{match_id}/undo",
    response=answers(PaymentMatchOut, 400, 403, 404, 409),
    operation_id="undo_payment_match",
)
def undo_match(
    request: HttpRequest, match_id: Id, asked: Annotated[PaymentUndoIn, Body()]
) -> PaymentMatch:
    """撤销一笔核销，写明原因。需“电费收费与核销”权限。"""
    viewer = viewer_of(request)
    PaymentMatch.objects.visible_to(viewer).get(pk=match_id)
    return payments_operations.undo_match(
        match_id=match_id, reason=asked.reason, by=viewer, at=now()
    )


@refunds.get("", response=answers(Page[PaymentRefundOut], 409), operation_id="list_payment_refunds")
def list_refunds(
    request: HttpRequest,
    state: RefundState | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的电费退费，新的在前。"""
    found = payments_queries.list_refunds(viewer_of(request, group), state=state or "")
    return page_by_moment(found, "requested_at", after=after, limit=limit)


@refunds.post(
    "",
    response=answers(PaymentRefundOut, 400, 403, 404, 409),
    operation_id="request_payment_refund",
)
def request_refund(
    request: HttpRequest, asked: Annotated[PaymentRefundIn, Body()]
) -> PaymentRefund:
    """申请退费，原路退回。需“电费收费与核销”权限。"""
    viewer = viewer_of(request)
    Payment.objects.visible_to(viewer).get(pk=asked.payment_id)
    return payments_operations.request_refund(
        payment_id=asked.payment_id,
        amount_yuan=asked.amount_yuan,
        ground=asked.ground,
        source=asked.source,
        account_number=asked.account_number,
        by=viewer,
        at=now(),
    )
