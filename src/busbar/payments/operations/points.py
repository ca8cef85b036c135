"""Own counters and agency points: the register, payments taken there, takings handed in (R67)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Max, Sum

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.payments.models import (
    CollectionAccount,
    DailyTakings,
    LedgerCode,
    MatchWay,
    MoneySource,
    MoneyTarget,
    Payment,
    PaymentChannel,
    PaymentPoint,
    PointKind,
    TakingsState,
    in_yuan,
)
from busbar.payments.numbers import payment_number
from busbar.payments.operations.book import Move, open_book
from busbar.payments.operations.importing import receive_placed
from busbar.payments.operations.matching import as_fen, find_account
from busbar.payments.recognition import TAKINGS_PREFIX


class UnableToKeepPoint(Refusal):
    """The register does not take the point as stated."""


class UnableToTakePayment(Refusal):
    """The payment cannot be taken here."""


class UnableToHandIn(Refusal):
    """The takings cannot be handed in as stated."""


class UnableToKeepCollectionAccount(Refusal):
    """The bank account cannot be kept as stated."""


@transaction.atomic
def open_collection_account(
    *,
    number: str,
    name: str,
    bank: str,
    unit_id: int,
    valid_from: dt.date,
    by: Viewer,
    at: dt.datetime,
) -> CollectionAccount:
    """Enter a bank account into which a unit's customers pay for electricity."""
    by.require(Permission.KEEP_LEDGER)
    unit = _unit(unit_id, by, UnableToKeepCollectionAccount)
    digits = number.replace(" ", "")
    if not digits or not name.strip() or not bank.strip():
        raise UnableToKeepCollectionAccount("账号、户名和开户银行都须填写")
    journal_operations.take_turn()
    if CollectionAccount.objects.filter(number=digits).exists():
        raise UnableToKeepCollectionAccount("电费账户 %(digits)s 已在册", digits=digits)
    account = CollectionAccount.objects.create(
        number=digits, name=name.strip(), bank=bank.strip(), unit=unit, valid_from=valid_from
    )
    happening = Happening(
        event="payments.collection_account.opened",
        subject_type="payments.collection_account",
        subject_id=account.pk,
        subject_label=account.number,
        unit_path=unit.path,
        changes={"number": account.number, "bank": account.bank},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return account


def _unit(unit_id: int, by: Viewer, refusal: type[Refusal]) -> OrganizationUnit:
    unit = OrganizationUnit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise refusal("没有这个单位")
    by.require_unit(unit.path)
    return unit


@transaction.atomic
def open_point(
    *,
    code: str,
    name: str,
    kind: PointKind,
    unit_id: int,
    opened_on: dt.date,
    by: Viewer,
    at: dt.datetime,
    address: str = "",
    operator: str = "",
    phone: str = "",
    agreement: str = "",
) -> PaymentPoint:
    """Enter a counter or an agency point; an agency takes payments by an agreement."""
    by.require(Permission.KEEP_LEDGER)
    unit = _unit(unit_id, by, UnableToKeepPoint)
    if not code.strip() or not name.strip():
        raise UnableToKeepPoint("网点编号和名称都须填写")
    if kind == PointKind.AGENCY and not agreement.strip():
        raise UnableToKeepPoint("代收点须写明代收协议编号")
    journal_operations.take_turn()
    if PaymentPoint.objects.filter(code=code.strip()).exists():
        raise UnableToKeepPoint("网点编号 %(value)s 已在册", value=code.strip())
    point = PaymentPoint.objects.create(
        code=code.strip(),
        name=name.strip(),
        kind=kind,
        unit=unit,
        opened_on=opened_on,
        address=address.strip(),
        operator=operator.strip(),
        phone=phone.strip(),
        agreement=agreement.strip(),
    )
    _record_point("payments.point.opened", point, by, at)
    return point


@transaction.atomic
def close_point(
    *, point_id: int, closed_on: dt.date, reason: str, by: Viewer, at: dt.datetime
) -> PaymentPoint:
    """The point takes no payments after the day; refused while takings are not handed in."""
    by.require(Permission.KEEP_LEDGER)
    point = _locked_point(point_id, by, UnableToKeepPoint)
    if point.closed_on is not None:
        raise UnableToKeepPoint("网点 %(name)s 已停业", name=point.name)
    if point.payments.filter(takings=None).exists():
        raise UnableToKeepPoint("网点 %(name)s 还有收款没有解款", name=point.name)
    if closed_on < point.opened_on or not reason.strip():
        raise UnableToKeepPoint("请写明停业的原因，停业日不早于开业日")
    point.closed_on = closed_on
    point.save(update_fields=["closed_on"])
    _record_point("payments.point.closed", point, by, at, reason.strip())
    return point


def _locked_point(point_id: int, by: Viewer, refusal: type[Refusal]) -> PaymentPoint:
    journal_operations.take_turn()
    rows = PaymentPoint.objects.visible_to(by).select_related("unit")
    found: PaymentPoint | None = rows.filter(pk=point_id).first()
    if found is None:
        raise refusal("没有这个网点，或不在您的范围之内")
    return found


@transaction.atomic
def take_payment(
    *,
    point_id: int,
    account_number: str,
    amount_yuan: Decimal,
    payer_name: str,
    by: Viewer,
    at: dt.datetime,
    reference: str = "",
) -> Payment:
    """Take money for a 户号 at a point: it settles the oldest receivables, the rest is credit.

    `reference` is an agency's own number of the payment; the same one is taken once.
    """
    by.require(Permission.TAKE_PAYMENTS)
    point = _locked_point(point_id, by, UnableToTakePayment)
    on = local_date(at)
    if point.closed_on is not None and on > point.closed_on:
        raise UnableToTakePayment("网点 %(name)s 已停业", name=point.name)
    account = find_account(account_number, by, UnableToTakePayment)
    if not payer_name.strip():
        raise UnableToTakePayment("请写明缴款人")
    payment = _payment(point, as_fen(amount_yuan, UnableToTakePayment), on, by, at)
    payment.payer_name, payment.remark = payer_name.strip()[:200], account.number
    payment.reference = _reference(point, reference, on)
    book = open_book([account.pk])
    moves = [
        Move(
            MoneySource.PAYMENT,
            MoneyTarget.RECEIVABLE,
            row.open_fen,
            MatchWay.AT_COUNTER,
            account.pk,
            payment,
            row,
        )
        for row in book.open_receivables[account.pk]
    ]
    left, done = payment.amount_fen, []
    for move in moves:
        move.fen = min(move.fen, left)
        if move.fen:
            left -= move.fen
            done.append(move)
    if left:
        done.append(
            Move(
                MoneySource.PAYMENT,
                MoneyTarget.CREDIT,
                left,
                MatchWay.AT_COUNTER,
                account.pk,
                payment,
            )
        )
    for move in done:
        book.carry_out(move, on=on)
    debit = LedgerCode.CASH if point.kind == PointKind.COUNTER else LedgerCode.TRANSIT
    receive_placed(book, [(payment, done)], debit=debit, by=by, at=at)
    return payment


def _payment(point: PaymentPoint, fen: int, on: dt.date, by: Viewer, at: dt.datetime) -> Payment:
    is_own = point.kind == PointKind.COUNTER
    return Payment(
        channel=PaymentChannel.COUNTER if is_own else PaymentChannel.AGENCY,
        unit=point.unit,
        point=point,
        booked_on=on,
        amount_fen=fen,
        waiting_fen=fen,
        received_at=at,
        received_by_name=by.name,
    )


def _reference(point: PaymentPoint, given: str, on: dt.date) -> str:
    """The point's own number, or the next of its day."""
    if given.strip():
        text = f"{point.code}-{given.strip()}"[:60]
        if Payment.objects.filter(reference=text).exists():
            raise UnableToTakePayment("收款编号 %(value)s 已登记过", value=given.strip())
        return text
    begin = f"{point.code}-{on:%y%m%d}-"
    last = Payment.objects.filter(reference__startswith=begin).aggregate(last=Max("reference"))
    tail = (last["last"] or "").removeprefix(begin)
    return f"{begin}{(int(tail) if tail.isdigit() else 0) + 1:05d}"


@transaction.atomic
def hand_in_takings(
    *,
    point_id: int,
    day: dt.date,
    counted_yuan: Decimal,
    by: Viewer,
    at: dt.datetime,
    difference_reason: str = "",
) -> DailyTakings:
    """Hand in all that a point took up to and with a day; a difference says why.

    The number goes into the bank's remark; the row that brings the sum reconciles the takings.
    """
    by.require(Permission.TAKE_PAYMENTS)
    point = _locked_point(point_id, by, UnableToHandIn)
    if day > local_date(at):
        raise UnableToHandIn("解款日不能晚于今天")
    payments = Payment.objects.filter(point=point, takings=None, booked_on__lte=day)
    sums = payments.aggregate(fen=Sum("amount_fen"), n=Count("id"))
    if not sums["n"]:
        raise UnableToHandIn("网点 %(name)s 到 %(day)s 没有待解的款", name=point.name, day=day)
    counted = as_fen(counted_yuan, UnableToHandIn)
    if counted != sums["fen"] and not difference_reason.strip():
        raise UnableToHandIn(
            "实点 %(counted)s 元与收款合计 %(value)s 元不符，请写明原因",
            counted=in_yuan(counted),
            value=in_yuan(sums["fen"]),
        )
    year = local_date(at).year
    takings = DailyTakings.objects.create(
        number=payment_number(TAKINGS_PREFIX, year, _next_serial(year)),
        point=point,
        day=day,
        booked_fen=sums["fen"],
        counted_fen=counted,
        payments_count=sums["n"],
        difference_reason=difference_reason.strip()[:300],
        state=TakingsState.HANDED_IN,
        handed_in_at=at,
        handed_in_by_name=by.name,
    )
    payments.update(takings=takings)
    happening = Happening(
        event="payments.takings.handed_in",
        subject_type="payments.takings",
        subject_id=takings.pk,
        subject_label=takings.number,
        unit_path=point.unit.path,
        changes={"booked_yuan": takings.booked_yuan, "counted_yuan": takings.counted_yuan},
        reason=takings.difference_reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return takings


def _next_serial(year: int) -> int:
    begin = f"{TAKINGS_PREFIX}{year % 100:02d}"
    last = DailyTakings.objects.filter(number__startswith=begin).aggregate(last=Max("number"))
    return (int(last["last"][4:10]) if last["last"] else 0) + 1


def _record_point(
    event: str, point: PaymentPoint, by: Viewer, at: dt.datetime, reason: str = ""
) -> None:
    happening = Happening(
        event=event,
        subject_type="payments.point",
        subject_id=point.pk,
        subject_label=f"{point.code} {point.name}",
        unit_path=point.unit.path,
        changes={"kind": point.kind, "opened_on": point.opened_on, "closed_on": point.closed_on},
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
