"""A tariff's next version while it is being made: drafted by one person, adopted by another."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee
from busbar.pricing.models.prices import Certainty, TimeOfUseScheme


class DraftState(models.TextChoices):
    """Where a draft stands; only adoption puts prices into force."""

    DRAFTED = "drafted", _("待批准")
    ADOPTED = "adopted", _("已采用")
    DISCARDED = "discarded", _("已作废")
    WITHDRAWN = "withdrawn", _("已撤回")


class TariffDraft(models.Model):
    """A proposed version of the tariff `code`, drafted from the version that began `base_from`.

    `prices` is yuan/kWh by period, `surcharges` yuan/kWh by the codes of the region's surcharges
    that change with it, both decimals as text. Kept after the decision, as its record.
    """

    code = models.CharField(max_length=40)
    base_from = models.DateField()
    valid_from = models.DateField()
    scheme = models.ForeignKey(
        TimeOfUseScheme, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    capacity_price = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    demand_price = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    prices = models.JSONField(default=dict, help_text="元/kWh by period")
    surcharges = models.JSONField(default=dict, help_text="元/kWh by code")
    source = models.CharField(max_length=300)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)
    state = models.CharField(max_length=10, choices=DraftState.choices, default=DraftState.DRAFTED)
    drafted_by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, related_name="+")
    drafted_by_name = models.CharField(max_length=50)
    drafted_at = models.DateTimeField()
    decided_by_name = models.CharField(max_length=50, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                condition=Q(state__in=[DraftState.DRAFTED, DraftState.ADOPTED]),
                name="tariff_draft_once",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="tariff_draft_sourced"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.valid_from}"
