"""A month's evaluation of all customers, and what it found of each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.customers.models import Customer
from busbar.key_accounts.models.rules import Category
from busbar.key_accounts.models.visibility import WholeCustomerQuerySet


class RunState(models.TextChoices):
    """How far an evaluation has come."""

    RUNNING = "running", _("进行中")
    FINISHED = "finished", _("完成")


class RecognitionRun(models.Model):
    """认定批次: the evaluation of one billed month; run again, it replaces its own results.

    `rules` are the policies as they stood (`rulebook.py`), so that each result can be explained
    by them for ever. `done` of `customers` says how far a running one has come.
    """

    month = models.CharField(max_length=7, unique=True)
    state = models.CharField(max_length=10, choices=RunState.choices)
    rules = models.JSONField()
    customers = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    entered = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | Q(state="finished", finished_at__isnull=False),
                name="recognition_run_finished_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.month


class Recognition(models.Model):
    """认定结果: what one customer is in one run.

    `figures` has the measures (value, source in words, where to look); `judgements` by category
    what stood before and what came of it. The reasons follow from both and the run's rules.
    """

    run = models.ForeignKey(RecognitionRun, on_delete=models.CASCADE, related_name="results")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    is_economic = models.BooleanField(default=False)
    is_important = models.BooleanField(default=False)
    is_potential = models.BooleanField(default=False)
    has_changed = models.BooleanField(default=False)
    division = models.CharField(max_length=2, blank=True)
    annual_energy_kwh = models.DecimalField(max_digits=18, decimal_places=0, default=0)
    annual_revenue_yuan = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    max_demand_kw = models.DecimalField(max_digits=14, decimal_places=3, default=0)
    growth_percent = models.DecimalField(max_digits=8, decimal_places=1, null=True, blank=True)
    figures = models.JSONField()
    judgements = models.JSONField()

    objects = WholeCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "customer"], name="recognition_once"),
        ]
        indexes = [
            models.Index(fields=["run", "-annual_revenue_yuan", "id"], name="recognition_rank"),
            models.Index(fields=["customer", "run"], name="recognition_customer"),
            # Holds what sums by manager need, so that they never touch the rows themselves.
            models.Index(
                fields=["run", "customer", "annual_revenue_yuan", "growth_percent"],
                name="recognition_sum",
            ),
            models.Index(
                fields=["run", "-annual_revenue_yuan", "id"],
                condition=Q(is_economic=True) | Q(is_important=True) | Q(is_potential=True),
                name="recognition_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.customer_id}"

    @property
    def categories(self) -> list[Category]:
        """What it is, in the order of the categories."""
        held = (self.is_economic, self.is_important, self.is_potential)
        return [category for category, holds in zip(Category, held, strict=True) if holds]


class OverrideState(models.TextChoices):
    """How far an override has come."""

    PROPOSED = "proposed", _("待批准")
    ADOPTED = "adopted", _("已生效")
    REFUSED = "refused", _("未批准")
    ENDED = "ended", _("已结束")


class RecognitionOverride(models.Model):
    """人工认定: a person sets a category against the rules until a day, another approves."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    category = models.CharField(max_length=10, choices=Category.choices)
    holds = models.BooleanField()
    reason = models.CharField(max_length=300)
    state = models.CharField(
        max_length=10, choices=OverrideState.choices, default=OverrideState.PROPOSED
    )
    valid_from = models.DateField()
    expires_on = models.DateField()
    proposed_by_id = models.BigIntegerField(null=True, blank=True)
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = WholeCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "category"],
                condition=Q(state__in=["proposed", "adopted"]),
                name="override_one_alive",
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gt=models.F("valid_from")), name="override_expires"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="override_says_why"),
        ]
        indexes = [models.Index(fields=["state", "expires_on"], name="override_state")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.category} {self.holds}"


class ImportanceAssessment(models.Model):
    """重要性评定: which consequences apply to a customer, proposed by one, reviewed by another.

    `answers` are criterion codes that apply, each with what it rests on.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    answers = models.JSONField()
    grade = models.CharField(max_length=20)
    state = models.CharField(
        max_length=10, choices=OverrideState.choices, default=OverrideState.PROPOSED
    )
    proposed_by_id = models.BigIntegerField(null=True, blank=True)
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=300, blank=True)

    objects = WholeCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(state="proposed"), name="assessment_one_open"
            ),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="assessment_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.grade}"
