"""Apache Spark as an engine: the month's pieces are added up by a cluster's workers.

Spark only hands out pieces and brings back their sums; the workers read the lake's Parquet files
themselves, with pyarrow, and run the same kernel. So every node must see the lake's folder under
the same path. A piece whose worker dies is given to another. See docs/operate/spark.md.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from busbar.billing.engines.engine import UnableToMeasure
from busbar.billing.engines.pieces import (
    Measure,
    code_digest,
    from_batch,
    measure_piece,
    to_batch,
)
from busbar.billing.month_sums import MonthAggregates, PeriodMaps
from busbar.kit.periods import Month
from busbar.metering.lake import MonthPiece, split_month

_LISTS = {"energy_wh", "quality_intervals"}
_COLUMNS = ", ".join(
    f"{field.name} {'array<bigint>' if field.name in _LISTS else 'bigint'}"
    for field in fields(MonthAggregates)
    if field.name != "rows_skipped"
)
"""The sums of one usage point, as Spark names types."""

_SETTINGS = {
    "spark.app.name": "busbar bill run",
    "spark.ui.enabled": "false",  # it would listen on every address of this machine
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "0",
    "spark.executorEnv.OMP_NUM_THREADS": "1",  # the cluster counts one core a piece
    "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
    "spark.executorEnv.MIMALLOC_PURGE_DELAY": "1000",
}

_SAID_BY_WORKERS = ("RuntimeError", "OSError", "FileNotFoundError", "ModuleNotFoundError")
_REACH_SECONDS = 5.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Spark:
    """A standalone cluster, by the address of its master."""

    address: str
    """`spark://host:port`, several masters separated by commas."""
    pieces: int = 64
    """Into how many pieces a month is cut: a few for each core of the cluster."""
    patience_seconds: float = 120.0
    """How long nothing may be worked on, say for want of workers, before this gives up."""
    measure_one: Measure = measure_piece

    def measure(self, root: Path, month: Month, maps: PeriodMaps, *, as_of: int) -> MonthAggregates:
        """Sum the month on the cluster; UnableToMeasure where it is not to be had."""
        self._require()
        root, ids = root.resolve(), maps.usage_point_ids
        pieces = split_month(root, month, ids, pieces=self.pieces, as_of=as_of)
        sums = MonthAggregates.empty(ids)
        if pieces:
            for batch in self._run(pieces, maps).to_batches():
                sums.put(from_batch(batch))
        return sums

    def _require(self) -> None:
        """Look for what is needed before Java is started, which takes seconds."""
        try:
            import pandas  # noqa: F401 - pyspark asks for it only when it is too late
            import pyspark  # noqa: F401
        except ImportError as missing:
            raise UnableToMeasure(
                "使用 Spark 需要 Python 软件包 %(name)s："
                "pip install 'busbar[spark]'，或 make spark",
                name=missing.name,
            ) from missing
        if not find_java():
            raise UnableToMeasure("使用 Spark 需要 Java 17 或更高版本：本机没有找到 java")
        if not any(map(_answers, self._masters())):
            raise UnableToMeasure("连接不上 Spark 主节点 %(address)s", address=self.address)

    def _masters(self) -> list[tuple[str, int]]:
        hosts = self.address.removeprefix("spark://").split(",")
        try:
            parts = [urlsplit(f"//{host}") for host in hosts]
            return [(part.hostname or "", part.port or 7077) for part in parts]
        except ValueError:
            raise UnableToMeasure(
                "%(address)s 不是 Spark 主节点的地址", address=self.address
            ) from None

    def _run(self, pieces: list[MonthPiece], maps: PeriodMaps) -> pa.Table:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        try:
            with _session(self.address) as session:
                return self._sum(session, pieces, maps)
        except (PySparkException, Py4JError, OSError) as failure:
            raise UnableToMeasure(
                "Spark 集群未能算完：%(failure)s", failure=reason(failure)
            ) from failure

    def _sum(self, session: Any, pieces: list[MonthPiece], maps: PeriodMaps) -> pa.Table:
        context = session.sparkContext
        shared = context.broadcast((pieces, maps))
        work = worker(shared, self.measure_one, code_digest())
        numbers = session.range(len(pieces), numPartitions=len(pieces))
        with ThreadPoolExecutor(max_workers=1) as thread:
            answer: Future[pa.Table] = thread.submit(numbers.mapInArrow(work, _COLUMNS).toArrow)
            try:
                self._watch(context, answer)
            finally:
                # More than once: a slow machine may submit the job only after it was cancelled.
                while not wait([answer], _LOOK_SECONDS).done:
                    context.cancelAllJobs()
            return answer.result()

    def _watch(self, context: Any, answer: Future[pa.Table]) -> None:
        """Wait for the answer as long as anything is worked on."""
        worked = time.monotonic()
        while not wait([answer], _LOOK_SECONDS).done:
            if _is_working(context.statusTracker()):
                worked = time.monotonic()
            elif time.monotonic() - worked > self.patience_seconds:
                raise UnableToMeasure(
                    "Spark 集群 %(address)s 在 %(patience_seconds)s 秒内没有可用的工作节点",
                    address=self.address,
                    patience_seconds=f"{self.patience_seconds:g}",
                )


def find_java() -> str | None:
    """The Java that Spark would start: that of JAVA_HOME, or one on the path."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which(str(Path(home, "bin", "java")) if home else "java")


def _answers(master: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(master, timeout=_REACH_SECONDS):
            return True
    except OSError:
        return False


def _is_working(tracker: Any) -> bool:
    stages = (tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds())
    return any(stage is not None and stage.numActiveTasks > 0 for stage in stages)


@contextmanager
def _session(address: str) -> Iterator[Any]:
    """A session of our own, stopped at the end so that the cluster's cores are free again."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(address)
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def worker(
    shared: Any, measure_one: Measure, digest: str
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What a worker does with the numbers of its pieces."""

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if code_digest() != digest:
            raise RuntimeError("工作节点上的 Busbar 与本机版本不同")
        pa.set_cpu_count(1)
        pieces, maps = shared.value
        for batch in batches:
            for number in batch.column("id").to_pylist():
                yield to_batch(measure_one(pieces[number], maps))

    return work


def reason(failure: Exception) -> str:
    """The last line that says something, of what may be pages of Java."""
    lines = [line.strip() for line in str(failure).splitlines() if line.strip()]
    python = [
        line for line in lines if line.startswith(("RuntimeError", "OSError", "FileNotFound"))
    ]
    return (python or lines or [type(failure).__name__])[0][:300]
