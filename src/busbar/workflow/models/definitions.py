"""What processes there are, and each in its versions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ProcessDefinition(models.Model):
    """A process by its key, `new_connection_hv`; `room` is who ships it."""

    key = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    room = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.name


class VersionState(models.TextChoices):
    """Where a version stands."""

    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("已发布")
    RETIRED = "retired", _("已停用")


class ProcessVersion(models.Model):
    """One set of files of a process. `files` maps a file's name to its text.

    A new process takes the published version with the latest `effective_from` not after the
    day; a published version's files never change, because running processes stand on them.
    """

    definition = models.ForeignKey(
        ProcessDefinition, on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveIntegerField()
    files = models.JSONField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=10, choices=VersionState.choices, default=VersionState.DRAFT
    )
    effective_from = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    is_shipped = models.BooleanField(default=False)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=150)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["definition", "number"], name="version_number"),
            models.UniqueConstraint(fields=["definition", "sha256"], name="version_content_once"),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(effective_from__isnull=False, published_at__isnull=False),
                name="version_published_says_since_when",
            ),
        ]
        indexes = [
            models.Index(fields=["definition", "state", "effective_from"], name="version_in_force")
        ]

    def __str__(self) -> str:
        return f"{self.definition_id} v{self.number}"
