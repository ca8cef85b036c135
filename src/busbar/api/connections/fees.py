"""Fee notices, the bank's rows, matches and refunds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema

from busbar.api.paging import After, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import BodyId, Flag, Id, Sent, Sentence, Yuan, now
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    BankReceipt,
    FeeMatch,
    FeeMatchWay,
    FeeNotice,
    FeeRefund,
    FeeRefundState,
    NoticeState,
    ReceiptDirection,
)

notices = Router()
receipts = Router()
matches = Router()
refunds = Router()


class NoticeHead(Schema):
    """缴费通知 without whose it is; amounts in yuan."""

    id: int
    number: str
    state: NoticeState
    total_yuan: Decimal
    drafted_at: dt.datetime
    issued_at: dt.datetime | None
    paid_at: dt.datetime | None
    cancelled_at: dt.datetime | None
    cancel_reason: str


class NoticeOut(NoticeHead):
    """缴费通知."""

    application_number: str
    payee_number: str

    @staticmethod
    def resolve_application_number(notice: FeeNotice) -> str:
        """Number of the application."""
        return notice.application.number

    @staticmethod
    def resolve_payee_number(notice: FeeNotice) -> str:
        """The account into which it is paid."""
        return notice.payee.number


class FeeLineOut(Schema):
    """One charge: formula, document it rests on, certainty."""

    name: str
    quantity: Decimal
    unit: str
    price_yuan: Decimal
    amount_yuan: Decimal
    formula: str
    basis: str
    certainty: str


class MatchOut(Schema):
    """核销: so much of a receipt pays so much of a notice."""

    id: int
    receipt_id: int
    notice_id: int
    reference: str
    amount_yuan: Decimal
    way: FeeMatchWay
    reason: str
    matched_at: dt.datetime
    matched_by_name: str
    undone_at: dt.datetime | None
    undone_reason: str

    @staticmethod
    def resolve_reference(match: FeeMatch) -> str:
        """The bank's reference."""
        return match.receipt.reference


class NoticeDetailOut(NoticeHead):
    """A notice with its lines, matches and balance."""

    application_number: str
    payee_number: str
    matched_yuan: Decimal
    refunded_yuan: Decimal
    outstanding_yuan: Decimal
    lines: list[FeeLineOut]
    matches: list[MatchOut]


class BankReceiptOut(Schema):
    """银行流水: one row as the bank tells it."""

    id: int
    reference: str
    direction: ReceiptDirection
    payee_number: str
    booked_on: dt.date
    payer_name: str
    payer_account: str
    amount_yuan: Decimal
    remark: str
    is_settled: bool

    @staticmethod
    def resolve_payee_number(receipt: BankReceipt) -> str:
        """The company's account."""
        return receipt.payee.number


class MatchIn(Sent):
    """Which notice it pays, why, and how much if not all."""

    notice_id: BodyId
    reason: Sentence
    amount_yuan: Yuan | None = None


class UndoIn(Sent):
    """Why the match was wrong."""

    reason: Sentence


class RefundIn(Sent):
    """What is paid back of a receipt; of what paid a notice, or of what waits unmatched."""

    receipt_id: BodyId
    amount_yuan: Yuan
    ground: Sentence
    notice_id: BodyId | None = None


class RefundOut(Schema):
    """退费, back the way it was paid."""

    number: str
    receipt_id: int
    notice_id: int | None
    amount_yuan: Decimal
    to_account: str
    to_name: str
    ground: str
    state: FeeRefundState
    requested_by_name: str
    requested_at: dt.datetime
    decided_by_name: str
    decided_at: dt.datetime | None
    decision_remark: str
    paid_on: dt.date | None


class ReconciliationOut(Schema):
    """All visible money, yuan."""

    asked: Decimal
    received: Decimal
    matched: Decimal
    waiting: Decimal
    refunds_under_way: Decimal
    paid_back: Decimal
    payouts_unexplained: Decimal
    held: Decimal
    outstanding: Decimal


@notices.get("", response=answers(Page[NoticeOut], 409), operation_id="list_fee_notices")
def list_notices(
    request: HttpRequest,
    application: Text = "",
    state: NoticeState | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的缴费通知，新的在前；`application` 为申请编号。"""
    found = connections_queries.list_fee_notices(viewer_of(request, group), state=state or "")
    if application:
        found = found.filter(application__number=application)
    return page_by_moment(found, "drafted_at", after=after, limit=limit)


@notices.get("/{notice_id}", response=answers(NoticeDetailOut, 404), operation_id="get_fee_notice")
def get_notice(request: HttpRequest, notice_id: Id) -> dict[str, Any]:
    """一份缴费通知：逐项算式与依据、核销、余额。"""
    viewer = viewer_of(request)
    notice = connections_queries.get_fee_notice(viewer, notice_id)
    if notice is None:
        raise FeeNotice.DoesNotExist
    balance = connections_queries.get_notice_balance(notice)
    return {
        **{name: getattr(notice, name) for name in NoticeHead.model_fields},
        "application_number": notice.application.number,
        "payee_number": notice.payee.number,
        "matched_yuan": balance.matched,
        "refunded_yuan": balance.refunded,
        "outstanding_yuan": balance.outstanding,
        "lines": sorted(notice.lines.all(), key=lambda line: line.pk),
        "matches": list(connections_queries.list_matches(viewer, notice_id=notice.pk)),
    }


@receipts.get("", response=answers(Page[BankReceiptOut], 409), operation_id="list_bank_receipts")
def list_receipts(
    request: HttpRequest,
    *,
    direction: ReceiptDirection = ReceiptDirection.IN,
    unsettled: Flag = False,
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的银行流水，新的在前；`unsettled` 只要尚未核销或退清的。"""
    found = connections_queries.list_receipts(
        viewer_of(request), direction=direction, unsettled_only=unsettled
    )
    return page_by_moment(found, "booked_on", after=after, limit=limit)


@receipts.get("/reconciliation", response=answers(ReconciliationOut), operation_id="reconcile_fees")
def reconcile(request: HttpRequest) -> connections_queries.Reconciliation:
    """可见范围内业务费用的收支平衡。"""
    return connections_queries.reconcile_fees(viewer_of(request))


@receipts.post(
    "/{receipt_id}/match",
    response=answers(MatchOut, 400, 403, 404, 409),
    operation_id="match_receipt",
)
def match_receipt(
    request: HttpRequest, receipt_id: Id, asked: Annotated[MatchIn, Body()]
) -> FeeMatch:
    """把一笔流水核销到缴费通知；不写金额即能核多少核多少。需“业务收费”权限。"""
    viewer = viewer_of(request)
    BankReceipt.objects.visible_to(viewer).get(pk=receipt_id)
    return connections_operations.match_receipt(
        receipt_id=receipt_id,
        notice_id=asked.notice_id,
        reason=asked.reason,
        amount_yuan=asked.amount_yuan,
        by=viewer,
        at=now(),
    )


@matches.post(
    "/{match_id}/undo", response=answers(MatchOut, 400, 403, 404, 409), operation_id="undo_match"
)
def undo_match(request: HttpRequest, match_id: Id, asked: Annotated[UndoIn, Body()]) -> FeeMatch:
    """撤销一笔核销，须写明原因。需“业务收费”权限。"""
    viewer = viewer_of(request)
    FeeMatch.objects.visible_to(viewer).get(pk=match_id)
    return connections_operations.undo_match(
        match_id=match_id, reason=asked.reason, by=viewer, at=now()
    )


@refunds.get("", response=answers(Page[RefundOut], 409), operation_id="list_refunds")
def list_refunds(
    request: HttpRequest,
    state: FeeRefundState | None = None,
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的退费，新的在前。"""
    found = connections_queries.list_refunds(viewer_of(request), state=state or "")
    return page_by_moment(found, "requested_at", after=after, limit=limit)


@refunds.post("", response=answers(RefundOut, 400, 403, 409), operation_id="request_refund")
def request_refund(request: HttpRequest, asked: Annotated[RefundIn, Body()]) -> FeeRefund:
    """申请退费并送审批；只能退回原付款账号。需“业务收费”权限。"""
    return connections_operations.request_refund_and_start(
        receipt_id=asked.receipt_id,
        amount_yuan=asked.amount_yuan,
        ground=asked.ground,
        notice_id=asked.notice_id,
        by=viewer_of(request),
        at=now(),
    )
