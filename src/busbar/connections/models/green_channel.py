"""Who may pass the queue, by which rule, within which quota (R83, R30)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.connections.models.application import ConnectionApplication, OfApplicationQuerySet
from busbar.pricing.models import SourcedModel


class GreenChannelRule(SourcedModel):
    """绿色通道规则: a condition under which an application may pass the queue, as dated data.

    `conditions` maps a fact of the application to the values that satisfy it (an empty mapping is
    a matter of evidence alone); `granted_by` lists the kinds of unit whose people may decide;
    `monthly_quota` counts the grants of one accepting unit in one month.
    """

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    conditions = models.JSONField(default=dict, blank=True)
    evidence = models.CharField(max_length=300)
    granted_by = models.JSONField(default=list)
    monthly_quota = models.PositiveSmallIntegerField()
    article = models.CharField(max_length=200, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="green_rule_version"),
        ]

    def __str__(self) -> str:
        return self.name


class GreenChannelState(models.TextChoices):
    """What became of a request to pass the queue."""

    GRANTED = "granted", _("已批准")
    REFUSED = "refused", _("未批准")
    REVOKED = "revoked", _("已撤销")


class GreenChannelGrant(models.Model):
    """绿色通道决定: granted, refused or revoked, by whom, on what evidence.

    `month` is the first day of the month whose quota a grant takes; `passed_over` counts the
    ordinary applications of the unit that stood before it in the queue when it was granted.
    """

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="green_channel_grants"
    )
    rule = models.ForeignKey(GreenChannelRule, on_delete=models.PROTECT, related_name="grants")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    state = models.CharField(max_length=10, choices=GreenChannelState.choices)
    reason = models.CharField(max_length=500)
    evidence = models.CharField(max_length=500, blank=True)
    passed_over = models.PositiveIntegerField(default=0)
    decided_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)
    revoked_reason = models.CharField(max_length=500, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(state="granted"), name="green_channel_once"
            ),
            models.CheckConstraint(
                condition=Q(state="refused") | ~Q(evidence=""), name="green_channel_has_evidence"
            ),
            models.CheckConstraint(
                condition=~Q(state="revoked")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_reason="")),
                name="green_channel_revoked_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "month", "state"], name="green_channel_quota"),
            models.Index(fields=["rule", "month", "state"], name="green_channel_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.state}"
