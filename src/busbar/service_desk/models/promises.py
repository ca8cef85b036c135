"""承诺台账: every promise with its owner, its clock and what became of it (N9)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.clocks.models import Clock
from busbar.customers.models import Customer, Document
from busbar.service_desk.models.complaints import Complaint
from busbar.service_desk.models.interactions import Interaction, OfCustomerQuerySet


class PromiseState(models.TextChoices):
    """What became of a promise; whether it was in time its clock says."""

    OPEN = "open", _("兑现中")
    KEPT = "kept", _("已兑现")
    WITHDRAWN = "withdrawn", _("经客户同意撤回")


class PromiseQuerySet(OfCustomerQuerySet):
    """Promises by what became of them: in time, late, not yet due."""

    def kept_in_time(self) -> PromiseQuerySet:
        """Kept by the due moment."""
        return self.filter(state=PromiseState.KEPT, kept_at__lte=F("clock__due_at"))

    def late(self, at: dt.datetime) -> PromiseQuerySet:
        """Kept after the due moment, or open beyond it."""
        kept_late = Q(kept_at__gt=F("clock__due_at"))
        # By what it says, not by its state: an OR of states would be sought by two indexes and
        # sorted, while a page needs only the newest.
        open_late = Q(kept_at__isnull=True, clock__due_at__lt=at)
        return self.filter(kept_late | open_late, withdrawn_at__isnull=True)


class Promise(models.Model):
    """承诺: what somebody promised a customer in an interaction or about a complaint.

    A promise is never deleted and its words never change; `due_days` are working days. It may be
    withdrawn only with the customer's consent, which names who gave it.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+", db_index=False)
    interaction = models.ForeignKey(
        Interaction, null=True, blank=True, on_delete=models.PROTECT, related_name="promises"
    )
    complaint = models.ForeignKey(
        Complaint, null=True, blank=True, on_delete=models.PROTECT, related_name="promises"
    )
    text = models.CharField(max_length=500)
    made_to = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    made_by_name = models.CharField(max_length=150)
    due_days = models.PositiveSmallIntegerField()
    clock = models.OneToOneField(
        Clock, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=10, choices=PromiseState.choices, default=PromiseState.OPEN)
    kept_at = models.DateTimeField(null=True, blank=True)
    evidence = models.CharField(max_length=500, blank=True)
    evidence_document = models.ForeignKey(
        Document, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_because = models.CharField(max_length=500, blank=True)
    consent_by = models.CharField(max_length=100, blank=True)
    consent_document = models.ForeignKey(
        Document, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = PromiseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(interaction__isnull=False, complaint__isnull=True)
                | Q(interaction__isnull=True, complaint__isnull=False),
                name="promise_was_made_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(state="kept", kept_at__isnull=False) & ~Q(evidence="")
                | ~Q(state="kept") & Q(kept_at__isnull=True),
                name="promise_kept_says_how",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", withdrawn_at__isnull=False)
                & ~Q(withdrawn_because="")
                & ~Q(consent_by="")
                | ~Q(state="withdrawn") & Q(withdrawn_at__isnull=True),
                name="promise_withdrawn_with_consent",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-made_at", "-id"], name="promise_customer"),
            models.Index(fields=["unit", "state", "id"], name="promise_unit"),
            models.Index(fields=["owner", "state", "id"], name="promise_owner"),
            models.Index(fields=["state", "-made_at", "-id"], name="promise_state"),
            models.Index(fields=["-made_at", "-id"], name="promise_made"),
        ]

    def __str__(self) -> str:
        return self.text

    def is_late(self, at: dt.datetime) -> bool:
        """Whether the due moment passed before it was kept; withdrawn ones never are."""
        if self.clock is None or self.state == PromiseState.WITHDRAWN:
            return False
        return (self.kept_at or at) > self.clock.due_at
