"""Clocks that run: what about, by which limit, paused when, due when, who was told."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.clocks.models.rules import EscalationRung, PauseReason, TimeLimit


class ClockState(models.TextChoices):
    """Where a clock stands."""

    RUNNING = "running", _("计时中")
    PAUSED = "paused", _("已暂停")
    STOPPED = "stopped", _("已办结")
    CANCELLED = "cancelled", _("已取消")


OPEN_STATES = (ClockState.RUNNING, ClockState.PAUSED)


class ClockQuerySet(VisibleQuerySet):
    """Clocks by unit and, for account teams, by the customer's plain number."""

    unit_lookups = ("unit",)
    customer_lookup = "customer_id"

    def about(self, subject_type: str, subject_id: int) -> ClockQuerySet:
        """Clocks of one subject."""
        return self.filter(subject_type=subject_type, subject_id=subject_id)

    def open(self) -> ClockQuerySet:
        """Clocks that run or are paused."""
        return self.filter(state__in=OPEN_STATES)


class Clock(models.Model):
    """One promise under way. `due_at` is the last second in time, as if a pause ended at once.

    Plain values name the subject, because clocks stand below everything they speak of.
    `own_amount` is a shorter amount agreed for this one matter, in the limit's own unit.
    `next_rung_at` is set only while the clock runs; `latest_at` is the moment of its latest
    event, before which nothing may be entered; `extended_until` is the last day once extended.
    """

    limit = models.ForeignKey(TimeLimit, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=60)
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=200, blank=True)
    customer_id = models.BigIntegerField(null=True, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    owner_id = models.BigIntegerField(null=True, blank=True)
    own_amount = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=ClockState.choices, default=ClockState.RUNNING)
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    latest_at = models.DateTimeField()
    due_at = models.DateTimeField()
    extended_until = models.DateField(null=True, blank=True)
    is_provisional = models.BooleanField(default=False)
    next_rung_at = models.DateTimeField(null=True, blank=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "code"],
                condition=Q(state__in=["running", "paused"]),
                name="clock_open_once",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True) | Q(stopped_at__gte=F("started_at")),
                name="clock_stops_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["running", "paused"], stopped_at__isnull=True)
                | Q(state__in=["stopped", "cancelled"], stopped_at__isnull=False),
                name="clock_that_ended_says_when",
            ),
            models.CheckConstraint(
                condition=Q(own_amount__isnull=True) | Q(own_amount__gt=0),
                name="clock_own_amount_is_some",
            ),
            models.CheckConstraint(
                condition=Q(next_rung_at__isnull=True) | Q(state="running"),
                name="clock_ladder_only_while_it_runs",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "started_at"], name="clock_subject"),
            models.Index(fields=["unit", "state", "due_at"], name="clock_unit_due"),
            models.Index(fields=["state", "due_at"], name="clock_due"),
            models.Index(fields=["customer_id", "state", "due_at"], name="clock_customer"),
            models.Index(fields=["owner_id", "state", "due_at"], name="clock_owner"),
            models.Index(
                fields=["next_rung_at"],
                condition=Q(next_rung_at__isnull=False),
                name="clock_next_rung",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject_type}#{self.subject_id}"

    @property
    def is_open(self) -> bool:
        """Whether it runs or is paused."""
        return self.state in OPEN_STATES

    def is_late(self, at: dt.datetime) -> bool:
        """Whether the promise was broken by this moment; an ended clock answers for its end."""
        if self.state in (ClockState.CANCELLED, ClockState.PAUSED):
            return False
        return (self.stopped_at or at).replace(microsecond=0) > self.due_at


class ClockPartQuerySet(VisibleQuerySet):
    """Seen with the clock."""

    unit_lookups = ("clock__unit",)
    customer_lookup = "clock__customer_id"


class ClockPause(models.Model):
    """A stretch `[started_at, ended_at)` in which the clock lawfully stood still."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="pauses")
    reason = models.ForeignKey(PauseReason, on_delete=models.PROTECT, related_name="+")
    evidence = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.CharField(max_length=150)

    objects = ClockPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=Q(ended_at__isnull=True), name="clock_pause_open_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="clock_pause_runs_forward",
            ),
        ]
        indexes = [models.Index(fields=["clock", "started_at"], name="clock_pause_clock")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.started_at} {self.reason_id}"


class DueCause(models.TextChoices):
    """Why a due moment moved."""

    PAUSE = "pause", _("暂停")
    RESUME = "resume", _("恢复")
    EXTENSION = "extension", _("延期")
    CALENDAR = "calendar", _("日历变更")
    RULE = "rule", _("规则变更")


class DueChange(models.Model):
    """The due moment as it was and as it became; no new one while the clock is paused."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="due_changes")
    cause = models.CharField(max_length=10, choices=DueCause.choices)
    old_due_at = models.DateTimeField()
    new_due_at = models.DateTimeField(null=True, blank=True)
    was_provisional = models.BooleanField(default=False)
    is_provisional = models.BooleanField(default=False)
    at = models.DateTimeField()

    objects = ClockPartQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["clock", "at"], name="due_change_clock")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.old_due_at} -> {self.new_due_at}"


class ClockAlert(models.Model):
    """A rung that was climbed, once: `due_at` when it was to be, `raised_at` when it was."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="alerts")
    rung = models.ForeignKey(EscalationRung, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField()
    raised_at = models.DateTimeField()

    objects = ClockPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clock", "rung"], name="clock_alert_once"),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.rung_id}"


class PartyKind(models.TextChoices):
    """Who can hold a matter."""

    DEPARTMENT = "department", _("部门")
    POST = "post", _("岗位")
    CUSTOMER = "customer", _("客户")
    OUTSIDE = "outside", _("外部单位")


class HoldingQuerySet(VisibleQuerySet):
    """Seen in the unit of the subject, by the holding department, and by the account team."""

    unit_lookups = ("unit", "party_unit")
    customer_lookup = "customer_id"


class Holding(models.Model):
    """Who had the matter in hand over `[opened_at, closed_at)` (N3, R46)."""

    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    customer_id = models.BigIntegerField(null=True, blank=True)
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=100)
    party_kind = models.CharField(max_length=10, choices=PartyKind.choices)
    party_unit = models.ForeignKey(
        OrganizationUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    post = models.CharField(max_length=60, blank=True)
    employee_id = models.BigIntegerField(null=True, blank=True)
    name = models.CharField(max_length=100)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = HoldingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "key"],
                condition=Q(closed_at__isnull=True),
                name="holding_open_once",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="holding_runs_forward",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "opened_at"], name="holding_subject")
        ]

    def __str__(self) -> str:
        return f"{self.subject_type}#{self.subject_id} {self.name}"
