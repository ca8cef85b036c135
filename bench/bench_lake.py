"""The lake: bytes a reading, and one usage point's month against a scan of everyone's."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.curves import MONTH, POINTS, make_curves, make_lake
from busbar.metering import lake
from busbar.metering.lake.storage import read_snapshot


def run() -> None:
    """Print size, lookup, append and the price of appending the same again."""
    folder = Path(tempfile.mkdtemp(prefix="busbar-bench-"))
    try:
        root = folder / "lake"
        make_lake(root)
        _print_size(root)
        _print_lookup(root)
        _print_append(folder / "fresh")
    finally:
        shutil.rmtree(folder)


def _print_size(root: Path) -> None:
    files = read_snapshot(root).files
    values = POINTS * MONTH.days * 96 * len(lake.CHANNELS)
    size = sum(file.size for file in files)
    print(
        f"{POINTS} usage points x {MONTH.days} days: {size / 1e6:.0f} MB in {len(files)} file(s), "
        f"{size / values:.2f} B a reading (quality included; 5 % noise)"
    )


def _print_lookup(root: Path) -> None:
    def scan(channels: tuple[str, ...]) -> None:
        for _ in lake.iter_month_batches(root, MONTH, channels):
            pass

    period = MONTH.period
    for channels in (("active_wh",), lake.COLUMNS):
        whole = _median(lambda c=channels: scan(c), 3)
        one = _median(
            lambda c=channels: lake.read_curves(
                root, [POINTS // 3], period.start, period.end, channels=c
            ),
            20,
        )
        print(
            f"month of one usage point, {', '.join(channels)}: {one * 1e3:.1f} ms; "
            f"scan of the month {whole:.2f} s; ratio 1 : {whole / one:.0f}"
        )


def _print_append(root: Path) -> None:
    table = make_curves(0, min(POINTS, 2000))
    at = datetime(2025, 8, 1, tzinfo=UTC)

    def append(key: str) -> None:
        lake.append_curves(root, table, commit_key=key, at=at, source="bench")

    first = _seconds(lambda: append("a"))
    again = _seconds(lambda: append("b"))
    print(
        f"append of {table.num_rows} day curves: {first:.2f} s "
        f"({table.num_rows * 288 / first / 1e6:.0f} M values/s); the same content under another "
        f"key, nothing written: {again:.2f} s"
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _median(work: Callable[[], object], rounds: int) -> float:
    work()
    return statistics.median(_seconds(work) for _ in range(rounds))
