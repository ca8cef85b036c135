"""Shipped grades of certificates and items of inspection (R58, R59)."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.connections.models import InspectionItem, QualificationScope
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening

_SEED = Path(__file__).resolve().parents[1] / "seed"
_LONG_AGO = dt.date(2010, 1, 1)


@transaction.atomic
def load_works_seed(*, at: dt.datetime) -> int:
    """Enter the shipped rows that are not there yet; rows an organization changed stay.

    Returns how many were entered; twice in a row enters none.
    """
    entered = sum(_enter(QualificationScope, key, row) for key, row in _scopes())
    entered += sum(_enter(InspectionItem, key, row) for key, row in _items())
    if entered:
        happening = Happening(
            event="connections.works_seed.loaded",
            subject_type="connections.inspection_item",
            subject_id=0,
            changes={"rows": entered},
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return entered


def _enter(model: Any, key: dict[str, Any], row: dict[str, Any]) -> int:
    _, created = model.objects.get_or_create(**key, defaults=row)
    return int(created)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_SEED / name).read_text(encoding="utf-8"))


def _scopes() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    shared = ("document", "article", "source", "certainty", "note")
    for entry in _read("qualification_scopes.toml")["scope"]:
        for kind in (entry["kind"], *entry["also_for"]):
            for grade, reach in entry["grades"].items():
                key = {"kind": kind, "grade": grade, "valid_from": entry["valid_from"]}
                row = {name: entry[name] for name in shared}
                yield (
                    key,
                    {
                        **row,
                        "valid_until": entry.get("valid_until"),
                        "max_voltage_kv": Decimal(reach) if reach else None,
                    },
                )


def _items() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for entry in _read("inspection_items.toml")["item"]:
        limits = {
            bound: Decimal(entry[bound]) if entry.get(bound) else None
            for bound in ("minimum", "maximum")
        }
        key = {"code": entry["code"], "valid_from": _LONG_AGO}
        yield (
            key,
            {
                "inspection_kind": entry["kind"],
                "title": entry["title"],
                "clause": entry["clause"],
                "source": entry["clause"],
                "supply_kinds": entry.get("supply_kinds", []),
                "is_test": entry.get("is_test", False),
                "unit": entry.get("unit", ""),
                "certainty": entry.get("certainty", "unverified"),
                **limits,
            },
        )
