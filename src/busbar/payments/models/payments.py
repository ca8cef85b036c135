"""缴费: money that came, by whatever channel, and what it was matched to. Whole fen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import CustomerAccount
from busbar.payments.models.channels import CollectionAccount, DailyTakings, PaymentPoint
from busbar.payments.models.ledger import LedgerTransaction
from busbar.payments.models.receivables import Receivable, in_yuan


class FileState(models.TextChoices):
    """How far a file has come."""

    RUNNING = "running", _("导入中")
    FINISHED = "finished", _("已导入")


class OfCollectionQuerySet(VisibleQuerySet):
    """Seen with the bank account."""

    unit_lookups = ("collection__unit",)


class PaymentFile(models.Model):
    """电费流水文件: one bank file, known by its content; stopped half-way it is gone on with."""

    collection = models.ForeignKey(
        CollectionAccount, on_delete=models.PROTECT, related_name="files", db_index=False
    )
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=FileState.choices)
    rows = models.PositiveIntegerField()
    kept = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list)
    imported_at = models.DateTimeField()
    imported_by_name = models.CharField(max_length=150)

    objects = OfCollectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "digest"], name="payment_file_once"),
        ]

    def __str__(self) -> str:
        return self.name


class PaymentChannel(models.TextChoices):
    """By which way money came."""

    BANK = "bank", _("银行流水")
    GATEWAY = "gateway", _("银行联网")
    COUNTER = "counter", _("自营网点")
    AGENCY = "agency", _("代收点")


class PaymentHold(models.TextChoices):
    """Why money waits for a person."""

    NONE = "", _("无")
    UNKNOWN = "unknown", _("未识别")
    DUPLICATE = "duplicate", _("疑似重复缴费")
    SURPLUS = "surplus", _("多缴待处理")


class PaymentQuerySet(VisibleQuerySet):
    """Seen by the unit that received the money."""

    def of_customers(self, customers: models.QuerySet[Any, Any]) -> Q:
        """Money that was matched to an account of one of the customers."""
        matched = PaymentMatch.objects.filter(account__customer__in=customers)
        return Q(pk__in=matched.values("payment_id"))


class Payment(models.Model):
    """缴费: money that came, once by its reference.

    `waiting_fen` is what is neither matched nor on its way back; matched, refunded and waiting
    add up to `amount_fen`.
    """

    channel = models.CharField(max_length=8, choices=PaymentChannel.choices)
    reference = models.CharField(max_length=60, unique=True)
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    collection = models.ForeignKey(
        CollectionAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )
    file = models.ForeignKey(
        PaymentFile, null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )
    row = models.PositiveIntegerField(null=True, blank=True)
    point = models.ForeignKey(
        PaymentPoint, null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )
    takings = models.ForeignKey(
        DailyTakings, null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )
    booked_on = models.DateField()
    payer_name = models.CharField(max_length=200)
    payer_account = models.CharField(max_length=40, blank=True)
    amount_fen = models.BigIntegerField()
    waiting_fen = models.BigIntegerField()
    remark = models.CharField(max_length=300, blank=True)
    hold = models.CharField(max_length=10, choices=PaymentHold.choices, blank=True)
    received_at = models.DateTimeField()
    received_by_name = models.CharField(max_length=150)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payment_amount"),
            models.CheckConstraint(
                condition=Q(waiting_fen__gte=0) & Q(waiting_fen__lte=F("amount_fen")),
                name="payment_waiting_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["counter", "agency"], point__isnull=False)
                | Q(channel__in=["bank", "gateway"], collection__isnull=False),
                name="payment_came_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-booked_on", "-id"], name="payment_unit"),
            models.Index(fields=["-booked_on", "-id"], name="payment_day"),
            models.Index(
                fields=["booked_on", "id"], condition=Q(waiting_fen__gt=0), name="payment_waiting"
            ),
            models.Index(fields=["payer_account", "booked_on"], name="payment_payer"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def amount_yuan(self) -> Decimal:
        """What came."""
        return in_yuan(self.amount_fen)

    @property
    def waiting_yuan(self) -> Decimal:
        """What waits."""
        return in_yuan(self.waiting_fen)


class PayerLink(models.Model):
    """付款账号对应: a bank account that has paid for a 户号 before, learned from matches."""

    payer_account = models.CharField(max_length=40)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    last_used_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payer_account", "account"], name="payer_link_once"),
            models.CheckConstraint(condition=~Q(payer_account=""), name="payer_link_names_payer"),
        ]

    def __str__(self) -> str:
        return f"{self.payer_account} {self.account_id}"


class MoneySource(models.TextChoices):
    """Where matched money was taken from."""

    PAYMENT = "payment", _("缴费")
    CREDIT = "credit", _("预存")
    DEPOSIT = "deposit", _("保证金")


class MoneyTarget(models.TextChoices):
    """What money was matched to."""

    RECEIVABLE = "receivable", _("应收")
    CREDIT = "credit", _("预存")
    DEPOSIT = "deposit", _("保证金")
    TAKINGS = "takings", _("解款")


class MatchWay(models.TextChoices):
    """How money found its place."""

    BY_REFERENCE = "by_reference", _("账单号")
    BY_ACCOUNT = "by_account", _("户号")
    BY_PAYER = "by_payer", _("付款账号")
    AT_COUNTER = "at_counter", _("网点收费")
    FROM_CREDIT = "from_credit", _("预存冲抵")
    MANUAL = "manual", _("人工核对")


class MatchQuerySet(VisibleQuerySet):
    """Seen with the 户号 it concerns and by the unit that received the money."""

    unit_lookups = ("account__unit", "account__customer__unit", "payment__unit")
    customer_lookup = "account__customer"


class PaymentMatch(models.Model):
    """核销: so much of a payment, of credit or of a deposit went to a place, until undone."""

    source = models.CharField(max_length=8, choices=MoneySource.choices)
    target = models.CharField(max_length=10, choices=MoneyTarget.choices)
    payment = models.ForeignKey(
        Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="matches"
    )
    account = models.ForeignKey(
        CustomerAccount,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    receivable = models.ForeignKey(
        Receivable, null=True, blank=True, on_delete=models.PROTECT, related_name="matches"
    )
    takings = models.ForeignKey(
        DailyTakings, null=True, blank=True, on_delete=models.PROTECT, related_name="matches"
    )
    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="+")
    amount_fen = models.BigIntegerField()
    way = models.CharField(max_length=12, choices=MatchWay.choices)
    reason = models.CharField(max_length=300, blank=True)
    matched_on = models.DateField()
    matched_at = models.DateTimeField()
    matched_by_name = models.CharField(max_length=150)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_name = models.CharField(max_length=150, blank=True)
    undone_reason = models.CharField(max_length=300, blank=True)

    objects = MatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payment_match_amount"),
            models.CheckConstraint(
                condition=Q(source="payment", payment__isnull=False)
                | Q(~Q(source="payment"), payment__isnull=True, account__isnull=False),
                name="payment_match_comes_from",
            ),
            models.CheckConstraint(
                condition=Q(target="receivable", receivable__isnull=False, account__isnull=False)
                | Q(target="takings", takings__isnull=False)
                | Q(target__in=["credit", "deposit"], account__isnull=False),
                name="payment_match_goes_to",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | ~Q(undone_reason=""),
                name="payment_match_undone_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-matched_on", "-id"], name="payment_match_account"),
        ]

    def __str__(self) -> str:
        return f"{self.source}->{self.target} {self.amount_fen}"

    @property
    def amount_yuan(self) -> Decimal:
        """How much."""
        return in_yuan(self.amount_fen)
