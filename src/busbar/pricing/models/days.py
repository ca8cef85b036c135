"""What makes a day one of critical peak, and prices that differ from interval to interval."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from busbar.pricing.models.prices import SourcedModel, TimeOfUseScheme


class CriticalDayRule(SourcedModel):
    """When a scheme's day is of critical peak (`DayType.HOT`): by date, or by the day's heat.

    `dates` are [first, last] pairs of "MM-DD" of every year, both included, also over the
    year's end. `at_least_celsius`: the day's highest temperature in `region`.
    """

    scheme = models.ForeignKey(
        TimeOfUseScheme, on_delete=models.CASCADE, related_name="critical_day_rules"
    )
    name = models.CharField(max_length=100)
    region = models.CharField(max_length=20, blank=True)
    at_least_celsius = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    dates = models.JSONField(default=list)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["scheme", "name", "valid_from"], name="critical_day_rule_once"
            ),
            models.CheckConstraint(
                condition=Q(at_least_celsius__isnull=True) | ~Q(region=""),
                name="critical_day_heat_has_a_region",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.valid_from}"


class DailyTemperature(models.Model):
    """A region's highest temperature of a day as its weather service published it."""

    region = models.CharField(max_length=20)
    day = models.DateField()
    highest_celsius = models.DecimalField(max_digits=4, decimal_places=1)
    source = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "day"], name="daily_temperature_once"),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.day} {self.highest_celsius}℃"


class PriceSeries(SourcedModel):
    """Dynamic prices (动态电价): energy of this tariff has a price of its own every interval."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    tariff_code = models.CharField(max_length=40, db_index=True)

    def __str__(self) -> str:
        return self.name


class SeriesPrice(models.Model):
    """Yuan a kWh, below zero too, in `[start_minute, end_minute)` of one day."""

    series = models.ForeignKey(PriceSeries, on_delete=models.CASCADE, related_name="prices")
    day = models.DateField()
    start_minute = models.PositiveSmallIntegerField()
    end_minute = models.PositiveSmallIntegerField()
    price = models.DecimalField(max_digits=12, decimal_places=8, help_text="元/kWh")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "day", "start_minute"], name="series_price_once"
            ),
            models.CheckConstraint(
                condition=Q(end_minute__gt=F("start_minute")) & Q(end_minute__lte=1440),
                name="series_price_within_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.start_minute}-{self.end_minute} {self.price}"
