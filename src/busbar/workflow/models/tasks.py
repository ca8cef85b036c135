"""User tasks and everything that happens to one."""

from __future__ import annotations

import datetime as dt

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.clocks.models import Clock
from busbar.workflow.models.instances import ProcessInstance


class TaskState(models.TextChoices):
    """Where a task stands."""

    OPEN = "open", _("待领取")
    CLAIMED = "claimed", _("办理中")
    COMPLETED = "completed", _("已办理")
    RETURNED = "returned", _("已退回")
    WITHDRAWN = "withdrawn", _("已撤销")
    SILENT = "silent", _("逾期视同同意")


OPEN_STATES = (TaskState.OPEN, TaskState.CLAIMED)


class UserTaskQuerySet(VisibleQuerySet):
    """Seen by the unit whose task it is, by the branch that owns the process, by the team."""

    unit_lookups = ("unit", "instance__unit")
    customer_lookup = "customer_id"

    def open(self) -> UserTaskQuerySet:
        """Tasks that somebody has yet to do."""
        return self.filter(state__in=OPEN_STATES)


class UserTask(models.Model):
    """One step that a person does. `created_at` is when the process reached it.

    `completed_at` is when the answer was recorded, `done_at` when the work was done: earlier
    only with a reason, and seen by supervision. `due_at` is kept in step with the clock, or is
    null without one. `sort_at` orders lists: due time, or the far future. `labels` has what
    values chosen from the registers were called then: label by value, by field or `table.column`.
    """

    instance = models.ForeignKey(ProcessInstance, on_delete=models.CASCADE, related_name="tasks")
    spiff_id = models.UUIDField()
    element = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    stage = models.PositiveSmallIntegerField(default=0)
    role = models.CharField(max_length=30)
    party = models.CharField(max_length=12, default="department")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    customer_id = models.BigIntegerField(null=True, blank=True)
    owner = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.OPEN)
    form = models.CharField(max_length=60)
    outcome = models.CharField(max_length=60, blank=True)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    labels = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True)
    silent = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.CharField(max_length=150, blank=True)
    completed_by_id = models.BigIntegerField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    clock = models.ForeignKey(
        Clock, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    sort_at = models.DateTimeField()

    objects = UserTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "spiff_id"], name="task_once"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "claimed"], completed_at__isnull=True)
                | Q(
                    state__in=["completed", "returned", "withdrawn", "silent"],
                    completed_at__isnull=False,
                ),
                name="task_that_ended_says_when",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(done_at__lte=F("completed_at")),
                name="task_done_before_recorded",
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(owner__isnull=False),
                name="task_claimed_has_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "state", "sort_at", "id"], name="task_unit_due"),
            models.Index(fields=["owner", "state", "sort_at", "id"], name="task_owner_due"),
            models.Index(fields=["instance", "created_at"], name="task_instance"),
            models.Index(fields=["clock"], name="task_clock"),
            models.Index(fields=["state", "due_at"], name="task_due"),
            models.Index(fields=["unit", "completed_at"], name="task_unit_completed"),
            models.Index(fields=["completed_by_id", "completed_at", "id"], name="task_done_by"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether somebody has yet to do it."""
        return self.state in OPEN_STATES

    def is_late(self, at: dt.datetime) -> bool:
        """Whether the limit passed before it was recorded, or by now."""
        return self.due_at is not None and (self.completed_at or at) > self.due_at


class TaskPartQuerySet(VisibleQuerySet):
    """Seen with the task."""

    unit_lookups = ("task__unit", "task__instance__unit")
    customer_lookup = "task__customer_id"


class TransferKind(models.TextChoices):
    """How a task changed hands."""

    CLAIMED = "claimed", _("领取")
    RELEASED = "released", _("放回")
    HANDED_OVER = "handed_over", _("转办")


class TaskTransfer(models.Model):
    """Every change of hands, with its reason."""

    task = models.ForeignKey(UserTask, on_delete=models.CASCADE, related_name="transfers")
    kind = models.CharField(max_length=12, choices=TransferKind.choices)
    from_owner = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    to_owner = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    objects = TaskPartQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["task", "at"], name="transfer_task")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.kind}"


class ConsultationQuerySet(VisibleQuerySet):
    """Seen with the task, and by the unit that is asked."""

    unit_lookups = ("unit", "task__unit", "task__instance__unit")
    customer_lookup = "task__customer_id"


class Consultation(models.Model):
    """A colleague asked for an opinion; the task stays with its owner."""

    task = models.ForeignKey(UserTask, on_delete=models.CASCADE, related_name="consultations")
    asked = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    question = models.CharField(max_length=1000)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["asked", "answered_at", "asked_at"], name="consultation_asked"),
            models.Index(fields=["task", "asked_at"], name="consultation_task"),
        ]

    def __str__(self) -> str:
        return self.question[:60]


class TaskAttachment(models.Model):
    """A file that came with a completed task; its bytes lie under their SHA-256."""

    task = models.ForeignKey(UserTask, on_delete=models.CASCADE, related_name="attachments")
    field = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    file_name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.BigIntegerField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=150)

    objects = TaskPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "field", "sha256"], name="task_attachment_once")
        ]

    def __str__(self) -> str:
        return self.title
