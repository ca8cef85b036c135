"""What registers read and when the supply was off: the facts that curves are held against."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.metering.lake.schema import ACTIVE
from busbar.metering.models import Meter, MeterInstallation, PowerOffEvent, RegisterReading
from busbar.supply.models import UsagePoint


class UnableToKeepReading(Refusal):
    """A reading or an event cannot be kept."""


@dataclass(frozen=True)
class Reading:
    """A register at a moment, in kWh or kvarh of the meter's own side."""

    serial: str
    read_at: dt.datetime
    value: Decimal
    channel: str = ACTIVE
    clock_offset_s: int | None = None


@dataclass(frozen=True)
class Off:
    """The supply of a usage point was off."""

    number: str
    off_at: dt.datetime
    on_at: dt.datetime | None = None


@transaction.atomic
def store_register_readings(
    *, readings: Sequence[Reading], source: str, by: Viewer, at: dt.datetime
) -> int:
    """Keep readings by meter, channel and moment; a newer one of the same replaces it.

    Returns how many. All of them or, with the reason, none.
    """
    by.require(Permission.IMPORT_FILES)
    meters = _meters(readings, by)
    rows = [_row(reading, meters, source) for reading in readings]
    RegisterReading.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["meter", "lake_channel", "read_at"],
        update_fields=["value", "clock_offset_s", "source"],
        batch_size=1000,
    )
    _record("metering.registers.stored", source, len(rows), by, at)
    return len(rows)


def _meters(readings: Sequence[Reading], by: Viewer) -> dict[str, Meter]:
    serials = {reading.serial for reading in readings}
    seen = MeterInstallation.objects.visible_to(by).filter(meter__serial__in=serials)
    meters = {row.meter.serial: row.meter for row in seen.select_related("meter")}
    unknown = sorted(serials - meters.keys())
    if unknown:
        raise UnableToKeepReading(f"没有这个表号，或不在您的管辖范围内：{'、'.join(unknown[:5])}")
    return meters


def _row(reading: Reading, meters: dict[str, Meter], source: str) -> RegisterReading:
    if not reading.value.is_finite() or reading.value < 0:
        raise UnableToKeepReading(f"表 {reading.serial} 的示数应不小于 0，给出的是 {reading.value}")
    return RegisterReading(
        meter=meters[reading.serial],
        lake_channel=reading.channel,
        read_at=reading.read_at,
        value=reading.value,
        clock_offset_s=reading.clock_offset_s,
        source=source[:100],
    )


@transaction.atomic
def keep_register(
    *, meter: Meter, read_at: dt.datetime, value: Decimal, source: str, by: Viewer, at: dt.datetime
) -> RegisterReading:
    """Keep what a meter's active register showed when it went up or came down.

    The caller has checked the work itself, which is `by`'s to do.
    """
    row, _is_new = RegisterReading.objects.update_or_create(
        meter=meter,
        lake_channel=ACTIVE,
        read_at=read_at,
        defaults={"value": value, "source": source[:100]},
    )
    _record("metering.registers.stored", f"{meter.serial} {source}", 1, by, at)
    return row


@transaction.atomic
def store_power_off_events(
    *, events: Sequence[Off], source: str, by: Viewer, at: dt.datetime
) -> int:
    """Keep when supplies were off, by usage point and beginning; said again, the newer end."""
    by.require(Permission.IMPORT_FILES)
    numbers = {event.number for event in events}
    seen = UsagePoint.objects.visible_to(by).filter(number__in=numbers)
    points = {point.number: point for point in seen}
    unknown = sorted(numbers - points.keys())
    if unknown:
        raise UnableToKeepReading(
            f"没有这个计量点编号，或不在您的管辖范围内：{'、'.join(unknown[:5])}"
        )
    wrong = next((e for e in events if e.on_at is not None and e.on_at <= e.off_at), None)
    if wrong is not None:
        raise UnableToKeepReading(f"{wrong.number} 的复电时间应晚于停电时间")
    rows = [
        PowerOffEvent(
            usage_point=points[event.number],
            off_at=event.off_at,
            on_at=event.on_at,
            source=source[:100],
        )
        for event in events
    ]
    PowerOffEvent.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["usage_point", "off_at"],
        update_fields=["on_at", "source"],
        batch_size=1000,
    )
    _record("metering.power_off.stored", source, len(rows), by, at)
    return len(rows)


def _record(event: str, source: str, rows: int, by: Viewer, at: dt.datetime) -> None:
    happening = Happening(
        event=event,
        subject_type=event.rpartition(".")[0],
        subject_id=0,
        subject_label=source,
        unit_path=by.unit_path,
        changes={"rows": rows},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
