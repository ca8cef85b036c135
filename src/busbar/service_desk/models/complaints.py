"""投诉: received, contacted, answered, verified by a call-back (R5, R17, R18)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.customers.models import Customer, CustomerAccount
from busbar.service_desk.models.interactions import OfCustomerQuerySet


class ComplaintKind(models.TextChoices):
    """What is complained of."""

    SERVICE = "service", _("服务行为")
    BILLING = "billing", _("电费与计量")
    OUTAGE = "outage", _("停送电")
    QUALITY = "quality", _("电能质量")
    CONNECTION = "connection", _("业扩报装")
    WORKS = "works", _("电网建设")
    OTHER = "other", _("其他")


class ComplaintChannel(models.TextChoices):
    """How it came; the last three speak for society (社会评价)."""

    HOTLINE = "hotline", _("95598")
    VISIT = "visit", _("走访")
    COUNTER = "counter", _("营业厅")
    LETTER = "letter", _("来信或邮件")
    REGULATOR = "regulator", _("12398")
    CITY = "city", _("12345")
    MEDIA = "media", _("媒体")


class ComplaintState(models.TextChoices):
    """Where a complaint stands."""

    ACCEPTED = "accepted", _("已受理")
    CONTACTED = "contacted", _("已联系")
    ANSWERED = "answered", _("已答复待回访")
    VERIFIED = "verified", _("已办结")


class Complaint(models.Model):
    """投诉单: one complaint and its course. Its clocks run on what is recorded of it.

    `repeats` is the complaint of the same kind that the customer made before it.
    `rounds` counts the answers: one that does not satisfy opens the next.
    """

    number = models.CharField(max_length=30, unique=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    account = models.ForeignKey(
        CustomerAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=ComplaintKind.choices)
    channel = models.CharField(max_length=10, choices=ComplaintChannel.choices)
    person = models.CharField(max_length=100)
    phone = models.CharField(max_length=30, blank=True)
    text = models.TextField()
    received_at = models.DateTimeField()
    entered_by_name = models.CharField(max_length=150)
    repeats = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(
        max_length=10, choices=ComplaintState.choices, default=ComplaintState.ACCEPTED
    )
    contacted_at = models.DateTimeField(null=True, blank=True)
    contact_note = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)
    is_justified = models.BooleanField(null=True, blank=True)
    cause = models.CharField(max_length=300, blank=True)
    responsible = models.CharField(max_length=150, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by_name = models.CharField(max_length=150, blank=True)
    is_satisfied = models.BooleanField(null=True, blank=True)
    verify_note = models.CharField(max_length=500, blank=True)
    rounds = models.PositiveSmallIntegerField(default=1)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["answered", "verified"])
                | Q(answered_at__isnull=False, is_justified__isnull=False) & ~Q(answer=""),
                name="complaint_answered_says_what",
            ),
            models.CheckConstraint(
                condition=~Q(state="verified")
                | Q(verified_at__isnull=False, is_satisfied__isnull=False),
                name="complaint_verified_says_so",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-received_at", "-id"], name="complaint_customer"),
            models.Index(fields=["unit", "state", "-received_at"], name="complaint_unit"),
            models.Index(fields=["owner", "state", "id"], name="complaint_owner"),
            models.Index(fields=["state", "-received_at", "-id"], name="complaint_state"),
            models.Index(fields=["-received_at", "-id"], name="complaint_received"),
        ]

    def __str__(self) -> str:
        return self.number
