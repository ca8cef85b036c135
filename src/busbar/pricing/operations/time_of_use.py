"""Time-of-use schemes; a scheme's intervals are stored as a whole (R25)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from busbar.access.registers import (
    Batch,
    Change,
    Draft,
    Outcome,
    Row,
    Told,
    record_changes,
    resolve,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.kit.errors import Phrase
from busbar.pricing.models import DayType, TimeOfUseInterval, TimeOfUseScheme
from busbar.pricing.operations.rules import store_by_code

_DAY = 1440
_STEP = 15


@transaction.atomic
def store_tou_schemes(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Schemes by code."""
    told = Told("pricing.tou_scheme")
    return store_by_code(TimeOfUseScheme, rows, Phrase("分时方案编码"), told, by=by, at=at)


@transaction.atomic
def store_tou_intervals(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """All intervals of the schemes that the batch names; others of these schemes are withdrawn.

    A scheme of which any row is refused stays as it was: half a day is no scheme.
    """
    batch, outcome = Batch(rows), Outcome()
    everyone = TimeOfUseScheme.objects.all()
    schemes = resolve(batch, "scheme", everyone, "code", Phrase("没有这个编码的分时方案"))
    outcome.unchanged += len(batch.reject_repeats(_key, "start_minute", Phrase("分时方案的时段")))
    _check(batch)
    broken = {rows[r.index].get("scheme") for r in batch.rejections}
    for index, row in list(batch.live()):
        if row["scheme"] in broken:
            batch.reject(index, "scheme", Phrase("该方案另有行不合格，整个方案未导入"))
    wanted: dict[Any, list[Row]] = {}
    for _, row in batch.live():
        wanted.setdefault(row["scheme"], []).append(row)
    ids = [schemes[code].pk for code in wanted]
    stored = list(TimeOfUseInterval.objects.filter(scheme__in=ids).select_related("scheme"))
    _replace(wanted, schemes, stored, outcome, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _replace(
    wanted: dict[Any, list[Row]],
    schemes: dict[Any, Any],
    stored: list[Any],
    outcome: Outcome,
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    standing = {(i.scheme.code, _facts(vars(i))): i for i in stored}
    named = {(code, _facts(row)) for code, rows in wanted.items() for row in rows}
    withdrawn = [i for key, i in standing.items() if key not in named]
    TimeOfUseInterval.objects.filter(pk__in=[i.pk for i in withdrawn]).delete()
    drafts = [
        Draft({**_values(row), "scheme": schemes[code]}, standing.get((code, _facts(row))))
        for code, rows in wanted.items()
        for row in rows
    ]
    changes = save_drafts(TimeOfUseInterval, drafts, outcome)
    touched = {c.instance.scheme for c in changes} | {i.scheme for i in withdrawn}
    told = [
        Change(
            scheme,
            is_new=False,
            before_after={
                "intervals": [
                    sum(i.scheme_id == scheme.pk for i in stored),
                    len(wanted[scheme.code]),
                ]
            },
        )
        for scheme in touched
    ]
    record_changes(told, Told("pricing.tou_scheme"), by=by, at=at)


def _values(row: Row) -> dict[str, Any]:
    return {
        "months": list(row.get("months") or []),
        "day_type": row.get("day_type") or DayType.ALL,
        "start_minute": row["start_minute"],
        "end_minute": row["end_minute"],
        "period": row["period"],
        "priority": row.get("priority") or 0,
    }


def _facts(row: Any) -> tuple[Any, ...]:
    values = _values(row)
    return (tuple(values["months"]), *(str(v) for k, v in values.items() if k != "months"))


def _key(row: Row) -> tuple[Any, ...]:
    return (row["scheme"], *_facts(row))


def _check(batch: Batch) -> None:
    seen: dict[Any, list[Row]] = {}
    for index, row in list(batch.live()):
        begins, ends = row["start_minute"], row["end_minute"]
        if begins % _STEP or ends % _STEP:
            batch.reject(index, "start_minute", Phrase("时刻应落在一刻钟上"))
        elif not 0 <= begins < ends <= _DAY:
            batch.reject(
                index, "end_minute", Phrase("结束时刻应晚于开始时刻，跨零点的时段请分成两行")
            )
        elif any(_ambiguous(row, other) for other in seen.setdefault(row["scheme"], [])):
            batch.reject(index, "start_minute", Phrase("与同优先级的另一时段重叠而时段不同"))
        else:
            seen[row["scheme"]].append(row)


def _ambiguous(one: Row, other: Row) -> bool:
    """Whether two rows say different things of the same quarter with the same weight."""
    a, b = _values(one), _values(other)
    months = set(a["months"] or range(1, 13)) & set(b["months"] or range(1, 13))
    return bool(
        months
        and a["period"] != b["period"]
        and (a["day_type"], a["priority"]) == (b["day_type"], b["priority"])
        and a["start_minute"] < b["end_minute"]
        and b["start_minute"] < a["end_minute"]
    )
