"""The rules of recognition: dated, sourced rows that the office edits by adding versions."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from busbar.customers.models import CustomerKind, Importance
from busbar.pricing.models import SourcedModel


class Category(models.TextChoices):
    """The three kinds of key account (R69)."""

    ECONOMIC = "economic", _("经济大客户")
    IMPORTANT = "important", _("重要客户")
    POTENTIAL = "potential", _("潜在大客户")


class Measure(models.TextChoices):
    """What can be measured of a customer; each is found by `queries/facts.py`."""

    ANNUAL_ENERGY = "annual_energy", _("近 12 个月电量")
    ANNUAL_REVENUE = "annual_revenue", _("近 12 个月电费")
    MAX_DEMAND = "max_demand", _("近 12 个月最大需量")
    CAPACITY = "capacity", _("受电容量")
    GROWTH = "growth", _("电量同比增长")
    GROWTH_OVER_PEERS = "growth_over_peers", _("相对同行业的增长")
    PIPELINE = "pipeline", _("在途报装新增容量")
    INDUSTRY = "industry", _("行业大类")
    IMPORTANCE = "importance", _("重要性等级")


UNITS: dict[str, str | Promise] = {
    Measure.ANNUAL_ENERGY: "kWh",
    Measure.ANNUAL_REVENUE: _("元"),
    Measure.MAX_DEMAND: "kW",
    Measure.CAPACITY: "kVA",
    Measure.GROWTH: "%",
    Measure.GROWTH_OVER_PEERS: "%",
    Measure.PIPELINE: "kVA",
}
"""Unit of each measure that is a number; the others are codes."""


class IndustryClass(SourcedModel):
    """行业: a section (a letter) or division (two digits) of GB/T 4754, with the kind of R28."""

    code = models.CharField(max_length=2)
    name = models.CharField(max_length=60)
    section = models.CharField(max_length=1)
    kind = models.CharField(max_length=20, choices=CustomerKind.choices, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="industry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class RecognitionPolicy(SourcedModel):
    """认定办法: how many points make a customer one of a category, and for how long at least.

    `moot_with` is the category beside which this one says nothing more.
    """

    category = models.CharField(max_length=10, choices=Category.choices)
    points_to_enter = models.PositiveSmallIntegerField()
    points_to_stay = models.PositiveSmallIntegerField()
    min_stay_months = models.PositiveSmallIntegerField(default=0)
    moot_with = models.CharField(max_length=10, choices=Category.choices, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["category", "valid_from"], name="policy_once"),
            models.CheckConstraint(
                condition=Q(points_to_stay__lte=F("points_to_enter")),
                name="policy_easier_to_stay",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} {self.valid_from}"


class RecognitionCriterion(SourcedModel):
    """认定条件: a measure that earns points.

    A number earns them from `enter_at` on; whoever is in keeps them down to `leave_at`. A code
    earns them when it is among `values`.
    """

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    category = models.CharField(max_length=10, choices=Category.choices)
    measure = models.CharField(max_length=20, choices=Measure.choices)
    enter_at = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    leave_at = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    values = models.JSONField(default=list, blank=True)
    points = models.PositiveSmallIntegerField()

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="criterion_once"),
            models.CheckConstraint(
                condition=Q(enter_at__isnull=True, leave_at__isnull=True)
                | Q(enter_at__isnull=False, leave_at__lte=F("enter_at")),
                name="criterion_easier_to_stay",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ImportanceCriterion(SourcedModel):
    """重要性判据: a consequence of losing supply that makes a grade (电监安全〔2008〕43号).

    `hint_industries` are divisions in which the question should be asked.
    """

    code = models.CharField(max_length=40)
    grade = models.CharField(max_length=20, choices=Importance.choices)
    consequence = models.CharField(max_length=200)
    hint_industries = models.JSONField(default=list, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["code", "valid_from"], name="importance_criterion_once"
            ),
        ]

    def __str__(self) -> str:
        return self.consequence
