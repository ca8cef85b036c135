"""退费 and the bank's outgoing rows that prove them (R9). Whole fen."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import CustomerAccount
from busbar.payments.models.channels import CollectionAccount
from busbar.payments.models.payments import (
    MoneySource,
    OfCollectionQuerySet,
    Payment,
    PaymentFile,
)
from busbar.payments.models.receivables import in_yuan


class Payout(models.Model):
    """银行支出: one outgoing row of a collection account, once by its reference."""

    reference = models.CharField(max_length=60, unique=True)
    collection = models.ForeignKey(
        CollectionAccount, on_delete=models.PROTECT, related_name="payouts"
    )
    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, related_name="payouts")
    row = models.PositiveIntegerField()
    booked_on = models.DateField()
    payee_name = models.CharField(max_length=200)
    payee_account = models.CharField(max_length=40, blank=True)
    amount_fen = models.BigIntegerField()
    remark = models.CharField(max_length=300, blank=True)
    is_explained = models.BooleanField(default=False)

    objects = OfCollectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payout_amount"),
        ]
        indexes = [
            models.Index(
                fields=["booked_on", "id"], condition=Q(is_explained=False), name="payout_open"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def amount_yuan(self) -> Decimal:
        """What went."""
        return in_yuan(self.amount_fen)


class RefundState(models.TextChoices):
    """How far a refund has come."""

    REQUESTED = "requested", _("待审批")
    APPROVED = "approved", _("已批准待付")
    REFUSED = "refused", _("不予退费")
    PAID = "paid", _("已退回")


class RefundQuerySet(VisibleQuerySet):
    """Seen by the unit that received the money and with the 户号."""

    unit_lookups = ("payment__unit", "account__unit")
    customer_lookup = "account__customer"


class PaymentRefund(models.Model):
    """电费退费: money of one payment back the way it came, decided by another person.

    `source` says what it is taken from: the payment's waiting money, or the account's credit or
    deposit that the payment had fed. It stands as owed to the payer from the request on.
    """

    number = models.CharField(max_length=20, unique=True)
    source = models.CharField(max_length=8, choices=MoneySource.choices)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    account = models.ForeignKey(
        CustomerAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    amount_fen = models.BigIntegerField()
    to_account = models.CharField(max_length=40, blank=True)
    to_name = models.CharField(max_length=200)
    ground = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=RefundState.choices)
    requested_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    requested_by_name = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_by_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_remark = models.CharField(max_length=300, blank=True)
    payout = models.OneToOneField(
        Payout, null=True, blank=True, on_delete=models.PROTECT, related_name="refund"
    )
    paid_on = models.DateField(null=True, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payment_refund_amount"),
            models.CheckConstraint(
                condition=Q(source="payment") | Q(account__isnull=False),
                name="payment_refund_of_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(payout__isnull=False) | Q(to_account=""),
                name="payment_refund_is_proven",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(requested_by__isnull=True)
                | ~Q(decided_by=F("requested_by")),
                name="payment_refund_decided_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-requested_at", "-id"], name="payment_refund_state")
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def amount_yuan(self) -> Decimal:
        """What goes back."""
        return in_yuan(self.amount_fen)
