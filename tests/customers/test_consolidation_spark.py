"""Spark weighs as DuckDB does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools.spark import NoSparkError, find_spark

from busbar.customers.consolidation.backends import UnableToCompare, choose_backend

_ROOT = Path(__file__).parents[2]


class TestChoice:
    def test_refuses_a_word_it_does_not_know(self) -> None:
        with pytest.raises(UnableToCompare, match="没有计算引擎 dask"):
            choose_backend("dask")


@pytest.mark.slow
class TestSpark:
    def test_gives_the_same_pairs_and_weights(self, request: pytest.FixtureRequest) -> None:
        if request.config.getoption("database") != "sqlite":
            pytest.skip("the same on every database: runs with SQLite")
        try:
            find_spark()
        except NoSparkError as missing:
            pytest.skip(str(missing))

        here, there = _pairs("local"), _pairs("local[1]")

        assert len(here) > 3
        assert there == here


def _pairs(engine: str) -> Any:
    path = os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.customers.spark_pairs", engine],
        env=environment, cwd=_ROOT, capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    told = next(line for line in done.stdout.splitlines() if line.startswith("pairs "))
    return json.loads(told.removeprefix("pairs "))
