"""What people are told, by which channel it reached them, and that they had it."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import Viewer, VisibleQuerySet
from busbar.customers.models import Contact, Customer


class Channel(models.TextChoices):
    """How a message travels."""

    IN_APP = "in_app", _("站内")
    SMS = "sms", _("短信")
    EMAIL = "email", _("邮件")


class Urgency(models.TextChoices):
    """How soon it must be read; critical messages travel also in quiet hours."""

    NORMAL = "normal", _("一般")
    URGENT = "urgent", _("紧急")
    CRITICAL = "critical", _("特急")


class MessageTemplate(models.Model):
    """The words of one kind of message: data, with {names} for the facts."""

    kind = models.CharField(max_length=80, unique=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.NORMAL)
    channels = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.kind


class QuietHours(models.Model):
    """When a channel is silent for customers; `[starts, ends)` in China's time, over midnight."""

    channel = models.CharField(max_length=10, choices=Channel.choices, unique=True)
    starts = models.TimeField()
    ends = models.TimeField()
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(starts=F("ends")), name="quiet_hours_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.starts}-{self.ends}"


class MessageQuerySet(VisibleQuerySet):
    """Seen by the person it is for, by the unit that sent it, by the customer's team."""

    unit_lookups = ("unit",)
    customer_lookup = "customer"

    def seen_by(self, viewer: Viewer) -> Self:
        """One's own messages too, whatever unit they came from."""
        seen = super().seen_by(viewer)
        if viewer.sees_all or not viewer.employee_id:
            return seen
        return seen | self.filter(employee=viewer.employee_id)

    def inbox_of(self, employee_id: int) -> Self:
        """What one person was told."""
        return self.filter(employee=employee_id)


class Message(models.Model):
    """One thing said to one person: an employee, a customer's contact or a plain address.

    `unit` is in whose name it is said; `key` keeps the same cause from saying it twice.
    """

    employee = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    address = models.CharField(max_length=200, blank=True)
    recipient_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=80)
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.NORMAL)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=200, blank=True)
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=120, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="message_key"),
            models.CheckConstraint(
                condition=~Q(employee__isnull=False, contact__isnull=False),
                name="message_to_one_person",
            ),
            models.CheckConstraint(
                condition=Q(read_at__isnull=True) | Q(employee__isnull=False),
                name="message_read_by_employee",
            ),
        ]
        indexes = [
            models.Index(fields=["employee", "-id"], name="message_inbox"),
            models.Index(
                fields=["employee"],
                condition=Q(employee__isnull=False, read_at__isnull=True),
                name="message_unread",
            ),
            models.Index(fields=["subject_type", "subject_id", "id"], name="message_subject"),
        ]

    def __str__(self) -> str:
        return self.subject


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    QUEUED = "queued", _("待发送")
    SENDING = "sending", _("发送中")
    SENT = "sent", _("已发送")
    FAILED = "failed", _("失败待重试")
    GIVEN_UP = "given_up", _("已放弃")


WAITING_STATES = (DeliveryState.QUEUED, DeliveryState.FAILED)


class DeliveryQuerySet(VisibleQuerySet):
    """Seen with the message."""

    unit_lookups = ("message__unit",)
    customer_lookup = "message__customer"


class Delivery(models.Model):
    """A message on its way by one channel. `key` tells the gateway a repetition from a new one.

    `next_try_at` is when it may be tried; while it is being sent, when the attempt counts as lost.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=200, blank=True)
    key = models.UUIDField(unique=True)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    gateway_reference = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="delivery_once_a_channel"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="delivery_sent_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "given_up"], next_try_at__isnull=True)
                | Q(state__in=["queued", "sending", "failed"], next_try_at__isnull=False),
                name="delivery_waiting_says_until",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=Q(next_try_at__isnull=False),
                name="delivery_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.address}"


class ReceiptKind(models.TextChoices):
    """How surely it arrived."""

    SERVED = "served", _("送达")
    SIGNED = "signed", _("签收")
    REFUSED = "refused", _("拒收")


class ReceiptQuerySet(VisibleQuerySet):
    """Seen by the unit that recorded it and by the customer's team."""

    unit_lookups = ("unit",)
    customer_lookup = "customer"


class Receipt(models.Model):
    """送达/签收: that a paper or message reached somebody, with its evidence (R48).

    `received_at` is when it happened, `recorded_at` when it was written down.
    """

    kind = models.CharField(max_length=10, choices=ReceiptKind.choices)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=200, blank=True)
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="receipts"
    )
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    person = models.CharField(max_length=100)
    means = models.CharField(max_length=100)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(received_at__lte=F("recorded_at")), name="receipt_not_in_the_future"
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="receipt_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_label} {self.person}"
