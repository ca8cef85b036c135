"""Reading charges, notices, bank rows and refunds; sums to the fen (R37, R57, R9)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from busbar.access.models import OrganizationUnit
from busbar.access.paths import ancestors
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    BankFile,
    BankReceipt,
    ChargeItem,
    ConnectionApplication,
    FeeMatch,
    FeeNotice,
    FeeRefund,
    FeeRefundState,
    NoticeState,
    PayeeAccount,
    ReceiptDirection,
    SupplyKind,
)
from busbar.kit.errors import Listing, Phrase

_NOUGHT = Decimal("0.00")
AWAITING = (NoticeState.ISSUED, NoticeState.PARTLY_PAID)
"""Notices on which money is awaited."""


@dataclass(frozen=True)
class NoticeBalance:
    """A notice in yuan: asked, matched, paid back of it, still owed."""

    total: Decimal
    matched: Decimal
    refunded: Decimal

    @property
    def outstanding(self) -> Decimal:
        """What is still owed; a refund does not make it owed again."""
        return self.total - self.matched


@dataclass(frozen=True)
class ReceiptBalance:
    """A receipt in yuan: received = matched + refunded unmatched + waiting."""

    received: Decimal
    matched: Decimal
    refunded_unmatched: Decimal

    @property
    def waiting(self) -> Decimal:
        """Money that has found no notice and is not on its way back."""
        return self.received - self.matched - self.refunded_unmatched


@dataclass(frozen=True)
class Reconciliation:
    """All visible money: both sides of each line agree, or a number below is wrong."""

    asked: Decimal
    received: Decimal
    matched: Decimal
    waiting: Decimal
    refunds_under_way: Decimal
    paid_back: Decimal
    payouts_unexplained: Decimal

    @property
    def refunded_unmatched(self) -> Decimal:
        """What is on its way back, or went back, of money that never found a notice."""
        return self.received - self.matched - self.waiting

    @property
    def held(self) -> Decimal:
        """What the company still holds of what came in."""
        return self.received - self.paid_back

    @property
    def outstanding(self) -> Decimal:
        """What customers still owe on notices."""
        return self.asked - self.matched


def list_charge_items(*, on: dt.date) -> QuerySet[ChargeItem, ChargeItem]:
    """The catalogue in force on the day, by code."""
    in_force = Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))
    return ChargeItem.objects.filter(in_force).order_by("code")


def list_applicable_items(
    application: ConnectionApplication, *, voltage_kv: Decimal | None, on: dt.date
) -> list[ChargeItem]:
    """What of the catalogue may be charged for this application."""
    items = list_charge_items(on=on)
    return [i for i in items if why_not_chargeable(i, application, voltage_kv, on) is None]


def why_not_chargeable(
    item: ChargeItem, application: ConnectionApplication, voltage_kv: Decimal | None, on: dt.date
) -> Phrase | None:
    """The sentence that says why an item may not be charged; None where it may."""
    if on < item.valid_from or (item.valid_until is not None and on >= item.valid_until):
        return Phrase(
            "“%(item)s”%(on)s 不在有效期内（自 %(span)s，%(document)s）",
            item=item.name,
            on=on,
            span=_span(item),
            document=item.document,
        )
    if item.supply_kinds and application.supply_kind not in item.supply_kinds:
        return Phrase(
            "“%(item)s”只对%(kinds)s收取（%(document)s），本申请是%(asked)s",
            item=item.name,
            kinds=Listing(SupplyKind(kind).label for kind in item.supply_kinds),
            document=item.document,
            asked=application.get_supply_kind_display(),
        )
    if item.application_kinds and application.kind not in item.application_kinds:
        return Phrase(
            "“%(item)s”不对%(kind)s收取（%(document)s）",
            item=item.name,
            kind=application.get_kind_display(),
            document=item.document,
        )
    return _why_not_at_voltage(item, voltage_kv)


def _span(item: ChargeItem) -> Phrase:
    if item.valid_until is None:
        return Phrase("%(start)s 起", start=item.valid_from)
    return Phrase("%(start)s 起、%(end)s 止", start=item.valid_from, end=item.valid_until)


def _why_not_at_voltage(item: ChargeItem, voltage_kv: Decimal | None) -> Phrase | None:
    low, high = item.voltage_from_kv, item.voltage_to_kv
    if low is None and high is None:
        return None
    if voltage_kv is None:
        return Phrase("“%(item)s”按电压等级收取，请先选定供电方案或写明电压", item=item.name)
    if (low is not None and voltage_kv < low) or (high is not None and voltage_kv >= high):
        return Phrase(
            "“%(item)s”不适用于 %(voltage)s kV（%(document)s）",
            item=item.name,
            voltage=f"{voltage_kv.normalize():f}",
            document=item.document,
        )
    return None


def list_payee_accounts(*, on: dt.date) -> QuerySet[PayeeAccount, PayeeAccount]:
    """Accounts in use on the day with their units; they stand on every notice, so all see them."""
    in_use = Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))
    return PayeeAccount.objects.filter(in_use).select_related("unit").order_by("unit__path", "pk")


def find_payee_account(unit: OrganizationUnit, *, on: dt.date) -> PayeeAccount | None:
    """The account into which the unit's customers pay: its own, else the nearest above."""
    paths = [*ancestors(unit.path), unit.path]
    found = list_payee_accounts(on=on).filter(unit__path__in=paths)
    return found.order_by("-unit__path", "-valid_from", "-pk").first()


def list_fee_notices(
    viewer: Viewer, *, state: str = "", application_id: int | None = None
) -> QuerySet[FeeNotice, FeeNotice]:
    """Visible notices, newest first, with application and payee account."""
    notices: QuerySet[FeeNotice, FeeNotice] = FeeNotice.objects.visible_to(viewer)
    if state:
        notices = notices.filter(state=state)
    if application_id is not None:
        notices = notices.filter(application_id=application_id)
    return notices.select_related("application", "payee").order_by("-drafted_at", "-id")


def get_fee_notice(viewer: Viewer, notice_id: int) -> FeeNotice | None:
    """A visible notice with its lines at hand; None where there is none."""
    return list_fee_notices(viewer).prefetch_related("lines__item").filter(pk=notice_id).first()


def get_notice_balance(notice: FeeNotice) -> NoticeBalance:
    """Two sums over the notice's matches and refunds."""
    live = FeeMatch.objects.filter(notice=notice, undone_at=None)
    back = FeeRefund.objects.filter(notice=notice).exclude(state=FeeRefundState.REFUSED)
    return NoticeBalance(notice.total_yuan, _sum(live), _sum(back))


def get_receipt_balance(receipt: BankReceipt) -> ReceiptBalance:
    """Two sums over the receipt's matches and the refunds of money that was never matched."""
    live = FeeMatch.objects.filter(receipt=receipt, undone_at=None)
    back = FeeRefund.objects.filter(receipt=receipt, notice=None)
    return ReceiptBalance(
        receipt.amount_yuan, _sum(live), _sum(back.exclude(state=FeeRefundState.REFUSED))
    )


def get_refundable_yuan(receipt: BankReceipt, notice: FeeNotice | None) -> Decimal:
    """What may still be paid back of a receipt: of its waiting money, or of what paid a notice."""
    if notice is None:
        return get_receipt_balance(receipt).waiting
    live = FeeMatch.objects.filter(receipt=receipt, notice=notice, undone_at=None)
    back = FeeRefund.objects.filter(receipt=receipt, notice=notice)
    return _sum(live) - _sum(back.exclude(state=FeeRefundState.REFUSED))


def list_bank_files(viewer: Viewer) -> QuerySet[BankFile, BankFile]:
    """Visible imports, newest first, with their account."""
    files: QuerySet[BankFile, BankFile] = BankFile.objects.visible_to(viewer)
    return files.select_related("payee").order_by("-imported_at", "-id")


def list_receipts(
    viewer: Viewer,
    *,
    direction: ReceiptDirection | str = ReceiptDirection.IN,
    unsettled_only: bool = False,
) -> QuerySet[BankReceipt, BankReceipt]:
    """Visible bank rows, newest first; `unsettled_only` is the queue of what nobody matched."""
    rows: QuerySet[BankReceipt, BankReceipt] = BankReceipt.objects.visible_to(viewer)
    rows = rows.filter(direction=direction)
    if unsettled_only:
        rows = rows.filter(is_settled=False)
    return rows.select_related("payee").order_by("-booked_on", "-id")


def list_matches(viewer: Viewer, *, notice_id: int) -> QuerySet[FeeMatch, FeeMatch]:
    """A notice's matches in their order, undone ones too, with the bank's rows."""
    matches: QuerySet[FeeMatch, FeeMatch] = FeeMatch.objects.visible_to(viewer)
    return matches.filter(notice_id=notice_id).select_related("receipt").order_by("id")


def suggest_notices(viewer: Viewer, receipt: BankReceipt) -> list[FeeNotice]:
    """Open notices that owe exactly what waits, the payer's own first; never matched by itself.

    Two payers may owe the same sum, so an amount alone only suggests.
    """
    waiting = get_receipt_balance(receipt).waiting
    owing = list_fee_notices(viewer).filter(state__in=AWAITING, payee=receipt.payee)
    matched = Sum("matches__amount_yuan", filter=Q(matches__undone_at=None), default=_NOUGHT)
    exact = owing.annotate(left=F("total_yuan") - matched).filter(left=waiting)
    found: list[FeeNotice] = list(exact)
    named = [n for n in found if _is_named(n, receipt.payer_name)]
    return named or found[:10]


def _is_named(notice: FeeNotice, payer_name: str) -> bool:
    return bool(payer_name) and notice.application.applicant_name == payer_name


def list_refunds(viewer: Viewer, *, state: str = "") -> QuerySet[FeeRefund, FeeRefund]:
    """Visible refunds, newest first, with receipt and notice."""
    refunds: QuerySet[FeeRefund, FeeRefund] = FeeRefund.objects.visible_to(viewer)
    if state:
        refunds = refunds.filter(state=state)
    return refunds.select_related("receipt__payee", "notice").order_by("-requested_at", "-id")


def reconcile_fees(viewer: Viewer) -> Reconciliation:
    """The sums of all visible notices, receipts, matches and refunds."""
    receipts = BankReceipt.objects.visible_to(viewer)
    came = receipts.filter(direction=ReceiptDirection.IN)
    refunds = FeeRefund.objects.filter(receipt__in=came.values("pk"))
    live = refunds.exclude(state=FeeRefundState.REFUSED)
    matched = _sum(FeeMatch.objects.filter(receipt__in=came.values("pk"), undone_at=None))
    asked = FeeNotice.objects.visible_to(viewer).exclude(
        state__in=(NoticeState.DRAFT, NoticeState.CANCELLED)
    )
    went = receipts.filter(direction=ReceiptDirection.OUT, paid_refund=None)
    return Reconciliation(
        asked=_sum(asked, "total_yuan"),
        received=_sum(came),
        matched=matched,
        waiting=_sum(came) - matched - _sum(live.filter(notice=None)),
        refunds_under_way=_sum(live.exclude(state=FeeRefundState.PAID)),
        paid_back=_sum(live.filter(state=FeeRefundState.PAID)),
        payouts_unexplained=_sum(went),
    )


def _sum(rows: QuerySet[Any, Any], name: str = "amount_yuan") -> Decimal:
    total = rows.aggregate(total=Sum(name))["total"]
    return _NOUGHT if total is None else Decimal(total).quantize(_NOUGHT)
