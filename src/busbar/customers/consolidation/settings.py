"""The shipped figures of the consolidation: read from the seed, stored as dated rows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from busbar.customers.consolidation.deciding import Thresholds

SEED = Path(__file__).parents[1] / "seed" / "consolidation.toml"


@lru_cache(maxsize=1)
def shipped_figures() -> tuple[dict[str, Any], ...]:
    """The seed's rows."""
    rows: list[dict[str, Any]] = tomllib.loads(SEED.read_text(encoding="utf-8"))["figure"]
    return tuple({**row, "value": Decimal(row["value"])} for row in rows)


def shipped_thresholds() -> Thresholds:
    """The shipped thresholds, for measures and tests."""
    return thresholds_of({row["code"]: row["value"] for row in shipped_figures()})


def thresholds_of(figures: Mapping[str, Decimal]) -> Thresholds:
    """Thresholds from figures by code."""
    return Thresholds(
        join_bits=float(figures["join_bits"]),
        ask_bits=float(figures["ask_bits"]),
        margin_bits=float(figures["margin_bits"]),
    )
