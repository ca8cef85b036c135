"""Meters, where they hang, what they read, and what validation found of their curves.

The curves themselves are in the lake.
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.visibility import VisibleQuerySet
from busbar.clocks.reckoning import midnight
from busbar.pricing.models import Certainty
from busbar.supply.models import UsagePoint


class Meter(models.Model):
    """电能表."""

    serial = models.CharField(max_length=30, unique=True)
    model = models.CharField(max_length=50, blank=True)
    accuracy_class = models.CharField(max_length=10, blank=True)
    register_digits = models.PositiveSmallIntegerField(default=6)

    def __str__(self) -> str:
        return self.serial


class MeterInstallationQuerySet(VisibleQuerySet):
    """Seen with the usage point's account."""

    unit_lookups = ("usage_point__account__unit", "usage_point__account__customer__unit")
    customer_lookup = "usage_point__account__customer"


class MeterInstallation(models.Model):
    """A meter at a usage point over `[installed_on, removed_on)`, with its ratios.

    `installed_at` and `removed_at` say the moment on the day itself, where it is known: a meter
    that was exchanged at 10:07 counts up to then, its successor from then on. Without them a
    day belongs to one meter.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    usage_point = models.ForeignKey(UsagePoint, on_delete=models.PROTECT, related_name="+")
    installed_on = models.DateField()
    removed_on = models.DateField(null=True, blank=True)
    installed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    ct_ratio = models.DecimalField(max_digits=10, decimal_places=4)
    pt_ratio = models.DecimalField(max_digits=10, decimal_places=4)

    objects = MeterInstallationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "installed_on"], name="installation_once"),
            models.UniqueConstraint(
                fields=["meter"], condition=Q(removed_on__isnull=True), name="meter_in_one_place"
            ),
            models.CheckConstraint(
                condition=Q(removed_on__isnull=True) | Q(removed_on__gt=F("installed_on")),
                name="installation_period",
            ),
            models.CheckConstraint(
                condition=Q(ct_ratio__gt=0) & Q(pt_ratio__gt=0), name="installation_ratios"
            ),
        ]
        indexes = [
            models.Index(fields=["usage_point", "installed_on"], name="installation_point"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id}@{self.usage_point_id}"

    @property
    def begins_at(self) -> dt.datetime:
        """From which moment it counts."""
        return self.installed_at or midnight(self.installed_on)

    @property
    def ends_at(self) -> dt.datetime | None:
        """Until which moment it counts; None while it hangs."""
        if self.removed_on is None:
            return None
        return self.removed_at or midnight(self.removed_on)


class ReadingType(models.Model):
    """数据项: what a channel of the lake measures (IEC 61968-9 ReadingType)."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=60)
    unit = models.CharField(max_length=10)
    lake_channel = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.code


class StampAt(models.TextChoices):
    """Which end of the interval a source's timestamp names."""

    START = "start", _("区间起点")
    END = "end", _("区间终点")


class ReadingSource(models.Model):
    """A system that delivers reading files, and how it writes them; remembered once stated.

    `stamp_at` is empty while only day rows came; `settings` has unit, midnight, formats and side
    (primary | secondary).
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    stamp_at = models.CharField(max_length=5, choices=StampAt.choices, blank=True)
    settings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.code


class LakeCommit(models.Model):
    """One file's curves as they stand in the lake: which version, how many rows."""

    commit_key = models.CharField(max_length=100, unique=True)
    lake_version = models.BigIntegerField()
    rows_added = models.PositiveIntegerField()
    rows_unchanged = models.PositiveIntegerField()
    committed_at = models.DateTimeField()
    file_name = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["-committed_at"], name="lake_commit_recent")]

    def __str__(self) -> str:
        return self.commit_key


class RegisterReading(models.Model):
    """示数: what a meter's register showed at a moment, on its own side (kWh, kvarh).

    Read at midnight it is the day's frozen value (日冻结); read at an exchange it ends the old
    meter or begins the new one. `clock_offset_s` is the meter's clock minus the right time.
    """

    meter = models.ForeignKey(Meter, on_delete=models.CASCADE, related_name="readings")
    lake_channel = models.CharField(max_length=40, default="active_wh")
    read_at = models.DateTimeField()
    value = models.DecimalField(max_digits=14, decimal_places=4)
    clock_offset_s = models.IntegerField(null=True, blank=True)
    source = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "lake_channel", "read_at"], name="register_read_once"
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="register_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.read_at} {self.value}"


class RegisterChannel(models.TextChoices):
    """What a register counts, by the lake's channel."""

    ACTIVE = "active_wh", _("正向有功")
    LAG = "reactive_lag_varh", _("感性无功")
    LEAD = "reactive_lead_varh", _("容性无功")


class ClockCheck(models.Model):
    """时钟偏差: how far a meter's clock was ahead of the right time when somebody compared."""

    meter = models.ForeignKey(Meter, on_delete=models.CASCADE, related_name="clock_checks")
    checked_at = models.DateTimeField()
    offset_s = models.IntegerField()
    source = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "checked_at"], name="clock_checked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.checked_at} {self.offset_s}"


class MeterEventKind(models.TextChoices):
    """What a meter reports of itself that its curve is held against."""

    POWER_OFF = "power_off", _("停电")
    CLOCK = "clock", _("时钟偏差")


class PowerOffEvent(models.Model):
    """停上电事件: the supply was off over `[off_at, on_at)`, as its meter or staff say."""

    usage_point = models.ForeignKey(UsagePoint, on_delete=models.CASCADE, related_name="+")
    off_at = models.DateTimeField()
    on_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["usage_point", "off_at"], name="power_off_once"),
            models.CheckConstraint(
                condition=Q(on_at__isnull=True) | Q(on_at__gt=F("off_at")), name="power_off_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.usage_point_id} {self.off_at}"


class VeeRuleCode(models.TextChoices):
    """The checks that readings are validated with; each is a function of `vee/validation.py`."""

    OUTAGE = "outage", _("停电为零")
    MISSING = "missing", _("缺失")
    NEGATIVE = "negative", _("负值")
    CEILING = "ceiling", _("超极限")
    CAPACITY = "capacity", _("超容量")
    SPIKE = "spike", _("尖点")
    STUCK = "stuck", _("数值不变")
    POWER_FACTOR = "power_factor", _("功率因数异常")
    CLOCK = "clock", _("时钟偏差")
    RATIO = "ratio", _("倍率疑误")
    REGISTER = "register", _("与示数不符")


class VeeAction(models.TextChoices):
    """What follows when a rule holds."""

    OUTAGE = "outage", _("记为停电")
    ESTIMATE = "estimate", _("补值")
    SUSPECT = "suspect", _("标为可疑")
    REPORT = "report", _("提请人工")


class VeeRule(models.Model):
    """校验规则: one check with its place in the order, its thresholds and their source."""

    code = models.CharField(max_length=20, choices=VeeRuleCode.choices, unique=True)
    order = models.PositiveSmallIntegerField(unique=True)
    action = models.CharField(max_length=10, choices=VeeAction.choices)
    figures = models.JSONField(default=dict)
    unit = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200)
    certainty = models.CharField(max_length=10, choices=Certainty.choices)
    note = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.code


class CheckState(models.TextChoices):
    """How far a check has come."""

    RUNNING = "running", _("进行中")
    FINISHED = "finished", _("完成")


class CurveCheck(models.Model):
    """校验批次: the curves of one month that came after a version, validated once.

    Judged as they stood at `base_version`, whatever comes meanwhile; `next_point` is where a
    stopped one goes on. `scope` narrows it to days of which something new is known: `points`
    (None: all), `first` and `last` day.
    """

    key = models.CharField(max_length=100, unique=True)
    month = models.CharField(max_length=7)
    after_version = models.BigIntegerField()
    base_version = models.BigIntegerField()
    scope = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=CheckState.choices)
    next_point = models.BigIntegerField(default=0)
    days_checked = models.PositiveIntegerField(default=0)
    findings = models.PositiveIntegerField(default=0)
    intervals_estimated = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="curve_check_recent")]

    def __str__(self) -> str:
        return self.key


class VeeState(models.TextChoices):
    """What became of a finding."""

    OPEN = "open", _("待处理")
    ACCEPTED = "accepted", _("已认可")
    EDITED = "edited", _("已修正")
    SETTLED = "settled", _("已消除")


class VeeFindingQuerySet(VisibleQuerySet):
    """Seen with the usage point's account."""

    unit_lookups = ("usage_point__account__unit", "usage_point__account__customer__unit")
    customer_lookup = "usage_point__account__customer"


class VeeFinding(models.Model):
    """校验发现: a rule that holds against a usage point's day, and what was done about it.

    `intervals` are [start, end) pairs of 0..96. `judged_version` is the curve as it was judged,
    `written_version` the one that validation wrote (None: nothing was changed). `methods` are
    [start, end, method] of the estimates, `withheld` where a gap was too long for one.
    `stake_yuan` is the energy in question times the price that was handed in.
    """

    usage_point = models.ForeignKey(UsagePoint, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    lake_channel = models.CharField(max_length=40)
    rule = models.CharField(max_length=20, choices=VeeRuleCode.choices)
    action = models.CharField(max_length=10, choices=VeeAction.choices)
    intervals = models.JSONField()
    methods = models.JSONField(default=list)
    judged_version = models.BigIntegerField()
    written_version = models.BigIntegerField(null=True, blank=True)
    energy_wh = models.BigIntegerField()
    stake_yuan = models.DecimalField(max_digits=16, decimal_places=2)
    state = models.CharField(max_length=10, choices=VeeState.choices)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    objects = VeeFindingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["usage_point", "day", "lake_channel", "rule"], name="vee_finding_once"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-stake_yuan", "id"], name="vee_finding_stake"),
            models.Index(fields=["state", "rule", "-stake_yuan", "id"], name="vee_finding_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.usage_point_id} {self.day} {self.rule}"
