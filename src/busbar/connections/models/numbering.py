"""Running numbers without gaps or doubles."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class NumberSequence(models.Model):
    """号段: the last number given out under a key, such as an application day of one unit."""

    key = models.CharField(max_length=100, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(key=""), name="number_sequence_has_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.last}"
