"""Internal service agreements: who promises what to whom within which clock (R63)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.key_accounts.models.dated import DatedModel


class ServiceAgreementQuerySet(VisibleQuerySet):
    """Seen by both sides."""

    unit_lookups = ("provider", "receiver")


class ServiceAgreement(DatedModel):
    """内部服务协议: the provider answers the receiver's orders of a kind within these clocks.

    `reply_limit` and `work_limit` are codes of time limits; an order of the pair takes them
    instead of the mandate's where they are tighter on the day.
    """

    number = models.CharField(max_length=40, unique=True)
    provider = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    order_kind = models.CharField(max_length=30)
    promise = models.CharField(max_length=500)
    reply_limit = models.CharField(max_length=60)
    work_limit = models.CharField(max_length=60)
    agreed_by = models.CharField(max_length=150)
    agreed_at = models.DateTimeField()

    objects = ServiceAgreementQuerySet.as_manager()

    class Meta(DatedModel.Meta):
        constraints = [
            *DatedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "receiver", "order_kind", "valid_from"],
                name="service_agreement_once",
            ),
            models.CheckConstraint(
                condition=~Q(provider=F("receiver")), name="service_agreement_of_two"
            ),
        ]
        indexes = [models.Index(fields=["receiver", "order_kind"], name="service_agreement_pair")]

    def __str__(self) -> str:
        return self.number
