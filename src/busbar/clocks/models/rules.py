"""Time limits as data: dated, sourced, with the events that start, stop and pause a clock."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Ids, VisibleQuerySet


class Certainty(models.TextChoices):
    """How sure a figure is, as graded when it was entered."""

    A = "A", _("A 法规原文或官方网站")
    B = "B", _("B 题库或文库转载")
    C = "C", _("C 新闻、问答或代码")
    UNVERIFIED = "unverified", _("未核实")
    LOCAL = "local", _("本单位录入")


class RuleLevel(models.TextChoices):
    """Whose rules they are: a lower level may only tighten what stands above it (R7)."""

    LAW = "law", _("法规规章")
    GRID_COMPANY = "grid_company", _("电网企业")
    REGIME = "regime", _("管理制度")
    LOCAL = "local", _("本单位")


class LimitRuleSet(models.Model):
    """A document that sets time limits: 种子制度, 供电监管办法, a grid company's promises."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100, unique=True)
    document = models.CharField(max_length=200)
    level = models.CharField(max_length=12, choices=RuleLevel.choices)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="limit_rule_set_validity",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PauseParty(models.TextChoices):
    """To whom a lawful pause is attributed (N3)."""

    CUSTOMER = "customer", _("客户")
    OUTSIDE = "outside", _("外部单位")


class PauseReason(models.Model):
    """Why a clock may lawfully stand still, and what proves it."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    party = models.CharField(max_length=10, choices=PauseParty.choices)
    party_name = models.CharField(max_length=100)
    needs_evidence = models.BooleanField(default=True)
    evidence = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=300, blank=True)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(needs_evidence=False) | ~Q(evidence=""),
                name="pause_reason_names_its_evidence",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AmountUnit(models.TextChoices):
    """In what a limit is counted."""

    WORKING_DAY = "working_day", _("工作日")
    CALENDAR_DAY = "calendar_day", _("日历天")
    WORKING_HOUR = "working_hour", _("工作小时")
    HOUR = "hour", _("小时")
    MINUTE = "minute", _("分钟")
    MONTH = "month", _("个月")
    YEAR = "year", _("年")


class Sense(models.TextChoices):
    """Whether the amount is the most or the least."""

    AT_MOST = "at_most", _("不超过")
    AT_LEAST = "at_least", _("不少于")


class Direction(models.TextChoices):
    """Whether a limit is counted onwards or back from its anchor."""

    AFTER = "after", _("之后")
    BEFORE = "before", _("之前")


class Binds(models.TextChoices):
    """Who has to keep the limit."""

    COMPANY = "company", _("供电企业")
    CUSTOMER = "customer", _("客户")


class TimeLimitQuerySet(VisibleQuerySet):
    """The shipped limits are public; an overlay is seen in the branch of its unit."""

    def in_units(self, units: Ids) -> Q:
        """Overlays of the units, and every limit that no unit owns."""
        return Q(unit__isnull=True) | super().in_units(units)


class TimeLimit(models.Model):
    """One limit of one document; with a unit, that organization's own tighter version (R7, R53).

    Event fields are lists of journal event names, `pauses_on` maps an event to the code of
    its pause reason, `applies_when` a fact to its value or list of values, and
    `parent_codes` names the limits inside which this one runs (R54). An event of `extends_on`
    brings the new last day as the fact `extended_until` (R56). `document` is empty where the
    figure stands in the set's own document.
    """

    rule_set = models.ForeignKey(LimitRuleSet, on_delete=models.PROTECT, related_name="limits")
    unit = models.ForeignKey(
        OrganizationUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=100)
    stage = models.CharField(max_length=40, blank=True)
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    amount_unit = models.CharField(max_length=12, choices=AmountUnit.choices)
    sense = models.CharField(max_length=8, choices=Sense.choices, default=Sense.AT_MOST)
    direction = models.CharField(max_length=6, choices=Direction.choices, default=Direction.AFTER)
    binds = models.CharField(max_length=8, choices=Binds.choices, default=Binds.COMPANY)
    ends_on_working_day = models.BooleanField(default=False)
    starts_on = models.JSONField(default=list, blank=True)
    stops_on = models.JSONField(default=list, blank=True)
    pauses_on = models.JSONField(default=dict, blank=True)
    resumes_on = models.JSONField(default=list, blank=True)
    extends_on = models.JSONField(default=list, blank=True)
    cancels_on = models.JSONField(default=list, blank=True)
    applies_when = models.JSONField(default=dict, blank=True)
    parent_codes = models.JSONField(default=list, blank=True)
    pause_reasons = models.ManyToManyField(PauseReason, blank=True, related_name="+")
    document = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=300)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)
    note = models.CharField(max_length=500, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    objects = TimeLimitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule_set", "code", "valid_from"],
                condition=Q(unit__isnull=True),
                name="time_limit_once",
            ),
            models.UniqueConstraint(
                fields=["unit", "rule_set", "code", "valid_from"],
                condition=Q(unit__isnull=False),
                name="time_limit_once_a_unit",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="time_limit_is_positive"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="time_limit_validity",
            ),
        ]
        indexes = [models.Index(fields=["code", "valid_from"], name="time_limit_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.amount} {self.amount_unit}"


class RungMoment(models.TextChoices):
    """How a rung names its moment."""

    SHARE = "share", _("已用比例")
    LEFT = "left", _("剩余")
    OVERDUE = "overdue", _("超期")


class Audience(models.TextChoices):
    """Who is told."""

    OWNER = "owner", _("责任人")
    UNIT = "unit", _("部门负责人")
    COMPANY = "company", _("本公司")
    COMPANY_ABOVE = "company_above", _("上一级公司")
    TOP = "top", _("省公司")


class EscalationRung(models.Model):
    """One step of a limit's ladder: when, whom, in which words (U21).

    `amount` is a share (0.8) for a share, otherwise a number of the limit's own units; the
    first overdue day is overdue 1.
    """

    limit = models.ForeignKey(TimeLimit, on_delete=models.CASCADE, related_name="rungs")
    order = models.PositiveSmallIntegerField()
    moment = models.CharField(max_length=8, choices=RungMoment.choices)
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    audience = models.CharField(max_length=16, choices=Audience.choices)
    words = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["limit", "order"], name="escalation_rung_once"),
            models.CheckConstraint(
                condition=Q(amount__gte=0), name="escalation_rung_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limit_id}:{self.order} {self.moment} {self.amount}"


class LimitAdoptionQuerySet(VisibleQuerySet):
    """Seen in the unit's branch."""


class LimitAdoption(models.Model):
    """From when a company follows which set; without one it is 种子制度."""

    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    rule_set = models.ForeignKey(LimitRuleSet, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField()
    reason = models.CharField(max_length=500)
    source = models.CharField(max_length=300)

    objects = LimitAdoptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "valid_from"], name="limit_adoption_once")
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.valid_from} {self.rule_set_id}"


class WorkingHoursQuerySet(VisibleQuerySet):
    """Seen in the unit's branch."""


class WorkingHours(models.Model):
    """When a unit, or one customer of it, works: several periods a day with a break between.

    `periods` has seven lists, Monday first, of `["08:30", "12:00"]`. Holidays are closed; a
    make-up working day (调休上班) takes the hours of a Monday.
    """

    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    customer_id = models.BigIntegerField(null=True, blank=True)
    periods = models.JSONField()
    valid_from = models.DateField()

    objects = WorkingHoursQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "valid_from"],
                condition=Q(customer_id__isnull=True),
                name="working_hours_once",
            ),
            models.UniqueConstraint(
                fields=["unit", "customer_id", "valid_from"],
                condition=Q(customer_id__isnull=False),
                name="working_hours_once_a_customer",
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "valid_from"], name="working_hours_customer")
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.valid_from}"
