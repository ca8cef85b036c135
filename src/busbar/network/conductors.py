"""Conductor types as shipped: impedance and ampacity, plain values read once from the seed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Conductor:
    """A kind of line: ohm/km (positive sequence), nF/km, long-term ampacity in A.

    >>> shipped_conductors()["LGJ-240"].ampacity_a
    Decimal('610')
    """

    code: str
    name: str
    kind: str
    r_ohm_per_km: Decimal
    x_ohm_per_km: Decimal
    c_nf_per_km: Decimal
    ampacity_a: Decimal
    source: str
    certainty: str


@cache
def shipped_conductors() -> dict[str, Conductor]:
    """The packaged conductor types by code."""
    text = (resources.files("busbar.network") / "seed" / "conductor_types.toml").read_text(
        encoding="utf-8"
    )
    document = tomllib.loads(text, parse_float=Decimal)
    common = {name: document[name] for name in ("source", "certainty")}
    return {row["code"]: _conductor({**common, **row}) for row in document["conductor"]}


def _conductor(row: dict[str, Any]) -> Conductor:
    numbers = {
        name: Decimal(value)
        for name, value in row.items()
        if isinstance(value, int | Decimal) and not isinstance(value, bool)
    }
    return Conductor(**{**row, **numbers})
