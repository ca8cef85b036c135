"""应收: what a bill leaves owing, until when, and what an account has in credit. Whole fen."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.billing.models import Bill
from busbar.customers.models import CustomerAccount
from busbar.pricing.models import SourcedModel


def in_yuan(fen: int) -> Decimal:
    """Whole fen as yuan with two decimals.

    >>> in_yuan(123456)
    Decimal('1234.56')
    """
    return Decimal(fen).scaleb(-2)


class PaymentTerm(SourcedModel):
    """缴费期限: how many days after its issue a bill is due; with a unit, that unit's own."""

    unit = models.ForeignKey(
        OrganizationUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    days_after_issue = models.PositiveSmallIntegerField()

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["unit", "valid_from"], name="payment_term_once"),
            models.UniqueConstraint(
                fields=["valid_from"], condition=Q(unit=None), name="payment_term_of_company_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from} +{self.days_after_issue}"


class OfAccountQuerySet(VisibleQuerySet):
    """Seen with the account."""

    unit_lookups = ("account__unit", "account__customer__unit")
    customer_lookup = "account__customer"


class OfReceivableQuerySet(VisibleQuerySet):
    """Seen with the receivable."""

    unit_lookups = ("receivable__account__unit", "receivable__account__customer__unit")
    customer_lookup = "receivable__account__customer"


class LateChargeQuerySet(OfReceivableQuerySet):
    """Seen with the receivable."""

    def standing(self) -> Self:
        """Charges that are asked for: neither taken back nor taking back."""
        return self.filter(is_reversed=False, reverses=None)


class ReceivableKind(models.TextChoices):
    """What is owed for."""

    BILL = "bill", _("电费")
    LATE = "late", _("违约金")
    CLAIM = "claim", _("追补与赔偿")


class Receivable(models.Model):
    """应收: an amount, what is still open of it, due by the end of `due_on`.

    `kind` says for what: a bill, a late-payment charge (`LateCharge`), or a claim beside the
    bills (room `claims`), of which one may take back another (`reverses`).

    `reference` is what the payer writes: `DF`, the bill's id in ten digits, two check digits.
    A bill that corrects another adds its difference. What is below nought owes nothing: it
    stands in the account's credit.
    """

    kind = models.CharField(max_length=5, choices=ReceivableKind.choices)
    bill = models.OneToOneField(
        Bill, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversal"
    )
    account = models.ForeignKey(
        CustomerAccount, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    month = models.CharField(max_length=7)
    reference = models.CharField(max_length=16, unique=True)
    amount_fen = models.BigIntegerField()
    open_fen = models.BigIntegerField()
    issued_on = models.DateField()
    due_on = models.DateField()
    settled_on = models.DateField(null=True, blank=True)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(open_fen=0) | Q(open_fen__gt=0, open_fen__lte=F("amount_fen")),
                name="receivable_open_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(open_fen=0, settled_on__isnull=False)
                | Q(open_fen__gt=0, settled_on__isnull=True),
                name="receivable_settled_when_nothing_is_open",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("issued_on")), name="receivable_due_after_issue"
            ),
            models.CheckConstraint(
                condition=Q(kind="bill", bill__isnull=False)
                | (~Q(kind="bill") & Q(bill__isnull=True)),
                name="receivable_bill_by_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["kind"], name="receivable_kind"),
            models.Index(fields=["account", "due_on", "id"], name="receivable_account"),
            models.Index(
                fields=["due_on", "id"], condition=Q(open_fen__gt=0), name="receivable_open_due"
            ),
            models.Index(
                fields=["account", "due_on", "open_fen"],
                condition=Q(open_fen__gt=0),
                name="receivable_open_account",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def amount_yuan(self) -> Decimal:
        """What was asked for."""
        return in_yuan(self.amount_fen)

    @property
    def open_yuan(self) -> Decimal:
        """What is still owed."""
        return in_yuan(self.open_fen)


class LateCharge(models.Model):
    """违约金: what a bill paid late owes beside it, up to and with a day.

    One that does not stand is marked and taken back by another, which `reverses` it and has a
    receivable below nought; neither is ever removed.
    `lines` are the days by unpaid amount, rate and rule set: text, formula, yuan, article,
    source, certainty. They say the whole charge up to the day; of it `charged_fen` were
    charged before, and the receivable asks for the rest.
    """

    receivable = models.OneToOneField(Receivable, on_delete=models.PROTECT, related_name="+")
    overdue = models.ForeignKey(
        Receivable, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    until = models.DateField()
    charged_fen = models.BigIntegerField(default=0)
    lines = models.JSONField(default=list)
    is_reversed = models.BooleanField(default=False)
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = LateChargeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["overdue", "until"],
                condition=Q(is_reversed=False, reverses=None),
                name="late_charge_once_a_day",
            ),
            models.CheckConstraint(
                condition=Q(reverses=None) | Q(is_reversed=False),
                name="late_charge_reversal_stands",
            ),
        ]
        indexes = [models.Index(fields=["overdue", "until"], name="late_charge_overdue")]

    def __str__(self) -> str:
        return f"{self.overdue_id} {self.until}"


class AccountBalance(models.Model):
    """户号余额: what a 户号 owes, has paid ahead (预存) and has given in security (保证金).

    Kept with every posting; equal to the account's ledger lines by a property test.
    """

    account = models.OneToOneField(
        CustomerAccount, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    owed_fen = models.BigIntegerField(default=0)
    credit_fen = models.BigIntegerField(default=0)
    deposit_fen = models.BigIntegerField(default=0)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owed_fen__gte=0) & Q(credit_fen__gte=0) & Q(deposit_fen__gte=0),
                name="account_balance_never_below_nought",
            ),
        ]

    def __str__(self) -> str:
        return str(self.account_id)

    @property
    def owed_yuan(self) -> Decimal:
        """All that is open."""
        return in_yuan(self.owed_fen)

    @property
    def credit_yuan(self) -> Decimal:
        """Paid ahead: settles the next bill."""
        return in_yuan(self.credit_fen)

    @property
    def deposit_yuan(self) -> Decimal:
        """Held in security."""
        return in_yuan(self.deposit_fen)
