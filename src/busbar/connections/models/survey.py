"""Preliminary review and joint site survey (R51, R52)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.connections.models.application import (
    ConnectionApplication,
    OfApplicationQuerySet,
    involving,
)
from busbar.network.models import Feeder


class ReviewResult(models.TextChoices):
    """What the preliminary review came to."""

    PASSED = "passed", _("通过")
    FAILED = "failed", _("不通过")


class PreliminaryReview(models.Model):
    """初审: the officer's look at an accepted application before anybody goes out (R51)."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="reviews"
    )
    serial = models.PositiveSmallIntegerField()
    result = models.CharField(max_length=10, choices=ReviewResult.choices)
    findings = models.TextField(blank=True)
    reviewed_at = models.DateTimeField()
    reviewed_by = models.CharField(max_length=150)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "serial"], name="review_serial"),
            models.CheckConstraint(
                condition=~Q(result="failed") | ~Q(findings=""), name="review_fails_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.result}"


class SurveyState(models.TextChoices):
    """A survey is arranged, then concluded or called off."""

    PLANNED = "planned", _("已安排")
    CONCLUDED = "concluded", _("已完成")
    CANCELLED = "cancelled", _("已取消")


class SurveyConclusion(models.TextChoices):
    """Whether the site can be supplied."""

    FEASIBLE = "feasible", _("具备供电条件")
    CONDITIONAL = "conditional", _("有条件供电")
    INFEASIBLE = "infeasible", _("不具备供电条件")


class SiteSurvey(models.Model):
    """现场勘察: departments go out together and write down what they find, on a phone.

    Position in degrees (WGS-84); `verified_kva` is the capacity found sound for the equipment.
    """

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="surveys"
    )
    serial = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=10, choices=SurveyState.choices, default=SurveyState.PLANNED
    )
    planned_for = models.DateTimeField()
    organized_by = models.CharField(max_length=150)
    surveyed_at = models.DateTimeField(null=True, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    connection_point = models.CharField(max_length=200, blank=True)
    verified_kva = models.PositiveIntegerField(null=True, blank=True)
    risks = models.TextField(blank=True)
    conclusion = models.CharField(max_length=12, choices=SurveyConclusion.choices, blank=True)
    conclusion_note = models.TextField(blank=True)
    concluded_by = models.CharField(max_length=150, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "serial"], name="survey_serial"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(state="planned"), name="survey_one_planned"
            ),
            models.CheckConstraint(
                condition=~Q(state="concluded")
                | (Q(surveyed_at__isnull=False) & Q(verified_kva__gt=0) & ~Q(conclusion="")),
                name="survey_concluded_with_facts",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True) | Q(latitude__gte=-90, latitude__lte=90),
                name="survey_latitude",
            ),
            models.CheckConstraint(
                condition=Q(longitude__isnull=True) | Q(longitude__gte=-180, longitude__lte=180),
                name="survey_longitude",
            ),
        ]
        indexes = [models.Index(fields=["state", "planned_for", "id"], name="survey_planned")]

    def __str__(self) -> str:
        return f"{self.application_id} {self.serial}"


class OfSurveyQuerySet(VisibleQuerySet):
    """Seen with the survey's application."""

    unit_lookups = ("survey__application__unit", "survey__application__customer__unit")
    customer_lookup = "survey__application__customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(survey__application__in=involving(units))


class SurveyParticipant(models.Model):
    """勘察人员: who came from which department, and what the department says."""

    survey = models.ForeignKey(SiteSurvey, on_delete=models.CASCADE, related_name="participants")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    employee = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(max_length=50)
    attended = models.BooleanField(default=False)
    opinion = models.CharField(max_length=500, blank=True)

    objects = OfSurveyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "unit", "name"], name="participant_once"),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.name}"


class FeederCandidate(models.Model):
    """候选线路: a feeder from which the site could be supplied, and how far away it is."""

    survey = models.ForeignKey(
        SiteSurvey, on_delete=models.CASCADE, related_name="feeder_candidates"
    )
    feeder = models.ForeignKey(Feeder, on_delete=models.PROTECT, related_name="+")
    distance_m = models.PositiveIntegerField()
    note = models.CharField(max_length=200, blank=True)

    objects = OfSurveyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "feeder"], name="feeder_candidate_once"),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.feeder_id}"


class SurveyPhoto(models.Model):
    """勘察照片: a picture taken on site; the bytes lie by their digest."""

    survey = models.ForeignKey(SiteSurvey, on_delete=models.CASCADE, related_name="photos")
    caption = models.CharField(max_length=200, blank=True)
    file_name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    taken_at = models.DateTimeField(null=True, blank=True)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=150)

    objects = OfSurveyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "sha256"], name="survey_photo_once"),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(taken_at__lte=F("uploaded_at")),
                name="survey_photo_taken_before_upload",
            ),
        ]

    def __str__(self) -> str:
        return self.caption or self.file_name
