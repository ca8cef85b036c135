"""业务费用: what may be charged, what was asked, what the bank says came and went (R37, R57, R9).

Amounts are yuan with two decimals. Money of a receipt is matched to notices, waits unmatched, or
was refunded; the parts add up to the receipt by the operations and are proven by a property test.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.connections.models.application import (
    ConnectionApplication,
    OfApplicationQuerySet,
    involving,
)
from busbar.connections.models.scheme import SupplyScheme
from busbar.pricing.models import Certainty, SourcedModel


class ChargeBasis(models.TextChoices):
    """What a charge is reckoned on."""

    PER_KVA = "per_kva", _("按容量（元/kVA）")
    PER_PIECE = "per_piece", _("按件（元/件）")
    AS_AGREED = "as_agreed", _("按核定金额")


class ChargeItem(SourcedModel):
    """收费项目: what may be charged, from a day on, with its document and certainty.

    `price_yuan` is None where the amount is settled case by case (`AS_AGREED`). Limits empty or
    None hold for all: kinds of supply, kinds of application, voltage `[voltage_from, voltage_to)`.
    """

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=150)
    basis = models.CharField(max_length=12, choices=ChargeBasis.choices)
    price_yuan = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    supply_kinds = models.JSONField(default=list)
    application_kinds = models.JSONField(default=list)
    voltage_from_kv = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    voltage_to_kv = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    is_suggested = models.BooleanField(default=False)
    is_refundable = models.BooleanField(default=False)
    document = models.CharField(max_length=300, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="charge_item_once"),
            models.CheckConstraint(
                condition=Q(basis="as_agreed") | Q(price_yuan__gte=0), name="charge_item_price"
            ),
        ]
        indexes = [models.Index(fields=["code", "-valid_from"], name="charge_item_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.valid_from}"


class PayeeAccount(models.Model):
    """收款账号: the company's bank account into which a unit's customers pay."""

    number = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    bank = models.CharField(max_length=200)
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="payee_account_validity",
            ),
        ]
        indexes = [models.Index(fields=["unit", "-valid_from"], name="payee_account_unit")]

    def __str__(self) -> str:
        return self.number


class NoticeState(models.TextChoices):
    """What is still owed on a notice."""

    DRAFT = "draft", _("待发出")
    ISSUED = "issued", _("待缴")
    PARTLY_PAID = "partly_paid", _("部分到账")
    PAID = "paid", _("已缴清")
    CANCELLED = "cancelled", _("已作废")


class FeeNotice(models.Model):
    """缴费通知: the charges of an application and the account they are paid into (R57)."""

    number = models.CharField(max_length=20, unique=True)
    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="fee_notices"
    )
    scheme = models.ForeignKey(
        SupplyScheme, null=True, blank=True, on_delete=models.PROTECT, related_name="fee_notices"
    )
    payee = models.ForeignKey(PayeeAccount, on_delete=models.PROTECT, related_name="notices")
    state = models.CharField(max_length=12, choices=NoticeState.choices)
    total_yuan = models.DecimalField(max_digits=14, decimal_places=2)
    drafted_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(total_yuan__gte=0), name="fee_notice_total"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"]) | Q(issued_at__isnull=False),
                name="fee_notice_issued",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(paid_at__isnull=False), name="fee_notice_paid"
            ),
        ]
        indexes = [
            models.Index(fields=["application", "id"], name="fee_notice_application"),
            models.Index(fields=["state", "issued_at", "id"], name="fee_notice_state"),
        ]

    def __str__(self) -> str:
        return self.number


class OfNoticeQuerySet(VisibleQuerySet):
    """Whatever hangs on a notice is seen with its application."""

    unit_lookups = ("notice__application__unit", "notice__application__customer__unit")
    customer_lookup = "notice__application__customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(notice__application__in=involving(units))


class FeeLine(models.Model):
    """One charge of a notice: item, quantity, price, and the formula as it was reckoned."""

    notice = models.ForeignKey(FeeNotice, on_delete=models.CASCADE, related_name="lines")
    item = models.ForeignKey(ChargeItem, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=150)
    quantity = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=20, blank=True)
    price_yuan = models.DecimalField(max_digits=12, decimal_places=4)
    amount_yuan = models.DecimalField(max_digits=14, decimal_places=2)
    formula = models.CharField(max_length=300)
    basis = models.CharField(max_length=300)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)

    objects = OfNoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_yuan__gte=0), name="fee_line_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.amount_yuan}"


class OfPayeeQuerySet(VisibleQuerySet):
    """Bank rows are seen by the unit that owns the account."""

    unit_lookups = ("payee__unit",)


class BankFile(models.Model):
    """银行流水文件: one import, with what was kept and which rows were refused and why."""

    payee = models.ForeignKey(PayeeAccount, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    imported_at = models.DateTimeField()
    imported_by_name = models.CharField(max_length=50)
    kept = models.PositiveIntegerField()
    refused = models.JSONField(default=list)

    objects = OfPayeeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["payee", "-imported_at"], name="bank_file_payee")]

    def __str__(self) -> str:
        return self.name


class ReceiptDirection(models.TextChoices):
    """Whether money came or went."""

    IN = "in", _("收入")
    OUT = "out", _("支出")


class BankReceipt(models.Model):
    """银行流水: one row of the payee's account as the bank tells it; a reference exists once.

    `amount_yuan` is positive in both directions; `payer_name` and `payer_account` are the other
    side: who paid, or who was paid back. Matched, refunded and waiting money add up to it.
    """

    reference = models.CharField(max_length=60, unique=True)
    direction = models.CharField(max_length=3, choices=ReceiptDirection.choices)
    payee = models.ForeignKey(PayeeAccount, on_delete=models.PROTECT, related_name="receipts")
    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="receipts")
    row = models.PositiveIntegerField()
    booked_on = models.DateField()
    payer_name = models.CharField(max_length=200)
    payer_account = models.CharField(max_length=40, blank=True)
    amount_yuan = models.DecimalField(max_digits=14, decimal_places=2)
    remark = models.CharField(max_length=300, blank=True)
    is_settled = models.BooleanField(default=False)

    objects = OfPayeeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_yuan__gt=0), name="bank_receipt_amount"),
        ]
        indexes = [
            models.Index(fields=["payee", "-booked_on", "id"], name="bank_receipt_payee"),
            models.Index(
                fields=["direction", "is_settled", "booked_on", "id"], name="bank_receipt_open"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class FeeMatchWay(models.TextChoices):
    """How a receipt found its notice."""

    BY_NUMBER = "by_number", _("附言中的通知号")
    MANUAL = "manual", _("人工核对")


class FeeMatch(models.Model):
    """核销: so much of a receipt pays so much of a notice, until undone with a reason."""

    receipt = models.ForeignKey(BankReceipt, on_delete=models.PROTECT, related_name="matches")
    notice = models.ForeignKey(FeeNotice, on_delete=models.PROTECT, related_name="matches")
    amount_yuan = models.DecimalField(max_digits=14, decimal_places=2)
    way = models.CharField(max_length=10, choices=FeeMatchWay.choices)
    reason = models.CharField(max_length=300, blank=True)
    matched_at = models.DateTimeField()
    matched_by_name = models.CharField(max_length=50)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_name = models.CharField(max_length=50, blank=True)
    undone_reason = models.CharField(max_length=300, blank=True)

    objects = OfNoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_yuan__gt=0), name="fee_match_amount"),
            models.UniqueConstraint(
                fields=["receipt", "notice"],
                condition=Q(undone_at__isnull=True),
                name="fee_match_once",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | ~Q(undone_reason=""),
                name="fee_match_undone_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id}->{self.notice_id} {self.amount_yuan}"


class FeeRefundState(models.TextChoices):
    """How far a refund has come."""

    REQUESTED = "requested", _("待审批")
    APPROVED = "approved", _("已批准待付")
    REFUSED = "refused", _("不予退费")
    PAID = "paid", _("已退回")


class RefundQuerySet(VisibleQuerySet):
    """Seen by the unit that holds the bank account, and with the application it concerns."""

    unit_lookups = ("receipt__payee__unit", "notice__application__unit")
    customer_lookup = "notice__application__customer"


class FeeRefund(models.Model):
    """退费: money of one receipt, back to the account it came from and to no other (R9).

    `notice` names the paid notice it is taken from; without one it is money that was never
    matched (over-payment, payment in error). `payout` is the bank's own row that proves it.
    """

    number = models.CharField(max_length=20, unique=True)
    receipt = models.ForeignKey(BankReceipt, on_delete=models.PROTECT, related_name="refunds")
    notice = models.ForeignKey(
        FeeNotice, null=True, blank=True, on_delete=models.PROTECT, related_name="refunds"
    )
    amount_yuan = models.DecimalField(max_digits=14, decimal_places=2)
    to_account = models.CharField(max_length=40)
    to_name = models.CharField(max_length=200)
    ground = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=FeeRefundState.choices)
    requested_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    requested_by_name = models.CharField(max_length=50)
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_by_name = models.CharField(max_length=50, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_remark = models.CharField(max_length=300, blank=True)
    payout = models.OneToOneField(
        BankReceipt, null=True, blank=True, on_delete=models.PROTECT, related_name="paid_refund"
    )
    paid_on = models.DateField(null=True, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_yuan__gt=0), name="fee_refund_amount"),
            models.CheckConstraint(condition=~Q(to_account=""), name="fee_refund_goes_back"),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(payout__isnull=False), name="fee_refund_is_proven"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(requested_by__isnull=True)
                | ~Q(decided_by=F("requested_by")),
                name="fee_refund_decided_by_another",
            ),
        ]
        indexes = [models.Index(fields=["state", "requested_at", "id"], name="fee_refund_state")]

    def __str__(self) -> str:
        return self.number
