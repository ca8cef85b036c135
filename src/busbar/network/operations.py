"""Substations, feeders, ties, conductors and transformers, many rows at once (R35)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.db import models, transaction

from busbar.access.registers import (
    Batch,
    Draft,
    Outcome,
    Row,
    Told,
    fetch_by,
    record_changes,
    reject_unseen,
    resolve,
    resolve_units,
    save_drafts,
)
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.kit.errors import Phrase
from busbar.network.conductors import shipped_conductors
from busbar.network.models import (
    ConductorType,
    Feeder,
    FeederTie,
    PublicTransformer,
    Substation,
    SubstationTransformer,
)


@transaction.atomic
def store_substations(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Substations by code, in units of the viewer's branch."""
    batch = Batch(rows)
    units = resolve_units(batch, by)
    told = Told("network.substation", unit_path_of=lambda row: row.unit.path)
    return _store(batch, Substation, {"unit": units}, told, by=by, at=at)


@transaction.atomic
def store_substation_transformers(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Main transformers by code, in substations the viewer sees."""
    batch = Batch(rows)
    _require(batch, "uk_percent", lambda value: value > 0, Phrase("短路电压应大于 0"))
    told = Told("network.substation_transformer", unit_path_of=lambda row: row.substation.unit.path)
    parents = {"substation": _substations(batch, by)}
    return _store(batch, SubstationTransformer, parents, told, by=by, at=at)


@transaction.atomic
def store_conductor_types(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Conductor types by code; impedances and ampacity above zero."""
    batch = Batch(rows)
    for name in ("r_ohm_per_km", "x_ohm_per_km", "ampacity_a"):
        _require(batch, name, lambda value: value > 0, Phrase("应大于 0"))
    told = Told("network.conductor_type", unit_path_of=lambda row: "")
    return _store(batch, ConductorType, {}, told, by=by, at=at)


def load_conductor_types(*, at: dt.datetime) -> Outcome:
    """Bring the shipped conductor types into the register; safe to repeat.

    A type that stands under the same code is left as the office has it.
    """
    known = set(ConductorType.objects.values_list("code", flat=True))
    rows = [asdict(c) for c in shipped_conductors().values() if c.code not in known]
    return store_conductor_types(rows=rows, by=SYSTEM_VIEWER, at=at)


@transaction.atomic
def store_feeders(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Feeders by code, on substations the viewer sees; conductor, length and peak are optional."""
    batch = Batch(rows)
    _require(
        batch,
        "length_km",
        lambda value: value is None or value > 0,
        Phrase("线路长度应大于 0 千米"),
    )
    _require(
        batch,
        "peak_power_factor",
        lambda value: value is None or 0 < value <= 1,
        Phrase("功率因数应大于 0、不大于 1"),
    )
    conductors = resolve(
        batch, "conductor", ConductorType.objects.all(), "code", Phrase("没有这个编码的导线型号")
    )
    parents = {"substation": _substations(batch, by), "conductor": conductors}
    told = Told("network.feeder", unit_path_of=lambda row: row.substation.unit.path)
    return _store(batch, Feeder, parents, told, by=by, at=at)


@transaction.atomic
def store_feeder_ties(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Ties by code, between two feeders the viewer sees."""
    batch = Batch(rows)
    for index, row in list(batch.live()):
        if row["feeder"] == row["other"]:
            batch.reject(index, "other", Phrase("联络的两端应为不同的馈线"))
    parents = {"feeder": _feeders(batch, "feeder", by), "other": _feeders(batch, "other", by)}
    told = Told("network.feeder_tie", unit_path_of=lambda row: row.feeder.substation.unit.path)
    return _store(batch, FeederTie, parents, told, by=by, at=at)


@transaction.atomic
def store_public_transformers(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Public transformers by code, on feeders the viewer sees."""
    batch = Batch(rows)
    parents = {"feeder": _feeders(batch, "feeder", by)}
    told = Told(
        "network.public_transformer", unit_path_of=lambda row: row.feeder.substation.unit.path
    )
    return _store(batch, PublicTransformer, parents, told, by=by, at=at)


def _substations(batch: Batch, by: Viewer) -> dict[Any, Any]:
    seen = Substation.objects.visible_to(by).select_related("unit")
    return resolve(batch, "substation", seen, "code", Phrase("没有这个编码的变电站"))


def _feeders(batch: Batch, field_name: str, by: Viewer) -> dict[Any, Any]:
    seen = Feeder.objects.visible_to(by).select_related("substation__unit")
    return resolve(batch, field_name, seen, "code", Phrase("没有这个编码的馈线"))


def _store(
    batch: Batch,
    model: type[models.Model],
    parents: Mapping[str, dict[Any, Any]],
    told: Told,
    *,
    by: Viewer,
    at: dt.datetime,
) -> Outcome:
    """Store rows by `code`; `parents` maps a relation to the rows it may name, by their key."""
    outcome = Outcome()
    outcome.unchanged += len(batch.reject_repeats(lambda r: r["code"], "code", Phrase("编码")))
    _require_capacity(batch)
    rows: Any = model._default_manager  # noqa: SLF001 - Django's documented way to a model's rows
    existing = fetch_by(rows.select_related(*parents), "code", batch.values("code"))
    if hasattr(rows.all(), "visible_to"):
        reject_unseen(batch, existing, rows.all(), by, "code")
    drafts = [
        Draft({**_plain(model, row), **_related(row, parents)}, existing.get(row["code"]), index)
        for index, row in batch.live()
    ]
    record_changes(save_drafts(model, drafts, outcome), told, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _related(row: Row, parents: Mapping[str, dict[Any, Any]]) -> dict[str, Any]:
    """The rows named; a blank optional relation is cleared, a column not given left alone."""
    return {name: found.get(row[name]) for name, found in parents.items() if name in row}


def _plain(model: type[models.Model], row: Row) -> dict[str, Any]:
    """The row's plain fields; a blank text is stored as such, a blank number as unknown."""
    plain = {}
    for model_field in model._meta.concrete_fields:  # noqa: SLF001 - documented model API
        name = model_field.name
        if name not in row or model_field.is_relation:
            continue
        blank_text = row[name] is None and not model_field.null
        plain[name] = model_field.get_default() if blank_text else row[name]
    return plain


def _require_capacity(batch: Batch) -> None:
    _require(batch, "capacity_kva", lambda value: value > 0, Phrase("容量应大于 0 千伏安"))
    _require(batch, "voltage_kv", lambda value: value > 0, Phrase("电压应大于 0 千伏"))


def _require(
    batch: Batch, field_name: str, fits: Callable[[Any], bool], expectation: Phrase
) -> None:
    for index, row in list(batch.live()):
        if field_name in row and not fits(row[field_name]):
            batch.reject(index, field_name, expectation)
