"""What ships with the room, read from TOML without a database."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

SEED = Path(__file__).resolve().parent / "seed"


@cache
def read(name: str) -> dict[str, Any]:
    """One file of the seed; figures are decimals."""
    return tomllib.loads((SEED / name).read_text(encoding="utf-8"), parse_float=Decimal)


def standards() -> list[dict[str, Any]]:
    """The shipped figures of the service standard."""
    return [{**row, "amount": Decimal(row["amount"])} for row in read("standards.toml")["standard"]]
