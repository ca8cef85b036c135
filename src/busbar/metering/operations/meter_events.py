"""What meters report of themselves: when the supply was off, how far the clock was out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.registers import Batch, Change, Draft, Outcome, Row, resolve, save_drafts
from busbar.access.visibility import Viewer
from busbar.kit.errors import Phrase
from busbar.metering.models import ClockCheck, MeterEventKind, MeterInstallation, PowerOffEvent
from busbar.metering.operations.registers import find_installed
from busbar.metering.operations.telling import Fact, tell_facts
from busbar.supply.models import UsagePoint

STORED = "metering.power_off.stored"
CLOCKS_STORED = "metering.clock_checks.stored"
_SOURCE = "文件导入"
_Installed = Mapping[str, list[MeterInstallation]]


@transaction.atomic
def store_meter_events(
    *, rows: Sequence[Row], by: Viewer, at: dt.datetime, source: str = _SOURCE
) -> Outcome:
    """Keep events by meter or usage point, kind and beginning; said again, the newer facts.

    Rows have event (`MeterEventKind`), begins_at, and serial or usage_point; a stop may have
    ends_at, a clock has offset_s. A meter's event counts at the point where it hung then.
    """
    by.require(Permission.IMPORT_FILES)
    batch, outcome = Batch([_completed(row, source) for row in rows]), Outcome()
    installed = find_installed(batch, "serial", by)
    seen = UsagePoint.objects.visible_to(by)
    unknown = Phrase("没有这个计量点编号，或不在您的管辖范围内")
    points = resolve(batch, "usage_point", seen, "number", unknown)
    placed = _place(batch, installed, {number: point.pk for number, point in points.items()})
    _check(batch, at)
    outcome.unchanged += len(batch.reject_repeats(_key, "begins_at", Phrase("计量事件")))
    live = list(batch.live())
    stops = [(i, row) for i, row in live if row["event"] == MeterEventKind.POWER_OFF]
    clocks = [(i, row) for i, row in live if row["event"] == MeterEventKind.CLOCK]
    _store_stops(stops, placed, outcome, source, by, at)
    _store_clocks(clocks, placed, outcome, source, by, at)
    outcome.rejections = batch.rejections
    return outcome


def _completed(row: Row, source: str) -> dict[str, Any]:
    return {
        "serial": None,
        "usage_point": None,
        "ends_at": None,
        "offset_s": None,
        "source": source,
    } | {name: value for name, value in row.items() if value is not None}


_Place = tuple[int, int]
"""Usage point and meter; nought where the row does not need it."""


def _place(batch: Batch, installed: _Installed, points: Mapping[str, int]) -> dict[int, _Place]:
    """Where each row's event was; rows that cannot be placed are rejected."""
    hung = _meters_at(points.values())
    placed = {}
    for index, row in list(batch.live()):
        if row["serial"]:
            places = installed[row["serial"]]
        elif row["usage_point"]:
            places = hung.get(points[row["usage_point"]], [])
        else:
            batch.reject(index, "serial", Phrase("表号和计量点编号至少填一项"))
            continue
        held = next((one for one in places if _hangs(one, row["begins_at"])), None)
        if held is not None:
            placed[index] = (held.usage_point_id, held.meter_id)
        elif row["usage_point"] and row["event"] == MeterEventKind.POWER_OFF:
            placed[index] = (points[row["usage_point"]], 0)
        else:
            what = "serial" if row["serial"] else "usage_point"
            batch.reject(
                index,
                what,
                Phrase("该时刻没有这块表在装") if row["serial"] else Phrase("该时刻没有装表"),
            )
    _reject_elsewhere(batch, placed, points)
    return placed


def _meters_at(points: Iterable[int]) -> dict[int, list[MeterInstallation]]:
    found: dict[int, list[MeterInstallation]] = {}
    for row in MeterInstallation.objects.filter(usage_point__in=set(points)):
        found.setdefault(row.usage_point_id, []).append(row)
    return found


def _hangs(one: MeterInstallation, moment: dt.datetime) -> bool:
    ends = one.ends_at
    return one.begins_at <= moment and (ends is None or moment < ends)


def _reject_elsewhere(
    batch: Batch, placed: Mapping[int, _Place], points: Mapping[str, int]
) -> None:
    for index, row in list(batch.live()):
        if row["usage_point"] and placed[index][0] != points[row["usage_point"]]:
            batch.reject(index, "usage_point", Phrase("该时刻这块表不在此计量点"))


def _check(batch: Batch, at: dt.datetime) -> None:
    for index, row in list(batch.live()):
        if row["begins_at"] > at:
            batch.reject(index, "begins_at", Phrase("发生时间不应晚于现在"))
        elif row["event"] == MeterEventKind.CLOCK and row["offset_s"] is None:
            batch.reject(index, "offset_s", Phrase("时钟偏差须写明秒数，表快为正"))
        elif row["ends_at"] is not None and row["ends_at"] <= row["begins_at"]:
            batch.reject(index, "ends_at", Phrase("复电时间应晚于停电时间"))


def _key(row: Row) -> tuple[Any, ...]:
    return row["event"], row["serial"], row["usage_point"], row["begins_at"]


_Rows = list[tuple[int, Row]]


def _store_stops(
    rows: _Rows, placed: Mapping[int, _Place], outcome: Outcome, source: str, by: Viewer,
    at: dt.datetime,
) -> None:  # fmt: skip
    wanted = {(placed[i][0], row["begins_at"]): row for i, row in rows}
    outcome.unchanged += len(rows) - len(wanted)
    drafts = [
        {"usage_point_id": point, "off_at": off_at, "on_at": row["ends_at"],
         "source": row["source"][:100]}
        for (point, off_at), row in wanted.items()
    ]  # fmt: skip
    changes = _save_stops(drafts, outcome)
    tell_facts(STORED, _facts(changes, at), len(changes), source, by, at)


def _save_stops(values: Sequence[dict[str, Any]], outcome: Outcome) -> list[Change]:
    points = {one["usage_point_id"] for one in values}
    stored = PowerOffEvent.objects.filter(usage_point__in=points)
    existing = {(row.usage_point_id, row.off_at): row for row in stored}
    drafts = [Draft(one, existing.get((one["usage_point_id"], one["off_at"]))) for one in values]
    return save_drafts(PowerOffEvent, drafts, outcome)


def _facts(changes: Sequence[Change], at: dt.datetime) -> list[Fact]:
    """A stop that has not ended speaks of every day until now."""
    rows = [change.instance for change in changes]
    return [Fact(row.usage_point_id, row.off_at, row.on_at or at) for row in rows]


def _store_clocks(
    rows: _Rows, placed: Mapping[int, _Place], outcome: Outcome, source: str, by: Viewer,
    at: dt.datetime,
) -> None:  # fmt: skip
    wanted = {(placed[i][1], row["begins_at"]): (placed[i][0], row) for i, row in rows}
    outcome.unchanged += len(rows) - len(wanted)
    stored = ClockCheck.objects.filter(meter__in={meter for meter, _moment in wanted})
    existing = {(row.meter_id, row.checked_at): row for row in stored}
    drafts = [
        Draft(
            {"meter_id": meter, "checked_at": moment, "offset_s": row["offset_s"],
             "source": row["source"][:100]},
            existing.get((meter, moment)),
        )
        for (meter, moment), (_point, row) in wanted.items()
    ]  # fmt: skip
    changes = save_drafts(ClockCheck, drafts, outcome)
    facts = [
        Fact(wanted[row.meter_id, row.checked_at][0], row.checked_at, row.checked_at)
        for row in (change.instance for change in changes)
    ]
    tell_facts(CLOCKS_STORED, facts, len(changes), source, by, at)


@transaction.atomic
def note_power_off(
    *,
    usage_point_ids: Iterable[int],
    off_at: dt.datetime,
    on_at: dt.datetime | None,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> int:
    """Keep that the supply of these points was off, as whoever switched it says; how many changed.

    Said again with the end, the stop ends; said again alike, nothing happens. The caller has
    checked that `by` may say so.
    """
    values = [
        {"usage_point_id": point, "off_at": off_at, "on_at": on_at, "source": source[:100]}
        for point in sorted(set(usage_point_ids))
    ]
    changes = _save_stops(values, Outcome())
    tell_facts(STORED, _facts(changes, at), len(changes), source, by, at)
    return len(changes)
