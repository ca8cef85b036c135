"""How a month's sums grow with the accounts: seconds and memory in this process, and on Spark.

BUSBAR_BENCH_SIZES names the sizes; 200000 needs 2 GB of disk. The whole bill run: `bench run`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.spark import NoSparkError, cluster

from bench.bench_month import period_maps
from bench.curves import MONTH
from busbar.billing.engines import HERE
from busbar.billing.engines.spark import Spark
from busbar.metering import lake

SIZES = [int(size) for size in os.environ.get("BUSBAR_BENCH_SIZES", "2000,20000").split(",")]
WORKERS, PIECES = 2, 16


def run() -> None:
    """Print a line a size."""
    folder = Path(tempfile.mkdtemp(prefix="busbar-bench-growth-"))
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    try:
        for size in SIZES:
            made = _step("make", folder / str(size), size)
            _print_here(size, made["bytes"], _step("measure", folder / str(size), size))
        with cluster() as running:
            running.add_workers(WORKERS)
            os.environ["SPARK_CONF_DIR"] = running.environment["SPARK_CONF_DIR"]
            for size in SIZES:
                _print_spark(folder / str(size), size, Spark(running.address, pieces=PIECES))
    except NoSparkError as missing:
        print(missing)
    finally:
        shutil.rmtree(folder)


def _step(word: str, root: Path, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.growth_step", word, str(root), str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    took: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return took


def _print_here(size: int, stored: float, took: dict[str, float]) -> None:
    readings = size * MONTH.days * 192
    print(
        f"{size:>7} usage points, {readings / 1e6:.0f} M readings, {stored / 1e6:.0f} MB: "
        f"quickest {took['quickest']:.2f} s, median {took['median']:.2f} s, "
        f"{took['cpu']:.2f} s of the processor, {took['mib']:.0f} MiB at most",
        flush=True,
    )


def _print_spark(root: Path, size: int, spark: Spark) -> None:
    """Compare the bytes, and time two uses: the first of all pays for Java and imports."""
    maps, as_of = period_maps(size), lake.current_version(root)
    expected = HERE.measure(root, MONTH, maps, as_of=as_of)
    seconds = []
    for _ in range(2):
        begun = time.perf_counter()
        sums = spark.measure(root, MONTH, maps, as_of=as_of)
        seconds.append(time.perf_counter() - begun)
        pairs = zip(sums.arrays().values(), expected.arrays().values(), strict=True)
        assert all(mine.tobytes() == theirs.tobytes() for mine, theirs in pairs)
    print(
        f"{size:>7} usage points on {WORKERS} Spark workers of one core, {PIECES} pieces: "
        f"{seconds[0]:.1f} s, again {seconds[1]:.1f} s (equal to the byte)",
        flush=True,
    )
