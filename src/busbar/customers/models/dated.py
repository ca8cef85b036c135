"""What a figure of this room states beside its value."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from busbar.clocks.models import Certainty


class DatedModel(models.Model):
    """A figure with its validity `[valid_from, valid_until)`, source and certainty."""

    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=300, blank=True)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="%(app_label)s_%(class)s_validity",
            )
        ]
