"""Figures by which losses of customers' transformers are reckoned (变损)."""

from __future__ import annotations

from django.db import models

from busbar.pricing.models.prices import SourcedModel


class LossCorrection(SourcedModel):
    """K of a transformer's copper losses by shifts of work; province "" where none has its own."""

    province = models.CharField(max_length=20, blank=True)
    shifts = models.PositiveSmallIntegerField()
    value = models.DecimalField(max_digits=6, decimal_places=3)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["province", "shifts", "valid_from"], name="loss_correction_once"
            ),
        ]

    def __str__(self) -> str:
        return f"K {self.province} {self.shifts} {self.valid_from}"


class LossTableRow(SourcedModel):
    """变损表的一行: a month's loss of one capacity up to a month's energy (null: beyond all)."""

    table = models.CharField(max_length=30)
    capacity_kva = models.PositiveIntegerField()
    up_to_kwh = models.PositiveIntegerField(null=True, blank=True)
    active_kwh = models.DecimalField(max_digits=10, decimal_places=2)
    reactive_kvarh = models.DecimalField(max_digits=10, decimal_places=2, default=0)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["table", "capacity_kva", "up_to_kwh", "valid_from"],
                name="loss_table_row_once",
            ),
            models.UniqueConstraint(
                fields=["table", "capacity_kva", "valid_from"],
                condition=models.Q(up_to_kwh__isnull=True),
                name="loss_table_last_row_once",
            ),
        ]
        indexes = [
            models.Index(fields=["table", "capacity_kva", "valid_from"], name="loss_table_row"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.capacity_kva} kVA {self.up_to_kwh} {self.valid_from}"
