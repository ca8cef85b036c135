"""Some usage points' days as validation sees them: curves, capacity, registers, outages.

Everything is read once for a batch of points; the arithmetic is that of `vee`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from busbar.clocks import queries as clocks_queries
from busbar.clocks.reckoning import midnight
from busbar.kit.periods import CHINA
from busbar.metering import lake
from busbar.metering.lake import CHANNELS, INTERVALS, Quality
from busbar.metering.lake.schema import ACTIVE, MINUTES, QUALITY
from busbar.metering.lake.vectors import as_matrix
from busbar.metering.models import MeterInstallation, PowerOffEvent, RegisterReading
from busbar.metering.queries import lake_root
from busbar.metering.vee import Days, History, Span, day_register_wh
from busbar.metering.vee.days import UNKNOWN, Integers
from busbar.metering.vee.history import key_of
from busbar.supply import queries as supply_queries
from busbar.supply.models import RunningState, Transformer, UsagePoint

EPOCH: Final = dt.date(1970, 1, 1)
_WH_PER_KWH: Final = 1000
ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Key:
    """A usage point's day."""

    point: int
    day: dt.date

    @property
    def number(self) -> int:
        """The day since 1970."""
        return (self.day - EPOCH).days


@dataclass(frozen=True)
class Surroundings:
    """How much of the neighborhood is read for similar days."""

    within_days: int
    similar_days: int


@dataclass(frozen=True)
class Judged:
    """The days asked for, in order, with their history and the lake's version of each row."""

    keys: list[Key]
    days: Days
    history: History
    versions: Integers
    account_ids: dict[int, int]
    around: Surroundings

    def typical(self, row: int, channel: str) -> Integers | None:
        """The similar day of a row in one channel."""
        return _typical(self.history, self.keys[row], channel, self.around)


def _typical(history: History, key: Key, channel: str, around: Surroundings) -> Integers | None:
    return history.typical(
        key.point, key.number, channel, count=around.similar_days, within=around.within_days
    )


def read_days(keys: Sequence[Key], around: Surroundings, *, as_of: int) -> Judged:
    """Read what validation needs of the days (sorted by point and day) as of a lake version.

    A day without a curve is MISSING throughout. Queries are constant.
    """
    points = UsagePoint.objects.in_bulk(sorted({key.point for key in keys}))
    history, versions = _read_history(keys, around, as_of)
    places = np.searchsorted(history.keys, [key_of(key.point, key.number) for key in keys])
    values, present, quality = _stored(history, places, [_number(key) for key in keys])
    registers = _Registers(keys, sorted(points))
    accounts = {pk: point.account_id for pk, point in points.items()}

    days = Days(
        values=values,
        present=present,
        quality=quality,
        capacity_kva=_capacities(keys, accounts),
        register_wh=np.array([registers.energy(key) for key in keys], dtype=np.int64),
        unit_wh=np.array([registers.unit(key) for key in keys], dtype=np.int64),
        ratios=tuple(registers.ratios(key) for key in keys),
        power_off=_power_off(keys),
        clock_offset_s=np.array([registers.clock(key) for key in keys], dtype=np.float64),
        typical=lambda row: _typical(history, keys[row], ACTIVE, around),
    )
    found = np.array([versions.get(_number(key), UNKNOWN) for key in keys], dtype=np.int64)
    return Judged(list(keys), days, history, found, accounts, around)


def _number(key: Key) -> int:
    return key_of(key.point, key.number)


def _read_history(
    keys: Sequence[Key], around: Surroundings, as_of: int
) -> tuple[History, dict[int, int]]:
    """Curves of the points over the days and the weeks beside them; each key's version."""
    first = min(key.day for key in keys) - dt.timedelta(days=around.within_days)
    end = max(key.day for key in keys) + dt.timedelta(days=around.within_days + 1)
    ids = sorted({key.point for key in keys})
    curves = lake.read_curves(lake_root(), ids, first, end, as_of=as_of)
    days = curves["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    numbers = curves["usage_point_id"].to_numpy() * key_of(1, 0) + days
    values = {name: _as_wide(curves[name]) for name in CHANNELS}
    calendar = clocks_queries.get_calendar(first, end)
    is_working = {
        (day - EPOCH).days: calendar.is_working_day(day)
        for day in (first + n * ONE_DAY for n in range((end - first).days))
    }
    quality, _present = as_matrix(curves[QUALITY])
    versions = dict(zip(numbers.tolist(), curves["version"].to_pylist(), strict=True))
    return History(numbers, values, np.asarray(quality), is_working), versions


def _as_wide(column: Any) -> Integers:
    matrix, present = as_matrix(column)
    wide: Integers = matrix.astype(np.int64)
    if present is not None:
        wide[~present] = UNKNOWN
    return wide


def _stored(
    history: History, places: npt.NDArray[np.intp], numbers: list[int]
) -> tuple[dict[str, Integers], dict[str, npt.NDArray[np.bool_]], npt.NDArray[np.int8]]:
    """The rows of the days themselves; MISSING ones where there is none."""
    count = len(numbers)
    held = np.zeros(count, dtype=bool)
    inside = places < len(history.keys)
    held[inside] = history.keys[places[inside]] == np.array(numbers)[inside]
    quality = np.full((count, INTERVALS), Quality.MISSING, dtype=np.int8)
    quality[held] = history.quality[places[held]]
    values, present = {}, {}
    for name in CHANNELS:
        matrix = np.zeros((count, INTERVALS), dtype=np.int64)
        matrix[held] = history.values[name][places[held]]
        absent = (matrix == UNKNOWN).all(axis=1)
        matrix[absent] = 0
        values[name], present[name] = matrix, held & ~absent
    return values, present, quality


def _capacities(keys: Sequence[Key], accounts: dict[int, int]) -> npt.NDArray[np.float64]:
    """kVA of the account's transformers that were there on the day; NaN where none is known."""
    found = supply_queries.map_transformers(account_ids=set(accounts.values()))
    totals = [
        sum(t.capacity_kva for t in found.get(accounts[key.point], []) if _stands(t, key.day))
        for key in keys
    ]
    return np.array([float(total) or np.nan for total in totals])


def _stands(transformer: Transformer, day: dt.date) -> bool:
    return any(
        state.state != RunningState.REMOVED
        and state.valid_from <= day
        and (state.valid_until is None or day < state.valid_until)
        for state in transformer.states.all()
    )


def _power_off(keys: Sequence[Key]) -> npt.NDArray[np.bool_]:
    """Quarters of an hour that lie wholly in a recorded outage."""
    off = np.zeros((len(keys), INTERVALS), dtype=bool)
    start = midnight(min(key.day for key in keys))
    end = midnight(max(key.day for key in keys) + ONE_DAY)
    events = defaultdict(list)
    rows = PowerOffEvent.objects.filter(
        usage_point__in={key.point for key in keys}, off_at__lt=end
    ).exclude(on_at__lte=start)
    for row in rows:
        events[row.usage_point_id].append((row.off_at, row.on_at or end))
    for place, key in enumerate(keys):
        for off_at, on_at in events[key.point]:
            first, last = _quarters(off_at, key.day), _quarters(on_at, key.day)
            begins = min(INTERVALS, max(0, int(np.ceil(first))))
            off[place, begins : max(begins, min(INTERVALS, int(np.floor(last))))] = True
    return off


def _quarters(moment: dt.datetime, day: dt.date) -> float:
    """Quarters of an hour since the day's midnight."""
    return (moment - midnight(day)).total_seconds() / (MINUTES * 60)


class _Registers:
    """What the meters of some points read over some days, times their ratios."""

    def __init__(self, keys: Sequence[Key], points: list[int]) -> None:
        self._spans: dict[int, list[Span]] = defaultdict(list)
        for row in MeterInstallation.objects.filter(usage_point__in=points).select_related("meter"):
            ratio = row.ct_ratio * row.pt_ratio
            digits = row.meter.register_digits
            span = Span(row.meter_id, row.begins_at, row.ends_at, ratio, digits)
            self._spans[row.usage_point_id].append(span)
        for spans in self._spans.values():
            spans.sort(key=lambda span: span.begins)
        self._values: dict[tuple[int, dt.datetime], Decimal] = {}
        self._clocks: dict[tuple[int, dt.date], int] = {}
        self._read(keys)

    def _read(self, keys: Sequence[Key]) -> None:
        meters = {span.meter for spans in self._spans.values() for span in spans}
        rows = RegisterReading.objects.filter(
            meter__in=meters,
            lake_channel=ACTIVE,
            read_at__gte=midnight(min(key.day for key in keys)),
            read_at__lte=midnight(max(key.day for key in keys) + ONE_DAY),
        )
        for meter, at, value, offset in rows.values_list(
            "meter_id", "read_at", "value", "clock_offset_s"
        ):
            self._values[meter, at] = value
            if offset is not None:
                self._clocks[meter, at.astimezone(CHINA).date()] = offset

    def energy(self, key: Key) -> int:
        """Wh of the day, UNKNOWN where a reading is lacking."""
        start, end = midnight(key.day), midnight(key.day + ONE_DAY)
        found = day_register_wh(
            self._spans[key.point], start, end, lambda meter, at: self._values.get((meter, at))
        )
        return UNKNOWN if found is None else found

    def unit(self, key: Key) -> int:
        """One kWh times the largest ratio of the day, in Wh."""
        ratios = [span.ratio for span in self._of(key)]
        return int(max(ratios, default=Decimal(1)) * _WH_PER_KWH)

    def ratios(self, key: Key) -> tuple[Decimal, ...]:
        """The ratio in force at the day's end, then the point's others."""
        now = [span.ratio for span in self._of(key)][-1:] or [Decimal(1)]
        others = sorted({span.ratio for span in self._spans[key.point]} - set(now))
        return (*now, *others)

    def clock(self, key: Key) -> float:
        """Seconds that the day's meter was ahead; NaN where nobody asked it."""
        found = [self._clocks.get((span.meter, key.day)) for span in self._of(key)]
        known = [offset for offset in found if offset is not None]
        return float(max(known, key=abs)) if known else float("nan")

    def _of(self, key: Key) -> list[Span]:
        start, end = midnight(key.day), midnight(key.day + ONE_DAY)
        return [
            span
            for span in self._spans[key.point]
            if span.begins < end and (span.ends is None or span.ends > start)
        ]
