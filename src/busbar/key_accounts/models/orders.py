"""Orders of a key-account manager to another department, and how both sides rate them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, Mandate, OrganizationUnit
from busbar.access.phrases import PhraseField
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.customers.models import Customer
from busbar.key_accounts.models.agreements import ServiceAgreement
from busbar.key_accounts.models.dated import DatedModel
from busbar.kit.phrases import nothing


class RefusalReason(DatedModel):
    """拒绝理由: why a department may refuse an order."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=60)

    class Meta(DatedModel.Meta):
        constraints = [
            *DatedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="refusal_reason_once"),
        ]

    def __str__(self) -> str:
        return self.name


class OrderStage(models.TextChoices):
    """Where an order stands."""

    SENT = "sent", _("待接办")
    WORKING = "working", _("办理中")
    CLIMBED = "climbed", _("已升级")
    REPORTED = "reported", _("待确认")
    REFUSED = "refused", _("被拒绝")
    SOLVED = "solved", _("已解决")
    PASSED_ON = "passed_on", _("仅转达")
    DROPPED = "dropped", _("已撤回")


CLOSED_STATES = (
    OrderStage.SOLVED,
    OrderStage.PASSED_ON,
    OrderStage.DROPPED,
)


class DepartmentOrderQuerySet(VisibleQuerySet):
    """Seen by who ordered, by who has to answer, where it climbed to, and by the team."""

    unit_lookups = ("unit", "department", "customer__unit")
    customer_lookup = "customer"

    def in_units(self, units: Ids) -> Q:
        """Also where it climbed to: a superior stands above, and sees it anyway."""
        return super().in_units(units) | Q(holder__in=units)

    def open(self) -> DepartmentOrderQuerySet:
        """Orders that somebody has yet to end."""
        return self.exclude(state__in=CLOSED_STATES)


class DepartmentOrder(models.Model):
    """部门工作指令: what a manager orders from a department for a customer, by which mandate.

    `holder` is the unit in whose hands it is; `reply_late` and `work_late` say, once known,
    whether the department let the clock run out. `closed_at` counts for the measures; a state
    of `dropped` is outside them. `kind_name` is what the kind was called then.
    """

    number = models.CharField(max_length=40, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    kind_name = models.CharField(max_length=50)
    title = models.CharField(max_length=100)
    details = models.TextField(max_length=2000)
    amount_yuan = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    hours = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="+")
    agreement = models.ForeignKey(
        ServiceAgreement, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    ordered_by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    department_role = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=OrderStage.choices, default=OrderStage.SENT)
    ordered_at = models.DateTimeField()
    replied_at = models.DateTimeField(null=True, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reply_late = models.BooleanField(null=True, blank=True)
    work_late = models.BooleanField(null=True, blank=True)
    climbs = models.PositiveSmallIntegerField(default=0)
    reopened = models.PositiveSmallIntegerField(default=0)
    handed_on = models.BooleanField(default=False)
    refusal = models.CharField(max_length=60, blank=True)
    result = models.TextField(max_length=2000, blank=True)
    process_id = models.BigIntegerField(null=True, blank=True)

    objects = DepartmentOrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["solved", "passed_on", "dropped"], closed_at__isnull=False)
                | (~Q(state__in=["solved", "passed_on", "dropped"]) & Q(closed_at__isnull=True)),
                name="order_that_ended_says_when",
            ),
            models.CheckConstraint(
                condition=Q(amount_yuan__isnull=True) | Q(amount_yuan__gt=0),
                name="order_amount_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(hours__isnull=True) | Q(hours__gt=0), name="order_hours_are_positive"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-ordered_at"], name="order_customer"),
            models.Index(fields=["ordered_by", "state", "-ordered_at"], name="order_manager"),
            models.Index(fields=["department", "state", "-ordered_at"], name="order_department"),
            models.Index(fields=["unit", "state", "-ordered_at"], name="order_unit"),
            models.Index(fields=["holder", "state"], name="order_holder"),
            models.Index(fields=["ordered_at", "id"], name="order_moment"),
            # Holds what a year's measures by manager need, so that they never touch the orders.
            models.Index(
                fields=[
                    "closed_at",
                    "state",
                    "ordered_by",
                    "reopened",
                    "climbs",
                    "reply_late",
                    "work_late",
                    "ordered_at",
                    "replied_at",
                ],
                name="order_measured",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_closed(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self.state in CLOSED_STATES


class OfOrderQuerySet(VisibleQuerySet):
    """Seen with the order."""

    unit_lookups = ("order__unit", "order__department", "order__holder", "order__customer__unit")
    customer_lookup = "order__customer"


class OrderStep(models.Model):
    """办理经过: one thing that happened to an order: what somebody wrote, or our words."""

    order = models.ForeignKey(DepartmentOrder, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=150)
    unit_name = models.CharField(max_length=100)
    text = PhraseField(default=nothing)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["order", "id"], name="order_step_order")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind}"


class RatingSide(models.TextChoices):
    """Who rates."""

    RECEIVER = "receiver", _("下达方评承办方")
    PROVIDER = "provider", _("承办方评下达方")


class OrderRating(models.Model):
    """互评: 1 to 5 with a word, once a side and order (R63)."""

    order = models.ForeignKey(DepartmentOrder, on_delete=models.CASCADE, related_name="ratings")
    side = models.CharField(max_length=10, choices=RatingSide.choices)
    score = models.PositiveSmallIntegerField()
    word = models.CharField(max_length=300)
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField()

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "side"], name="order_rating_once"),
            models.CheckConstraint(
                condition=Q(score__gte=1, score__lte=5), name="order_rating_one_to_five"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.side} {self.score}"
