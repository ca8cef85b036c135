"""Run every bench_*.py of this folder: `python -m bench`, or `python -m bench month lake`."""

import importlib
import os
import platform
import sys
from pathlib import Path


def main(wanted: list[str]) -> None:
    """Print the machine, then what each measure prints."""
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}")
    if forced := os.environ.get("OPENBLAS_CORETYPE"):
        print(
            f"OPENBLAS_CORETYPE={forced}: numpy's matrix product does not use what this machine has"
        )
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if not wanted or name in wanted:
            print(f"\n== {name} ==", flush=True)
            importlib.import_module(f"bench.{path.stem}").run()


if __name__ == "__main__":
    main(sys.argv[1:])
