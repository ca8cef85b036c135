"""From judged days to what is to be stored: hits, estimates, new curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from busbar.metering.judging import Judged
from busbar.metering.lake import CHANNELS, CURVE_SCHEMA, Quality
from busbar.metering.lake.schema import ACTIVE
from busbar.metering.lake.vectors import as_lists
from busbar.metering.vee import Hit, Rule, Verdict, estimate_day, validate
from busbar.metering.vee.days import UNKNOWN, Integers, Mask, mask_of
from busbar.metering.vee.estimation import Estimate, Surroundings


@dataclass
class Outcome:
    """What validation makes of a batch of days."""

    hits: list[Hit]
    estimates: dict[int, Estimate]
    """Of active energy, by row."""
    proposals: dict[int, Estimate]
    """The same with what was withheld: what it would be, for the money at stake."""
    curves: pa.Table
    """The rows that changed, `CURVE_SCHEMA`."""
    quality: npt.NDArray[np.int8]
    """What every interval is afterwards."""
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
        """Wh in question: for an estimate the difference that it makes, else what the rule said.

        A gap that was not filled counts what it would have been filled with; where nothing could
        be, the mean of what the day's other intervals hold.
        """
        proposal = self.proposals.get(hit.row)
        if proposal is None or hit.action != "estimate":
            return hit.energy_wh
        known = judged.days.known[hit.row]
        touched = mask_of(hit.ranges) & proposal.filled
        before = np.where(known, judged.days.active[hit.row], 0)
        unfilled = mask_of(hit.ranges) & ~proposal.filled & ~known
        mean = int(before.sum()) // max(1, int(known.sum()))
        return int(np.abs(proposal.values - before)[touched].sum()) + mean * int(unfilled.sum())


def judge(judged: Judged, rules: Sequence[Rule], *, most_linear: int) -> Outcome:
    """Ask the rules, estimate what they call for, and build the rows that differ."""
    days = judged.days
    verdict = validate(days, rules)
    quality = days.quality.copy()
    values = {name: days.values[name].copy() for name in CHANNELS}
    quality[verdict.quality["outage"]] = Quality.OUTAGE
    quality[verdict.quality["suspect"]] = Quality.SUSPECT
    estimates, proposals = _estimate(judged, verdict, values, quality, most_linear)
    changed = (quality != days.quality).any(axis=1)
    for name in CHANNELS:
        changed |= (values[name] != days.values[name]).any(axis=1)
    for row, (codes, before) in judged.reopened.items():
        same = [(values[name][row] == before[name]).all() for name in CHANNELS]
        changed[row] = not (all(same) and (quality[row] == codes).all())
    rows = np.flatnonzero(changed)
    curves = _table(judged, rows, values, quality)
    touched = set(rows.tolist())
    return Outcome(list(verdict.hits), estimates, proposals, curves, quality, touched)


def _estimate(
    judged: Judged, verdict: Verdict, values: dict[str, Integers], quality: Any, most_linear: int
) -> tuple[dict[int, Estimate], dict[int, Estimate]]:
    """Fill `values` and `quality` in place; of active energy by row what is laid and proposed."""
    wanted = verdict.quality["estimate"]
    rows = np.flatnonzero(wanted.any(axis=1)).tolist()
    judged.neighborhood.look_at(judged.keys[row].point for row in rows)
    estimates, proposals = {}, {}
    for row in rows:
        held = judged.withheld(row, wanted[row])
        proposals[row] = _of_channel(judged, row, wanted[row], ACTIVE, most_linear)
        estimates[row] = active = proposals[row].without(held)
        _lay(values[ACTIVE][row], active)
        for name in CHANNELS[1:]:
            if judged.days.present[name][row]:
                reactive = _of_channel(judged, row, wanted[row], name, most_linear)
                _lay(values[name][row], reactive.without(held))
        quality[row][active.filled] = Quality.ESTIMATED
        unfilled = wanted[row] & ~active.filled & (quality[row] != Quality.MISSING)
        quality[row][unfilled] = Quality.SUSPECT
    return estimates, proposals


def _lay(values: Integers, estimate: Estimate) -> None:
    values[estimate.filled] = estimate.values[estimate.filled]


def _of_channel(judged: Judged, row: int, wanted: Mask, channel: str, most_linear: int) -> Estimate:
    days = judged.days
    around = Surroundings(
        before=judged.edge(row, channel, after=False),
        after=judged.edge(row, channel, after=True),
        typical=judged.typical(row, channel),
        register=_register(judged, row) if channel == ACTIVE else None,
    )
    known = np.where(days.known[row], days.values[channel][row], 0)
    return estimate_day(known, wanted, around, most_linear=most_linear)


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
