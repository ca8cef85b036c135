"""Managers' pages with 10,000 customers and 150 managers against 300 and 5, in one run."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FEW = (300, 5, 300)
MANY = (
    int(os.environ.get("BUSBAR_BENCH_CUSTOMERS", "10000")),
    int(os.environ.get("BUSBAR_BENCH_MANAGERS", "150")),
    int(os.environ.get("BUSBAR_BENCH_ORDERS", "10000")),
)
"""Customers, managers, orders of a year."""


def run() -> None:
    """Print the medians of each page and what the many cost over the few."""
    folder = Path(tempfile.mkdtemp(prefix="busbar-bench-managers-"))
    try:
        few, many = (_measure(folder / str(size[0]), size) for size in (FEW, MANY))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{'page':<38}{FEW[0]:>8}{MANY[0]:>8} customers, median ms of the processor; ratio;")
    print(f"{'':<54} median ms by the clock; queries few / many")
    for page, (slow, clock, queries) in many.items():
        quick, _clock, few_queries = few[page]
        print(
            f"{page:<38}{quick:>8.1f}{slow:>8.1f}   {slow / quick:>5.2f}   {clock:>8.1f}"
            f"   {few_queries} / {queries}"
        )


def _measure(home: Path, size: tuple[int, int, int]) -> dict[str, tuple[float, float, int]]:
    environment = os.environ | {"BUSBAR_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    begun = time.perf_counter()
    _call(environment, "-m", "busbar.cli.main", "migrate")
    _call(environment, "-m", "busbar.cli.main", "django", "collectstatic", "--noinput", "-v0")
    _call(environment, "-m", "bench.managers_region", *(str(n) for n in size))
    print(f"{size[0]} customers, {size[1]} managers made in {time.perf_counter() - begun:.0f} s")
    rows = json.loads(_call(environment, "-m", "bench.manager_times"))
    return {page: (ms, clock, queries) for page, ms, clock, queries in rows}


def _call(environment: dict[str, str], *words: str) -> str:
    answer = subprocess.run(
        [sys.executable, *words], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return answer.stdout
