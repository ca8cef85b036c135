"""A month's bill run of many accounts, complete: curves, rating, bills and lines, journal.

One account has one usage point with 96 points a day in two channels. Kernel and decoding only
read the same files in turn; PostgreSQL holds some of the same usage points in a keyed table of
one row a reading and channel, and is compared by usage point. The run itself works in a process
and a SQLite database of its own.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.bench_month import Pace, compare, period_maps
from bench.curves import MONTH, ROUNDS
from bench.postgres import aggregate_narrow, copy_narrow, is_here, serving
from busbar.billing.kernel import aggregate_month
from busbar.billing.month_sums import MonthAggregates, PeriodMaps
from busbar.metering import lake

ACCOUNTS = int(os.environ.get("BUSBAR_BENCH_ACCOUNTS", "20000"))
POSTGRES_POINTS = int(os.environ.get("BUSBAR_BENCH_POSTGRES_POINTS", "1000"))
TARGET_RATE, TARGET_POSTGRES = 80, 40


def run() -> None:
    """Print the kernel's ratios and where the time of the whole run goes."""
    home = Path(tempfile.mkdtemp(prefix="busbar-bench-run-"))
    try:
        environment = make_region(home, ACCOUNTS)
        maps = period_maps(ACCOUNTS, first=1)
        paces = []
        for threads in (1, os.cpu_count() or 1):
            pa.set_cpu_count(threads)
            paces.append(compare(home / "lake", maps, threads, channels=2))
        pace = paces[0]
        rate = pace.readings / pace.cpu_seconds / 1e6
        print(f"  {rate:.0f} M readings/s a core, decoding included (target {TARGET_RATE})")
        measured = run_bills(environment)
        print_run(measured)
        _compare_postgres(home / "lake", maps, paces, measured["seconds"])
    finally:
        pa.set_cpu_count(os.cpu_count() or 1)
        shutil.rmtree(home, ignore_errors=True)


def make_region(home: Path, accounts: int) -> dict[str, str]:
    """A migrated home with so many accounts and their month; returns its environment."""
    environment = os.environ | {"BUSBAR_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    for words in (["busbar.cli.main", "migrate"], ["bench.run_region", str(accounts)]):
        command = [sys.executable, "-m", *words]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return environment


def run_bills(environment: dict[str, str]) -> dict[str, Any]:
    """Bill the month in a process of its own."""
    command = [sys.executable, "-m", "bench.run_times"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def print_run(measured: dict[str, Any]) -> None:
    """Print bills a second, memory, and the share of each part."""
    bills, seconds = measured["bills"], measured["seconds"]
    parts = measured["parts"] | {"the rest": seconds - sum(measured["parts"].values())}
    shares = ", ".join(f"{name} {part / seconds:.0%}" for name, part in parts.items())
    print(
        f"  whole run: {bills} bills with {measured['lines']} lines and their journal in "
        f"{seconds:.1f} s ({measured['cpu']:.1f} s of the processor): {bills / seconds:.0f} "
        f"bills/s by the clock, {bills / measured['cpu']:.0f} by the processor; "
        f"{measured['mib']:.0f} MiB at most; refused {measured['refused']}\n"
        f"  of its time: {shares}"
    )


def _compare_postgres(root: Path, maps: PeriodMaps, paces: list[Pace], run_seconds: float) -> None:
    """Print the ratios; `paces` are the kernel's on one thread and on all cores."""
    if not is_here():
        print("  PostgreSQL is not installed: no reference")
        return
    points = min(POSTGRES_POINTS, ACCOUNTS)
    ids = list(range(1, points + 1))
    curves = pa.Table.from_batches(lake.iter_month_batches(root, MONTH, usage_point_ids=ids))
    sums = aggregate_month(lake.iter_month_batches(root, MONTH, usage_point_ids=ids), maps)
    with serving() as connection:
        copied = copy_narrow(connection, curves.combine_chunks(), lake.CHANNELS[:2])
        mine: list[float] = []
        theirs = aggregate_narrow(
            connection, maps, points, ROUNDS, in_turn=lambda: mine.append(_kernel_cpu(root, maps))
        )
    _require_equal(theirs.rows, sums)
    times, share = theirs.seconds, ACCOUNTS / points
    theirs_quickest = min(times) * share
    all_cores, one_thread = (theirs_quickest / paces[each].seconds for each in (1, 0))
    pairs = [one * share / other for one, other in zip(theirs.cpu_seconds, mine, strict=True)]
    print(
        f"  PostgreSQL {copied.version}, {points} usage points, {points * MONTH.days * 192} rows "
        f"(one a reading and channel, keyed, {copied.bytes_a_row:.0f} B), cached: "
        f"quickest {min(times):.2f} s, median {statistics.median(times):.2f} s\n"
        f"  ratio by usage point (target {TARGET_POSTGRES}, equal to the last Wh), to the kernel "
        f"with decoding: by the clock, both on all cores, {all_cores:.1f}; "
        f"theirs on all cores and the kernel on one thread, {one_thread:.1f}"
        f"; core by core in turn, median {statistics.median(pairs):.1f}, "
        f"{min(pairs):.1f}..{max(pairs):.1f}; to the whole run {theirs_quickest / run_seconds:.2f}"
    )


def _kernel_cpu(root: Path, maps: PeriodMaps) -> float:
    """Seconds of the processor, of all threads, for the whole month."""
    begun = time.process_time()
    aggregate_month(lake.iter_month_batches(root, MONTH), maps)
    return time.process_time() - begun


def _require_equal(rows: list[tuple[int, ...]], sums: MonthAggregates) -> None:
    for row in rows:
        mine = sums.of(row[0])
        assert (tuple(row[1:7]), *row[7:]) == (
            mine.energy_wh,
            mine.reactive_lag_varh,
            mine.max_demand_w,
            mine.max_demand_interval,
            mine.quality_intervals[lake.Quality.ESTIMATED],
        )
