"""年度客户计划与行业计划: what both sides intend this year, signed and reviewed (U8, R43)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import Customer, CustomerKind, Document
from busbar.service_desk.models import Interaction


class PlanScope(models.TextChoices):
    """For one customer, or for all of a kind in a unit's branch."""

    CUSTOMER = "customer", _("客户计划")
    SECTOR = "sector", _("行业计划")


class PlanState(models.TextChoices):
    """Where a plan stands."""

    DRAFT = "draft", _("编制中")
    AGREED = "agreed", _("已共签")
    CLOSED = "closed", _("已复盘")


class PlanQuerySet(VisibleQuerySet):
    """Seen by the unit that keeps it, the customer's managing unit, and its account team."""

    unit_lookups = ("unit", "customer__unit")
    customer_lookup = "customer"


class AccountPlan(models.Model):
    """客户计划: one customer's or one sector's year.

    The sections are 概况, 联系人, 设备, 关系, 目标, 障碍; `version` counts how often it was opened
    again after it had been signed.
    """

    scope = models.CharField(max_length=10, choices=PlanScope.choices)
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    sector = models.CharField(max_length=20, choices=CustomerKind.choices, blank=True)
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=PlanState.choices, default=PlanState.DRAFT)
    profile = models.TextField(blank=True)
    contacts = models.TextField(blank=True)
    equipment = models.TextField(blank=True)
    relations = models.TextField(blank=True)
    goals = models.TextField(blank=True)
    obstacles = models.TextField(blank=True)
    budget_yuan = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    opened_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    review = models.TextField(blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="customer", customer__isnull=False, sector="")
                | Q(scope="sector", customer__isnull=True) & ~Q(sector=""),
                name="account_plan_is_of_one",
            ),
            models.UniqueConstraint(
                fields=["customer", "year"],
                condition=Q(scope="customer"),
                name="account_plan_once_a_year",
            ),
            models.UniqueConstraint(
                fields=["unit", "sector", "year"],
                condition=Q(scope="sector"),
                name="sector_plan_once_a_year",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_at__isnull=False) & ~Q(review=""),
                name="account_plan_closed_says_what_came_of_it",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-year"], name="account_plan_customer"),
            models.Index(fields=["unit", "-year", "id"], name="account_plan_unit"),
            models.Index(fields=["-year", "-id"], name="account_plan_year"),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.customer or self.get_sector_display()}"

    def get_state_display(self) -> str:  # type: ignore[no-redef] # instead of the field's own
        """The state in words: a sector's plan is approved by us alone, nobody else signs it."""
        if self.scope == PlanScope.SECTOR and self.state == PlanState.AGREED:
            return str(_("已批准"))
        return str(PlanState(self.state).label)


class PlanPartQuerySet(VisibleQuerySet):
    """Seen with the plan."""

    unit_lookups = ("plan__unit", "plan__customer__unit")
    customer_lookup = "plan__customer"


class MeasureState(models.TextChoices):
    """What became of a measure."""

    OPEN = "open", _("进行中")
    DONE = "done", _("已完成")
    DROPPED = "dropped", _("已取消")


class PlanMeasure(models.Model):
    """计划措施: one thing to be done by somebody until a day."""

    plan = models.ForeignKey(AccountPlan, on_delete=models.PROTECT, related_name="measures")
    text = models.CharField(max_length=300)
    owner = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+", db_index=False)
    due_on = models.DateField()
    progress_percent = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=MeasureState.choices, default=MeasureState.OPEN)
    note = models.CharField(max_length=500, blank=True)
    changed_at = models.DateTimeField()

    objects = PlanPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(progress_percent__lte=100), name="plan_measure_percent"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "state", "due_on"], name="plan_measure_owner"),
            models.Index(fields=["state", "due_on", "id"], name="plan_measure_due"),
        ]

    def __str__(self) -> str:
        return self.text


class PlanMeeting(models.Model):
    """联合计划会: a meeting, kept as an interaction, in which both sides spoke of the plan."""

    plan = models.ForeignKey(
        AccountPlan, on_delete=models.PROTECT, related_name="meetings", db_index=False
    )
    interaction = models.ForeignKey(Interaction, on_delete=models.PROTECT, related_name="+")

    objects = PlanPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "interaction"], name="plan_meeting_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.interaction_id}"


class PlanSigning(models.Model):
    """计划签署: a version as both sides signed it; `content` is what it said."""

    plan = models.ForeignKey(
        AccountPlan, on_delete=models.PROTECT, related_name="signings", db_index=False
    )
    version = models.PositiveSmallIntegerField()
    document = models.ForeignKey(
        Document, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    our_signatory = models.CharField(max_length=100)
    their_signatory = models.CharField(max_length=100, blank=True)
    signed_on = models.DateField()
    content = models.JSONField()

    objects = PlanPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "version"], name="plan_signing_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} v{self.version}"
