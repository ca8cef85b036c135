"""Running processes: where they stand, what they wait for, what people say in them."""

from __future__ import annotations

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.workflow.models.definitions import ProcessDefinition, ProcessVersion


class InstanceState(models.TextChoices):
    """Where a process stands."""

    RUNNING = "running", _("办理中")
    COMPLETED = "completed", _("已办结")
    CANCELLED = "cancelled", _("已终止")


class ProcessInstanceQuerySet(VisibleQuerySet):
    """Seen in the branch that owns it, by units with a task in it, by the account team."""

    unit_lookups = ("unit",)
    customer_lookup = "customer_id"

    def in_units(self, units: Ids) -> Q:
        """Also where one of the units has, or had, a task of it."""
        # By its name: the tasks' module imports this one.
        tasks = apps.get_model("workflow", "UserTask").objects.filter(
            instance=OuterRef("pk"), unit__in=units
        )
        return super().in_units(units) | Q(Exists(tasks))

    def about(self, subject_type: str, subject_id: int) -> ProcessInstanceQuerySet:
        """Processes of one subject."""
        return self.filter(subject_type=subject_type, subject_id=subject_id)


class ProcessInstance(models.Model):
    """One process about one subject, named in plain values like the journal's.

    `state_blob` is the engine's state, deflated; `facts` is everything the definition may
    compare; `revision` counts the committed steps.
    """

    definition = models.ForeignKey(ProcessDefinition, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ProcessVersion, on_delete=models.PROTECT, related_name="instances")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=200, blank=True)
    customer_id = models.BigIntegerField(null=True, blank=True)
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=10, choices=InstanceState.choices, default=InstanceState.RUNNING
    )
    stage = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)
    state_blob = models.BinaryField()
    facts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    revision = models.PositiveIntegerField(default=1)

    objects = ProcessInstanceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "subject_type", "subject_id"],
                condition=Q(state="running"),
                name="process_runs_once",
            ),
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True)
                | Q(state__in=["completed", "cancelled"], ended_at__isnull=False),
                name="process_that_ended_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["subject_type", "subject_id", "started_at"], name="process_subject"
            ),
            models.Index(fields=["unit", "state", "started_at"], name="process_unit"),
            models.Index(fields=["customer_id", "started_at"], name="process_customer"),
            models.Index(fields=["definition", "state", "started_at"], name="process_definition"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_label or self.subject_type}#{self.pk}"


class ProcessPartQuerySet(VisibleQuerySet):
    """Seen with the process by the branch that owns it."""

    unit_lookups = ("instance__unit",)
    customer_lookup = "instance__customer_id"


class ProcessWait(models.Model):
    """A message that a process waits for; with `due_at` it is sent by itself at that moment."""

    instance = models.ForeignKey(ProcessInstance, on_delete=models.CASCADE, related_name="waits")
    spiff_id = models.UUIDField()
    element = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    message = models.CharField(max_length=100)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)

    objects = ProcessPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "spiff_id", "element"], name="process_wait_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="process_wait_due"
            ),
            models.Index(fields=["message", "instance"], name="process_wait_message"),
        ]

    def __str__(self) -> str:
        return f"{self.instance_id} {self.message}"


class ProcessComment(models.Model):
    """What somebody said in the conversation of a process."""

    instance = models.ForeignKey(ProcessInstance, on_delete=models.CASCADE, related_name="comments")
    text = models.TextField()
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=150)
    written_by_id = models.BigIntegerField(null=True, blank=True)

    objects = ProcessPartQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["instance", "written_at"], name="process_comment_instance")]

    def __str__(self) -> str:
        return f"{self.written_by}: {self.text[:40]}"
