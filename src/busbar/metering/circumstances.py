"""What is known of usage points' days beside their curves: capacity, registers, clock, outages.

Each is asked for once for a batch; days of points of which nothing is told cost nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from busbar.clocks.reckoning import midnight
from busbar.kit.periods import CHINA
from busbar.metering.lake import INTERVALS
from busbar.metering.lake.schema import ACTIVE, MINUTES
from busbar.metering.models import ClockCheck, MeterInstallation, PowerOffEvent, RegisterReading
from busbar.metering.vee import Span, day_register_wh
from busbar.metering.vee.days import UNKNOWN, Integers
from busbar.supply import queries as supply_queries
from busbar.supply.queries import Standing

EPOCH: Final = dt.date(1970, 1, 1)
ONE_DAY: Final = dt.timedelta(days=1)
_WH_PER_KWH: Final = 1000


@dataclass(frozen=True)
class Key:
    """A usage point's day."""

    point: int
    day: dt.date

    @property
    def number(self) -> int:
        """The day since 1970."""
        return (self.day - EPOCH).days


class Keys(list[Key]):
    """Days to judge, sorted by point and day."""

    @cached_property
    def by_point(self) -> list[tuple[int, slice, list[dt.date]]]:
        """Each usage point with its rows and their days."""
        found, start = [], 0
        for point, group in groupby(self, key=attrgetter("point")):
            days = [key.day for key in group]
            found.append((point, slice(start, start + len(days)), days))
            start += len(days)
        return found

    @cached_property
    def points(self) -> list[int]:
        """The usage points, sorted."""
        return [point for point, _rows, _days in self.by_point]

    @cached_property
    def span(self) -> tuple[dt.date, dt.date]:
        """The first day, and the one after the last."""
        days = {day for _point, _rows, days in self.by_point for day in days}
        return min(days), max(days) + ONE_DAY


# --- capacity ---------------------------------------------------------------------------------


def read_capacities(keys: Keys, accounts: Mapping[int, int]) -> npt.NDArray[np.float64]:
    """kVA of the account's transformers that were there on the day; NaN where none is known."""
    found = supply_queries.map_standing(set(accounts.values()))
    totals = np.zeros(len(keys))
    for point, rows, days in keys.by_point:
        numbers = np.array([day.toordinal() for day in days])
        for transformer in found.get(accounts[point], []):
            totals[rows] += transformer.capacity_kva * _stands(transformer, numbers)
    return np.where(totals > 0, totals, np.nan)


def _stands(transformer: Standing, days: Integers) -> npt.NDArray[np.bool_]:
    stands = np.zeros(len(days), dtype=bool)
    for since, until in transformer.spans:
        end = (until or dt.date.max).toordinal()
        stands |= (days >= since.toordinal()) & (days < end)
    return stands


# --- outages ----------------------------------------------------------------------------------


def read_power_off(keys: Keys) -> npt.NDArray[np.bool_]:
    """Quarters of an hour that lie wholly in a recorded outage."""
    off = np.zeros((len(keys), INTERVALS), dtype=bool)
    events = _events(keys)
    for point, rows, days in keys.by_point:
        for off_at, on_at in events.get(point, ()):
            for place, day in enumerate(days, rows.start):
                first, last = _quarters(off_at, day), _quarters(on_at, day)
                begins = min(INTERVALS, max(0, int(np.ceil(first))))
                off[place, begins : max(begins, min(INTERVALS, int(np.floor(last))))] = True
    return off


def _events(keys: Keys) -> dict[int, list[tuple[dt.datetime, dt.datetime]]]:
    start, end = map(midnight, keys.span)
    events = defaultdict(list)
    rows = PowerOffEvent.objects.filter(usage_point__in=keys.points, off_at__lt=end).exclude(
        on_at__lte=start
    )
    for row in rows:
        events[row.usage_point_id].append((row.off_at, row.on_at or end))
    return events


def _quarters(moment: dt.datetime, day: dt.date) -> float:
    """Quarters of an hour since the day's midnight."""
    return (moment - midnight(day)).total_seconds() / (MINUTES * 60)


# --- registers and clocks ---------------------------------------------------------------------


@dataclass
class Registers:
    """What the meters read over the days; where nothing was read, what says so.

    Energy in Wh (`UNKNOWN` where a reading is lacking), the grain in Wh, the ratio in force and
    the point's others, seconds that the clock was ahead (NaN where nobody asked it).
    """

    energy_wh: Integers
    unit_wh: Integers
    ratios: list[tuple[Decimal, ...]]
    clock_offset_s: npt.NDArray[np.float64]


def read_registers(keys: Keys) -> Registers:
    """Readings of the days' meters times their ratios; three queries at most."""
    count = len(keys)
    told = Registers(
        np.full(count, UNKNOWN, dtype=np.int64),
        np.full(count, _WH_PER_KWH, dtype=np.int64),
        [(Decimal(1),)] * count,
        np.full(count, np.nan),
    )
    book = _Book(keys)
    for point, rows, days in keys.by_point:
        if not book.knows(point):
            continue
        for place, day in enumerate(days, rows.start):
            told.energy_wh[place] = book.energy(point, day)
            told.unit_wh[place] = book.unit(point, day)
            told.ratios[place] = book.ratios(point, day)
            told.clock_offset_s[place] = book.clock(point, day)
    return told


class _Book:
    """Readings and installations of the points of which anything was read over the days."""

    def __init__(self, keys: Keys) -> None:
        self._values: dict[tuple[int, dt.datetime], Decimal] = {}
        self._clocks: dict[tuple[int, dt.date], int] = {}
        self._spans: dict[int, list[Span]] = defaultdict(list)
        self._read(keys)
        self._hang(keys.points)

    def _read(self, keys: Keys) -> None:
        start, end = map(midnight, keys.span)
        meters = MeterInstallation.objects.filter(usage_point__in=keys.points)
        rows = RegisterReading.objects.filter(
            meter__in=meters.values("meter"),
            lake_channel=ACTIVE,
            read_at__gte=start,
            read_at__lte=end,
        )
        for meter, at, value, offset in rows.values_list(
            "meter_id", "read_at", "value", "clock_offset_s"
        ):
            self._values[meter, at] = value
            if offset is not None:
                self._note_clock(meter, at, offset)
        checks = ClockCheck.objects.filter(
            meter__in=meters.values("meter"), checked_at__gte=start, checked_at__lt=end
        )
        for meter, at, offset in checks.values_list("meter_id", "checked_at", "offset_s"):
            self._note_clock(meter, at, offset)

    def _note_clock(self, meter: int, at: dt.datetime, offset: int) -> None:
        """The largest offset of a day counts."""
        day = at.astimezone(CHINA).date()
        self._clocks[meter, day] = max(self._clocks.get((meter, day), 0), offset, key=abs)

    def _hang(self, points: list[int]) -> None:
        """The installations of points one of whose meters was read."""
        read = {meter for meter, _at in (*self._values, *self._clocks)}
        if not read:
            return
        rows = MeterInstallation.objects.filter(usage_point__in=points).select_related("meter")
        for row in rows:
            ratio = row.ct_ratio * row.pt_ratio
            digits = row.meter.register_digits
            span = Span(row.meter_id, row.begins_at, row.ends_at, ratio, digits)
            self._spans[row.usage_point_id].append(span)
        for point, spans in list(self._spans.items()):
            if read.isdisjoint(span.meter for span in spans):
                del self._spans[point]
            spans.sort(key=lambda span: span.begins)

    def knows(self, point: int) -> bool:
        """Whether anything was read at the point."""
        return point in self._spans

    def energy(self, point: int, day: dt.date) -> int:
        """Wh of the day, UNKNOWN where a reading is lacking."""
        found = day_register_wh(
            self._spans[point],
            midnight(day),
            midnight(day + ONE_DAY),
            lambda meter, at: self._values.get((meter, at)),
        )
        return UNKNOWN if found is None else found

    def unit(self, point: int, day: dt.date) -> int:
        """One kWh times the largest ratio of the day, in Wh."""
        ratios = [span.ratio for span in self._of(point, day)]
        return int(max(ratios, default=Decimal(1)) * _WH_PER_KWH)

    def ratios(self, point: int, day: dt.date) -> tuple[Decimal, ...]:
        """The ratio in force at the day's end, then the point's others."""
        now = [span.ratio for span in self._of(point, day)][-1:] or [Decimal(1)]
        others = sorted({span.ratio for span in self._spans[point]} - set(now))
        return (*now, *others)

    def clock(self, point: int, day: dt.date) -> float:
        """Seconds that the day's meter was ahead; NaN where nobody asked it."""
        found = [self._clocks.get((span.meter, day)) for span in self._of(point, day)]
        known = [offset for offset in found if offset is not None]
        return float(max(known, key=abs)) if known else float("nan")

    def _of(self, point: int, day: dt.date) -> list[Span]:
        start, end = midnight(day), midnight(day + ONE_DAY)
        return [
            span
            for span in self._spans[point]
            if span.begins < end and (span.ends is None or span.ends > start)
        ]
