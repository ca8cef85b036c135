"""Catalogues that ship with the product: what may be charged, what works cost (R37, N8)."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import models, transaction

from busbar.connections.models import ChargeItem, UnitCost
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening

SEED = Path(__file__).resolve().parent.parent / "seed"
_CHARGE_ITEM_FIELDS = (
    "name",
    "basis",
    "unit",
    "supply_kinds",
    "application_kinds",
    "is_suggested",
    "is_refundable",
    "document",
    "note",
    "source",
    "certainty",
    "valid_until",
)


@transaction.atomic
def load_charge_items(*, at: dt.datetime) -> int:
    """Bring the shipped catalogue in; returns how many rows are new or changed.

    Safe to repeat. An item that the office entered itself (`certainty` local) is left alone.
    """
    entries = _read("fee_items.toml").get("item", [])
    values = [(_key(entry), _charge_item(entry)) for entry in entries]
    return _store(ChargeItem, values, "connections.charge_items.loaded", at)


@transaction.atomic
def load_unit_costs(*, at: dt.datetime) -> int:
    """Bring the shipped unit costs in; returns how many rows are new or changed."""
    document = _read("unit_costs.toml")
    common = {name: document[name] for name in ("valid_from", "source", "certainty")}
    entries = [{**common, **entry} for entry in document["unit_cost"]]
    values = [(_key(entry), _unit_cost(entry)) for entry in entries]
    return _store(UnitCost, values, "connections.unit_costs.loaded", at)


def _read(name: str) -> dict[str, Any]:
    path = SEED / name
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def _key(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": entry["code"], "valid_from": entry["valid_from"]}


def _charge_item(entry: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: entry[name] for name in _CHARGE_ITEM_FIELDS if name in entry}
    for name in ("price_yuan", "voltage_from_kv", "voltage_to_kv"):
        found[name] = Decimal(entry[name]) if name in entry else None
    return found


def _unit_cost(entry: Mapping[str, Any]) -> dict[str, Any]:
    known = ("name", "unit", "source", "certainty", "note", "valid_until")
    found = {name: entry[name] for name in known if name in entry}
    found["price_yuan"] = Decimal(str(entry["price_yuan"]))
    taken = {*known, "code", "valid_from", "price_yuan"}
    found["facts"] = {k: _plain(v) for k, v in entry.items() if k not in taken}
    return found


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal | dt.date) else value


def _store(
    model: type[models.Model],
    rows: list[tuple[dict[str, Any], dict[str, Any]]],
    event: str,
    at: dt.datetime,
) -> int:
    kept = model._default_manager  # noqa: SLF001 - Django's documented way to a model's rows
    changed = []
    for key, values in rows:
        stands = kept.filter(**key).first()
        if stands is None:
            kept.create(**key, **values)
        elif getattr(stands, "certainty", "") == "local" or _same(stands, values):
            continue
        else:
            kept.filter(**key).update(**values)
        changed.append(key["code"])
    if changed:
        happening = Happening(event, "connections.catalogue", 0, changes={"codes": changed})
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return len(changed)


def _same(stands: models.Model, values: Mapping[str, Any]) -> bool:
    return all(getattr(stands, name) == value for name, value in values.items())
