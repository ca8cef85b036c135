"""This process as an engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Semaphore

import pyarrow as pa

from busbar.billing.engines.pieces import measure_piece
from busbar.billing.month_sums import MonthAggregates, PeriodMaps
from busbar.kit.periods import Month
from busbar.metering.lake import split_month

_DECODING = 4
"""Threads for each one that adds up: decoding takes four to five times as long."""


@dataclass(frozen=True)
class Here:
    """One pass over the lake, a piece of the month in each thread.

    A thread decodes a row group and adds it up while it lies in the processor's cache; Arrow and
    numpy leave the interpreter meanwhile, so that threads are enough.
    """

    threads: int = 0
    """0: as many as Arrow takes, one for each core."""

    def measure(self, root: Path, month: Month, maps: PeriodMaps, *, as_of: int) -> MonthAggregates:
        """Sum the month."""
        threads = self.threads or pa.cpu_count()
        ids = maps.usage_point_ids
        pieces = split_month(root, month, ids, pieces=threads, as_of=as_of)
        sums, turn = MonthAggregates.empty(ids), Semaphore(max(1, threads // _DECODING))
        with ThreadPoolExecutor(threads) as pool:
            for part in pool.map(partial(measure_piece, maps=maps, turn=turn), pieces):
                sums.put(part)
        return sums
