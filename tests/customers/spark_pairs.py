"""Weigh the small archive on the engine named in the first argument; print the pairs as JSON."""

from __future__ import annotations

import json
import sys

from busbar.customers.consolidation.backends import choose_backend
from busbar.customers.consolidation.engine import score
from busbar.customers.consolidation.features import ArchiveEntry, make_features
from busbar.customers.consolidation.model import shipped_parameters

_NAMES = (
    "东海钢铁有限公司",
    "东海钢铁（有限公司）二车间",
    "冬海钢铁厂",
    "华宁化工有限公司",
    "华宁化工股份有限公司",
)


def main(engine: str) -> None:
    """Five entries, each of its own customer."""
    entries = [
        ArchiveEntry(f"{n}", f"{n}", name, f"临江县工业大道{n // 3 + 1}号", phones=["13800000001"])
        for n, name in enumerate(_NAMES)
    ]
    pairs = score(
        [make_features(entry) for entry in entries],
        shipped_parameters(),
        least_bits=-20,
        backend=choose_backend(engine),
    )
    sys.stdout.write(
        "pairs " + json.dumps([[p.left, p.right, round(p.bits, 6)] for p in pairs]) + "\n"
    )


if __name__ == "__main__":
    main(sys.argv[1])
