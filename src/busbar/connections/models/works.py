"""Design review, building, inspections with findings, completion (R59, R60)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.connections.models.application import (
    ConnectionApplication,
    OfApplicationQuerySet,
    involving,
)
from busbar.connections.models.contractors import Contractor
from busbar.pricing.models import SourcedModel


class Verdict(models.TextChoices):
    """How a review or an inspection ends; empty while it is open."""

    PASSED = "passed", _("合格")
    RETURNED = "returned", _("退回整改")


class DesignReview(models.Model):
    """设计审查: one round, from the papers handed in to the verdict."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="design_reviews"
    )
    round = models.PositiveSmallIntegerField()
    designer = models.ForeignKey(Contractor, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    files = models.JSONField(default=list)
    submitted_by = models.CharField(max_length=50)
    submitted_at = models.DateTimeField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    opinion = models.TextField(blank=True)
    reviewer = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "round"], name="design_round_once"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(verdict=""), name="design_one_open"
            ),
            models.CheckConstraint(
                condition=Q(verdict="") | Q(reviewed_at__gte=F("submitted_at")),
                name="design_reviewed_after_submitted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} 第{self.round}轮"


class OfReviewQuerySet(VisibleQuerySet):
    """Seen with the application under review."""

    unit_lookups = ("review__application__unit", "review__application__customer__unit")
    customer_lookup = "review__application__customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(review__application__in=involving(units))


class DesignFinding(models.Model):
    """审查意见: what the design lacks, with the clause that asks for it."""

    review = models.ForeignKey(DesignReview, on_delete=models.CASCADE, related_name="findings")
    number = models.PositiveSmallIntegerField()
    clause = models.CharField(max_length=200)
    description = models.CharField(max_length=500)

    objects = OfReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "number"], name="design_finding_once"),
        ]

    def __str__(self) -> str:
        return f"{self.review_id}#{self.number}"


class WorkStart(models.Model):
    """开工报告: from here on the scheme no longer lapses (供电营业规则 1996 第21条)."""

    application = models.OneToOneField(
        ConnectionApplication, on_delete=models.PROTECT, related_name="work_start"
    )
    builder = models.ForeignKey(Contractor, on_delete=models.PROTECT, related_name="+")
    started_on = models.DateField()
    planned_until = models.DateField(null=True, blank=True)
    supervisor_name = models.CharField(max_length=50)
    supervisor_phone = models.CharField(max_length=30)
    files = models.JSONField(default=list)
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=150)

    objects = OfApplicationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.application_id} {self.started_on}"


class InspectionKind(models.TextChoices):
    """At which point of the works the company looks."""

    INTERIM = "interim", _("中间检查")
    COMPLETION = "completion", _("竣工检验")


class InspectionItem(SourcedModel):
    """检查项目: what is looked at or tested, for which kinds of supply, by which clause.

    A test has a unit and its limits, both inclusive; `supply_kinds` empty means all.
    """

    code = models.CharField(max_length=40)
    inspection_kind = models.CharField(max_length=12, choices=InspectionKind.choices)
    title = models.CharField(max_length=200)
    clause = models.CharField(max_length=200)
    supply_kinds = models.JSONField(default=list)
    is_test = models.BooleanField(default=False)
    unit = models.CharField(max_length=20, blank=True)
    minimum = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    maximum = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="inspection_item_once"),
        ]
        indexes = [models.Index(fields=["inspection_kind", "code"], name="inspection_item_kind")]

    def __str__(self) -> str:
        return self.code


class Inspection(models.Model):
    """中间检查或竣工检验: requested by the customer, held by two inspectors or more."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="inspections"
    )
    kind = models.CharField(max_length=12, choices=InspectionKind.choices)
    round = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=200, blank=True)
    requested_by = models.CharField(max_length=50)
    requested_at = models.DateTimeField()
    held_at = models.DateTimeField(null=True, blank=True)
    inspectors = models.ManyToManyField(Employee, related_name="+")
    witness = models.CharField(max_length=50, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    opinion = models.TextField(blank=True)
    files = models.JSONField(default=list)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "round"], name="inspection_round_once"
            ),
            models.UniqueConstraint(
                fields=["application", "kind"],
                condition=Q(verdict=""),
                name="inspection_one_open",
            ),
            models.CheckConstraint(
                condition=Q(verdict="") | Q(held_at__gte=F("requested_at")),
                name="inspection_held_after_requested",
            ),
        ]
        indexes = [
            models.Index(fields=["verdict", "requested_at", "id"], name="inspection_open"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.kind} {self.round}"


class OfInspectionQuerySet(VisibleQuerySet):
    """Seen with the inspected application."""

    unit_lookups = ("inspection__application__unit", "inspection__application__customer__unit")
    customer_lookup = "inspection__application__customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(inspection__application__in=involving(units))


class Severity(models.TextChoices):
    """Whether the works may go on to completion with the finding open."""

    SEVERE = "severe", _("严重")
    ORDINARY = "ordinary", _("一般")


class FindingState(models.TextChoices):
    """From the rectification notice to the re-inspection."""

    OPEN = "open", _("待整改")
    RECTIFIED = "rectified", _("已整改待复查")
    CLOSED = "closed", _("复查合格")


class InspectionFinding(models.Model):
    """检查问题: with clause, photo, rectification notice and the day it must be put right by."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="findings")
    number = models.PositiveSmallIntegerField()
    severity = models.CharField(max_length=10, choices=Severity.choices)
    clause = models.CharField(max_length=200)
    description = models.CharField(max_length=500)
    photos = models.JSONField(default=list)
    notice_number = models.CharField(max_length=40)
    rectify_by = models.DateField()
    state = models.CharField(max_length=10, choices=FindingState.choices, default=FindingState.OPEN)
    rectified_at = models.DateTimeField(null=True, blank=True)
    rectified_by = models.CharField(max_length=50, blank=True)
    measure = models.CharField(max_length=500, blank=True)
    evidence = models.JSONField(default=list)

    objects = OfInspectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["inspection", "number"], name="inspection_finding_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(rectified_at__isnull=False),
                name="inspection_finding_rectified",
            ),
        ]
        indexes = [models.Index(fields=["state", "rectify_by", "id"], name="finding_open")]

    def __str__(self) -> str:
        return f"{self.inspection_id}#{self.number}"


class OfFindingQuerySet(VisibleQuerySet):
    """Seen with the finding's application."""

    unit_lookups = (
        "finding__inspection__application__unit",
        "finding__inspection__application__customer__unit",
    )
    customer_lookup = "finding__inspection__application__customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(finding__inspection__application__in=involving(units))


class FindingRecheck(models.Model):
    """复查: one look at one finding; a finding that fails is open again with a new day."""

    finding = models.ForeignKey(
        InspectionFinding, on_delete=models.PROTECT, related_name="rechecks"
    )
    rechecked_at = models.DateTimeField()
    inspectors = models.ManyToManyField(Employee, related_name="+")
    is_passed = models.BooleanField()
    note = models.CharField(max_length=500, blank=True)
    photos = models.JSONField(default=list)

    objects = OfFindingQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["finding", "rechecked_at"], name="recheck_finding")]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.rechecked_at}"


class InspectionMeasurement(models.Model):
    """试验记录: a measured value against the limits that stood on the day."""

    inspection = models.ForeignKey(
        Inspection, on_delete=models.PROTECT, related_name="measurements"
    )
    item_code = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    measured = models.DecimalField(max_digits=12, decimal_places=4)
    unit = models.CharField(max_length=20, blank=True)
    minimum = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    maximum = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    is_passed = models.BooleanField()

    objects = OfInspectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "item_code"], name="measurement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.item_code} {self.measured}{self.unit}"


class CompletionReport(models.Model):
    """竣工报告: the written report with the list of papers it was accepted with (R60)."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="completion_reports"
    )
    round = models.PositiveSmallIntegerField()
    finished_on = models.DateField()
    summary = models.TextField(blank=True)
    files = models.JSONField(default=list)
    documents = models.JSONField(default=list)
    reported_by = models.CharField(max_length=50)
    reported_at = models.DateTimeField()

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "round"], name="completion_round_once"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} 第{self.round}次报验"


class BuiltTransformer(models.Model):
    """竣工的受电变压器: as built, entered into the archive on energising."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="built_transformers"
    )
    label = models.CharField(max_length=20)
    model = models.CharField(max_length=50, blank=True)
    capacity_kva = models.PositiveIntegerField()
    interlock_group = models.CharField(max_length=20, blank=True)
    is_running = models.BooleanField(default=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "label"], name="built_once"),
            models.CheckConstraint(condition=Q(capacity_kva__gt=0), name="built_capacity"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.capacity_kva}kVA"
