"""From judged days to what is to be stored: hits, estimates, new curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from busbar.metering.judging import Judged, Key
from busbar.metering.lake import CHANNELS, CURVE_SCHEMA, INTERVALS, Quality
from busbar.metering.lake.schema import ACTIVE
from busbar.metering.lake.vectors import as_lists
from busbar.metering.vee import Hit, Rule, Verdict, estimate_day, validate
from busbar.metering.vee.days import UNKNOWN, Integers, Mask, mask_of
from busbar.metering.vee.estimation import Estimate, Surroundings

_LAST = INTERVALS - 1


@dataclass
class Outcome:
    """What validation makes of a batch of days."""

    hits: list[Hit]
    estimates: dict[int, Estimate]
    """Of active energy, by row."""
    curves: pa.Table
    """The rows that changed, `CURVE_SCHEMA`."""
    changed_rows: set[int] = field(default_factory=set)

    @property
    def intervals_estimated(self) -> int:
        """Intervals that got a value."""
        return sum(int(estimate.filled.sum()) for estimate in self.estimates.values())

    def methods(self, hit: Hit) -> list[list[object]]:
        """How the intervals of a hit were estimated."""
        estimate = self.estimates.get(hit.row)
        if estimate is None or hit.action != "estimate":
            return []
        return [
            [start, end, method]
            for start, end, method in estimate.methods
            if any(start < last and first < end for first, last in hit.ranges)
        ]

    def energy_of(self, hit: Hit, judged: Judged) -> int:
        """Wh in question: for an estimate the difference that it makes, else what the rule said."""
        estimate = self.estimates.get(hit.row)
        if estimate is None or hit.action != "estimate":
            return hit.energy_wh
        touched = mask_of(hit.ranges) & estimate.filled
        before = np.where(judged.days.known[hit.row], judged.days.active[hit.row], 0)
        return int(np.abs(estimate.values - before)[touched].sum())


def judge(judged: Judged, rules: Sequence[Rule], *, most_linear: int) -> Outcome:
    """Ask the rules, estimate what they call for, and build the rows that differ."""
    days = judged.days
    verdict = validate(days, rules)
    quality = days.quality.copy()
    values = {name: days.values[name].copy() for name in CHANNELS}
    quality[verdict.quality["outage"]] = Quality.OUTAGE
    quality[verdict.quality["suspect"]] = Quality.SUSPECT
    estimates = _estimate(judged, verdict, values, quality, most_linear)
    changed = (quality != days.quality).any(axis=1)
    for name in CHANNELS:
        changed |= (values[name] != days.values[name]).any(axis=1)
    rows = np.flatnonzero(changed)
    curves = _table(judged, rows, values, quality)
    return Outcome(list(verdict.hits), estimates, curves, set(rows.tolist()))


def _estimate(
    judged: Judged, verdict: Verdict, values: dict[str, Integers], quality: Any, most_linear: int
) -> dict[int, Estimate]:
    """Fill `values` and `quality` in place; the estimates of active energy by row."""
    wanted = verdict.quality["estimate"]
    estimates = {}
    for row in np.flatnonzero(wanted.any(axis=1)).tolist():
        active = _of_channel(judged, row, wanted[row], ACTIVE, most_linear)
        estimates[row] = active
        _lay(values[ACTIVE][row], active)
        for name in CHANNELS[1:]:
            if judged.days.present[name][row]:
                _lay(values[name][row], _of_channel(judged, row, wanted[row], name, most_linear))
        quality[row][active.filled] = Quality.ESTIMATED
        unfilled = wanted[row] & ~active.filled & (quality[row] != Quality.MISSING)
        quality[row][unfilled] = Quality.SUSPECT
    return estimates


def _lay(values: Integers, estimate: Estimate) -> None:
    values[estimate.filled] = estimate.values[estimate.filled]


def _of_channel(judged: Judged, row: int, wanted: Mask, channel: str, most_linear: int) -> Estimate:
    days, key = judged.days, judged.keys[row]
    around = Surroundings(
        before=_edge(judged, key, channel, after=False),
        after=_edge(judged, key, channel, after=True),
        typical=judged.typical(row, channel),
        register=_register(judged, row) if channel == ACTIVE else None,
    )
    known = np.where(days.known[row], days.values[channel][row], 0)
    return estimate_day(known, wanted, around, most_linear=most_linear)


def _edge(judged: Judged, key: Key, channel: str, *, after: bool) -> int | None:
    """The value next to the day: yesterday's last or tomorrow's first."""
    day = key.number + (1 if after else -1)
    return judged.history.edge(key.point, day, channel, 0 if after else _LAST)


def _register(judged: Judged, row: int) -> int | None:
    energy = int(judged.days.register_wh[row])
    return None if energy == UNKNOWN else energy


def _table(judged: Judged, rows: Any, values: dict[str, Integers], quality: Any) -> pa.Table:
    keys = [judged.keys[row] for row in rows.tolist()]
    columns: list[Any] = [
        pa.array([key.point for key in keys], pa.int64()),
        pa.array([key.day for key in keys], pa.date32()),
    ]
    for name in CHANNELS:
        present = judged.days.present[name][rows]
        if name == ACTIVE:
            present = np.ones_like(present)
        columns.append(as_lists(values[name][rows].astype(np.int32), present))
    columns.append(as_lists(quality[rows].astype(np.int8)))
    return pa.table(columns, schema=CURVE_SCHEMA)
