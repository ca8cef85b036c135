"""The day of an exchange by the interval: the old meter's part and the new one's become a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from busbar.metering.lake.schema import CHANNELS, INTERVALS, QUALITY, Quality


@dataclass(frozen=True)
class Part:
    """A row of the curves and the intervals [first, last) in which its meter hung.

    `opens_inside`, `closes_inside`: another meter hung for the rest of the first, the last one.
    """

    row: int
    first: int
    last: int
    opens_inside: bool = False
    closes_inside: bool = False


def join_parts(curves: pa.Table, groups: Sequence[Sequence[Part]]) -> pa.Table:
    """One row for each group of parts, in the schema of `curves`.

    Outside its own intervals a meter says nothing. An interval in which meters changed is the
    sum of both; with only one of them there it is MISSING, for validation to fill.
    """
    if not groups:
        return curves.schema.empty_table()
    rows = [_join([(part, curves.slice(part.row, 1).to_pylist()[0]) for part in g]) for g in groups]
    return pa.Table.from_pylist(rows, schema=curves.schema)


def _join(parts: Sequence[tuple[Part, dict[str, Any]]]) -> dict[str, Any]:
    joined = dict(parts[0][1])
    codes, values = [int(Quality.MISSING)] * INTERVALS, {}
    for name in CHANNELS:
        if any(row[name] is not None for _part, row in parts):
            values[name] = [0] * INTERVALS
    for interval in range(INTERVALS):
        present = [row for part, row in parts if _says(part, row, interval)]
        if not present or len(present) < _needed(parts, interval):
            continue
        codes[interval] = max(row[QUALITY][interval] for row in present)
        for name, curve in values.items():
            curve[interval] = sum(row[name][interval] for row in present if row[name] is not None)
    return {**joined, **dict.fromkeys(CHANNELS), **values, QUALITY: codes}


def _says(part: Part, row: dict[str, Any], interval: int) -> bool:
    held = row[QUALITY] is not None and part.first <= interval < part.last
    return held and row[QUALITY][interval] != Quality.MISSING


def _needed(parts: Sequence[tuple[Part, dict[str, Any]]], interval: int) -> int:
    """Two where meters changed inside the interval, else one."""
    split = any(
        (part.opens_inside and interval == part.first)
        or (part.closes_inside and interval == part.last - 1)
        for part, _row in parts
    )
    return 2 if split else 1
