"""An import as rows: a run can be watched, explained, repeated and corrected."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.phrases import PhraseField
from busbar.access.visibility import VisibleQuerySet
from busbar.kit.phrases import nothing


class ImportKind(models.TextChoices):
    """What a set of files fills."""

    ARCHIVE = "archive", _("客户档案")
    NETWORK = "network", _("电网台账")
    TARIFFS = "tariffs", _("电价与规则")
    READINGS = "readings", _("负荷曲线")
    METERING = "metering", _("示数与计量事件")
    BILLS = "bills", _("核对账单")


class ImportState(models.TextChoices):
    """How far a run has come."""

    MAPPING = "mapping", _("待确认列对应")
    QUEUED = "queued", _("排队")
    RUNNING = "running", _("导入中")
    FINISHED = "finished", _("完成")
    REFUSED = "refused", _("未能导入")


class ImportRunQuerySet(VisibleQuerySet):
    """Seen by the unit that imported, and from above it."""


class ImportRun(models.Model):
    """Files brought in together. `unit` is the importer's, None before there is one."""

    kind = models.CharField(max_length=12, choices=ImportKind.choices)
    state = models.CharField(max_length=10, choices=ImportState.choices)
    unit = models.ForeignKey(
        OrganizationUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True, blank=True)
    created_by = models.CharField(max_length=150)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    message = PhraseField(default=nothing)
    options = models.JSONField(default=dict)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["unit", "-id"], name="import_run_unit")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class ImportFile(models.Model):
    """One table of one file: a CSV, a sheet of a workbook, a Parquet file.

    `table` is empty until somebody says which it is. `path` is relative to BUSBAR_HOME, by digest;
    `mapping` is {our field: their column}. `message` says why the whole file was refused.
    """

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    sheet = models.CharField(max_length=100, blank=True)
    table = models.CharField(max_length=40)
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    header = models.JSONField(default=list)
    header_row = models.PositiveIntegerField(default=1)
    rows = models.PositiveIntegerField(default=0)
    mapping = models.JSONField(default=dict)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    done = models.BooleanField(default=False)
    message = PhraseField(default=nothing)

    class Meta:
        indexes = [models.Index(fields=["sha256", "table"], name="import_file_digest")]

    def __str__(self) -> str:
        return f"{self.name} {self.sheet}"


class RowError(models.Model):
    """A refused row: where, what stood there, what was expected; with the row itself."""

    file = models.ForeignKey(ImportFile, on_delete=models.CASCADE, related_name="errors")
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=100)
    value = models.CharField(max_length=300)
    expectation = PhraseField(default=nothing)
    record = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["file", "row", "id"], name="row_error_file")]

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.expectation}"


class ColumnMapping(models.Model):
    """A mapping that somebody confirmed for a header, remembered for the next file like it."""

    table = models.CharField(max_length=40)
    header_digest = models.CharField(max_length=64)
    mapping = models.JSONField()
    confirmed_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "header_digest"], name="mapping_once"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.header_digest[:8]}"
