"""Brands of the Company-Names-Corpus, split by hash: what tunes is never measured."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from pathlib import Path

SHARED = Path(
    os.environ.get("BUSBAR_MEASURE_DATA") or Path(__file__).resolve().parents[3] / "shared/data"
)
"""Where the real data lies; a measure is skipped where there is none."""
_BRAND = re.compile(r"[一-鿿]{2,5}")


def brands(*, measured: bool) -> list[str]:
    """Brands of two to five characters of one half: by the parity of the name's SHA-256."""
    path = SHARED / "company_names" / "names.txt.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names = {line.strip() for line in file}
    return sorted(name for name in names if _BRAND.fullmatch(name) and _is_odd(name) is measured)


def _is_odd(name: str) -> bool:
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1
