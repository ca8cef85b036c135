"""How well entries of one body are found: on a generated Chinese archive, and on real persons.

Nothing here was tuned on what is measured: the shipped parameters and the thresholds come from
`bench/consolidation/tuning_archive.py`, whose brands are the other half of the hashes.
Persons train their own model without labels; the one weight chosen with labels is chosen on half
of them.
"""

from __future__ import annotations

import time

from bench.consolidation import measured_archive, tuning_archive
from bench.consolidation.measuring import measure_archive
from bench.consolidation.names import SHARED, brands
from bench.consolidation.persons import measure

BODIES = 5_000


def run() -> None:
    """Print precision, recall, F1 and top-1; skip what has no data here."""
    if not (found := brands(measured=True)):
        print(f"no company_names below {SHARED}: skipped")
    else:
        _show(
            "tuning archive (for comparison only)",
            tuning_archive.entries(brands(measured=False), BODIES, 12),
        )
        _show("measured archive", measured_archive.entries(found, BODIES))
    persons = SHARED / "historical_50k" / "historical_figures_with_errors_50k.parquet"
    if not persons.exists():
        print(f"no historical_50k below {SHARED}: skipped")
        return
    for line in measure(persons):
        print(f"  {line}")


def _show(name: str, archive: list[measured_archive.ArchiveEntry]) -> None:
    start = time.perf_counter()
    told = measure_archive(archive)
    seconds = time.perf_counter() - start
    print(f"  {name}: {len(archive)} entries, {seconds:.1f} s")
    for line in told:
        print(f"    {line}")
