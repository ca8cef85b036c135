"""The consolidation of an archive: runs, pairs they found, merges and former numbers (R80)."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer, VisibleQuerySet
from busbar.customers.models.dated import DatedModel
from busbar.customers.models.register import Customer, CustomerPartQuerySet


class ConsolidationFigure(DatedModel):
    """归并参数: a threshold of the consolidation, dated."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=100)
    value = models.DecimalField(max_digits=12, decimal_places=3)

    class Meta(DatedModel.Meta):
        constraints = [
            *DatedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["code", "valid_from"], name="consolidation_figure_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class RunState(models.TextChoices):
    """How far a run has come."""

    QUEUED = "queued", _("排队")
    WEIGHING = "weighing", _("比对中")
    JOINING = "joining", _("归并中")
    FINISHED = "finished", _("完成")
    REFUSED = "refused", _("未能进行")


class ConsolidationRunQuerySet(VisibleQuerySet):
    """Seen by the unit that started it, and from above it."""


class ConsolidationRun(models.Model):
    """归并任务: one comparison of all customers that somebody sees.

    `parameters` is the whole model it weighed by, `thresholds` what it decided by: the run can be
    explained and repeated. `unit` is None for the product's own runs.
    """

    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    unit = models.ForeignKey(
        OrganizationUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    engine = models.CharField(max_length=100, default="local")
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True, blank=True)
    created_by = models.CharField(max_length=150)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    customers = models.PositiveIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0)
    pairs = models.PositiveIntegerField(default=0)
    to_join = models.PositiveIntegerField(default=0)
    joined = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    thresholds = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)
    message = models.CharField(max_length=500, blank=True)

    objects = ConsolidationRunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["unit", "-id"], name="consolidation_run_unit")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class CandidateState(models.TextChoices):
    """What has become of a pair."""

    PENDING = "pending", _("待自动归并")
    OPEN = "open", _("待复核")
    JOINED = "joined", _("已归并")
    APART = "apart", _("不是同一客户")
    STALE = "stale", _("已由新的比对取代")


class MatchCandidateQuerySet(VisibleQuerySet):
    """A pair is seen, and answered, by whoever sees both of its customers whole.

    That is the unit of both, or the lowest unit above the two: a pair shows each side's whole
    entry, and joining moves all of it, which is not for who has one of its accounts only.
    """

    unit_lookups = ("left__unit",)
    customer_lookup = "left"

    def seen_by(self, viewer: Viewer) -> Self:
        """Only pairs of which the viewer sees both sides whole."""
        if viewer.sees_company:
            return self
        seen = Customer.objects.whole_to(viewer).values("pk")
        return self.filter(left__in=seen, right__in=seen)


class MatchCandidate(models.Model):
    """疑似同一客户: two customers that may be one, with the weights that say so.

    `weights`: [comparison, level, bits] in the model's order; `sides`: the two entries as they
    were compared, `left`'s first. `objection` says why a heavy pair is not joined by itself.
    """

    run = models.ForeignKey(ConsolidationRun, on_delete=models.CASCADE, related_name="candidates")
    left = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    right = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    bits = models.FloatField()
    probability = models.FloatField()
    prior_bits = models.FloatField()
    weights = models.JSONField()
    sides = models.JSONField()
    objection = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=10, choices=CandidateState.choices)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    objects = MatchCandidateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "left", "right"],
                condition=models.Q(state__in=[CandidateState.PENDING, CandidateState.OPEN]),
                name="candidate_once",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-bits", "id"], name="candidate_queue"),
            models.Index(fields=["left", "right"], name="candidate_left"),
            models.Index(fields=["right", "left"], name="candidate_right"),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} {self.right_id} {self.bits:.1f}"


class MergeKind(models.TextChoices):
    """Which way accounts went."""

    MERGE = "merge", _("归并")
    SPLIT = "split", _("拆分")


class MergeQuerySet(CustomerPartQuerySet):
    """Seen with the customer that stands."""


class CustomerMerge(models.Model):
    """归并记录: how a customer went into another (or out of one), so that it can be undone.

    `customer` stands; `other_id`, `other_number`, `other_name` are of the one that went in or came
    out. `moves`: [{model, field, ids}]; `changes`: [{model, pk, before, after}] of rows that could
    not stay as they were; `aside`: rows that had a twin, whole, with what referred to them;
    `snapshot`: the absorbed customer's row.
    """

    kind = models.CharField(max_length=10, choices=MergeKind.choices)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges")
    other_id = models.BigIntegerField()
    other_number = models.CharField(max_length=20)
    other_name = models.CharField(max_length=200)
    candidate = models.ForeignKey(
        MatchCandidate, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_automatic = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)
    snapshot = models.JSONField(default=list)
    moves = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    aside = models.JSONField(default=list)

    objects = MergeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-id"], name="merge_customer"),
            models.Index(fields=["other_id"], name="merge_other"),
        ]

    def __str__(self) -> str:
        return f"{self.other_number} {self.other_name}"


class FormerNumber(models.Model):
    """曾用客户编号: the number of a customer that went into another, which it leads to."""

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    credit_code = models.CharField(max_length=18, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="former_numbers")
    merge = models.ForeignKey(CustomerMerge, on_delete=models.CASCADE, related_name="+")

    objects = MergeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["credit_code"], name="former_number_code")]

    def __str__(self) -> str:
        return self.number
