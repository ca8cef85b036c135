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
    peak_load_kw = models.PositiveIntegerField(null=True, blank=True)
    spare_bays = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = SubstationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(voltage_kv__gt=0), name="substation_voltage"),
        ]
        indexes = [models.Index(fields=["unit", "code"], name="substation_unit")]

    def __str__(self) -> str:
        return self.name


class SubstationTransformerQuerySet(VisibleQuerySet):
    """Seen by the unit that runs the substation."""

    unit_lookups = ("substation__unit",)


class SubstationTransformer(models.Model):
    """主变压器: a transformer of a substation, and the bus section that it feeds.

    `uk_percent` is the short-circuit voltage on its own rating.
    """

    code = models.CharField(max_length=30, unique=True)
    substation = models.ForeignKey(
        Substation, on_delete=models.PROTECT, related_name="transformers"
    )
    bus = models.CharField(max_length=20, blank=True)
    capacity_kva = models.PositiveIntegerField()
    low_voltage_kv = models.DecimalField(max_digits=6, decimal_places=2)
    uk_percent = models.DecimalField(max_digits=5, decimal_places=2)

    objects = SubstationTransformerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(capacity_kva__gt=0, low_voltage_kv__gt=0, uk_percent__gt=0),
                name="substation_transformer_rating",
            ),
        ]
        indexes = [models.Index(fields=["substation", "code"], name="substation_transformer_place")]

    def __str__(self) -> str:
        return self.code


class ConductorType(models.Model):
    """导线型号: impedance per km and long-term ampacity, with where the figures are from."""

    class Kind(models.TextChoices):
        """How the line is laid."""

        OVERHEAD = "overhead", "架空线"
        CABLE = "cable", "电缆"

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    r_ohm_per_km = models.DecimalField(max_digits=8, decimal_places=5)
    x_ohm_per_km = models.DecimalField(max_digits=8, decimal_places=5)
    c_nf_per_km = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    ampacity_a = models.DecimalField(max_digits=7, decimal_places=1)
    source = models.CharField(max_length=200, blank=True)
    certainty = models.CharField(max_length=20, default="local")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(r_ohm_per_km__gt=0, x_ohm_per_km__gt=0, ampacity_a__gt=0),
                name="conductor_type_figures",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class FeederQuerySet(VisibleQuerySet):
    """Seen by the unit that runs the substation."""

    unit_lookups = ("substation__unit",)


class Feeder(models.Model):
    """馈线: an outgoing line of a substation.

    What a study needs besides the capacity is optional: length of the trunk, conductor, the bus
    section it leaves from, and the highest load of the last year with its power factor.
    """

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    substation = models.ForeignKey(Substation, on_delete=models.PROTECT, related_name="feeders")
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=2)
    capacity_kva = models.PositiveIntegerField()
    length_km = models.DecimalField(max_digits=7, decimal_places=3, null=True, blank=True)
    conductor = models.ForeignKey(
        ConductorType, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    bus = models.CharField(max_length=20, blank=True)
    peak_load_kw = models.PositiveIntegerField(null=True, blank=True)
    peak_power_factor = models.DecimalField(max_digits=4, decimal_places=3, null=True, blank=True)

    objects = FeederQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(voltage_kv__gt=0), name="feeder_voltage"),
            models.CheckConstraint(
                condition=Q(length_km__isnull=True) | Q(length_km__gt=0), name="feeder_length"
            ),
            models.CheckConstraint(
                condition=Q(peak_power_factor__isnull=True)
                | Q(peak_power_factor__gt=0, peak_power_factor__lte=1),
                name="feeder_peak_power_factor",
            ),
        ]
        indexes = [models.Index(fields=["substation", "code"], name="feeder_substation")]

    def __str__(self) -> str:
        return self.name


class FeederTieQuerySet(VisibleQuerySet):
    """Seen by the units that run either end."""

    unit_lookups = ("feeder__substation__unit", "other__substation__unit")


class FeederTie(models.Model):
    """馈线联络: a normally open switch through which one feeder can take over the other."""

    code = models.CharField(max_length=30, unique=True)
    feeder = models.ForeignKey(Feeder, on_delete=models.PROTECT, related_name="ties")
    other = models.ForeignKey(Feeder, on_delete=models.PROTECT, related_name="ties_from_others")
    capacity_kva = models.PositiveIntegerField()

    objects = FeederTieQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(feeder=models.F("other")), name="feeder_tie_ends"),
        ]
        indexes = [
            models.Index(fields=["feeder", "code"], name="feeder_tie_feeder"),
            models.Index(fields=["other", "code"], name="feeder_tie_other"),
        ]

    def __str__(self) -> str:
        return self.code


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
