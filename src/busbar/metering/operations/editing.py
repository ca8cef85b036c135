"""A person sets values of a day curve, with a reason; the curve before stays readable (R20)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.metering import lake
from busbar.metering.lake import CHANNELS, COLUMNS, CURVE_SCHEMA, INTERVALS, Quality
from busbar.metering.lake.schema import ACTIVE, QUALITY
from busbar.metering.models import LakeCommit, VeeFinding, VeeState
from busbar.metering.operations.vee_findings import decide
from busbar.metering.queries import lake_root
from busbar.metering.vee import runs_of
from busbar.metering.vee.days import mask_of
from busbar.supply.models import UsagePoint

_LARGEST = 2**31 - 1
NEVER_STORED = 0
"""The version that a day without a curve is edited from."""

Values = Mapping[str, Mapping[int, int]]
"""By channel the new Wh or varh of intervals 0..95."""


class UnableToEditCurve(Refusal):
    """The curve cannot be changed so."""


def edit_curve(
    *,
    usage_point: UsagePoint,
    day: dt.date,
    values: Values,
    seen_version: int,
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> lake.LakeCommit:
    """Store a newer version of a day curve in which the given intervals are EDITED.

    `seen_version` is the curve that the person looked at (0: there was none); when a newer one
    stands, nothing is changed. The lake commits first; a stop before the database's commit is
    healed by doing the same again.
    """
    by.require(Permission.EDIT_READINGS)
    point = UsagePoint.objects.visible_to(by).select_related("account__unit").filter(
        pk=usage_point.pk
    ).first()  # fmt: skip
    if point is None:
        raise UnableToEditCurve("该计量点不在您的管辖范围内")
    if not reason.strip():
        raise UnableToEditCurve("请写明修正原因")
    _check(values, day, at)
    before = _stored(point.pk, day, as_of=seen_version)
    after = _changed(before, values)
    done = lake.append_curves(
        lake_root(),
        _table(point.pk, day, after),
        commit_key=_commit_key(point.pk, day, seen_version, values),
        at=at,
        source=f"人工修正 {by.name}",
        made_from=seen_version,
    )
    if done.rows_overtaken:
        raise UnableToEditCurve("这一天的曲线已有更新的版本，请重新打开后再修正")
    _note(done, point, day, (before, after), values, reason, by=by, at=at)
    return done


def _check(values: Values, day: dt.date, at: dt.datetime) -> None:
    if not any(values.values()):
        raise UnableToEditCurve("没有要修正的数值")
    if day > at.date():
        raise UnableToEditCurve("不能修正还没有到来的日子")
    for channel, given in values.items():
        if channel not in CHANNELS:
            raise UnableToEditCurve("没有数据项 %(channel)s", channel=channel)
        for interval, value in given.items():
            if not 0 <= interval < INTERVALS:
                raise UnableToEditCurve(
                    "时段应为 0 至 95，给出的是 %(interval)s", interval=interval
                )
            if not 0 <= value <= _LARGEST:
                raise UnableToEditCurve(
                    "电量应在 0 与 %(largest)s Wh 之间，给出的是 %(value)s",
                    largest=_LARGEST,
                    value=value,
                )


def _stored(point: int, day: dt.date, *, as_of: int) -> dict[str, list[int] | None]:
    """The curve as it was seen; where there was none, 96 missing intervals."""
    end = day + dt.timedelta(days=1)
    rows = lake.read_curves(lake_root(), [point], day, end, as_of=as_of).to_pylist()
    if rows:
        return {name: rows[0][name] for name in COLUMNS}
    nothing: dict[str, list[int] | None] = dict.fromkeys(CHANNELS)
    nothing[ACTIVE] = [0] * INTERVALS
    nothing[QUALITY] = [int(Quality.MISSING)] * INTERVALS
    return nothing


def _changed(before: Mapping[str, list[int] | None], values: Values) -> dict[str, list[int] | None]:
    after = {name: None if curve is None else list(curve) for name, curve in before.items()}
    codes = after[QUALITY] or []
    for channel, given in values.items():
        curve = after[channel] or [0] * INTERVALS
        for interval, value in given.items():
            if curve[interval] != value or codes[interval] == Quality.MISSING:
                codes[interval] = int(Quality.EDITED)
            curve[interval] = value
        after[channel] = curve
    if after == before:
        raise UnableToEditCurve("填写的数值与现有数值相同，没有改动")
    return after


def _table(point: int, day: dt.date, curve: Mapping[str, Any]) -> pa.Table:
    row = {"usage_point_id": point, "day": day, **curve}
    return pa.Table.from_pylist([row], schema=CURVE_SCHEMA)


def _commit_key(point: int, day: dt.date, seen: int, values: Values) -> str:
    told = json.dumps([sorted((c, sorted(given.items())) for c, given in values.items())])
    return f"edit:{point}:{day}:{seen}:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


@transaction.atomic
def _note(
    done: lake.LakeCommit,
    point: UsagePoint,
    day: dt.date,
    curves: tuple[Mapping[str, Any], Mapping[str, Any]],
    values: Values,
    reason: str,
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    _row, is_new = LakeCommit.objects.get_or_create(
        commit_key=done.commit_key,
        defaults={
            "lake_version": done.version,
            "rows_added": done.rows_written,
            "rows_unchanged": 0,
            "committed_at": at,
            "file_name": f"人工修正 {point.number} {day}",
        },
    )
    if not is_new:
        return
    edited = _edited_mask(values)
    _decide_findings(point, day, edited, reason, by, at)
    before, after = (sum(curve[ACTIVE]) for curve in curves)
    happening = Happening(
        event="metering.curves.edited",
        subject_type="supply.usage_point",
        subject_id=point.pk,
        subject_label=f"{point.number} {day}",
        customer_id=point.account.customer_id,
        unit_path=point.account.unit.path,
        changes={
            "months": [f"{day:%Y-%m}"],
            "usage_point_ids": [point.pk],
            "first_day": str(day),
            "last_day": str(day),
            "intervals": [list(pair) for pair in runs_of(edited)],
            "active_wh": [before, after],
            "lake_version": done.version,
        },
        reason=reason.strip(),
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _edited_mask(values: Values) -> Any:
    mask = np.zeros(INTERVALS, dtype=bool)
    for given in values.values():
        mask[list(given)] = True
    return mask


def _decide_findings(
    point: UsagePoint, day: dt.date, edited: Any, reason: str, by: Viewer, at: dt.datetime
) -> None:
    """Findings whose intervals were all set by the person are done; of a day, the whole day."""
    open_ = VeeFinding.objects.filter(usage_point=point, day=day, state=VeeState.OPEN)
    for row in open_:
        wanted = mask_of(tuple((start, end) for start, end in row.intervals))
        if not (wanted & ~edited).any():
            decide(row, VeeState.EDITED, reason, by, at)
