"""What a customer is worth: margin, cost to serve, payment, and where its growth comes from."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from busbar.customers.models import Customer
from busbar.key_accounts.models.recognition import RecognitionRun
from busbar.key_accounts.models.visibility import WholeCustomerQuerySet
from busbar.pricing.models import SourcedModel


class CostRate(SourcedModel):
    """成本费率: yuan a kWh supplied, or what an hour and a task of a role cost."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    yuan_per_kwh = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    yuan_per_hour = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    minutes_per_task = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="cost_rate_once"),
            models.CheckConstraint(
                condition=Q(
                    yuan_per_kwh__isnull=False,
                    yuan_per_hour__isnull=True,
                    minutes_per_task__isnull=True,
                )
                | Q(
                    yuan_per_kwh__isnull=True,
                    yuan_per_hour__isnull=False,
                    minutes_per_task__isnull=False,
                ),
                name="cost_rate_of_energy_or_work",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CustomerValue(models.Model):
    """客户价值: a customer's year up to a run's month, in yuan.

    `work` are [role, tasks, minutes each, yuan an hour, yuan]; `growth` the parts by which the
    amount changed between two stretches of months, which add up to the fen.
    """

    run = models.ForeignKey(RecognitionRun, on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    revenue_yuan = models.DecimalField(max_digits=18, decimal_places=2)
    energy_cost_yuan = models.DecimalField(max_digits=18, decimal_places=2)
    serving_cost_yuan = models.DecimalField(max_digits=18, decimal_places=2)
    margin_yuan = models.DecimalField(max_digits=18, decimal_places=2)
    bills_due = models.PositiveIntegerField(default=0)
    bills_late = models.PositiveIntegerField(default=0)
    work = models.JSONField(default=list)
    growth = models.JSONField(default=dict)
    costs = models.JSONField(default=list)

    objects = WholeCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "customer"], name="customer_value_once"),
        ]
        indexes = [
            models.Index(fields=["run", "-margin_yuan", "id"], name="customer_value_rank"),
            models.Index(fields=["customer", "run"], name="customer_value_customer"),
            # Holds what sums by manager need, so that they never touch the rows themselves.
            models.Index(fields=["run", "customer", "margin_yuan"], name="customer_value_sum"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.margin_yuan}"
