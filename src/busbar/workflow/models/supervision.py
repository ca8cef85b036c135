"""What supervision is shown: nothing here is entered by hand, nothing can be taken away."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.workflow.models.instances import ProcessInstance
from busbar.workflow.models.tasks import UserTask


class SupervisionKind(models.TextChoices):
    """What was found of a task (R6)."""

    LATE = "late", _("超期")
    SKIPPED = "skipped", _("未办越过")
    BACK_DATED = "back_dated", _("补录")
    RETURNED = "returned", _("退回")
    SILENT = "silent", _("逾期视同同意")
    PROXY = "proxy", _("代签")


class SupervisionFindingQuerySet(VisibleQuerySet):
    """Seen by the unit it is about and by the branch that owns the process."""

    unit_lookups = ("unit", "instance__unit")
    customer_lookup = "customer_id"


class SupervisionFinding(models.Model):
    """One finding about one task, once a kind."""

    kind = models.CharField(max_length=12, choices=SupervisionKind.choices)
    instance = models.ForeignKey(ProcessInstance, on_delete=models.CASCADE, related_name="findings")
    task = models.ForeignKey(UserTask, on_delete=models.CASCADE, related_name="findings")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    customer_id = models.BigIntegerField(null=True, blank=True)
    person = models.CharField(max_length=150, blank=True)
    note = models.CharField(max_length=600, blank=True)
    found_at = models.DateTimeField()

    objects = SupervisionFindingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "kind"], name="finding_once")]
        indexes = [
            models.Index(fields=["unit", "found_at", "id"], name="finding_unit"),
            models.Index(fields=["kind", "found_at", "id"], name="finding_kind"),
            models.Index(fields=["found_at", "id"], name="finding_found"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.task_id}"
