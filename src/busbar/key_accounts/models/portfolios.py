"""Standards of key-account service, and the handing over of customers."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.customers.models import Customer, TeamRole
from busbar.key_accounts.models.dated import DatedModel


class StandardSense(models.TextChoices):
    """Whether the figure is the most, the least, or the same for everybody."""

    AT_MOST = "at_most", _("不超过")
    AT_LEAST = "at_least", _("不少于")
    FIXED = "fixed", _("统一")


class ServiceStandardQuerySet(VisibleQuerySet):
    """What ships is public; a unit's own figure is seen in its branch and from below it."""

    def in_units(self, units: Ids) -> Q:
        """Figures of the units, and every one that no unit owns."""
        return Q(unit__isnull=True) | super().in_units(units)


class ServiceStandard(DatedModel):
    """服务标准: one figure of the one standard of the three levels (R73).

    Without a unit it ships; the top company sets its own, and below it a unit's figure may only
    be stricter (R7). `measure` says in what the amount is counted.
    """

    unit = models.ForeignKey(
        OrganizationUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    sense = models.CharField(max_length=8, choices=StandardSense.choices)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    measure = models.CharField(max_length=20)
    note = models.CharField(max_length=500, blank=True)

    objects = ServiceStandardQuerySet.as_manager()

    class Meta(DatedModel.Meta):
        constraints = [
            *DatedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                condition=Q(unit__isnull=True),
                name="service_standard_once",
            ),
            models.UniqueConstraint(
                fields=["unit", "code", "valid_from"],
                condition=Q(unit__isnull=False),
                name="service_standard_once_a_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.amount}"


class HandoverState(models.TextChoices):
    """Where a handover stands."""

    STANDS = "stands", _("有效")
    RETURNED = "returned", _("已交还")


class HandoverQuerySet(VisibleQuerySet):
    """Seen in the branch of either manager's unit; a group's are those that moved its customers."""

    unit_lookups = ("from_employee__unit", "to_employee__unit")

    def of_customers(self, customers: models.QuerySet[Any, Any]) -> Q:
        """Handovers of at least one of the customers."""
        return Q(pk__in=HandoverItem.objects.filter(customer__in=customers).values("handover"))


class Handover(models.Model):
    """客户移交: customers pass from one manager to another, for good or until a day.

    `until` is the last day of a stand-in; `returns` the handover that this one undoes, `moved`
    how many tasks, orders and other things went along.
    """

    number = models.CharField(max_length=40, unique=True)
    from_employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    to_employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    until = models.DateField(null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=HandoverState.choices, default=HandoverState.STANDS
    )
    returns = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="returned_by"
    )
    moved = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=150)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["from_employee", "-at"], name="handover_from"),
            models.Index(fields=["to_employee", "-at"], name="handover_to"),
            models.Index(
                fields=["until"],
                condition=Q(state="stands", until__isnull=False),
                name="handover_until",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class HandoverItemQuerySet(VisibleQuerySet):
    """Seen with the handover, or with the customer."""

    unit_lookups = (
        "handover__from_employee__unit",
        "handover__to_employee__unit",
        "customer__unit",
    )
    customer_lookup = "customer"


class HandoverItem(models.Model):
    """One customer of a handover: what each was on its team before."""

    handover = models.ForeignKey(Handover, on_delete=models.CASCADE, related_name="items")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=TeamRole.choices)
    role_before = models.CharField(max_length=10, choices=TeamRole.choices, blank=True)

    objects = HandoverItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handover", "customer"], name="handover_item_once"),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="handover_item_customer")]

    def __str__(self) -> str:
        return f"{self.handover_id} {self.customer_id}"
