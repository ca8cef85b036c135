"""Train the parameters that Busbar ships: `python -m bench.consolidation.tune`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from bench.consolidation import tuning_archive
from bench.consolidation.names import brands
from busbar.customers import consolidation
from busbar.customers.consolidation.engine import train_from_labels
from busbar.customers.consolidation.features import make_features
from busbar.customers.consolidation.model import Parameters

BODIES = 6_000
FILE = Path(consolidation.__file__).parent / "data" / "parameters.json"
SOURCE = (
    f"trained by bench/consolidation/tune.py on {BODIES} generated bodies (seed "
    f"{tuning_archive.SEED}) with the brands of the Company-Names-Corpus whose SHA-256 is even"
)


def main() -> None:
    """Write data/parameters.json."""
    archive = tuning_archive.entries(brands(measured=False), BODIES)
    trained = train_from_labels([make_features(entry) for entry in archive], source=SOURCE)
    text = json.dumps(_rounded(trained).as_json(), ensure_ascii=False, indent=1)
    FILE.write_text(text + "\n", encoding="utf-8")
    print(f"{len(archive)} entries, {trained.partners:.2f} partners each: {FILE.name}")


def _rounded(trained: Parameters) -> Parameters:
    levels = {
        key: {name: (float(f"{m:.5g}"), float(f"{u:.5g}")) for name, (m, u) in found.items()}
        for key, found in trained.levels.items()
    }
    return replace(trained, levels=levels, partners=float(f"{trained.partners:.4g}"))


if __name__ == "__main__":
    main()
