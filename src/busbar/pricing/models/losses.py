"""Figures by which losses of customers' transformers are reckoned."""

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
