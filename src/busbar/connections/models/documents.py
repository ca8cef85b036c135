"""What an applicant has to hand in, what was handed in, and what was said to be missing (R36)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.connections.models.application import ConnectionApplication, OfApplicationQuerySet
from busbar.pricing.models import SourcedModel


class DocumentPhase(models.TextChoices):
    """At which point of the way a document is asked for."""

    APPLICATION = "application", _("用电申请")
    DESIGN = "design", _("设计审查")
    COMPLETION = "completion", _("竣工报验")


class DocumentRequirement(SourcedModel):
    """资料要求: one document asked for in a phase, as dated data.

    The lists say where it applies: kinds of application, supply and customer, grades of
    importance; an empty list means all of them. `certainty` says how far the source was checked.
    """

    code = models.CharField(max_length=50)
    phase = models.CharField(max_length=12, choices=DocumentPhase.choices)
    name = models.CharField(max_length=100)
    note = models.CharField(max_length=300, blank=True)
    kinds = models.JSONField(default=list, blank=True)
    supply_kinds = models.JSONField(default=list, blank=True)
    customer_kinds = models.JSONField(default=list, blank=True)
    importances = models.JSONField(default=list, blank=True)
    is_required = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    article = models.CharField(max_length=200, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="requirement_version"),
        ]
        indexes = [models.Index(fields=["phase", "position", "code"], name="requirement_phase")]

    def __str__(self) -> str:
        return self.name


class DocumentVerdict(models.TextChoices):
    """What the officer found of a document."""

    PENDING = "pending", _("待审")
    ACCEPTED = "accepted", _("合格")
    REJECTED = "rejected", _("不合格")


class ApplicationDocument(models.Model):
    """申请资料: one file handed in for one requirement; the bytes lie by their digest.

    A file without a requirement is an extra. The latest file of a requirement is the one judged.
    """

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="documents"
    )
    requirement = models.ForeignKey(
        DocumentRequirement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="documents",
    )
    phase = models.CharField(max_length=12, choices=DocumentPhase.choices)
    title = models.CharField(max_length=200)
    file_name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=150)
    verdict = models.CharField(
        max_length=10, choices=DocumentVerdict.choices, default=DocumentVerdict.PENDING
    )
    verdict_reason = models.CharField(max_length=500, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)
    judged_by = models.CharField(max_length=150, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "requirement", "sha256"], name="application_document_once"
            ),
            models.CheckConstraint(
                condition=~Q(verdict="rejected") | ~Q(verdict_reason=""),
                name="application_document_rejected_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(verdict="pending") | Q(judged_at__isnull=False),
                name="application_document_judged_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["application", "phase", "-uploaded_at", "-id"], name="application_document"
            ),
            models.Index(fields=["requirement"], name="application_document_req"),
        ]

    def __str__(self) -> str:
        return self.title


class CompletenessNotice(models.Model):
    """补正告知书: everything that is missing, said at once (一次告知).

    `checklist` holds the codes that applied and `snapshot` the declared facts as they stood, so
    that a later notice can be held against what could have been said here.
    """

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="notices"
    )
    phase = models.CharField(max_length=12, choices=DocumentPhase.choices)
    serial = models.PositiveSmallIntegerField()
    checklist = models.JSONField(default=list)
    snapshot = models.JSONField(default=dict)
    told_at = models.DateTimeField()
    told_by = models.CharField(max_length=150)
    means = models.CharField(max_length=50)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "phase", "serial"], name="completeness_notice_serial"
            ),
            models.UniqueConstraint(
                fields=["application", "phase"],
                condition=Q(answered_at__isnull=True),
                name="completeness_notice_one_open",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=F("told_at")),
                name="completeness_notice_answered_after",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.phase} {self.serial}"


class MissingItem(models.Model):
    """缺件: one thing a notice names: a document, or a field of the form."""

    notice = models.ForeignKey(CompletenessNotice, on_delete=models.CASCADE, related_name="items")
    requirement = models.ForeignKey(
        DocumentRequirement, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    field = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=100)
    reason = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(requirement__isnull=False, field="")
                | (Q(requirement__isnull=True) & ~Q(field="")),
                name="missing_item_is_document_or_field",
            ),
            models.UniqueConstraint(
                fields=["notice", "requirement"],
                condition=Q(requirement__isnull=False),
                name="missing_document_once",
            ),
            models.UniqueConstraint(
                fields=["notice", "field"], condition=~Q(field=""), name="missing_field_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
