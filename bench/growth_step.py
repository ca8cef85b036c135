"""One step of `bench growth` in a process of its own, so that its memory is its own.

`make FOLDER POINTS` writes a lake, `measure FOLDER POINTS` adds up its month; both print JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import bench  # noqa: F401 - settles numpy's threads before numpy is imported
from bench.bench_month import period_maps
from bench.curves import MONTH, make_lake
from bench.memory import most_memory_mib
from busbar.billing.engines import HERE
from busbar.metering import lake
from busbar.metering.lake.storage import read_snapshot


def main(word: str, root: Path, points: int) -> None:
    """Do the step and print what it took."""
    took = {"make": _make, "measure": _measure}[word](root, points)
    took["mib"] = most_memory_mib()
    print(json.dumps(took))


def _make(root: Path, points: int) -> dict[str, float]:
    make_lake(root, points, channels=2)
    return {"bytes": sum(file.size for file in read_snapshot(root).files)}


def _measure(root: Path, points: int) -> dict[str, float]:
    maps, as_of = period_maps(points), lake.current_version(root)
    seconds, cpu = [], []
    for _ in range(3):
        begun, used = time.perf_counter(), time.process_time()
        HERE.measure(root, MONTH, maps, as_of=as_of)
        seconds.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - used)
    return {"quickest": min(seconds), "median": sorted(seconds)[1], "cpu": min(cpu)}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
