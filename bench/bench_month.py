"""The month's kernel against only decoding the same files, and against PostgreSQL.

Kernel and decoding read the same Parquet files and columns in turn, in one process, in as many
threads, each with its own row groups. PostgreSQL holds one row a reading (all three channels in a
row) of fewer usage points and is compared by usage point.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.curves import MONTH, POINTS, ROUNDS, make_lake
from bench.postgres import measure_postgres
from busbar.billing.engines.here import Here
from busbar.billing.kernel import aggregate_month
from busbar.billing.month_sums import MonthAggregates, PeriodMaps
from busbar.metering import lake
from busbar.metering.lake.storage import read_snapshot

POSTGRES_POINTS = int(os.environ.get("BUSBAR_BENCH_POSTGRES_POINTS", "1000"))
COLUMNS = ["usage_point_id", "day", *lake.COLUMNS]


def run() -> None:
    """Print the ratios of the month."""
    folder = Path(tempfile.mkdtemp(prefix="busbar-bench-"))
    try:
        make_lake(folder / "lake")
        maps = period_maps(POINTS)
        for threads in (1, os.cpu_count() or 1):
            pa.set_cpu_count(threads)
            seconds = compare(folder / "lake", maps, threads).seconds
        totals = aggregate_month(lake.iter_month_batches(folder / "lake", MONTH), maps)
        compare_postgres(folder, maps, totals, seconds / POINTS)
    finally:
        pa.set_cpu_count(os.cpu_count() or 1)
        shutil.rmtree(folder)


def period_maps(points: int, *, first: int = 0) -> PeriodMaps:
    """Two schemes: the same day every day; and one whose weekends differ."""
    plain = np.repeat([0, 1, 2, 3, 1, 0], 16)
    weekend = np.zeros(96, dtype=int)
    days = [MONTH.first + timedelta(days=i) for i in range(MONTH.days)]
    codes = {(1, day): plain for day in days}
    codes |= {(2, day): weekend if day.weekday() > 4 else plain for day in days}
    ids = range(first, first + points)
    return PeriodMaps.build(MONTH, codes, {point: 1 + point // 100 % 2 for point in ids})


def decode_only(root: Path, threads: int) -> int:
    """Decode the columns the kernel reads, to Arrow and to numpy, and do nothing with them.

    Plain pyarrow, each thread an even share of the row groups.
    """
    groups = [
        (root / file.path, group)
        for file in read_snapshot(root).in_month(str(MONTH))
        for group in range(pq.read_metadata(root / file.path).num_row_groups)
    ]
    shares = [groups[n * len(groups) // threads : (n + 1) * len(groups) // threads]
              for n in range(threads)]  # fmt: skip
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(_decode, shares))


def _decode(share: list[tuple[Path, int]]) -> int:
    files = {path: pq.ParquetFile(path, pre_buffer=True) for path, _group in share}
    tables = (files[path].read_row_group(group, COLUMNS, use_threads=False)
              for path, group in share)  # fmt: skip
    return sum(_to_numpy(batch) for table in tables for batch in table.to_batches())


def _to_numpy(batch: pa.RecordBatch) -> int:
    values = 0
    for name in COLUMNS:
        column = batch.column(name)
        flat = column.flatten() if name in lake.COLUMNS else column
        flat = flat.cast(pa.int32()) if name == "day" else flat  # numpy has no date32
        values += len(flat.to_numpy())
    return values


class Pace(NamedTuple):
    """What the kernel did in its quickest round."""

    readings: int
    seconds: float
    cpu_seconds: float


def compare(root: Path, maps: PeriodMaps, threads: int, *, channels: int = 3) -> Pace:
    """Print kernel : decoding; return the kernel's pace."""

    version = lake.current_version(root)

    def kernel() -> MonthAggregates:
        return Here(threads).measure(root, MONTH, maps, as_of=version)

    def decoding() -> int:
        return decode_only(root, threads)

    kernel(), decoding()  # the files come into the page cache
    pairs = [(_measure(decoding), _measure(kernel)) for _ in range(ROUNDS)]
    alone, whole = (list(times) for times in zip(*pairs, strict=True))
    ratios = sorted(k.elapsed / d.elapsed for d, k in pairs)
    cpu = statistics.median(k.cpu / d.cpu for d, k in pairs)
    quickest = [min(m.elapsed for m in measured) for measured in (alone, whole)]
    points = len(maps.usage_point_ids)
    readings = points * MONTH.days * 96
    print(
        f"{points} usage points x {MONTH.days} days x 96 x {channels} channels, "
        f"threads {threads}, "
        f"{ROUNDS} rounds in turn:\n"
        f"  quickest: only decoding {quickest[0]:.2f} s, kernel with decoding {quickest[1]:.2f} s, "
        f"ratio {quickest[1] / quickest[0]:.2f} (target 1.30)\n"
        f"  round by round: median {statistics.median(ratios):.2f}, "
        f"{ratios[0]:.2f}..{ratios[-1]:.2f}; processor time of both cores: {cpu:.2f}\n"
        f"  {readings / quickest[1] / 1e6:.0f} M intervals/s, "
        f"{channels * readings / quickest[1] / 1e6:.0f} M values/s"
    )
    return Pace(channels * readings, quickest[1], min(measured.cpu for measured in whole))


def compare_postgres(
    folder: Path, maps: PeriodMaps, totals: MonthAggregates, kernel_seconds_a_point: float
) -> None:
    """Print PostgreSQL : kernel for the same month, after checking that the results agree."""
    points = min(POSTGRES_POINTS, POINTS)
    measured = measure_postgres(folder, points, maps)
    if measured is None:
        print("  PostgreSQL 15 is not installed: no reference")
        return
    for row in measured.rows:
        mine = totals.of(row[0])
        theirs = (tuple(row[1:7]), row[7], row[8], row[9], row[10], row[11])
        assert theirs == (
            mine.energy_wh,
            mine.reactive_lag_varh,
            mine.reactive_lead_varh,
            mine.max_demand_w,
            mine.max_demand_interval,
            mine.quality_intervals[lake.Quality.ESTIMATED],
        )
    ratio = measured.seconds / points / kernel_seconds_a_point
    print(
        f"  PostgreSQL {measured.version}, one row a reading, {points} usage points "
        f"({measured.count} rows, {measured.bytes_a_row:.0f} B a row, loaded by COPY in "
        f"{measured.load_seconds:.0f} s): {measured.seconds:.2f} s with "
        f"{measured.workers} parallel workers\n"
        f"  ratio by usage point to the kernel on as many threads: {ratio:.1f} "
        f"(results equal to the last Wh)"
    )


class Measure(NamedTuple):
    """Seconds by the wall and by the processor (all threads; other programs do not count)."""

    elapsed: float
    cpu: float


def _measure(work: Callable[[], object]) -> Measure:
    begun, cpu = time.perf_counter(), time.process_time()
    work()
    return Measure(time.perf_counter() - begun, time.process_time() - cpu)
