"""The shipped rules of a complete file: read from the seed, stored as dated rows (R39)."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

SEED = Path(__file__).parent / "seed" / "completeness.toml"


@lru_cache(maxsize=1)
def shipped_rules() -> tuple[dict[str, Any], ...]:
    """The seed's rows."""
    return tuple(tomllib.loads(SEED.read_text(encoding="utf-8"))["rule"])
