"""Money that came: the bank's rows kept once, matched to notices to the fen (R37, R57)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.charging import NOTICE_PREFIX
from busbar.connections.models import (
    BankFile,
    BankReceipt,
    FeeMatch,
    FeeMatchWay,
    FeeNotice,
    FeeRefund,
    FeeRefundState,
    NoticeState,
    PayeeAccount,
    ReceiptDirection,
)
from busbar.connections.operations import bank_rows, fees, refunds
from busbar.connections.queries import fees as fee_queries
from busbar.connections.recording import record_step
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.payments.bank_file import BankRow, RefusedRow, refused_facts, sift_rows
from busbar.payments.numbers import find_payment_numbers


class UnableToImportBankFile(Refusal):
    """The file as a whole cannot be taken."""


class UnableToMatchReceipt(Refusal):
    """The receipt does not pay the notice."""


class UnableToUndoMatch(Refusal):
    """The match stands."""


@transaction.atomic
def import_bank_file(
    *,
    payee_number: str,
    name: str,
    rows: Sequence[BankRow],
    refused: Sequence[RefusedRow] = (),
    by: Viewer,
    at: dt.datetime,
) -> BankFile:
    """Keep the good rows of one account's file and match what names its notice.

    A reference is kept once for ever; a row seen before, or dated after the day of import, is
    named among the refused. Money that came and names a notice in its remark pays it, as far as
    it is owed; money that went and names a refund proves it. All else waits in the queue.
    """
    by.require(Permission.RECEIVE_FEES)
    payee = _locked_payee(payee_number, by)
    file = BankFile(payee=payee, name=name[:200], imported_at=at, imported_by_name=by.name, kept=0)
    known = _known_references([row.reference for row in rows])
    good, bad = sift_rows(rows, known, local_date(at))
    file.kept = len(good)
    file.refused = refused_facts(sorted([*refused, *bad], key=lambda r: r.row))
    file.save()
    for receipt in BankReceipt.objects.bulk_create([_receipt(file, row) for row in good]):
        _place(receipt, by.actor, at)
    _record_file(file, by.actor, at)
    return file


def _locked_payee(number: str, by: Viewer) -> PayeeAccount:
    journal_operations.take_turn()
    # Every account is held, so that two files at once cannot keep the same reference.
    accounts = PayeeAccount.objects.select_for_update(of=("self",)).select_related("unit")
    held = {account.number: account for account in accounts.order_by("pk")}
    payee = held.get(number.replace(" ", ""))
    if payee is None:
        raise UnableToImportBankFile("没有收款账号 %(number)s", number=number)
    by.require_unit(payee.unit.path)
    return payee


def _known_references(references: Sequence[str]) -> dict[str, dt.date]:
    kept = BankReceipt.objects.filter(reference__in=references)
    imported = kept.values_list("reference", "file__imported_at")
    return {reference: local_date(at) for reference, at in imported}


def _receipt(file: BankFile, row: BankRow) -> BankReceipt:
    return BankReceipt(
        reference=row.reference,
        direction=ReceiptDirection.IN if row.amount_yuan > 0 else ReceiptDirection.OUT,
        payee=file.payee,
        file=file,
        row=row.number,
        booked_on=row.booked_on,
        payer_name=row.payer_name,
        payer_account=row.payer_account,
        amount_yuan=abs(row.amount_yuan),
        remark=row.remark,
    )


def _place(receipt: BankReceipt, actor: Actor, at: dt.datetime) -> None:
    if receipt.direction == ReceiptDirection.OUT:
        refunds.prove_by_number(receipt, actor=actor, at=at)
        return
    for number in find_payment_numbers(NOTICE_PREFIX, receipt.remark):
        waiting = fee_queries.get_receipt_balance(receipt).waiting
        found = FeeNotice.objects.filter(number=number, payee=receipt.payee).first()
        if found is None or waiting <= 0:
            continue
        notice = fees.lock_notice(found.pk)
        owed = fee_queries.get_notice_balance(notice).outstanding
        if notice.state in fee_queries.AWAITING and owed > 0:
            amount, way = min(waiting, owed), FeeMatchWay.BY_NUMBER
            _match(receipt, notice, amount, way=way, reason="", actor=actor, at=at)


@transaction.atomic
def match_receipt(
    *,
    receipt_id: int,
    notice_id: int,
    reason: str,
    by: Viewer,
    at: dt.datetime,
    amount_yuan: Decimal | None = None,
) -> FeeMatch:
    """Match by hand, with a reason; without an amount as much as waits and is owed.

    Refused: more than waits on the receipt, more than the notice owes, a notice not awaiting
    money, a notice that is paid into another account.
    """
    by.require(Permission.RECEIVE_FEES)
    receipt = bank_rows.lock_receipt(receipt_id, by, UnableToMatchReceipt)
    if not FeeNotice.objects.visible_to(by).filter(pk=notice_id).exists():
        raise UnableToMatchReceipt("没有这份缴费通知，或不在您的范围之内")
    notice = fees.lock_notice(notice_id)
    if not reason.strip():
        raise UnableToMatchReceipt("请写明核销的依据")
    _check_pair(receipt, notice)
    amount = _amount(receipt, notice, amount_yuan)
    return _match(
        receipt,
        notice,
        amount,
        way=FeeMatchWay.MANUAL,
        reason=reason.strip(),
        actor=by.actor,
        at=at,
    )


def _check_pair(receipt: BankReceipt, notice: FeeNotice) -> None:
    if receipt.direction != ReceiptDirection.IN:
        raise UnableToMatchReceipt(
            "流水 %(reference)s 是支出，不能核销缴费通知", reference=receipt.reference
        )
    if notice.state not in fee_queries.AWAITING:
        state = notice.get_state_display()
        raise UnableToMatchReceipt(
            "缴费通知 %(number)s %(state)s，没有待缴的费用", number=notice.number, state=state
        )
    if receipt.payee_id != notice.payee_id:
        raise UnableToMatchReceipt(
            "款项没有付到通知所列的收款账号 %(number)s", number=notice.payee.number
        )
    if FeeMatch.objects.filter(receipt=receipt, notice=notice, undone_at=None).exists():
        raise UnableToMatchReceipt("这笔流水已核销过这份通知，要改金额请先撤销")


def _amount(receipt: BankReceipt, notice: FeeNotice, asked: Decimal | None) -> Decimal:
    waiting = fee_queries.get_receipt_balance(receipt).waiting
    owed = fee_queries.get_notice_balance(notice).outstanding
    amount = min(waiting, owed) if asked is None else asked
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(Decimal("0.01")):
        raise UnableToMatchReceipt("核销金额应大于零，至多两位小数")
    if amount > waiting:
        raise UnableToMatchReceipt(
            "流水 %(reference)s 只余 %(waiting)s 元待核销",
            reference=receipt.reference,
            waiting=waiting,
        )
    if amount > owed:
        raise UnableToMatchReceipt(
            "缴费通知 %(number)s 只欠 %(owed)s 元，多出的部分应退还",
            number=notice.number,
            owed=owed,
        )
    return amount


@transaction.atomic
def undo_match(*, match_id: int, reason: str, by: Viewer, at: dt.datetime) -> FeeMatch:
    """Take a match back with a reason; the money waits again and the notice owes it again."""
    by.require(Permission.RECEIVE_FEES)
    seen = FeeMatch.objects.visible_to(by).filter(pk=match_id).first()
    if seen is None:
        raise UnableToUndoMatch("没有这笔核销，或不在您的范围之内")
    receipt = bank_rows.lock_receipt(seen.receipt_id, by, UnableToUndoMatch)
    notice = fees.lock_notice(seen.notice_id)
    match = FeeMatch.objects.get(pk=match_id)
    if match.undone_at is not None:
        raise UnableToUndoMatch("这笔核销已经撤销")
    if not reason.strip():
        raise UnableToUndoMatch("请写明撤销的原因")
    live = FeeRefund.objects.filter(receipt=receipt, notice=notice)
    if live.exclude(state=FeeRefundState.REFUSED).exists():
        raise UnableToUndoMatch(
            "流水 %(reference)s 已就这份通知办理退费，不能再撤销核销", reference=receipt.reference
        )
    match.undone_at, match.undone_by_name = at, by.name
    match.undone_reason = reason.strip()[:300]
    match.save(update_fields=["undone_at", "undone_by_name", "undone_reason"])
    _renew(receipt, notice)
    _record_match("connections.fee.unmatched", match, notice, by.actor, at, reason.strip())
    return match


def _match(
    receipt: BankReceipt,
    notice: FeeNotice,
    amount: Decimal,
    *,
    way: FeeMatchWay,
    reason: str,
    actor: Actor,
    at: dt.datetime,
) -> FeeMatch:
    match = FeeMatch.objects.create(
        receipt=receipt,
        notice=notice,
        amount_yuan=amount,
        way=way,
        reason=reason[:300],
        matched_at=at,
        matched_by_name=actor.name,
    )
    _renew(receipt, notice)
    _record_match("connections.fee.matched", match, notice, actor, at, reason)
    if fee_queries.get_notice_balance(notice).outstanding == 0:
        fees.settle(notice, actor=actor, at=at)
    return match


def _renew(receipt: BankReceipt, notice: FeeNotice) -> None:
    """What the rows say of themselves follows the sums; full payment is `fees.settle`'s."""
    bank_rows.mark_settled(receipt)
    balance = fee_queries.get_notice_balance(notice)
    notice.state = NoticeState.PARTLY_PAID if balance.matched else NoticeState.ISSUED
    notice.paid_at = None
    notice.save(update_fields=["state", "paid_at"])


def _record_match(
    event: str, match: FeeMatch, notice: FeeNotice, actor: Actor, at: dt.datetime, reason: str
) -> None:
    record_step(
        event=event,
        application=notice.application,
        actor=actor,
        at=at,
        reason=reason,
        changes={
            "notice": notice.number,
            "reference": match.receipt.reference,
            "amount_yuan": match.amount_yuan,
            "state": notice.state,
        },
    )


def _record_file(file: BankFile, actor: Actor, at: dt.datetime) -> None:
    happening = Happening(
        event="connections.bank_file.imported",
        subject_type="connections.bank_file",
        subject_id=file.pk,
        subject_label=file.name,
        unit_path=file.payee.unit.path,
        changes={"kept": file.kept, "refused": len(file.refused), "account": file.payee.number},
    )
    journal_operations.record(happening=happening, actor=actor, at=at)
