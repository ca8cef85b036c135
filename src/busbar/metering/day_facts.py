"""What was told of one usage point's day beside its curve: registers, power off, clock (R12)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from busbar.access.visibility import Viewer
from busbar.clocks.reckoning import midnight
from busbar.metering.circumstances import ONE_DAY, Key, Keys, read_registers
from busbar.metering.models import ClockCheck, MeterInstallation, PowerOffEvent, RegisterReading
from busbar.metering.vee.days import UNKNOWN
from busbar.supply.models import UsagePoint

_WH_PER_KWH = 1000


@dataclass(frozen=True)
class DayFacts:
    """`register_kwh` is what the active registers make of the day, None where one is lacking."""

    registers: list[RegisterReading]
    register_kwh: Decimal | None
    power_off: list[PowerOffEvent]
    clock_checks: list[ClockCheck]

    def __bool__(self) -> bool:
        return bool(self.registers or self.power_off or self.clock_checks)


def get_day_facts(viewer: Viewer, usage_point: UsagePoint, day: dt.date) -> DayFacts:
    """What validation holds the day's curve against; UsagePoint.DoesNotExist if it is not seen."""
    point = UsagePoint.objects.visible_to(viewer).get(pk=usage_point.pk)
    start, end = midnight(day), midnight(day + ONE_DAY)
    meters = MeterInstallation.objects.filter(usage_point=point).values("meter")
    registers = RegisterReading.objects.filter(
        meter__in=meters, read_at__gte=start, read_at__lte=end
    )
    off = PowerOffEvent.objects.filter(usage_point=point, off_at__lt=end)
    checks = ClockCheck.objects.filter(meter__in=meters, checked_at__gte=start, checked_at__lt=end)
    energy = int(read_registers(Keys([Key(point.pk, day)])).energy_wh[0])
    return DayFacts(
        registers=list(
            registers.select_related("meter").order_by("read_at", "lake_channel", "meter__serial")
        ),
        register_kwh=None if energy == UNKNOWN else Decimal(energy) / _WH_PER_KWH,
        power_off=list(off.exclude(on_at__lte=start).order_by("off_at")),
        clock_checks=list(checks.select_related("meter").order_by("checked_at")),
    )
