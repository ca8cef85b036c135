"""Workflow: committed steps a second on SQLite and PostgreSQL, against SpiffWorkflow's own
restore + complete + serialise without any database, in the same run; and where the time goes.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.postgres import NoPostgresError, cluster

INSTANCES = int(os.environ.get("BUSBAR_BENCH_PROCESSES", "40"))


def run() -> None:
    """Print steps a second, the ratio and the shares for each database and kind of process."""
    folder = Path(tempfile.mkdtemp(prefix="busbar-bench-workflow-"))
    try:
        _show("SQLite (WAL, synchronous as the product sets it)", _measure(folder / "sqlite", None))
        try:
            with cluster() as address:
                _show("PostgreSQL (local, not flushed to disk)", _measure(folder / "pg", address))
        except NoPostgresError as missing:
            print(f"PostgreSQL left out: {missing}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _show(database: str, measured: dict[str, dict[str, float]]) -> None:
    spiff = measured.pop("spiff")
    print(
        f"{database}; SpiffWorkflow alone {spiff['ms']:.2f} ms a step, {spiff['bytes']:.0f} bytes"
    )
    for process, figures in measured.items():
        ratio = figures["ms"] / spiff["ms"]
        print(
            f"  {process:<12}{1000 / figures['ms']:>6.0f} steps/s{figures['ms']:>7.2f} ms"
            f"{ratio:>6.1f} x Spiff{figures['queries']:>6.1f} statements"
            f"{figures['bytes']:>7.0f} bytes of state"
        )
        parts = {name: ms for name, ms in figures.items() if name.startswith("in ")}
        shares = ", ".join(f"{name[3:]} {ms / figures['ms']:.0%}" for name, ms in parts.items())
        print(f"{'':14}{shares}")


def _measure(home: Path, address: str | None) -> dict[str, dict[str, float]]:
    home.mkdir()
    environment = os.environ | {"BUSBAR_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    if address:
        environment["DATABASE_URL"] = address
    command = [sys.executable, "-m", "bench.workflow_steps", str(INSTANCES)]
    answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    figures: dict[str, dict[str, float]] = json.loads(answer.stdout.splitlines()[-1])
    return figures
