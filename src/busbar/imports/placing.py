"""Where the numbers of a reading file lead: to usage points, by meters, on days, with ratios."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from busbar.access.visibility import Viewer
from busbar.imports.reading_options import UnableToImportReadings
from busbar.kit.errors import Phrase
from busbar.kit.periods import CHINA
from busbar.metering.lake import CURVE_SCHEMA
from busbar.metering.lake.schema import MINUTES
from busbar.metering.layouts import NO_RATIO, Part, RatioChange, RowRatios, join_parts
from busbar.metering.layouts.stamps import DAY_MINUTES
from busbar.metering.models import MeterInstallation
from busbar.supply.models import UsagePoint

Integers = npt.NDArray[np.int64]

_UNKNOWN = Phrase("没有这个计量点编号或表号，或不在您的管辖范围内")
_BATCH = 5000
_EPOCH = dt.date(1970, 1, 1)
_STRIDE = 10_000_000_000
"""More than the minutes from the year 1 to 9999: a place times this plus a minute is one key."""
_NEVER = _STRIDE - 1


@dataclass(frozen=True)
class Placed:
    """Curves by usage point id, and the numbers that lead nowhere with what was expected."""

    curves: pa.Table
    unknown: dict[str, Phrase]


class Placing:
    """The numbers of one file as the registers know them.

    A number is a usage point's, else a meter's: a curve of a meter goes where it hung on the day.
    With `multiplies`, values are multiplied with CT times PT of the meter that hung there then.
    """

    def __init__(self, by: Viewer, *, multiplies: bool) -> None:
        self._by, self._multiplies = by, multiplies
        self._places: dict[str, int] = {}
        self._points: dict[str, int] = {}
        self._spans = _Spans([])
        self._digest = hashlib.sha256()
        self.ratios: list[Decimal] = []
        """The ratios that were applied, each once, sorted."""

    @property
    def digest(self) -> str:
        """Names what was decided: every curve's usage point and day, every row's ratio."""
        return self._digest.hexdigest()

    def find_ratios(
        self, names: list[str], codes: Integers, days: Integers, intervals: Integers | None
    ) -> RowRatios:
        """Ratios by number, day and interval; a row whose meter did not hang then has none.

        Without intervals a row is a whole day. Numbers that nothing is known of pass here:
        `place` names them.
        """
        self._look_up(names)
        span = self._spans.over(codes, *_stretch(days, intervals))
        # A file may hold no number at all; its rows are rejected and ask for nothing.
        asked = np.array([*map(self._needs_meter, names), False], dtype=bool)[codes]
        lacking = asked & (span < 0)
        factors: tuple[Decimal, ...] = ()
        places = np.zeros(len(codes), dtype=np.int64)
        changes: tuple[RatioChange, ...] = ()
        if self._multiplies:
            factors, ratio_of = self._spans.factors()
            places = ratio_of[np.where(asked, span, -1)]
            if intervals is None:
                changes = self._spans.changes(codes, days, span, ratio_of)
            used = {*places[asked & ~lacking].tolist(), *(change.place for change in changes)}
            self.ratios = sorted({factors[i] for i in used})
            self._digest.update(repr((factors, changes)).encode() + places.tobytes())
        places[lacking] = NO_RATIO
        return RowRatios(places, factors, self._expectation(names, codes, days), changes)

    def place(self, curves: pa.Table) -> Placed:
        """Put curves (`PARSED_SCHEMA`) to their usage points, after `find_ratios` of their rows."""
        coded = curves["point_number"].combine_chunks().dictionary_encode()
        names: list[str] = coded.dictionary.to_pylist()
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        days = curves["day"].cast(pa.int32()).to_numpy().astype(np.int64)
        by_number = np.array([self._points.get(name, 0) for name in names], dtype=np.int64)[codes]
        places = np.array([self._places[name] for name in names], dtype=np.int64)[codes]
        span = self._spans.over(places, *_stretch(days, None))
        by_meter = self._spans.usage_points(span)
        ids = np.where(by_number > 0, by_number, by_meter)
        self._digest.update(ids.tobytes() + days.tobytes())
        parts = self._parts(np.where(by_number > 0, -1, span), days)
        _require_once(ids, days, codes, names, parts)
        kept = _joined(curves, ids, days, parts)
        unknown = {name: _UNKNOWN for name in names if not self._is_known(name)}
        return Placed(kept.select(CURVE_SCHEMA.names), unknown)

    def _look_up(self, names: list[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._points = _points_by_number(names, self._by)
        serials = [name for name in names if name not in self._points]
        found = list(_installed(serials, "meter__serial", self._by))
        if self._multiplies:
            found += _installed(list(self._points), "usage_point__number", self._by)
        self._spans = _Spans([(self._places[number], span) for number, span in found])
        exchanged = {span.usage_point_id for _number, span in found if span.is_exact}
        self._spans.neighbors = _neighbors(exchanged)

    def _parts(self, spans: Integers, days: Integers) -> dict[int, Part]:
        """Rows of meters that hung for a part of the day, with their intervals."""
        parts = {}
        for row in np.flatnonzero(self._spans.partly(spans, days)).tolist():
            part = self._spans.part(int(spans[row]), int(days[row]), row)
            self._digest.update(repr(part).encode())
            parts[row] = part
        return parts

    def _is_known(self, name: str) -> bool:
        return name in self._points or self._places[name] in self._spans.owners

    def _needs_meter(self, name: str) -> bool:
        """Whether a row of this number is refused on a day without an installed meter."""
        return self._is_known(name) and (self._multiplies or name not in self._points)

    def _expectation(
        self, names: list[str], codes: Integers, days: Integers
    ) -> Callable[[int], Phrase]:
        def say(row: int) -> Phrase:
            name = names[int(codes[row])]
            day = _EPOCH + dt.timedelta(days=int(days[row]))
            if name in self._points:
                return Phrase(
                    "计量点 %(point)s 在 %(day)s 没有在装的电能表，缺 CT×PT 变比；"
                    "应先导入这一天的装表记录",
                    point=name,
                    day=day,
                )
            return Phrase(
                "表 %(meter)s 在 %(day)s 未装在任何计量点；应先导入这一天的装表记录",
                meter=name,
                day=day,
            )

        return say


@dataclass(frozen=True)
class _Span:
    """A meter at a usage point over local minutes [begins, ends) since 1970; ratio is CT x PT.

    `is_exact`: the moment on the day is known of one of its ends.
    """

    begins: int
    ends: int
    usage_point_id: int
    ratio: Decimal
    is_exact: bool = False


class _Spans:
    """Installations by the place of their number in the file; one at a time for each number."""

    def __init__(self, found: list[tuple[int, _Span]]) -> None:
        ordered = sorted(found, key=lambda pair: (pair[0], pair[1].begins))
        self.owners = {place for place, _ in ordered}
        self._spans = [span for _, span in ordered]
        self._places = np.array([place for place, _ in ordered], dtype=np.int64)
        begins = np.array([span.begins for span in self._spans], dtype=np.int64)
        self._begins = begins
        self._ends = np.array([span.ends for span in self._spans], dtype=np.int64)
        self._keys = self._places * _STRIDE + begins
        self.neighbors: dict[int, list[tuple[int, int]]] = {}
        """By usage point the stretches of every meter there, where one was exchanged in a day."""

    def at(self, places: Integers, minutes: Integers) -> Integers:
        """For each (place, minute) the number of the span that holds it, -1 for none."""
        if not self._spans:
            return np.full(len(places), -1, dtype=np.int64)
        found = np.searchsorted(self._keys, places * _STRIDE + minutes, side="right") - 1
        holds = (found >= 0) & (self._places[found] == places) & (minutes < self._ends[found])
        return np.where(holds, found, -1)

    def over(self, places: Integers, first: Integers, last: Integers) -> Integers:
        """The span at the first minute of a stretch, else the one at its last."""
        found = self.at(places, first)
        return np.where(found >= 0, found, self.at(places, last))

    def changes(
        self, places: Integers, days: Integers, spans: Integers, ratio_of: Integers
    ) -> tuple[RatioChange, ...]:
        """Where a row of a whole day passes to another span: from the interval on that it holds."""
        first, last = _stretch(days, None)
        other = np.flatnonzero((spans >= 0) & (self.at(places, last) > spans)).tolist()
        return tuple(
            RatioChange(
                row,
                -(-(int(self._begins[span]) - int(first[row])) // MINUTES),
                int(ratio_of[span]),
            )
            for row in other
            for span in range(int(spans[row]) + 1, len(self._spans))
            if self._places[span] == places[row] and self._begins[span] <= last[row]
        )

    def partly(self, spans: Integers, days: Integers) -> npt.NDArray[np.bool_]:
        """Which rows' spans begin or end within their day."""
        if not self._spans:
            return np.zeros(len(spans), dtype=bool)
        first, last = _stretch(days, None)
        inside = (self._begins[spans] > first) | (self._ends[spans] <= last)
        found: npt.NDArray[np.bool_] = (spans >= 0) & inside
        return found

    def part(self, number: int, day: int, row: int) -> Part:
        """The intervals of its day in which a meter hung, and whether another had the rest."""
        span, start = self._spans[number], day * DAY_MINUTES
        begins, ends = max(0, span.begins - start), min(DAY_MINUTES, span.ends - start)
        others = self.neighbors.get(span.usage_point_id, [])
        return Part(
            row,
            begins // MINUTES,
            -(-ends // MINUTES),
            opens_inside=begins % MINUTES > 0
            and any(span.begins - MINUTES < end <= span.begins for _begin, end in others),
            closes_inside=ends % MINUTES > 0
            and any(span.ends <= begin < span.ends + MINUTES for begin, _end in others),
        )

    def usage_points(self, spans: Integers) -> Integers:
        """The usage point of each span, 0 for none."""
        ids = np.array([*(span.usage_point_id for span in self._spans), 0], dtype=np.int64)
        found: Integers = ids[spans]
        return found

    def factors(self) -> tuple[tuple[Decimal, ...], Integers]:
        """Return (the ratios, each once, and 1; for each span its place there, last that of 1)."""
        factors = tuple(sorted({Decimal(1), *(span.ratio for span in self._spans)}))
        place_of = {ratio: place for place, ratio in enumerate(factors)}
        places = [*(place_of[span.ratio] for span in self._spans), place_of[Decimal(1)]]
        return factors, np.array(places, dtype=np.int64)


def _points_by_number(names: list[str], by: Viewer) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(names), _BATCH):
        seen = UsagePoint.objects.visible_to(by).filter(number__in=names[start : start + _BATCH])
        found |= dict(seen.values_list("number", "pk"))
    return found


def _installed(numbers: list[str], lookup: str, by: Viewer) -> Iterator[tuple[str, _Span]]:
    """Visible installations by the serial of their meter or the number of their usage point."""
    for start in range(0, len(numbers), _BATCH):
        asked: Any = {f"{lookup}__in": numbers[start : start + _BATCH]}
        seen = MeterInstallation.objects.visible_to(by).filter(**asked)
        for row in seen.select_related("meter", "usage_point"):
            number = row.usage_point.number if lookup.startswith("usage") else row.meter.serial
            begins, ends = _minutes_of(row)
            is_exact = row.installed_at is not None or row.removed_at is not None
            ratio = row.ct_ratio * row.pt_ratio
            yield number, _Span(begins, ends, row.usage_point_id, ratio, is_exact)


def _minutes_of(row: MeterInstallation) -> tuple[int, int]:
    """Local minutes since 1970 over which a meter hung."""
    return _minute(row.begins_at), _minute(row.ends_at) if row.ends_at else _NEVER


def _minute(moment: dt.datetime) -> int:
    local = moment.astimezone(CHINA).replace(tzinfo=None)
    return int((local - dt.datetime.combine(_EPOCH, dt.time())).total_seconds() // 60)


def _neighbors(points: set[int]) -> dict[int, list[tuple[int, int]]]:
    """Every meter that hung at the points, by its minutes; nothing is asked for no point."""
    found: dict[int, list[tuple[int, int]]] = {}
    for row in MeterInstallation.objects.filter(usage_point__in=points) if points else ():
        found.setdefault(row.usage_point_id, []).append(_minutes_of(row))
    return found


def _stretch(days: Integers, intervals: Integers | None) -> tuple[Integers, Integers]:
    """The first and the last minute of each row's interval, or of its day."""
    first = days * DAY_MINUTES
    if intervals is None:
        return first, first + DAY_MINUTES - 1
    first = first + intervals * MINUTES
    return first, first + MINUTES - 1


def _joined(curves: pa.Table, ids: Integers, days: Integers, parts: dict[int, Part]) -> pa.Table:
    """Curves by usage point id; the parts of a day of exchange become one."""
    whole = ids > 0
    groups: dict[tuple[int, int], list[Part]] = {}
    for row, part in parts.items():
        whole[row] = False
        groups.setdefault((int(ids[row]), int(days[row])), []).append(part)
    tables = [curves.filter(pa.array(whole)), join_parts(curves, list(groups.values()))]
    kept = pa.concat_tables(tables).drop_columns(["point_number"])
    points = [*ids[whole].tolist(), *(point for point, _day in groups)]
    return kept.add_column(0, "usage_point_id", pa.array(points, pa.int64()))


def _require_once(
    ids: Integers, days: Integers, codes: Integers, names: list[str], parts: dict[int, Part]
) -> None:
    """A usage point under its own number and its meter's has two curves a day: nobody may guess.

    Several meters that hung one after the other are one curve.
    """
    first = {(int(ids[row]), int(days[row])): row for row in reversed(parts)}
    asked = np.ones(len(ids), dtype=bool)
    asked[sorted(parts.keys() - set(first.values()))] = False
    ids, days, codes = ids[asked], days[asked], codes[asked]
    order = np.lexsort((days, ids))
    same = (np.diff(ids[order]) == 0) & (np.diff(days[order]) == 0) & (ids[order][1:] > 0)
    if same.any():
        place = int(np.flatnonzero(same)[0])
        first, second = sorted(names[codes[order[at]]] for at in (place, place + 1))
        day = _EPOCH + dt.timedelta(days=int(days[order[place]]))
        raise UnableToImportReadings(
            "%(first)s 与 %(second)s 是同一计量点，%(day)s 的曲线出现了两次；一份文件里应只用一种"
            "编号",
            first=first,
            second=second,
            day=day,
        )
