"""追补单: a charge or payment beside the bills, with its computation and its decision."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import CustomerAccount
from busbar.payments.models import Receivable, in_yuan


class ClaimKind(models.TextChoices):
    """What it is for: the kinds of quotation that charge or pay somebody outside a bill."""

    METER_ERROR = "meter_error", _("误差超差退补")
    WRONG_RATIO = "wrong_ratio", _("倍率差错退补")
    WRONG_WIRING = "wrong_wiring", _("接线错误退补")
    BREACH = "breach", _("违约使用电费")
    THEFT = "theft", _("窃电")
    COMPENSATION = "compensation", _("赔偿")


class ClaimState(models.TextChoices):
    """How far it has come."""

    REQUESTED = "requested", _("待审批")
    REFUSED = "refused", _("未批准")
    RAISED = "raised", _("已入账")
    TAKEN_BACK = "taken_back", _("已冲回")


class ClaimQuerySet(VisibleQuerySet):
    """Seen with the account."""

    unit_lookups = ("account__unit", "account__customer__unit")
    customer_lookup = "account__customer"


class Claim(models.Model):
    """追补单: what an account owes beside its bills, or below nought what the company owes it.

    `document` is the quotation's document as it was computed, `answer` what came of it: lines
    with formula, rule, source and certainty. The same document gives the same answer again.
    Decided by somebody else than who asked for it; approved, it is a receivable.
    """

    number = models.CharField(max_length=20, unique=True)
    account = models.ForeignKey(
        CustomerAccount, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=12, choices=ClaimKind.choices)
    found_on = models.DateField()
    ground = models.CharField(max_length=500)
    document = models.JSONField()
    answer = models.JSONField()
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=ClaimState.choices)
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
    receivable = models.OneToOneField(
        Receivable, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_by_name = models.CharField(max_length=150, blank=True)
    taken_back_reason = models.CharField(max_length=300, blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_fen=0), name="claim_amount"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(requested_by__isnull=True)
                | ~Q(decided_by=F("requested_by")),
                name="claim_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("requested", "refused"), receivable__isnull=True)
                | Q(state__in=("raised", "taken_back"), receivable__isnull=False),
                name="claim_raised_is_owed",
            ),
            models.CheckConstraint(
                condition=~Q(state="taken_back") | ~Q(taken_back_reason=""),
                name="claim_taken_back_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["-id"], name="claim_newest"),
            models.Index(fields=["state", "-id"], name="claim_state"),
            models.Index(fields=["account", "-id"], name="claim_account"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def amount_yuan(self) -> Decimal:
        """What the customer owes; below nought what the company owes it."""
        return in_yuan(self.amount_fen)
