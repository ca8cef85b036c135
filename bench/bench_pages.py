"""Pages: list, search and customer page with 10,000 customers against 300, in one run."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FEW = int(os.environ.get("BUSBAR_BENCH_CUSTOMERS_FEW", "300"))
MANY = int(os.environ.get("BUSBAR_BENCH_CUSTOMERS", "10000"))


def run() -> None:
    """Print the median of each page and what ten thousand customers cost over three hundred."""
    folder = Path(tempfile.mkdtemp(prefix="busbar-bench-pages-"))
    try:
        few, many = (_measure(folder / str(size), size) for size in (FEW, MANY))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{'page':<34}{FEW:>8}{MANY:>8} customers, median ms; ratio; queries")
    for page, (slow, queries) in many.items():
        quick, queries_few = few[page]
        counts = f"{queries_few} / {queries}"
        print(f"{page:<34}{quick:>8.1f}{slow:>8.1f}   {slow / quick:>5.2f}   {counts}")


def _measure(home: Path, customers: int) -> dict[str, tuple[float, int]]:
    environment = os.environ | {"BUSBAR_HOME": str(home), "BUSBAR_DEMO": "1"}
    environment.pop("DATABASE_URL", None)
    begun = time.perf_counter()
    words = ["--customers", str(customers), "--months", "1", "--no-serve", "--quick"]
    subprocess.run(
        [sys.executable, "-m", "busbar.cli.main", "demo", *words],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    print(f"{customers} customers imported and billed in {time.perf_counter() - begun:.0f} s")
    answer = subprocess.run(
        [sys.executable, "-m", "bench.page_times"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return {page: (ms, queries) for page, ms, queries in json.loads(answer.stdout)}
