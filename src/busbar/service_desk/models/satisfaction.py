"""满意度: dated rules of evidence, each customer's score with its reasons, what was mended."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.clocks.models import Clock
from busbar.customers.models import Customer, CustomerKind
from busbar.pricing.models import SourcedModel


class Voice(models.TextChoices):
    """Whose judgement a piece of evidence is (N11, R66)."""

    CUSTOMER = "customer", _("客户评价")
    OWN = "own", _("自我分析")
    SOCIETY = "society", _("社会评价")


class EvidenceKind(models.TextChoices):
    """What speaks for or against a customer's being satisfied."""

    SURVEY = "survey", _("问卷评分")
    COMPLAINT = "complaint", _("投诉")
    COMPLAINT_OUTSIDE = "complaint_outside", _("经 12398、12345 或媒体的投诉")
    COMPLAINT_SETTLED = "complaint_settled", _("投诉回访满意")
    OUTAGE_FAULT = "outage_fault", _("故障停电")
    OUTAGE_PLANNED = "outage_planned", _("计划停电")
    BILL_RIGHT = "bill_right", _("账单无误")
    BILL_CORRECTED = "bill_corrected", _("账单更正")
    ANSWER_IN_TIME = "answer_in_time", _("按时办结")
    ANSWER_LATE = "answer_late", _("办理超期")
    PROMISE_KEPT = "promise_kept", _("承诺按期兑现")
    PROMISE_LATE = "promise_late", _("承诺超期")


class EvidenceRule(SourcedModel):
    """证据权重: what one piece of evidence of a kind says, how much it counts, how fast it fades.

    `weight` is in answers to a survey: 1 counts as much as one answered questionnaire.
    `score` is what it says on 0 to 100; a survey says its own, so that its row has none.
    """

    kind = models.CharField(max_length=20, choices=EvidenceKind.choices)
    voice = models.CharField(max_length=10, choices=Voice.choices)
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    weight = models.DecimalField(max_digits=6, decimal_places=3)
    half_life_days = models.PositiveSmallIntegerField()

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["kind", "valid_from"], name="evidence_rule_once"),
            models.CheckConstraint(
                condition=Q(weight__gt=0, half_life_days__gt=0), name="evidence_rule_counts"
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class SatisfactionParameter(SourcedModel):
    """满意度参数: a figure of the formula, such as how strongly a sample leans on its segment."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=100)
    value = models.DecimalField(max_digits=10, decimal_places=4)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="satisfaction_param_once"),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMean(models.Model):
    """客户群均值: what customers of a kind say on the whole; small samples lean on it."""

    kind = models.CharField(max_length=20, choices=CustomerKind.choices)
    at = models.DateTimeField()
    mean = models.DecimalField(max_digits=6, decimal_places=2)
    weight = models.DecimalField(max_digits=14, decimal_places=3)
    customers = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["kind", "-at", "-id"], name="segment_mean_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.mean}"


class CustomerScoreQuerySet(VisibleQuerySet):
    """Seen with the customer."""

    unit_lookups = ("customer__unit",)
    customer_lookup = "customer"


class SatisfactionScore(models.Model):
    """满意度: one customer's index at a moment, `[low, high]` its interval, `parts` its reasons.

    `evidence_weight` and `evidence_sum` (weight times score) are what the segment's mean is
    made of. One row is current; an older one stays where the index moved.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    checked_at = models.DateTimeField()
    score = models.DecimalField(max_digits=6, decimal_places=2)
    low = models.DecimalField(max_digits=6, decimal_places=2)
    high = models.DecimalField(max_digits=6, decimal_places=2)
    prior = models.DecimalField(max_digits=6, decimal_places=2)
    evidence_weight = models.DecimalField(max_digits=12, decimal_places=3)
    evidence_sum = models.DecimalField(max_digits=14, decimal_places=3)
    parts = models.JSONField(default=list)
    is_current = models.BooleanField(default=True)

    objects = CustomerScoreQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_current=True), name="satisfaction_one_current"
            ),
            models.CheckConstraint(
                condition=Q(low__lte=F("score"), high__gte=F("score")),
                name="satisfaction_interval_holds_the_score",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-at"], name="satisfaction_customer"),
            # Holds what means by manager need, so that they never touch the rows themselves.
            models.Index(
                fields=["customer", "score"],
                condition=Q(is_current=True),
                name="satisfaction_current",
            ),
            models.Index(
                fields=["score", "id"], condition=Q(is_current=True), name="satisfaction_lowest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.score}"


class ImprovementQuerySet(VisibleQuerySet):
    """Seen by the unit that mends, the customer's managing unit, and its account team."""

    unit_lookups = ("unit", "customer__unit")
    customer_lookup = "customer"


class ImprovementTask(models.Model):
    """整改任务: opened the moment a customer's index falls by more than allowed (R70).

    `reasons` are the kinds of evidence that pulled it down, the heaviest first.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    opened_at = models.DateTimeField()
    score_before = models.DecimalField(max_digits=6, decimal_places=2)
    score_now = models.DecimalField(max_digits=6, decimal_places=2)
    reasons = models.JSONField(default=list)
    clock = models.OneToOneField(
        Clock, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by_name = models.CharField(max_length=150, blank=True)
    measure = models.CharField(max_length=1000, blank=True)

    objects = ImprovementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(closed_at__isnull=True),
                name="improvement_one_open",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | ~Q(measure=""),
                name="improvement_closed_says_what",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-opened_at"], name="improvement_customer"),
            models.Index(fields=["unit", "closed_at", "id"], name="improvement_unit"),
            models.Index(fields=["owner", "closed_at", "id"], name="improvement_owner"),
            models.Index(fields=["closed_at", "-opened_at"], name="improvement_open"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.score_before} → {self.score_now}"
