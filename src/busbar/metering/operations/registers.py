"""What registers read: the facts that curves are held against, and sums that estimates keep to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.registers import Batch, Draft, Outcome, Row, save_drafts
from busbar.access.visibility import Viewer
from busbar.kit.errors import Phrase
from busbar.metering.lake.schema import ACTIVE
from busbar.metering.models import Meter, MeterInstallation, RegisterReading
from busbar.metering.operations.telling import Fact, tell_facts

STORED = "metering.registers.stored"
UNSEEN = Phrase("没有这个表号，或不在您的管辖范围内")
_SOURCE = "文件导入"
_PLACES = Decimal("0.0001")


@transaction.atomic
def store_register_readings(
    *, rows: Sequence[Row], by: Viewer, at: dt.datetime, source: str = _SOURCE
) -> Outcome:
    """Keep readings by meter, channel and moment; a newer one of the same replaces it.

    Rows have serial, read_at, value (kWh or kvarh of the meter's own side), and channel,
    clock_offset_s, source where they say them.
    """
    by.require(Permission.IMPORT_FILES)
    batch, outcome = Batch([_completed(row, source) for row in rows]), Outcome()
    outcome.unchanged += len(batch.reject_repeats(_key, "read_at", Phrase("表号、数据项和时间")))
    installed = find_installed(batch, "serial", by)
    _check(batch, installed, at)
    existing = _existing(batch, installed)
    drafts = [
        Draft(_values(row, installed), existing.get(_key(row)), index)
        for index, row in batch.live()
    ]
    changes = save_drafts(RegisterReading, drafts, outcome)
    told = [_fact(change.instance, installed) for change in changes]
    tell_facts(STORED, [fact for facts in told for fact in facts], len(changes), source, by, at)
    outcome.rejections = batch.rejections
    return outcome


def find_installed(batch: Batch, field_name: str, by: Viewer) -> dict[str, list[MeterInstallation]]:
    """Where the meters that the batch names hung, so far as the viewer sees; others rejected."""
    seen = MeterInstallation.objects.visible_to(by).select_related("meter")
    serials = sorted(batch.values(field_name))
    found: dict[str, list[MeterInstallation]] = {}
    for start in range(0, len(serials), 5000):
        for row in seen.filter(meter__serial__in=serials[start : start + 5000]):
            found.setdefault(row.meter.serial, []).append(row)
    for index, row in list(batch.live()):
        if row.get(field_name) and row[field_name] not in found:
            batch.reject(index, field_name, UNSEEN)
    return found


def _completed(row: Row, source: str) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if value is not None}
    return {"channel": ACTIVE, "clock_offset_s": None, "source": source} | told


def _key(row: Row) -> tuple[Any, Any, Any]:
    return row["serial"], row["channel"], row["read_at"]


def _check(batch: Batch, installed: Mapping[str, list[MeterInstallation]], at: dt.datetime) -> None:
    for index, row in list(batch.live()):
        value, held = row["value"], installed.get(row["serial"])
        if not held:
            batch.reject(index, "serial", Phrase("应写明电能表的出厂编号"))
            continue
        digits = held[0].meter.register_digits
        if not value.is_finite() or value < 0:
            batch.reject(index, "value", Phrase("示数应不小于 0"))
        elif value >= 10**digits:
            batch.reject(
                index,
                "value",
                Phrase(
                    "该表示数为 %(digits)s 位整数，应小于 %(most)s", digits=digits, most=10**digits
                ),
            )
        elif row["read_at"] > at:
            batch.reject(index, "read_at", Phrase("抄表时间不应晚于现在"))


def _existing(
    batch: Batch, installed: Mapping[str, list[MeterInstallation]]
) -> dict[tuple[Any, Any, Any], RegisterReading]:
    rows = [row for _index, row in batch.live()]
    if not rows:
        return {}
    moments = [row["read_at"] for row in rows]
    between = RegisterReading.objects.filter(
        read_at__gte=min(moments), read_at__lte=max(moments)
    ).select_related("meter")
    meters = sorted({installed[row["serial"]][0].meter_id for row in rows})
    return {
        (one.meter.serial, one.lake_channel, one.read_at): one
        for start in range(0, len(meters), 5000)
        for one in between.filter(meter__in=meters[start : start + 5000])
    }


def _values(row: Row, installed: Mapping[str, list[MeterInstallation]]) -> dict[str, Any]:
    return {
        "meter": installed[row["serial"]][0].meter,
        "lake_channel": row["channel"],
        "read_at": row["read_at"],
        "value": row["value"].quantize(_PLACES),
        "clock_offset_s": row["clock_offset_s"],
        "source": row["source"][:100],
    }


def _fact(reading: RegisterReading, installed: Mapping[str, list[MeterInstallation]]) -> list[Fact]:
    """A reading tells of the day before it and of the one that it begins."""
    since = reading.read_at - dt.timedelta(days=1)
    places = installed[reading.meter.serial]
    return [Fact(place.usage_point_id, since, reading.read_at) for place in places]


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
    places = {meter.serial: list(meter.installations.all())}
    tell_facts(STORED, _fact(row, places), 1, f"{meter.serial} {source}", by, at)
    return row
