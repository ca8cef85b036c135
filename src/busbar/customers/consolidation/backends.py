"""Where Splink computes: in process on DuckDB, or on a Spark cluster when the archive is large."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from busbar.customers.consolidation.engine import Backend, DuckdbBackend
from busbar.kit.errors import Refusal


class UnableToCompare(Refusal):
    """The named engine cannot be used."""


def choose_backend(word: str) -> Backend:
    """`local`, or a Spark master: `spark://host:port`, `local[2]` for one machine's cores."""
    if word == "local":
        return DuckdbBackend()
    if word.startswith(("spark://", "local[")):
        return SparkBackend(word)
    raise UnableToCompare("没有计算引擎 %(word)s：可用 local 或 spark://HOST:PORT", word=word)


class SparkBackend:
    """The same SQL on Spark; needs the optional packages (`make spark`) and Java."""

    def __init__(self, master: str) -> None:
        try:
            from pyspark.sql import SparkSession
            from splink.internals.spark.database_api import SparkAPI
        except ImportError as missing:
            raise UnableToCompare("没有安装 Spark 组件：请运行 make spark") from missing
        built = SparkSession.builder.master(master).appName("busbar consolidation")
        for name, value in _SETTINGS.items():
            built = built.config(name, value)
        self._spark = _started(built)
        api: Any = SparkAPI  # Splink leaves it untyped
        self._api = api(
            spark_session=self._spark,
            num_partitions_on_repartition=8,
            break_lineage_method="persist",
        )

    def register(self, table: pa.Table) -> Any:
        """The entries as a Spark frame."""
        frame = self._spark.createDataFrame(table.to_pandas())
        return self._api.register(frame)

    def rows(self, frame: Any, columns: list[str]) -> Iterator[tuple[Any, ...]]:
        """Fetched a partition at a time."""
        for row in frame.as_spark_dataframe().select(*columns).toLocalIterator():
            yield tuple(row)


def _started(built: Any) -> Any:
    try:
        return built.getOrCreate()
    except RuntimeError as refused:  # PySparkRuntimeError: no Java, or it ended at once
        raise UnableToCompare("不能启动 Spark：请检查是否装有 Java 17") from refused


_SETTINGS = {
    "spark.sql.shuffle.partitions": "8",
    "spark.default.parallelism": "8",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.ansi.enabled": "false",
    "spark.ui.enabled": "false",
}
"""Splink's SQL expects Spark 3's forgiving casts; Spark 4 is strict unless told."""
