"""The office's catalogues with every version, and the choices of a package."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from busbar.key_accounts.models import (
    BasicService,
    RefusalReason,
    ServicePackage,
    ValueAddedProduct,
)

CatalogueItem = ValueAddedProduct | ServicePackage | BasicService | RefusalReason
MODELS: dict[str, type[CatalogueItem]] = {
    "product": ValueAddedProduct,
    "package": ServicePackage,
    "template": BasicService,
    "reason": RefusalReason,
}
"""The catalogues by name; basic services stay the seven, only their templates change."""


@dataclass(frozen=True)
class Kept:
    """An item as it stands: the version of the day, else its newest; its other versions."""

    row: Any
    is_offered: bool
    others: tuple[Any, ...]
    on: dt.date

    @property
    def is_coming(self) -> bool:
        """Whether its first version is yet to begin."""
        return bool(self.row.valid_from > self.on)

    @property
    def newest(self) -> Any:
        """The version that a next one follows."""
        return max((self.row, *self.others), key=lambda row: row.valid_from)


def list_catalogue(on: dt.date) -> dict[str, list[Kept]]:
    """Every item by kind, in the order of entry; four queries."""
    return {kind: _kept(kind, on) for kind in MODELS}


def list_versions(kind: str) -> list[Any]:
    """Every version of a catalogue, by code, the newest first."""
    rows = MODELS[kind]._default_manager.order_by("code", "-valid_from")  # noqa: SLF001 - Django's way to rows
    return list(rows)


def _kept(kind: str, on: dt.date) -> list[Kept]:
    by_code: dict[str, list[Any]] = {}
    for row in list_versions(kind):
        by_code.setdefault(row.code, []).append(row)
    found = [_one(rows, on) for rows in by_code.values()]
    return sorted(found, key=lambda one: min(row.pk for row in (one.row, *one.others)))


def _one(rows: list[Any], on: dt.date) -> Kept:
    now = next((row for row in rows if _holds(row, on)), None)
    shown = now or rows[0]
    others = tuple(row for row in rows if row.pk != shown.pk)
    return Kept(shown, now is not None, others, on)


def _holds(row: Any, on: dt.date) -> bool:
    return bool(row.valid_from <= on and (row.valid_until is None or row.valid_until > on))
