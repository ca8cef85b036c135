"""A stop of supply and the usage points that it touches."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.customers.models import CustomerAccount
from busbar.supply.models import UsagePoint


class OutageKind(models.TextChoices):
    """Why supply stops."""

    PLANNED = "planned", _("计划检修停电")
    FAULT = "fault", _("故障停电")
    ARREARS = "arrears", _("欠费停电")
    BREACH = "breach", _("违约用电停电")
    SAFETY = "safety", _("安全停电")


class OutageState(models.TextChoices):
    """Where a stop stands."""

    PLANNED = "planned", _("已安排")
    ANNOUNCED = "announced", _("已通知")
    BEGUN = "begun", _("停电中")
    RESTORED = "restored", _("已恢复")
    CANCELLED = "cancelled", _("已取消")


class OutageQuerySet(VisibleQuerySet):
    """Seen by the unit that stops, and by whoever sees an affected account's unit."""

    def in_units(self, units: Ids) -> Q:
        """The unit's branch, or any affected account in the branch."""
        touched = AffectedPoint.objects.filter(account__unit__in=units).values("outage_id")
        return super().in_units(units) | Q(pk__in=touched)

    def of_customers(self, customers: models.QuerySet[Any, Any]) -> Q:
        """Stops that touch a point of one of the customers."""
        touched = AffectedPoint.objects.filter(account__customer__in=customers)
        return Q(pk__in=touched.values("outage_id"))


class Outage(models.Model):
    """停电: planned for `[planned_from, planned_until)`, begun and restored at moments.

    `authority_report` is the number under which important customers' stop was reported.
    """

    number = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=10, choices=OutageKind.choices)
    state = models.CharField(
        max_length=10, choices=OutageState.choices, default=OutageState.PLANNED
    )
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    scope = models.CharField(max_length=200)
    planned_from = models.DateTimeField()
    planned_until = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    authority_report = models.CharField(max_length=60, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True)
    cause_removed_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(null=True, blank=True)
    planned_by_name = models.CharField(max_length=150)

    objects = OutageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_until__isnull=True) | Q(planned_until__gt=F("planned_from")),
                name="outage_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(restored_at__isnull=True)
                | Q(begun_at__isnull=False, restored_at__gt=F("begun_at")),
                name="outage_restored_after_begun",
            ),
            models.CheckConstraint(
                condition=~Q(state="restored") | Q(restored_at__isnull=False),
                name="outage_restored_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="begun") | Q(begun_at__isnull=False),
                name="outage_begun_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-planned_from"], name="outage_unit"),
            models.Index(fields=["state", "-planned_from", "id"], name="outage_state"),
        ]

    def __str__(self) -> str:
        return self.number


class AffectedPointQuerySet(VisibleQuerySet):
    """Seen with the account."""

    unit_lookups = ("account__unit", "account__customer__unit")
    customer_lookup = "account__customer"


class AffectedPoint(models.Model):
    """受影响用电点: one usage point that a stop touches, with its account as it was then."""

    outage = models.ForeignKey(Outage, on_delete=models.CASCADE, related_name="affected")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    usage_point = models.ForeignKey(UsagePoint, on_delete=models.PROTECT, related_name="+")

    objects = AffectedPointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outage", "usage_point"], name="affected_point_once"),
        ]
        indexes = [
            models.Index(fields=["account", "outage"], name="affected_point_account"),
            models.Index(fields=["usage_point", "outage"], name="affected_point_point"),
        ]

    def __str__(self) -> str:
        return f"{self.outage_id} {self.usage_point_id}"
