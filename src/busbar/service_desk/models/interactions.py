"""往来: visits, meetings, calls, messages and e-mails with a customer, planned and held."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import Contact, Customer, Document


class OfCustomerQuerySet(VisibleQuerySet):
    """Seen by the unit that keeps the row, the customer's managing unit, and its account team."""

    unit_lookups = ("unit", "customer__unit")
    customer_lookup = "customer"


class InteractionKind(models.TextChoices):
    """By what means; all of them stand in one timeline (R82)."""

    VISIT = "visit", _("走访")
    MEETING = "meeting", _("会议")
    CALL = "call", _("电话")
    MESSAGE = "message", _("短信或微信")
    EMAIL = "email", _("邮件")
    COUNTER = "counter", _("柜台接待")


PLANNED_KINDS = (InteractionKind.VISIT, InteractionKind.MEETING)
"""What is planned and prepared before it is held; the others are entered once they happened."""


class Direction(models.TextChoices):
    """Who began."""

    OUT = "out", _("我方发起")
    IN = "in", _("客户发起")


class InteractionState(models.TextChoices):
    """Where an interaction stands."""

    PLANNED = "planned", _("已计划")
    PREPARED = "prepared", _("已准备")
    DONE = "done", _("已完成")
    CANCELLED = "cancelled", _("已取消")


class Interaction(models.Model):
    """往来: one visit, meeting, call, message or e-mail.

    `is_for_customer`: entered by an employee for the customer, who said it by telephone or on a
    visit (代客录入, U24). `preparation` is the page of facts as it was when the visit was prepared.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=InteractionKind.choices)
    direction = models.CharField(max_length=5, choices=Direction.choices, default=Direction.OUT)
    state = models.CharField(max_length=10, choices=InteractionState.choices)
    subject = models.CharField(max_length=200)
    planned_at = models.DateTimeField(null=True, blank=True)
    happened_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=200, blank=True)
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    contact_name = models.CharField(max_length=100, blank=True)
    our_people = models.CharField(max_length=300, blank=True)
    their_people = models.CharField(max_length=300, blank=True)
    topics = models.TextField(blank=True)
    preparation = models.JSONField(default=list, blank=True)
    minutes = models.TextField(blank=True)
    findings = models.TextField(blank=True)
    is_for_customer = models.BooleanField(default=False)
    cancelled_because = models.CharField(max_length=300, blank=True)
    entered_at = models.DateTimeField()
    entered_by_name = models.CharField(max_length=150)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | (Q(happened_at__isnull=False) & ~Q(minutes="")),
                name="interaction_done_says_when_and_what",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["planned", "prepared"]) | Q(planned_at__isnull=False),
                name="interaction_planned_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(cancelled_because=""),
                name="interaction_cancelled_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-happened_at", "-id"], name="interaction_customer"),
            models.Index(fields=["unit", "state", "planned_at"], name="interaction_unit"),
            models.Index(fields=["owner", "state", "planned_at"], name="interaction_owner"),
            models.Index(fields=["state", "planned_at", "id"], name="interaction_planned"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_open(self) -> bool:
        """Whether it is still to be held."""
        return self.state in {InteractionState.PLANNED, InteractionState.PREPARED}


class InteractionPartQuerySet(VisibleQuerySet):
    """Seen with the interaction."""

    unit_lookups = ("interaction__unit", "interaction__customer__unit")
    customer_lookup = "interaction__customer"


class InteractionFile(models.Model):
    """往来附件: a document of the customer that was handed over or noted down at an interaction."""

    interaction = models.ForeignKey(Interaction, on_delete=models.PROTECT, related_name="files")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    objects = InteractionPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["interaction", "document"], name="interaction_file_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.interaction_id} {self.document_id}"
