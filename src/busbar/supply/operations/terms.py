"""What is agreed for usage points: losses that the meter does not see, fixed quantities (定量定比).

供电营业规则(2024) 第74条: where the meter is not at the boundary of property, losses of
transformer and line are borne by the owner of what lies between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from busbar.access.registers import (
    Batch,
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
from busbar.pricing.models import LossTableRow
from busbar.supply.models import (
    FixedEnergy,
    LossMethod,
    MeterConnection,
    MeteringSide,
    PointLoss,
    Transformer,
    UsagePoint,
)

_DATED = ("number", "name", "valid_from", "valid_until", "source")
_MOST_SHIFTS = 3
_PLATE = {
    LossMethod.NAMEPLATE: (
        "no_load_kw",
        "load_kw",
        "no_load_current_percent",
        "impedance_percent",
    ),
    LossMethod.SIMPLIFIED: ("no_load_kw", "no_load_current_percent"),
    LossMethod.TABLE: (),
}


def _told(noun: str) -> Told:
    return Told(
        noun,
        customer_of=lambda term: term.usage_point.account.customer,
        unit_path_of=lambda term: term.usage_point.account.unit.path,
    )


@transaction.atomic
def store_point_losses(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Losses by usage point, number and first day."""
    batch, outcome = Batch(rows), Outcome()
    points = _seen_points(batch, by)
    seen = Transformer.objects.visible_to(by)
    transformers = resolve(batch, "transformer", seen, "number", Phrase("没有这个编号的变压器"))
    for index, row in list(batch.live()):
        unit = transformers.get(row.get("transformer"))
        if problem := _loss_problem(row, points[row["usage_point"]], unit):
            batch.reject(index, *problem)
    names = ("method", "correction", "shifts", "voltage_kv", "resistance_ohm", "reactance_ohm")

    def values(row: Row) -> dict[str, Any]:
        share = row.get("load_share")
        return {
            **{name: row.get(name) for name in (*names, "agreed_share")},
            "transformer": transformers.get(row.get("transformer")),
            "load_share": Decimal(1) if share is None else share,
            "province": row.get("province") or "",
            "loss_table": row.get("loss_table") or "",
        }

    return _store(PointLoss, batch, points, values, outcome, by=by, at=at)


def _loss_problem(row: Row, point: UsagePoint, unit: Any) -> tuple[str, Phrase] | None:
    """The field that stands against the loss, and what was expected there."""
    method = LossMethod(row["method"])
    share = row.get("load_share")
    if share is not None and not 0 < share <= 1:
        return "load_share", Phrase("应大于 0 且不大于 1")
    if method == LossMethod.LINE:
        missing = [n for n in ("voltage_kv", "resistance_ohm") if row.get(n) is None]
        return (missing[0], Phrase("线路损耗须有线电压和每相电阻")) if missing else None
    if method == LossMethod.SHARE:
        agreed = row.get("agreed_share")
        fits = agreed is not None and 0 < agreed < 1
        return None if fits else ("agreed_share", Phrase("协商比例应大于 0 且小于 1，如 0.02"))
    return _transformer_problem(row, point, unit, method)


def _transformer_problem(
    row: Row, point: UsagePoint, unit: Any, method: LossMethod
) -> tuple[str, Phrase] | None:
    if point.metering_side != MeteringSide.LOW:
        return "usage_point", Phrase("该计量点不是高供低计，变压器损耗已由表计计入")
    if unit is None:
        return "transformer", Phrase("变压器损耗须写明变压器编号")
    if unit.account_id != point.account_id:
        return "transformer", Phrase("该变压器属于另一户")
    if any(getattr(unit, name) is None for name in _PLATE[method]):
        return "transformer", Phrase("该变压器的铭牌损耗参数未登记")
    if method == LossMethod.TABLE and not _has_table(row.get("loss_table"), unit):
        return "loss_table", Phrase("没有这个变损表容量为 %(kva)s kVA 的行", kva=unit.capacity_kva)
    if row.get("shifts") is not None and not 1 <= row["shifts"] <= _MOST_SHIFTS:
        return "shifts", Phrase("班制应为 1、2 或 3")
    return None


def _has_table(table: str | None, unit: Transformer) -> bool:
    rows = LossTableRow.objects.filter(table=table or "", capacity_kva=unit.capacity_kva)
    return rows.exists()


@transaction.atomic
def store_fixed_energies(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Fixed quantities and shares by usage point, number and first day."""
    batch, outcome = Batch(rows), Outcome()
    points = _seen_points(batch, by)
    for index, row in list(batch.live()):
        energy, share = row.get("energy_kwh"), row.get("share")
        if (energy is None) == (share is None):
            batch.reject(index, "energy_kwh", Phrase("定量与定比应填且只填一项"))
        elif share is not None and not 0 < share < 1:
            batch.reject(index, "share", Phrase("定比应大于 0 且小于 1，如 0.05"))

    def values(row: Row) -> dict[str, Any]:
        named = {name: row.get(name) for name in ("use", "tariff_code", "energy_kwh", "share")}
        return {**named, "connection": row.get("connection") or MeterConnection.INSIDE}

    return _store(FixedEnergy, batch, points, values, outcome, by=by, at=at)


def _seen_points(batch: Batch, by: Viewer) -> dict[Any, Any]:
    seen = UsagePoint.objects.select_related("account__customer", "account__unit")
    points = resolve(
        batch, "usage_point", seen.visible_to(by), "number", Phrase("没有这个编号的计量点")
    )
    for index, row in list(batch.live()):
        ends = row.get("valid_until")
        if ends is not None and ends <= row["valid_from"]:
            batch.reject(
                index,
                "valid_until",
                Phrase("失效日期应晚于生效日期 %(day)s", day=row["valid_from"]),
            )
    return points


def _store(
    model: type[models.Model],
    batch: Batch,
    points: dict[Any, Any],
    values: Callable[[Row], dict[str, Any]],
    outcome: Outcome,
    *,
    by: Viewer,
    at: dt.datetime,
) -> Outcome:
    outcome.unchanged += len(batch.reject_repeats(_key, "number", Phrase("计量点的项目")))
    manager = model._default_manager  # noqa: SLF001 - Django's documented way to any model's rows
    stored: Any = manager.filter(usage_point__in=[p.pk for p in points.values()])
    stored = list(
        stored.select_related("usage_point__account__customer", "usage_point__account__unit")
    )
    existing = {(t.usage_point.number, t.number, t.valid_from): t for t in stored}
    _reject_overlaps(batch, stored)
    drafts = [
        Draft(
            {
                **{name: row.get(name) for name in _DATED},
                "usage_point": points[row["usage_point"]],
                **values(row),
            },
            existing.get(_key(row)),
            index,
        )
        for index, row in batch.live()
    ]
    told = _told("supply.point_loss" if model is PointLoss else "supply.fixed_energy")
    record_changes(save_drafts(model, drafts, outcome), told, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _key(row: Row) -> tuple[Any, ...]:
    return row["usage_point"], row["number"], row["valid_from"]


def _reject_overlaps(batch: Batch, stored: Sequence[Any]) -> None:
    """One version of an item a day: of two in a batch that share days the later is refused."""
    spans: dict[tuple[Any, Any], dict[dt.date, dt.date]] = {}
    for term in stored:
        own = spans.setdefault((term.usage_point.number, term.number), {})
        own[term.valid_from] = term.valid_until or dt.date.max
    for index, row in sorted(batch.live(), key=lambda pair: pair[1]["valid_from"]):
        own = spans.setdefault((row["usage_point"], row["number"]), {})
        start, until = row["valid_from"], row.get("valid_until") or dt.date.max
        if any(first != start and first < until and start < end for first, end in own.items()):
            batch.reject(index, "valid_from", Phrase("与同一项目另一行的有效期重叠"))
        else:
            own[start] = until
