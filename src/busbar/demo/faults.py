"""What goes wrong between the meter and the file, at stated rates, by the seed.

Blank cells stay blank; a negative value or a register's filler makes the importer refuse the
row; a stretch that the acquisition system filled in by itself and an outage, a true zero, are
delivered with their quality codes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from busbar.demo.curves import PointMonth
from busbar.demo.parameters import Parameters
from busbar.demo.shapes import INTERVALS
from busbar.kit.periods import Month


@dataclass(frozen=True)
class FaultRates:
    """Probability for a point and day; those of outage and silence are for a point and month."""

    short_gap: float = 0.004
    long_gap: float = 0.0008
    estimate: float = 0.003
    overflow: float = 0.0002
    negative: float = 0.0002
    outage_a_month: float = 0.05
    silence_a_month: float = 0.0015


RATES = FaultRates()
SHORT_GAP_MOST = 4
SILENCE_DAYS = (8, 13)
"""[least, most) days that a meter is not heard: more than validation fills by itself."""
OVERFLOW_KWH = 99_999_999.99
"""What a register shows that does not know: beyond anything a quarter of an hour can hold."""
ESTIMATED, OUTAGE = 1, 5
"""Quality codes of the reading files."""


@dataclass(frozen=True)
class Span:
    """`[first, last)` quarters of a day, with the quality code they are delivered with."""

    day: int
    first: int
    last: int
    code: int


@dataclass
class Delivery:
    """A point's month as the file shows it: kWh and kvarh, NaN where a cell is blank."""

    month: PointMonth
    active: npt.NDArray[np.float64]
    lag: npt.NDArray[np.float64]
    lead: npt.NDArray[np.float64]
    spans: list[Span] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)


def deliver(
    parameters: Parameters, month: Month, made: PointMonth, rates: FaultRates = RATES
) -> Delivery:
    """Lay the faults over a point's month."""
    draws = parameters.stream("faults", month.year, month.number, made.point.serial)
    out = Delivery(made, made.active / 1000, made.lag / 1000, made.lead / 1000)
    _outage(draws, out, rates)
    luck = draws.random(month.days)
    edges = np.cumsum([getattr(rates, name) for name in _SPOILERS])
    for day in np.flatnonzero(luck < edges[-1]).tolist():
        name = tuple(_SPOILERS)[int(np.searchsorted(edges, luck[day], side="right"))]
        _SPOILERS[name](draws, out, day)
        out.count[name] += 1
    _silence(draws, out, rates)
    return out


def _outage(draws: np.random.Generator, out: Delivery, rates: FaultRates) -> None:
    """Half an hour to four hours of zeros, at most one a month."""
    if draws.random() >= rates.outage_a_month:
        return
    length = int(draws.integers(2, 17))
    first = int(draws.integers(0, INTERVALS - length))
    span = Span(int(draws.integers(len(out.active))), first, first + length, OUTAGE)
    out.spans.append(span)
    out.count["outage"] += 1
    for channel in (out.active, out.lag, out.lead):
        channel[span.day, span.first : span.last] = 0.0


def _silence(draws: np.random.Generator, out: Delivery, rates: FaultRates) -> None:
    """The meter's modem is dead for days on end, at most once a month."""
    if draws.random() >= rates.silence_a_month:
        return
    length = int(draws.integers(*SILENCE_DAYS))
    first = int(draws.integers(0, len(out.active) - length + 1))
    for day in range(first, first + length):
        _blank(out, day, 0, INTERVALS)
    out.count["silence"] += 1


def _short_gap(draws: np.random.Generator, out: Delivery, day: int) -> None:
    length = int(draws.integers(1, SHORT_GAP_MOST + 1))
    first = int(draws.integers(0, INTERVALS - length + 1))
    _blank(out, day, first, first + length)


def _long_gap(draws: np.random.Generator, out: Delivery, day: int) -> None:
    length = int(draws.integers(20, INTERVALS + 1))
    first = int(draws.integers(0, INTERVALS - length + 1))
    _blank(out, day, first, first + length)


def _estimate(draws: np.random.Generator, out: Delivery, day: int) -> None:
    """The acquisition system joined the neighbours by a straight line."""
    length = int(draws.integers(1, SHORT_GAP_MOST + 1))
    first = int(draws.integers(1, INTERVALS - length))
    for channel in (out.active, out.lag, out.lead):
        ends = (channel[day, first - 1], channel[day, first + length])
        line = np.interp(np.arange(1, length + 1), (0, length + 1), ends)
        channel[day, first : first + length] = np.rint(line * 100) / 100
    out.spans.append(Span(day, first, first + length, ESTIMATED))


def _overflow(draws: np.random.Generator, out: Delivery, day: int) -> None:
    out.active[day, int(draws.integers(INTERVALS))] = OVERFLOW_KWH


def _negative(draws: np.random.Generator, out: Delivery, day: int) -> None:
    place = int(draws.integers(INTERVALS))
    out.active[day, place] = -(out.active[day, place] + 0.01)


_SPOILERS = {
    "short_gap": _short_gap,
    "long_gap": _long_gap,
    "estimate": _estimate,
    "overflow": _overflow,
    "negative": _negative,
}


def _blank(out: Delivery, day: int, first: int, last: int) -> None:
    for channel in (out.active, out.lag, out.lead):
        channel[day, first:last] = np.nan
