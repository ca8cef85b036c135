"""Where money comes in: the company's bank accounts, own counters, agency points (R67)."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.payments.models.receivables import in_yuan


class CollectionAccount(models.Model):
    """电费账户: the bank account into which a unit's customers pay for electricity.

    Apart from the payee accounts of connection fees: money of the two kinds is not mixed.
    """

    number = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    bank = models.CharField(max_length=200)
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="collection_account_validity",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class PointKind(models.TextChoices):
    """Whose counter it is."""

    COUNTER = "counter", _("自营网点")
    AGENCY = "agency", _("代收点")


class PaymentPoint(models.Model):
    """收费网点: an own counter or an agency that takes payments for the company."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=PointKind.choices)
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=300, blank=True)
    operator = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    agreement = models.CharField(max_length=60, blank=True)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="agency") | ~Q(agreement=""), name="agency_point_has_agreement"
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="payment_point_closed_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class TakingsState(models.TextChoices):
    """How far a day's takings have come."""

    HANDED_IN = "handed_in", _("已解款待到账")
    RECONCILED = "reconciled", _("已到账")


class OfPointQuerySet(VisibleQuerySet):
    """Seen with the point."""

    unit_lookups = ("point__unit",)


class DailyTakings(models.Model):
    """日解款: a point's takings handed in, as counted, as booked, as seen at the bank."""

    number = models.CharField(max_length=20, unique=True)
    point = models.ForeignKey(
        PaymentPoint, on_delete=models.PROTECT, related_name="takings", db_index=False
    )
    day = models.DateField()
    booked_fen = models.BigIntegerField()
    counted_fen = models.BigIntegerField()
    arrived_fen = models.BigIntegerField(default=0)
    payments_count = models.PositiveIntegerField()
    difference_reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=TakingsState.choices)
    handed_in_at = models.DateTimeField()
    handed_in_by_name = models.CharField(max_length=150)
    reconciled_at = models.DateTimeField(null=True, blank=True)

    objects = OfPointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(booked_fen__gt=0), name="daily_takings_amount"),
            models.CheckConstraint(
                condition=Q(arrived_fen__gte=0) & Q(arrived_fen__lte=F("booked_fen")),
                name="daily_takings_arrived_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(state="handed_in", arrived_fen__lt=F("booked_fen"))
                | Q(state="reconciled", arrived_fen=F("booked_fen")),
                name="daily_takings_reconciled_when_all_arrived",
            ),
            models.CheckConstraint(
                condition=Q(booked_fen=F("counted_fen")) | ~Q(difference_reason=""),
                name="daily_takings_difference_says_why",
            ),
        ]
        indexes = [models.Index(fields=["point", "-day", "-id"], name="daily_takings_point")]

    def __str__(self) -> str:
        return self.number

    @property
    def booked_yuan(self) -> Decimal:
        """What the payments of the day add up to."""
        return in_yuan(self.booked_fen)

    @property
    def missing_fen(self) -> int:
        """What the bank has not shown yet."""
        return self.booked_fen - self.arrived_fen

    @property
    def missing_yuan(self) -> Decimal:
        """The same in yuan."""
        return in_yuan(self.missing_fen)

    @property
    def counted_yuan(self) -> Decimal:
        """What was counted when handing in."""
        return in_yuan(self.counted_fen)
