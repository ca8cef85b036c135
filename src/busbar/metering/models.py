"""Meters and where they hang; the curves themselves are in the lake."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.visibility import VisibleQuerySet
from busbar.supply.models import UsagePoint


class Meter(models.Model):
    """电能表."""

    serial = models.CharField(max_length=30, unique=True)
    model = models.CharField(max_length=50, blank=True)
    accuracy_class = models.CharField(max_length=10, blank=True)
    register_digits = models.PositiveSmallIntegerField(default=6)

    def __str__(self) -> str:
        return self.serial


class MeterInstallationQuerySet(VisibleQuerySet):
    """Seen with the usage point's account."""

    unit_lookups = ("usage_point__account__unit", "usage_point__account__customer__unit")
    customer_lookup = "usage_point__account__customer"


class MeterInstallation(models.Model):
    """A meter at a usage point over `[installed_on, removed_on)`, with its ratios."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    usage_point = models.ForeignKey(UsagePoint, on_delete=models.PROTECT, related_name="+")
    installed_on = models.DateField()
    removed_on = models.DateField(null=True, blank=True)
    ct_ratio = models.DecimalField(max_digits=10, decimal_places=4)
    pt_ratio = models.DecimalField(max_digits=10, decimal_places=4)

    objects = MeterInstallationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "installed_on"], name="installation_once"),
            models.UniqueConstraint(
                fields=["meter"], condition=Q(removed_on__isnull=True), name="meter_in_one_place"
            ),
            models.CheckConstraint(
                condition=Q(removed_on__isnull=True) | Q(removed_on__gt=F("installed_on")),
                name="installation_period",
            ),
            models.CheckConstraint(
                condition=Q(ct_ratio__gt=0) & Q(pt_ratio__gt=0), name="installation_ratios"
            ),
        ]
        indexes = [
            models.Index(fields=["usage_point", "installed_on"], name="installation_point"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id}@{self.usage_point_id}"


class ReadingType(models.Model):
    """数据项: what a channel of the lake measures (IEC 61968-9 ReadingType)."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=60)
    unit = models.CharField(max_length=10)
    lake_channel = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.code


class StampAt(models.TextChoices):
    """Which end of the interval a source's timestamp names."""

    START = "start", _("区间起点")
    END = "end", _("区间终点")


class ReadingSource(models.Model):
    """A system that delivers reading files, and how it writes them; remembered once stated.

    `stamp_at` is empty while only day rows came; `settings` has unit, midnight, formats and side
    (primary | secondary).
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    stamp_at = models.CharField(max_length=5, choices=StampAt.choices, blank=True)
    settings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.code


class LakeCommit(models.Model):
    """One file's curves as they stand in the lake: which version, how many rows."""

    commit_key = models.CharField(max_length=100, unique=True)
    lake_version = models.BigIntegerField()
    rows_added = models.PositiveIntegerField()
    rows_unchanged = models.PositiveIntegerField()
    committed_at = models.DateTimeField()
    file_name = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["-committed_at"], name="lake_commit_recent")]

    def __str__(self) -> str:
        return self.commit_key
