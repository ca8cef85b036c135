"""增值服务与解决方案: the catalogue, chances and benefit, packages from need to evaluation."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.customers.models import Customer
from busbar.key_accounts.models.plans import PlanQuerySet
from busbar.pricing.models import SourcedModel


class ValueAddedProduct(SourcedModel):
    """增值产品: one service beyond supply that may be offered from a day on (R85)."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=500)
    benefit_basis = models.CharField(max_length=300)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="value_added_once"),
        ]

    def __str__(self) -> str:
        return self.name


class SolutionState(models.TextChoices):
    """需求 → 组合 → 报价 → 交付 → 评估."""

    NEED = "need", _("需求已录")
    QUOTED = "quoted", _("已报价")
    ACCEPTED = "accepted", _("已接受")
    DELIVERED = "delivered", _("已交付")
    EVALUATED = "evaluated", _("已评估")
    DECLINED = "declined", _("客户未接受")


class Solution(models.Model):
    """解决方案: what a customer needs, and the products that together answer it (R87)."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    need = models.TextField()
    state = models.CharField(
        max_length=10, choices=SolutionState.choices, default=SolutionState.NEED
    )
    opened_at = models.DateTimeField()
    quoted_yuan = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    quoted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=100, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    evaluated_at = models.DateTimeField(null=True, blank=True)
    evaluation = models.TextField(blank=True)
    score = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="evaluated")
                | Q(evaluated_at__isnull=False, score__gte=1, score__lte=5) & ~Q(evaluation=""),
                name="solution_evaluated_says_how",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-opened_at"], name="solution_customer"),
            models.Index(fields=["unit", "state", "id"], name="solution_unit"),
            models.Index(fields=["-opened_at", "-id"], name="solution_opened"),
        ]

    def __str__(self) -> str:
        return self.name


class OpportunityStage(models.TextChoices):
    """机会 → 交付 → 收益."""

    FOUND = "found", _("机会")
    ACCEPTED = "accepted", _("已接受")
    DELIVERED = "delivered", _("已交付")
    MEASURED = "measured", _("收益已核")
    LOST = "lost", _("未成")


class Opportunity(models.Model):
    """增值机会: one product for one customer, with what it should and what it did bring."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey(ValueAddedProduct, on_delete=models.PROTECT, related_name="+")
    solution = models.ForeignKey(
        Solution, null=True, blank=True, on_delete=models.PROTECT, related_name="items"
    )
    stage = models.CharField(
        max_length=10, choices=OpportunityStage.choices, default=OpportunityStage.FOUND
    )
    reason = models.CharField(max_length=500)
    expected_yuan = models.DecimalField(max_digits=14, decimal_places=2)
    price_yuan = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    delivery = models.CharField(max_length=500, blank=True)
    measured_at = models.DateTimeField(null=True, blank=True)
    benefit_yuan = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    benefit_basis = models.CharField(max_length=500, blank=True)
    lost_because = models.CharField(max_length=300, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(stage="measured")
                | Q(benefit_yuan__isnull=False) & ~Q(benefit_basis=""),
                name="opportunity_measured_says_by_what",
            ),
            models.CheckConstraint(
                condition=~Q(stage="lost") | ~Q(lost_because=""), name="opportunity_lost_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "stage", "id"], name="opportunity_customer"),
            models.Index(fields=["unit", "stage", "id"], name="opportunity_unit"),
            models.Index(fields=["stage", "-found_at", "-id"], name="opportunity_stage"),
            models.Index(fields=["-found_at", "-id"], name="opportunity_found"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.product_id}"
