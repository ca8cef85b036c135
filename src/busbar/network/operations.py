"""Substations, feeders and the company's own transformers, many rows at once (R35)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.db import models, transaction

from busbar.access.registers import (
    Batch,
    Draft,
    Outcome,
    Row,
    Told,
    fetch_by,
    pick,
    record_changes,
    reject_unseen,
    resolve,
    resolve_units,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.network.models import Feeder, PublicTransformer, Substation


@transaction.atomic
def store_substations(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Substations by code, in units of the viewer's branch."""
    batch = Batch(rows)
    units = resolve_units(batch, by)
    told = Told("network.substation", unit_path_of=lambda row: row.unit.path)
    return _store(batch, Substation, ("unit", "unit", units), told, by=by, at=at)


@transaction.atomic
def store_feeders(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Feeders by code, on substations the viewer sees."""
    batch = Batch(rows)
    seen = Substation.objects.visible_to(by).select_related("unit")
    parents = resolve(batch, "substation", seen, "code", "没有这个编码的变电站")
    told = Told("network.feeder", unit_path_of=lambda row: row.substation.unit.path)
    return _store(batch, Feeder, ("substation", "substation", parents), told, by=by, at=at)


@transaction.atomic
def store_public_transformers(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Public transformers by code, on feeders the viewer sees."""
    batch = Batch(rows)
    seen = Feeder.objects.visible_to(by).select_related("substation__unit")
    parents = resolve(batch, "feeder", seen, "code", "没有这个编码的馈线")
    told = Told(
        "network.public_transformer", unit_path_of=lambda row: row.feeder.substation.unit.path
    )
    return _store(batch, PublicTransformer, ("feeder", "feeder", parents), told, by=by, at=at)


def _store(
    batch: Batch,
    model: type[models.Model],
    parent: tuple[str, str, dict[Any, Any]],
    told: Told,
    *,
    by: Viewer,
    at: dt.datetime,
) -> Outcome:
    """Store rows of `code, name, capacity_kva, voltage_kv` under their parent."""
    outcome = Outcome()
    outcome.unchanged += len(batch.reject_repeats(lambda r: r["code"], "code", "编码"))
    _require_capacity(batch)
    rows: Any = model._default_manager  # noqa: SLF001 - Django's documented way to a model's rows
    relation, field_name, parents = parent
    existing = fetch_by(rows.select_related(relation), "code", batch.values("code"))
    reject_unseen(batch, existing, rows.all(), by, "code")
    drafts = [
        Draft({**_plain(row), relation: parents[row[field_name]]}, existing.get(row["code"]), index)
        for index, row in batch.live()
    ]
    record_changes(save_drafts(model, drafts, outcome), told, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _plain(row: Row) -> dict[str, Any]:
    return pick(row, code="code", name="name", voltage_kv="voltage_kv", capacity_kva="capacity_kva")


def _require_capacity(batch: Batch) -> None:
    _require(batch, "capacity_kva", lambda value: value > 0, "容量应大于 0 千伏安")
    _require(batch, "voltage_kv", lambda value: value > 0, "电压应大于 0 千伏")


def _require(batch: Batch, field_name: str, fits: Callable[[Any], bool], expectation: str) -> None:
    for index, row in list(batch.live()):
        if field_name in row and not fits(row[field_name]):
            batch.reject(index, field_name, expectation)
