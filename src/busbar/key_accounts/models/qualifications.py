"""What a manager has learnt and may therefore take on (R74)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from busbar.access.models import Employee
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import Importance
from busbar.key_accounts.models.dated import DatedModel


class QualificationKind(DatedModel):
    """资格种类: a certificate, its rank (a higher one includes the lower), for how many months."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField()
    valid_months = models.PositiveSmallIntegerField()

    class Meta(DatedModel.Meta):
        constraints = [
            *DatedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="qualification_kind_once"),
        ]

    def __str__(self) -> str:
        return self.name


class QualificationRule(DatedModel):
    """资格要求: which certificate the A角 of a customer of this grade needs."""

    grade = models.CharField(max_length=20, choices=Importance.choices)
    kind = models.CharField(max_length=30)

    class Meta(DatedModel.Meta):
        constraints = [
            *DatedModel.Meta.constraints,
            models.UniqueConstraint(fields=["grade", "valid_from"], name="qualification_rule_once"),
        ]

    def __str__(self) -> str:
        return f"{self.grade} {self.kind}"


class OfEmployeeQuerySet(VisibleQuerySet):
    """Seen in the branch of the person's unit."""

    unit_lookups = ("employee__unit",)


class ManagerQualification(models.Model):
    """资格证书: `[issued_on, valid_until)`."""

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    certificate = models.CharField(max_length=60)
    issuer = models.CharField(max_length=100)
    issued_on = models.DateField()
    valid_until = models.DateField()

    objects = OfEmployeeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "certificate"], name="manager_qualification_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("issued_on")), name="manager_qualification_validity"
            ),
        ]
        indexes = [
            models.Index(fields=["employee", "valid_until"], name="manager_qualification_who"),
            models.Index(fields=["valid_until"], name="manager_qualification_until"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.certificate}"


class TrainingRecord(models.Model):
    """培训记录: a course that somebody took, with its hours and score."""

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    course = models.CharField(max_length=100)
    hours = models.DecimalField(max_digits=6, decimal_places=1)
    completed_on = models.DateField()
    score = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    passed = models.BooleanField(default=True)

    objects = OfEmployeeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "course", "completed_on"], name="training_record_once"
            ),
            models.CheckConstraint(condition=Q(hours__gt=0), name="training_hours_are_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.course}"
