"""Relationship stages after Millman and Wilson, from evidence; warnings of leaving (R71, R91)."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.customers.models import Customer
from busbar.key_accounts.models.recognition import RecognitionRun
from busbar.key_accounts.models.visibility import WholeCustomerQuerySet
from busbar.kit.periods import Month, local_date
from busbar.pricing.models import SourcedModel


class Stage(models.TextChoices):
    """How close the relationship is, in the order of its growth; the last may come from any."""

    PRE = "pre", _("探索")
    EARLY = "early", _("初级")
    MID = "mid", _("中级")
    PARTNERSHIP = "partnership", _("伙伴")
    SYNERGISTIC = "synergistic", _("协同")
    UNCOUPLING = "uncoupling", _("断裂")


class Bounded(SourcedModel):
    """A bound on a piece of evidence: at least, or at most."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    evidence = models.CharField(max_length=40)
    at_least = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    at_most = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)

    class Meta(SourcedModel.Meta):
        abstract = True
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="%(class)s_once"),
            models.CheckConstraint(
                condition=Q(at_least__isnull=True, at_most__isnull=False)
                | Q(at_least__isnull=False, at_most__isnull=True),
                name="%(class)s_one_bound",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StageRule(Bounded):
    """阶段判据: what shows that a stage is reached, and what to do where it does not."""

    stage = models.CharField(max_length=12, choices=Stage.choices)
    action = models.CharField(max_length=120)


class WarningRule(Bounded):
    """预警规则: what warns that a customer may leave or shrink."""

    advice = models.CharField(max_length=120)


class StageQuerySet(WholeCustomerQuerySet):
    """Seen as the customer is."""

    def current(self) -> Self:
        """The newest of each customer in its run."""
        return self.filter(is_current=True)


class StageAssessment(models.Model):
    """关系阶段: where a customer stands in a run, on what evidence, with which warnings.

    `answers` are the stage rules with what was found; `warnings` those warning rules that hold.
    `as_of` is the moment up to which the evidence counts: the end of the run's month, or the day
    on which a change of it was seen. Only the newest of a customer in a run is current.
    """

    run = models.ForeignKey(RecognitionRun, on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    as_of = models.DateTimeField()
    is_current = models.BooleanField(default=True)
    stage = models.CharField(max_length=12, choices=Stage.choices)
    answers = models.JSONField()
    warnings = models.JSONField()
    warning_count = models.PositiveSmallIntegerField(default=0)
    annual_revenue_yuan = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    objects = StageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "customer", "as_of"], name="stage_once"),
            models.UniqueConstraint(
                fields=["run", "customer"], condition=Q(is_current=True), name="stage_current_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "-warning_count", "-annual_revenue_yuan", "id"],
                condition=Q(is_current=True),
                name="stage_warned",
            ),
            models.Index(
                fields=["run", "stage", "-warning_count", "-annual_revenue_yuan", "id"],
                condition=Q(is_current=True),
                name="stage_stage",
            ),
            models.Index(fields=["customer", "run"], name="stage_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.stage}"

    @property
    def assessed_on(self) -> dt.date:
        """The last day whose evidence counts."""
        return local_date(self.as_of - dt.timedelta.resolution)

    @property
    def is_renewed(self) -> bool:
        """Whether it rests on a day after the run's month."""
        return str(Month.of(self.assessed_on)) != self.run.month
