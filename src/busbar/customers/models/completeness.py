"""What a customer's file should hold, as dated rules with weights (R39)."""

from __future__ import annotations

from django.db import models

from busbar.customers.models.dated import DatedModel


class CompletenessRule(DatedModel):
    """资料项: one thing a file should hold and what it weighs; `code` names the check."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=100)
    weight = models.PositiveSmallIntegerField()

    class Meta(DatedModel.Meta):
        constraints = [
            *DatedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="completeness_rule_once"),
        ]

    def __str__(self) -> str:
        return self.name
