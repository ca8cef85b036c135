"""Rules one after the other: what an earlier one has claimed, a later one does not look at.

The order is data and it matters. An outage before a gap is a 0 and a fact; after it, energy
that nobody used would be estimated. A wrong ratio before the comparison with the register is
named as what it is; after it, only a difference would be reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from busbar.metering.lake.schema import ACTIVE, CHANNELS, INTERVALS, LAG, LEAD, Quality
from busbar.metering.vee.days import UNKNOWN, Days, Integers, Mask, Rule, runs_of

Figures = Mapping[str, Decimal]
_HOURS = 0.25
_WH_PER_KWH = 1000
_NEIGHBORS = 3
"""A peak is measured against the third highest value of its day."""


@dataclass(frozen=True)
class Hit:
    """A rule that holds against a row: which intervals, and the Wh in question so far as known."""

    row: int
    rule: str
    action: str
    channel: str
    ranges: tuple[tuple[int, int], ...]
    energy_wh: int


@dataclass(frozen=True)
class Verdict:
    """What validation found: hits in the order of the rules, and what is to become of intervals."""

    hits: tuple[Hit, ...]
    quality: Mapping[str, Mask]
    """By action `outage`, `estimate` and `suspect` the intervals (n, 96) it applies to."""


@dataclass
class _State:
    """What is still open: intervals, and the day's sum."""

    intervals: Mask
    sums: Mask
    taken: dict[str, Mask]


def validate(days: Days, rules: Sequence[Rule]) -> Verdict:
    """Ask the rules in their order; see the module for what the order does."""
    shape = (days.rows, INTERVALS)
    taken = {action: np.zeros(shape, dtype=bool) for action in ("outage", "estimate", "suspect")}
    state = _State(days.undecided.copy(), np.ones(days.rows, dtype=bool), taken)
    hits: list[Hit] = []
    for rule in rules:
        if rule.code in INTERVAL_CHECKS:
            hits += _ask_intervals(days, rule, state)
        else:
            hits += _ask_days(days, rule, state)
    return Verdict(tuple(hits), state.taken)


def _ask_intervals(days: Days, rule: Rule, state: _State) -> list[Hit]:
    found = INTERVAL_CHECKS[rule.code](days, state.intervals, rule.figures) & state.intervals
    if rule.action in state.taken:
        state.taken[rule.action] |= found
        state.intervals &= ~found
    return [
        Hit(row, rule.code, rule.action, _channel(days, row, found[row]), runs_of(found[row]),
            _in_question(days, rule.code, row, found[row]))
        for row in np.flatnonzero(found.any(axis=1)).tolist()
    ]  # fmt: skip


def _in_question(days: Days, code: str, row: int, found: Mask) -> int:
    """The Wh of the intervals; of a meter that stands at nought what similar days hold there."""
    energy = int(np.abs(days.active[row][found]).sum())
    nought = found & (days.active[row] == 0)
    if code == "stuck" and nought.any():
        (typical,) = days.typical([row])
        energy += 0 if typical is None else int(typical[nought].sum())
    return energy


def _channel(days: Days, row: int, found: Mask) -> str:
    """The channel that shows it: the first with a negative value, else active energy."""
    wrong = (name for name in CHANNELS if (days.values[name][row][found] < 0).any())
    return next(wrong, ACTIVE)


def _ask_days(days: Days, rule: Rule, state: _State) -> list[Hit]:
    energy = DAY_CHECKS[rule.code](days, state, rule.figures)
    if rule.code in _CLAIMS_SUM:
        energy = np.where(state.sums, energy, UNKNOWN)
        state.sums &= energy == UNKNOWN
    return [
        Hit(row, rule.code, rule.action, ACTIVE, ((0, INTERVALS),), int(energy[row]))
        for row in np.flatnonzero(energy != UNKNOWN).tolist()
    ]


# --- rules over intervals: which of the open ones ---------------------------------------------


def find_outage(days: Days, open_: Mask, _figures: Figures) -> Mask:
    """The meter's own record says the supply was off: 0 and a fact, not a gap."""
    found: Mask = open_ & days.power_off & (days.active == 0)
    return found


def find_missing(days: Days, open_: Mask, _figures: Figures) -> Mask:
    """Nothing was delivered."""
    return open_ & ~days.known


def find_negative(days: Days, open_: Mask, _figures: Figures) -> Mask:
    """Registers do not run backwards."""
    below = np.zeros_like(open_)
    for name in CHANNELS:
        below |= days.values[name] < 0
    found: Mask = open_ & below
    return found


def find_over_capacity(days: Days, open_: Mask, figures: Figures) -> Mask:
    """More than the transformers carry: above capacity x time x factor.

    Asked twice: above what they can bear at all nothing was counted (`ceiling`); between that and
    what they ought to bear it may well have been, and a person looks (`capacity`).
    """
    limit = days.capacity_kva * _HOURS * _WH_PER_KWH * float(figures["factor"])
    return open_ & (days.active > limit[:, None])  # a comparison with NaN is false


def find_spikes(days: Days, open_: Mask, figures: Figures) -> Mask:
    """Peaks that exceed the day's third highest value by more than `excess` of it."""
    considered = open_ & days.known
    values = np.where(considered, days.active, 0)
    third = np.partition(values, INTERVALS - _NEIGHBORS, axis=1)[:, INTERVALS - _NEIGHBORS]
    limit = third * (1 + float(figures["excess"]))
    floor = days.capacity_kva * _HOURS * _WH_PER_KWH * float(figures["capacity_share"])
    least = np.nan_to_num(floor, nan=0.0)
    high = (values > limit[:, None]) & (values > least[:, None])
    return considered & high & (third > 0)[:, None]


def find_stuck(days: Days, open_: Mask, figures: Figures) -> Mask:
    """The same value over many intervals; zeros only where similar days were not zero."""
    considered = open_ & days.known
    long = _equal_runs(days.active, int(figures["intervals"])) & considered
    zeros = long & (days.active == 0)
    rows = np.flatnonzero(zeros.any(axis=1)).tolist()
    for row, typical in zip(rows, days.typical(rows), strict=True):
        if typical is None:
            long[row] &= ~zeros[row]
        else:
            long[row] &= ~zeros[row] | (typical > 0)
    return long


def _equal_runs(values: Integers, least: int) -> Mask:
    """Where a value belongs to a run of `least` equal ones or more, row by row."""
    rows, width = values.shape
    begins = np.ones((rows, width), dtype=bool)
    begins[:, 1:] = values[:, 1:] != values[:, :-1]
    number = np.cumsum(begins.ravel()) - 1
    lengths = np.bincount(number, minlength=1)
    long: Mask = (lengths[number] >= least).reshape(rows, width) if rows else begins
    return long


# --- rules over days: the Wh in question, UNKNOWN where the rule does not hold ----------------


def find_low_power_factor(days: Days, state: _State, figures: Figures) -> Integers:
    """The day's cos phi = W / sqrt(W² + Q²) below the limit: a wrong connection, a wrong ratio.

    Over the intervals that are known and not to be estimated. A day of less apparent power than
    `capacity_share` is not asked: at that load idle transformers and capacitors are all there is.
    """
    good = days.known & ~state.taken["estimate"]
    active = np.where(good, days.active, 0).sum(axis=1)
    reactive = np.where(good, days.values[LAG] + days.values[LEAD], 0).sum(axis=1)
    apparent = np.hypot(active, reactive)
    hours = good.sum(axis=1) * _HOURS
    least = np.nan_to_num(days.capacity_kva * hours * _WH_PER_KWH, nan=0.0)
    told = days.present[LAG] & days.present[LEAD] & (apparent > 0)
    told &= apparent >= least * float(figures["capacity_share"])
    factor = np.divide(active, apparent, out=np.ones(days.rows), where=told)
    return np.where(told & (factor < float(figures["least"])), active, UNKNOWN)


def find_clock_drift(days: Days, state: _State, figures: Figures) -> Integers:
    """The meter's clock is off: energy stands in the wrong interval, the sum is right."""
    del state
    with np.errstate(invalid="ignore"):
        off = np.abs(days.clock_offset_s) > float(figures["seconds"])
    moved = days.active.max(axis=1, initial=0)
    return np.where(off, moved, UNKNOWN)


def find_wrong_ratio(days: Days, state: _State, figures: Figures) -> Integers:
    """The curve over the register's own energy gives another ratio than the one in force.

    Named only when it is one that is known: another of the point, 1 (not multiplied) or its
    square (multiplied twice), within `share`.
    """
    found = np.full(days.rows, UNKNOWN, dtype=np.int64)
    difference, asked = _differences(days, state, figures)
    for row in np.flatnonzero(asked & (difference > 0)).tolist():
        implied = int(days.active[row].sum()) * days.ratios[row][0]
        if _is_known_ratio(implied / int(days.register_wh[row]), days.ratios[row], figures):
            found[row] = difference[row]
    return found


def _is_known_ratio(implied: Decimal, ratios: tuple[Decimal, ...], figures: Figures) -> bool:
    in_force = ratios[0]
    candidates = {*ratios[1:], Decimal(1), in_force * in_force} - {in_force}
    return any(abs(implied / ratio - 1) <= figures["share"] for ratio in candidates)


def find_register_difference(days: Days, state: _State, figures: Figures) -> Integers:
    """The day's 96 values against its registers: more than `share` or `units` of the grain.

    A day with intervals to be estimated is told by its register; it stands against it only when
    what was measured is more already.
    """
    difference, asked = _differences(days, state, figures)
    open_end = (state.taken["estimate"] | ~days.known).any(axis=1)
    rest = np.where(days.known & ~state.taken["estimate"], days.active, 0).sum(axis=1)
    over = rest - days.register_wh
    holds = np.where(open_end, over > _tolerance(days, figures), difference > 0)
    told = np.where(open_end, over, difference)
    return np.where(asked & holds, told, UNKNOWN)


def _differences(days: Days, state: _State, figures: Figures) -> tuple[Integers, Mask]:
    """(|sum - register| where beyond the tolerance, else 0; the rows with a register to ask)."""
    asked = (days.register_wh > 0) & state.sums
    difference = np.abs(days.active.sum(axis=1) - days.register_wh)
    beyond = difference > _tolerance(days, figures)
    return np.where(asked & beyond, difference, 0), asked


def _tolerance(days: Days, figures: Figures) -> Integers:
    share = (days.register_wh * float(figures["share"])).astype(np.int64)
    return np.maximum(share, days.unit_wh * int(figures["units"]))


IntervalCheck = Callable[[Days, Mask, Figures], Mask]
DayCheck = Callable[[Days, _State, Figures], Integers]

INTERVAL_CHECKS: Mapping[str, IntervalCheck] = {
    "outage": find_outage,
    "missing": find_missing,
    "negative": find_negative,
    "ceiling": find_over_capacity,
    "capacity": find_over_capacity,
    "spike": find_spikes,
    "stuck": find_stuck,
}
DAY_CHECKS: Mapping[str, DayCheck] = {
    "power_factor": find_low_power_factor,
    "clock": find_clock_drift,
    "ratio": find_wrong_ratio,
    "register": find_register_difference,
}
_CLAIMS_SUM = frozenset({"ratio", "register"})

QUALITY_AFTER = {"outage": Quality.OUTAGE, "suspect": Quality.SUSPECT}
"""What an action makes of an interval; an estimate only where there is one."""
