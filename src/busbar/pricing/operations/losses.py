"""Corrections K of copper losses and tables of losses, many rows at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.registers import Batch, Draft, Outcome, Row, Told, record_changes, save_drafts
from busbar.access.visibility import Viewer
from busbar.kit.errors import Phrase
from busbar.pricing.models import LossCorrection, LossTableRow
from busbar.pricing.operations.rules import reject_backward

_MOST_SHIFTS = 3


@transaction.atomic
def store_loss_corrections(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """K by province, shifts and first day."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(batch.reject_repeats(_key, "shifts", Phrase("省份、班制与生效日期")))
    reject_backward(batch)
    for index, row in list(batch.live()):
        if not 1 <= row["shifts"] <= _MOST_SHIFTS:
            batch.reject(index, "shifts", Phrase("班制应为 1、2 或 3"))
        elif row["value"] <= 0:
            batch.reject(index, "value", Phrase("修正系数应大于 0"))
    stored = LossCorrection.objects.filter(shifts__in=batch.values("shifts"))
    existing = {(k.province, k.shifts, k.valid_from): k for k in stored}
    drafts = [Draft(_values(row), existing.get(_key(row)), i) for i, row in batch.live()]
    changes = save_drafts(LossCorrection, drafts, outcome)
    record_changes(changes, Told("pricing.loss_correction"), by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _key(row: Row) -> tuple[Any, ...]:
    return row.get("province") or "", row["shifts"], row["valid_from"]


def _values(row: Row) -> dict[str, Any]:
    values = {name: row.get(name) for name in ("shifts", "value", "valid_from", "valid_until")}
    texts = {name: row.get(name) or "" for name in ("province", "source")}
    return {**values, **texts, "certainty": row["certainty"]}


_TABLE_KEY = ("table", "capacity_kva", "up_to_kwh", "valid_from")
_TABLE_FIELDS = (*_TABLE_KEY, "active_kwh", "valid_until", "source", "certainty")


@transaction.atomic
def store_loss_table_rows(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Rows of tables of losses by table, capacity, energy and first day."""
    batch, outcome = Batch(rows), Outcome()
    repeated = batch.reject_repeats(
        _table_key, "up_to_kwh", Phrase("变损表、容量、电量上限与生效日期")
    )
    outcome.unchanged += len(repeated)
    reject_backward(batch)
    for index, row in list(batch.live()):
        for name in ("active_kwh", "reactive_kvarh"):
            if (row.get(name) or 0) < 0:
                batch.reject(index, name, Phrase("损耗电量不应小于 0"))
                break
    stored = LossTableRow.objects.filter(table__in=batch.values("table"))
    existing = {tuple(getattr(row, name) for name in _TABLE_KEY): row for row in stored}
    drafts = [
        Draft(_table_values(row), existing.get(_table_key(row)), i) for i, row in batch.live()
    ]
    changes = save_drafts(LossTableRow, drafts, outcome)
    record_changes(changes, Told("pricing.loss_table_row"), by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _table_key(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in _TABLE_KEY)


def _table_values(row: Row) -> dict[str, Any]:
    values = {name: row.get(name) for name in _TABLE_FIELDS}
    return {**values, "reactive_kvarh": row.get("reactive_kvarh") or Decimal(0)}
