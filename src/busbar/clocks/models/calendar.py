"""The working calendar, a table that an administrator can edit and upload."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DayKind(models.TextChoices):
    """Why a day is or is not a working day."""

    WORKDAY = "workday", _("工作日")
    WEEKEND = "weekend", _("周末")
    HOLIDAY = "holiday", _("法定节假日")
    MAKE_UP = "make_up", _("调休上班")


class CalendarDay(models.Model):
    """One civil day. A provisional day was computed before the State Council announced its year."""

    date = models.DateField(primary_key=True)
    kind = models.CharField(max_length=10, choices=DayKind.choices)
    name = models.CharField(max_length=50, blank=True)
    source = models.CharField(max_length=120)
    is_provisional = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["is_provisional", "date"], name="calendar_provisional")]

    def __str__(self) -> str:
        return f"{self.date} {self.kind}"
