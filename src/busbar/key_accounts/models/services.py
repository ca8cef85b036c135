"""七项基本业务: how often each is due or upon what, and what is due for whom (R78, R79)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.phrases import PhraseField
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import Customer
from busbar.kit.phrases import nothing
from busbar.pricing.models import SourcedModel
from busbar.service_desk.models import Interaction


class BasicService(SourcedModel):
    """基本业务: due every so many days, or upon an event of the journal.

    `template` is what its record is to say; `due_days` is how long it may take.
    """

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=60)
    every_days = models.PositiveSmallIntegerField(null=True, blank=True)
    event = models.CharField(max_length=80, blank=True)
    due_days = models.PositiveSmallIntegerField()
    template = models.TextField()

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="basic_service_once"),
            models.CheckConstraint(
                condition=Q(every_days__isnull=False, event="")
                | Q(every_days__isnull=True) & ~Q(event=""),
                name="basic_service_has_one_trigger",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DueState(models.TextChoices):
    """What became of a service that was due."""

    OPEN = "open", _("待办")
    DONE = "done", _("已办")
    SKIPPED = "skipped", _("不必办")


class ServiceDueQuerySet(VisibleQuerySet):
    """Seen by the managing unit and the account team."""

    unit_lookups = ("unit",)
    customer_lookup = "customer"


class ServiceDue(models.Model):
    """到期业务: one basic service for one customer, due on a day, with its record once done.

    `key` names the cause, so that neither a round nor an event brings it twice. `done_on` is the
    civil day of `done_at`, by which it was in time or not.
    """

    service = models.ForeignKey(BasicService, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    key = models.CharField(max_length=120, unique=True)
    cause = PhraseField(default=nothing)
    raised_at = models.DateTimeField()
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=DueState.choices, default=DueState.OPEN)
    done_at = models.DateTimeField(null=True, blank=True)
    done_on = models.DateField(null=True, blank=True)
    done_by_name = models.CharField(max_length=150, blank=True)
    record = models.TextField(blank=True)
    interaction = models.ForeignKey(
        Interaction, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ServiceDueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open")
                | Q(done_at__isnull=False, done_on__isnull=False) & ~Q(record=""),
                name="service_due_done_says_what",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "state", "due_on"], name="service_due_customer"),
            models.Index(fields=["unit", "state", "due_on"], name="service_due_unit"),
            models.Index(fields=["owner", "state", "due_on"], name="service_due_owner"),
            models.Index(fields=["state", "due_on", "id"], name="service_due_state"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.service_id} {self.due_on}"
