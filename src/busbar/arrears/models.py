"""A dunning case of a 户号, its steps, its pauses; dated rules about days without stops."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import CustomerAccount
from busbar.outages.models import Outage
from busbar.pricing.models import SourcedModel


class StopRule(SourcedModel):
    """停电日规则: a rule of the office about days on which nobody is stopped for arrears."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=100)
    is_on = models.BooleanField(default=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="stop_rule_once"),
        ]

    def __str__(self) -> str:
        return self.name


class CaseState(models.TextChoices):
    """The rung on which a case stands."""

    REMINDED = "reminded", _("已提醒")
    DEMANDED = "demanded", _("已催缴")
    REQUESTED = "requested", _("停电待批")
    APPROVED = "approved", _("已批准停电")
    NOTICED = "noticed", _("已送达停电通知")
    CALLED = "called", _("已电话通知")
    STOPPED = "stopped", _("已停电")
    CLEARED = "cleared", _("已缴清待复电")
    CLOSED = "closed", _("已结案")


class NextStep(models.TextChoices):
    """What is to be done next in a case."""

    NONE = "", _("等待缴费")
    DEMAND = "demand", _("催缴")
    REQUEST = "request", _("申请停电")
    DECIDE = "decide", _("审批停电")
    SERVE = "serve", _("送达停电通知书")
    CALL = "call", _("停电前再次通知")
    STOP = "stop", _("执行停电")
    RESTORE = "restore", _("恢复供电")
    PROMISE = "promise", _("跟踪分期协议")
    ANSWER = "answer", _("答复电费异议")


class OfAccountQuerySet(VisibleQuerySet):
    """Seen with the account."""

    unit_lookups = ("account__unit", "account__customer__unit")
    customer_lookup = "account__customer"


class DunningCase(models.Model):
    """催费单: what is done about one 户号's overdue bills, from the reminder to the end.

    One at a time a 户号. `outage` is the stop that the notice announced. `next_step` is due at
    `next_at`; without one the customer's money is waited for.
    """

    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey(
        CustomerAccount, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=CaseState.choices, default=CaseState.REMINDED)
    oldest_due_on = models.DateField()
    opened_at = models.DateTimeField()
    requested_by_id = models.BigIntegerField(null=True, blank=True)
    requested_by_name = models.CharField(max_length=150, blank=True)
    approved_by_name = models.CharField(max_length=150, blank=True)
    authority_report = models.CharField(max_length=60, blank=True)
    noticed_at = models.DateTimeField(null=True, blank=True)
    stop_planned_at = models.DateTimeField(null=True, blank=True)
    called_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=100, blank=True)
    outage = models.ForeignKey(
        Outage, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    process_id = models.BigIntegerField(null=True, blank=True)
    next_step = models.CharField(max_length=10, choices=NextStep.choices, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=~Q(state="closed"), name="dunning_case_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | (~Q(state="closed") & Q(closed_at__isnull=True)),
                name="dunning_case_closed_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["stopped", "cleared"]) | Q(stopped_at__isnull=False),
                name="dunning_case_stopped_says_when",
            ),
            models.CheckConstraint(
                condition=Q(next_step="", next_at__isnull=True)
                | (~Q(next_step="") & Q(next_at__isnull=False)),
                name="dunning_case_next_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="dunning_case_account"),
            models.Index(fields=["state", "oldest_due_on", "id"], name="dunning_case_state"),
            models.Index(
                fields=["oldest_due_on", "id"],
                condition=~Q(state="closed"),
                name="dunning_case_open",
            ),
            models.Index(
                fields=["next_at", "id"],
                condition=Q(next_at__isnull=False),
                name="dunning_case_next",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def may_be_stopped(self) -> bool:
        """Whether the case stands on a rung before the stop."""
        return not self.is_stopped and self.state != CaseState.CLOSED

    @property
    def is_stopped(self) -> bool:
        """Whether the customer is without supply for arrears."""
        return self.state in {CaseState.STOPPED, CaseState.CLEARED}


class OfCaseQuerySet(VisibleQuerySet):
    """Seen with the case."""

    unit_lookups = ("case__account__unit", "case__account__customer__unit")
    customer_lookup = "case__account__customer"


class CaseStep(models.Model):
    """催费记录: one thing done in a case, with the rule it rests on and what proves it."""

    case = models.ForeignKey(DunningCase, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=150)
    text = models.CharField(max_length=500)
    source = models.CharField(max_length=300, blank=True)
    message_id = models.BigIntegerField(null=True, blank=True)

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["case", "id"], name="case_step_case")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"


class PauseKind(models.TextChoices):
    """Why a case stands still."""

    PROMISE = "promise", _("分期缴费协议")
    DISPUTE = "dispute", _("电费异议")


class CasePause(models.Model):
    """暂缓: why and until when a case stands still; `until` is the last day of a promise."""

    case = models.ForeignKey(DunningCase, on_delete=models.CASCADE, related_name="pauses")
    kind = models.CharField(max_length=10, choices=PauseKind.choices)
    reason = models.CharField(max_length=300)
    until = models.DateField(null=True, blank=True)
    started_at = models.DateTimeField()
    by_name = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=300, blank=True)

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(ended_at=None), name="case_pause_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(kind="promise") | Q(until__isnull=False),
                name="case_pause_promise_says_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"


def unit_of(case: DunningCase) -> OrganizationUnit:
    """The unit whose account it is."""
    return case.account.unit
