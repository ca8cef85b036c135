"""The engines to choose from, by one word of the command line or the settings."""

from __future__ import annotations

from busbar.billing.engines.engine import Engine, UnableToMeasure
from busbar.billing.engines.here import Here

HERE = Here()


def choose_engine(word: str) -> Engine:
    """`local`, or the address of a Spark master: `spark://host:port[,host:port…]`."""
    if word == "local":
        return HERE
    if word.startswith("spark://"):
        from busbar.billing.engines.spark import Spark

        return Spark(word)
    raise UnableToMeasure("没有计算引擎 %(word)s：可用 local 或 spark://HOST:PORT", word=word)
