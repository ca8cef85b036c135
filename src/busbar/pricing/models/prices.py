"""Dated, sourced figures: every one says since when, from where and how sure it is."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Certainty(models.TextChoices):
    """How sure a figure is, as graded when it was entered."""

    A = "A", _("A 法规原文或官方网站")
    B = "B", _("B 题库或文库转载")
    C = "C", _("C 新闻、问答或代码")
    UNVERIFIED = "unverified", _("未核实")
    LOCAL = "local", _("本单位录入")


class SourcedModel(models.Model):
    """A figure with its validity `[valid_from, valid_until)`, source and certainty."""

    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=300, blank=True)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="%(app_label)s_%(class)s_validity",
            )
        ]


class RuleSubject(models.TextChoices):
    """What a body of rules governs."""

    BILLING = "billing", _("电费计算")
    POWER_FACTOR = "power_factor", _("功率因数调整")


class RuleSet(SourcedModel):
    """A body of rules in force from a date: R1996 … R2024 for bills, PF1983 for power factor."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    subject = models.CharField(
        max_length=20, choices=RuleSubject.choices, default=RuleSubject.BILLING
    )
    document = models.CharField(max_length=200, blank=True)

    class Meta(SourcedModel.Meta):
        indexes = [models.Index(fields=["subject", "valid_from"], name="rule_set_subject")]

    def __str__(self) -> str:
        return self.code


class RuleParameter(models.Model):
    """One figure or choice of a rule set, with its own article, source and certainty."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="parameters")
    key = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    value = models.JSONField(help_text="decimal as text, text, or a list")
    unit = models.CharField(max_length=30, blank=True)
    article = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=300, blank=True)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "key"], name="rule_parameter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_set_id}:{self.key}"


class PowerFactorStandard(models.TextChoices):
    """The three standards of 〔83〕水电财字第215号."""

    P90 = "0.90", "0.90"
    P85 = "0.85", "0.85"
    P80 = "0.80", "0.80"
    NONE = "", _("不考核")


class PowerFactorStep(models.Model):
    """Adjustment of one standard at one power factor, in percent: + more, − less."""

    rule_set = models.ForeignKey(
        RuleSet, on_delete=models.CASCADE, related_name="power_factor_steps"
    )
    standard = models.CharField(max_length=4, choices=PowerFactorStandard.choices)
    power_factor = models.DecimalField(max_digits=3, decimal_places=2)
    tangent_upper = models.DecimalField(max_digits=6, decimal_places=4)
    adjustment_percent = models.DecimalField(max_digits=6, decimal_places=2)
    source = models.CharField(max_length=300)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule_set", "standard", "power_factor"], name="power_factor_step_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.standard} {self.power_factor}: {self.adjustment_percent}%"


class TimeOfUsePeriod(models.TextChoices):
    """Periods of the day by price."""

    SHARP = "sharp", _("尖")
    PEAK = "peak", _("峰")
    FLAT = "flat", _("平")
    VALLEY = "valley", _("谷")
    DEEP_VALLEY = "deep_valley", _("深谷")


class DayType(models.TextChoices):
    """Days on which an interval applies."""

    ALL = "all", _("每日")
    WORKDAY = "workday", _("工作日")
    RESTDAY = "restday", _("休息日")
    HOLIDAY = "holiday", _("法定节假日")
    HOT = "hot", _("高温日")


class TimeOfUseScheme(SourcedModel):
    """How a province divides its days; boundaries on half hours."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class TimeOfUseInterval(models.Model):
    """`[start_minute, end_minute)` of a day belongs to a period, in the months named.

    Where several apply, the higher `priority` wins (a sharp peak over the peak beneath it).
    """

    scheme = models.ForeignKey(TimeOfUseScheme, on_delete=models.CASCADE, related_name="intervals")
    months = models.JSONField(default=list, help_text="1..12; empty = all")
    day_type = models.CharField(max_length=10, choices=DayType.choices, default=DayType.ALL)
    start_minute = models.PositiveSmallIntegerField()
    end_minute = models.PositiveSmallIntegerField()
    period = models.CharField(max_length=12, choices=TimeOfUsePeriod.choices)
    priority = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end_minute__gt=F("start_minute")) & Q(end_minute__lte=1440),
                name="tou_interval_within_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start_minute}-{self.end_minute} {self.period}"


class TariffCategory(models.TextChoices):
    """Who pays a tariff."""

    INDUSTRY_TWO_PART = "industry_two_part", _("工商业两部制")
    INDUSTRY_SINGLE = "industry_single", _("工商业单一制")
    AGRICULTURE = "agriculture", _("农业生产")
    RESIDENTIAL = "residential", _("居民及非居民公益")


class Tariff(SourcedModel):
    """Prices of one category and voltage class in one price region."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=150)
    region = models.CharField(max_length=20)
    category = models.CharField(max_length=30, choices=TariffCategory.choices)
    voltage_class = models.CharField(max_length=20)
    scheme = models.ForeignKey(
        TimeOfUseScheme, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    capacity_price = models.DecimalField(
        max_digits=10, decimal_places=4, null=True, blank=True, help_text="元/kVA·月"
    )
    demand_price = models.DecimalField(
        max_digits=10, decimal_places=4, null=True, blank=True, help_text="元/kW·月"
    )

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="tariff_once"),
        ]
        indexes = [
            models.Index(fields=["region", "category", "valid_from"], name="tariff_region"),
            models.Index(fields=["-valid_from", "-id"], name="tariff_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.valid_from}"


class TariffPrice(models.Model):
    """Price of one period of the day, yuan a kWh, without surcharges."""

    tariff = models.ForeignKey(Tariff, on_delete=models.CASCADE, related_name="prices")
    period = models.CharField(max_length=12, choices=TimeOfUsePeriod.choices)
    price = models.DecimalField(max_digits=10, decimal_places=6, help_text="元/kWh")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tariff", "period"], name="tariff_price_once"),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.price}"


class Surcharge(SourcedModel):
    """A price per kWh on top of the tariff, by region and month: funds, losses, operation."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    region = models.CharField(max_length=20)
    price = models.DecimalField(max_digits=12, decimal_places=8, help_text="元/kWh")
    in_power_factor_base = models.BooleanField()

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["region", "code", "valid_from"], name="surcharge_once"),
        ]
        indexes = [models.Index(fields=["-valid_from", "-id"], name="surcharge_newest")]

    def __str__(self) -> str:
        return f"{self.region} {self.code} {self.valid_from}"
