"""Segments: industry × load shape × spend, the packages bound to them, recorded needs (R72)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.customers.models import Customer
from busbar.key_accounts.models.visibility import WholeCustomerQuerySet
from busbar.pricing.models import SourcedModel


class ShapeKind(models.TextChoices):
    """What a typical day looks like, in words."""

    CONTINUOUS = "continuous", _("三班连续")
    NIGHT = "night", _("夜间谷段")
    EVENING = "evening", _("晚间高峰")
    DOUBLE = "double", _("白天双峰")
    DAY = "day", _("白天单峰")
    TWO_SHIFT = "two_shift", _("两班生产")
    GENTLE = "gentle", _("昼高夜低")


class SpendBand(SourcedModel):
    """消费档: from so many yuan a year on."""

    code = models.CharField(max_length=20)
    name = models.CharField(max_length=40)
    from_yuan = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="spend_band_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ServicePackage(SourcedModel):
    """服务包: what customers of certain segments are offered; an empty list takes all."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    services = models.JSONField(default=list)
    sections = models.JSONField(default=list, blank=True)
    shapes = models.JSONField(default=list, blank=True)
    bands = models.JSONField(default=list, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="service_package_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Segmentation(models.Model):
    """分群批次: the load shapes of one month's working days, matched to those before."""

    month = models.CharField(max_length=7, unique=True)
    seed = models.PositiveIntegerField()
    customers = models.PositiveIntegerField(default=0)
    unmeasured = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.month


class LoadShape(models.Model):
    """典型日: a cluster of normalised days; its code lives on while the next one is alike.

    `profile` are 96 values whose mean is one.
    """

    segmentation = models.ForeignKey(Segmentation, on_delete=models.CASCADE, related_name="shapes")
    code = models.CharField(max_length=10)
    kind = models.CharField(max_length=12, choices=ShapeKind.choices)
    profile = models.JSONField()
    customers = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["segmentation", "code"], name="load_shape_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_kind_display()}"


class CustomerSegment(models.Model):
    """客户分群: where a customer stands in one segmentation."""

    segmentation = models.ForeignKey(
        Segmentation, on_delete=models.CASCADE, related_name="customer_segments"
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    shape = models.ForeignKey(LoadShape, on_delete=models.CASCADE, related_name="+")
    section = models.CharField(max_length=1, blank=True)
    band = models.CharField(max_length=20, blank=True)
    idle_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    annual_revenue_yuan = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    objects = WholeCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["segmentation", "customer"], name="segment_once"),
        ]
        indexes = [
            models.Index(fields=["shape", "-annual_revenue_yuan", "id"], name="segment_shape"),
            models.Index(
                fields=["segmentation", "-annual_revenue_yuan", "id"], name="segment_revenue"
            ),
            models.Index(fields=["customer", "segmentation"], name="segment_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.segmentation_id} {self.customer_id}"


class NeedKind(models.TextChoices):
    """The three layers of need after Millman and Wilson."""

    PRODUCT = "product", _("产品")
    PROCESS = "process", _("流程")
    FACILITATION = "facilitation", _("促成")


class CustomerNeed(models.Model):
    """客户需求: what a customer said it needs, until it is met."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=NeedKind.choices)
    text = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)
    met_at = models.DateTimeField(null=True, blank=True)
    met_how = models.CharField(max_length=300, blank=True)

    objects = WholeCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(met_at__isnull=True, met_how="")
                | (Q(met_at__isnull=False) & ~Q(met_how="")),
                name="need_met_says_how",
            ),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="need_customer")]

    def __str__(self) -> str:
        return self.text
