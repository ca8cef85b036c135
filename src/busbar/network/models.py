"""Substation, feeder, transformer, with the capacity that tells what is still open."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet


class SubstationQuerySet(VisibleQuerySet):
    """Seen by the unit that runs it."""


class Substation(models.Model):
    """变电站."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=2)
    capacity_kva = models.PositiveIntegerField()

    objects = SubstationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(voltage_kv__gt=0), name="substation_voltage"),
        ]
        indexes = [models.Index(fields=["unit", "code"], name="substation_unit")]

    def __str__(self) -> str:
        return self.name


class FeederQuerySet(VisibleQuerySet):
    """Seen by the unit that runs the substation."""

    unit_lookups = ("substation__unit",)


class Feeder(models.Model):
    """馈线: an outgoing line of a substation."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    substation = models.ForeignKey(Substation, on_delete=models.PROTECT, related_name="feeders")
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=2)
    capacity_kva = models.PositiveIntegerField()

    objects = FeederQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(voltage_kv__gt=0), name="feeder_voltage"),
        ]
        indexes = [models.Index(fields=["substation", "code"], name="feeder_substation")]

    def __str__(self) -> str:
        return self.name


class PublicTransformerQuerySet(VisibleQuerySet):
    """Seen by the unit that runs the substation."""

    unit_lookups = ("feeder__substation__unit",)


class PublicTransformer(models.Model):
    """公用变压器: the company's own transformer on a feeder (a customer's own is in supply)."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    feeder = models.ForeignKey(Feeder, on_delete=models.PROTECT, related_name="public_transformers")
    capacity_kva = models.PositiveIntegerField()

    objects = PublicTransformerQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["feeder", "code"], name="public_transformer_feeder")]

    def __str__(self) -> str:
        return self.name
