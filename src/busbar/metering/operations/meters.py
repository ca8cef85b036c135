"""Meters installed at usage points, with their ratios (R10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.registers import (
    Batch,
    Draft,
    Outcome,
    Row,
    Told,
    fetch_by,
    pick,
    record_changes,
    resolve,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.kit.errors import Phrase, Refusal
from busbar.kit.periods import local_date
from busbar.metering.models import Meter, MeterInstallation
from busbar.supply.models import UsagePoint

_TOLD = Told(
    "metering.meter",
    "installed",
    customer_of=lambda row: row.usage_point.account.customer,
    unit_path_of=lambda row: row.usage_point.account.unit.path,
)
_Span = tuple[dt.date, dt.date, str]


class UnableToInstallMeter(Refusal):
    """The meter cannot be installed as given."""


class UnableToRemoveMeter(Refusal):
    """The meter cannot be removed as given."""


@transaction.atomic
def store_meters(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Installations by meter and day, meters made as they appear.

    A meter hangs at one point at a time and a point has one meter at a time.
    """
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(batch.reject_repeats(_key, "serial", Phrase("电能表在同一日的安装")))
    seen = UsagePoint.objects.select_related("account__customer", "account__unit").visible_to(by)
    unknown = Phrase("没有这个计量点编号，或不在您的管辖范围内")
    points = resolve(batch, "usage_point", seen, "number", unknown)
    _check_facts(batch)
    stored = _stored(batch, points)
    _reject_overlaps(batch, stored)
    existing = {(i.meter.serial, i.installed_on): i for i in stored}
    meters, changed = _store_meters_themselves(batch)
    drafts = [
        Draft(_values(row, meters, points), existing.get(_key(row)), index)
        for index, row in batch.live()
    ]
    counts = Outcome()
    changes = save_drafts(MeterInstallation, drafts, counts)
    record_changes(changes, _TOLD, by=by, at=at)
    touched = {id(c.instance) for c in changes if not c.is_new}
    for draft in drafts:
        serial = draft.values["meter"].serial
        if draft.existing is None:
            outcome.created += 1
        elif id(draft.existing) in touched or serial in changed:
            outcome.updated += 1
        else:
            outcome.unchanged += 1
    outcome.rejections = batch.rejections
    return outcome


def _key(row: Row) -> tuple[Any, Any]:
    return row["serial"], row["installed_on"]


def _check_facts(batch: Batch) -> None:
    first: dict[Any, Row] = {}
    for index, row in list(batch.live()):
        removed = row.get("removed_on")
        facts = first.setdefault(row["serial"], row)
        differing = [
            name
            for name in ("model", "accuracy_class", "register_digits")
            if facts.get(name) != row.get(name)
        ]
        if removed is not None and removed <= row["installed_on"]:
            batch.reject(
                index,
                "removed_on",
                Phrase("拆表日期应晚于装表日期 %(day)s", day=row["installed_on"]),
            )
        elif moment := _misplaced(row):
            batch.reject(index, moment, Phrase("时刻应在同一行的装表、拆表日期之内"))
        elif row["ct_ratio"] <= 0 or row["pt_ratio"] <= 0:
            batch.reject(index, "ct_ratio", Phrase("变比应大于 0"))
        elif differing:
            batch.reject(index, differing[0], Phrase("同一电能表各行的台账内容应一致"))


def _misplaced(row: Row) -> str:
    """The moment of a row that does not lie on its day."""
    for moment, day in (("installed_at", "installed_on"), ("removed_at", "removed_on")):
        told = row.get(moment)
        if told is not None and local_date(told) != row.get(day):
            return moment
    return ""


def _stored(batch: Batch, points: dict[Any, Any]) -> list[Any]:
    """Installations of the batch's meters and at the batch's points."""
    related = MeterInstallation.objects.select_related(
        "meter", "usage_point__account__customer", "usage_point__account__unit"
    )
    found: dict[int, Any] = {}
    lookups = (
        ("meter__serial__in", sorted(batch.values("serial"))),
        ("usage_point__in", sorted(p.pk for p in points.values())),
    )
    for lookup, values in lookups:
        for start in range(0, len(values), 5000):
            for row in related.filter(**{lookup: values[start : start + 5000]}):
                found[row.pk] = row
    return list(found.values())


def _reject_overlaps(batch: Batch, stored: list[Any]) -> None:
    redrawn = {_key(row) for _, row in batch.live()}
    of_meter: dict[str, list[_Span]] = {}
    of_point: dict[str, list[_Span]] = {}
    for row in stored:
        if (row.meter.serial, row.installed_on) in redrawn:
            continue
        ends = row.removed_on or dt.date.max
        of_meter.setdefault(row.meter.serial, []).append(
            (row.installed_on, ends, row.usage_point.number)
        )
        of_point.setdefault(row.usage_point.number, []).append(
            (row.installed_on, ends, row.meter.serial)
        )
    for index, row in list(batch.live()):
        begins, ends = row["installed_on"], row.get("removed_on") or dt.date.max
        elsewhere = of_meter.setdefault(row["serial"], [])
        others = of_point.setdefault(row["usage_point"], [])
        if clash := _clash(elsewhere, begins, ends):
            batch.reject(
                index, "installed_on", Phrase("该表此时装在计量点 %(point)s，应先拆表", point=clash)
            )
        elif clash := _clash(others, begins, ends):
            batch.reject(
                index,
                "installed_on",
                Phrase("该计量点此时装有电能表 %(meter)s，应先拆表", meter=clash),
            )
        else:
            elsewhere.append((begins, ends, row["usage_point"]))
            others.append((begins, ends, row["serial"]))


def _clash(spans: list[_Span], begins: dt.date, ends: dt.date) -> str:
    return next((name for start, end, name in spans if start < ends and begins < end), "")


def _store_meters_themselves(batch: Batch) -> tuple[dict[Any, Any], set[str]]:
    """The meters by serial, new ones made; and the serials whose facts changed."""
    existing = fetch_by(Meter.objects.all(), "serial", batch.values("serial"))
    drafts: dict[str, Draft] = {}
    for _, row in batch.live():
        values = pick(row, serial="serial", model="model", accuracy_class="accuracy_class")
        values = {name: value or "" for name, value in values.items()}
        if row.get("register_digits"):
            values["register_digits"] = row["register_digits"]
        drafts.setdefault(row["serial"], Draft(values, existing.get(row["serial"])))
    changes = save_drafts(Meter, list(drafts.values()), Outcome())
    changed = {c.instance.serial for c in changes if not c.is_new}
    return {**existing, **{c.instance.serial: c.instance for c in changes}}, changed


def _values(row: Row, meters: dict[Any, Any], points: dict[Any, Any]) -> dict[str, Any]:
    return {
        **pick(
            row,
            installed_on="installed_on",
            removed_on="removed_on",
            ct_ratio="ct_ratio",
            pt_ratio="pt_ratio",
            installed_at="installed_at",
            removed_at="removed_at",
        ),
        "meter": meters[row["serial"]],
        "usage_point": points[row["usage_point"]],
    }


@transaction.atomic
def install_meter(
    *,
    serial: str,
    usage_point: UsagePoint,
    installed_on: dt.date,
    ct_ratio: Decimal,
    pt_ratio: Decimal,
    model: str = "",
    installed_at: dt.datetime | None = None,
    by: Viewer,
    at: dt.datetime,
) -> MeterInstallation:
    """Hang a meter at a usage point that has none on that day.

    `installed_at` is the moment on the day, from which on its intervals count.
    """
    by.require(Permission.EDIT_CUSTOMERS)
    if not serial.strip():
        raise UnableToInstallMeter("表号应填写")
    row: dict[str, Any] = {
        "serial": serial.strip(),
        "usage_point": usage_point.number,
        "installed_on": installed_on,
        "removed_on": None,
        "ct_ratio": ct_ratio,
        "pt_ratio": pt_ratio,
        "installed_at": installed_at,
    }
    if model:
        row["model"] = model
    store_meters(rows=[row], by=by, at=at).require(UnableToInstallMeter)
    related = MeterInstallation.objects.select_related("meter", "usage_point")
    installation: MeterInstallation = related.get(
        meter__serial=row["serial"], installed_on=installed_on
    )
    return installation


@transaction.atomic
def remove_meter(
    *,
    installation: MeterInstallation,
    removed_on: dt.date,
    removed_at: dt.datetime | None = None,
    by: Viewer,
    at: dt.datetime,
) -> MeterInstallation:
    """Take a meter down. The day no longer belongs to it, save up to `removed_at` where it is told.

    The moment must lie on the day.
    """
    by.require(Permission.EDIT_CUSTOMERS)
    seen = MeterInstallation.objects.visible_to(by).select_related(
        "meter", "usage_point__account__customer", "usage_point__account__unit"
    )
    standing = seen.filter(pk=installation.pk).first()
    if standing is None:
        raise UnableToRemoveMeter("该电能表不在您的管辖范围内")
    if standing.removed_on is not None:
        raise UnableToRemoveMeter(
            "表 %(meter)s 已于 %(removed_on)s 拆除",
            meter=standing.meter,
            removed_on=standing.removed_on,
        )
    if removed_on <= standing.installed_on:
        raise UnableToRemoveMeter(
            "拆表日期应晚于装表日期 %(installed_on)s", installed_on=standing.installed_on
        )
    if removed_at is not None and local_date(removed_at) != removed_on:
        raise UnableToRemoveMeter("拆表时刻应在拆表日期 %(removed_on)s 之内", removed_on=removed_on)
    told = replace(_TOLD, amended_verb="removed")
    values = {"removed_on": removed_on, "removed_at": removed_at}
    changes = save_drafts(MeterInstallation, [Draft(values, standing)], Outcome())
    record_changes(changes, told, by=by, at=at)
    removed: MeterInstallation = standing
    return removed
