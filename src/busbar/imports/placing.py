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
from busbar.metering.lake import CURVE_SCHEMA
from busbar.metering.layouts import NO_RATIO, RowRatios
from busbar.metering.models import MeterInstallation
from busbar.supply.models import UsagePoint

Integers = npt.NDArray[np.int64]

_UNKNOWN = "没有这个计量点编号或表号，或不在您的管辖范围内"
_BATCH = 5000
_EPOCH = dt.date(1970, 1, 1)
_STRIDE = 10_000_000
"""More than the days from the year 1 to 9999: a place times this plus a day is one key."""


@dataclass(frozen=True)
class Placed:
    """Curves by usage point id, and the numbers that lead nowhere with what was expected."""

    curves: pa.Table
    unknown: dict[str, str]


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

    def find_ratios(self, names: list[str], codes: Integers, days: Integers) -> RowRatios:
        """Ratios by number and day; a row whose meter was not installed then has none.

        Numbers that nothing is known of pass here: `place` names them.
        """
        self._look_up(names)
        span = self._spans.at(codes, days)
        # A file may hold no number at all; its rows are rejected and ask for nothing.
        asked = np.array([*map(self._needs_meter, names), False], dtype=bool)[codes]
        lacking = asked & (span < 0)
        factors: tuple[Decimal, ...] = ()
        places = np.zeros(len(codes), dtype=np.int64)
        if self._multiplies:
            factors, ratio_of = self._spans.factors()
            places = ratio_of[np.where(asked, span, -1)]
            self.ratios = sorted({factors[i] for i in np.unique(places[asked & ~lacking])})
            self._digest.update(repr(factors).encode() + places.tobytes())
        places[lacking] = NO_RATIO
        return RowRatios(places, factors, self._expectation(names, codes, days))

    def place(self, curves: pa.Table) -> Placed:
        """Put curves (`PARSED_SCHEMA`) to their usage points, after `find_ratios` of their rows."""
        coded = curves["point_number"].combine_chunks().dictionary_encode()
        names: list[str] = coded.dictionary.to_pylist()
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        days = curves["day"].cast(pa.int32()).to_numpy().astype(np.int64)
        by_number = np.array([self._points.get(name, 0) for name in names], dtype=np.int64)[codes]
        places = np.array([self._places[name] for name in names], dtype=np.int64)[codes]
        by_meter = self._spans.usage_points(self._spans.at(places, days))
        ids = np.where(by_number > 0, by_number, by_meter)
        _require_once(ids, days, codes, names)
        self._digest.update(ids.tobytes() + days.tobytes())
        kept = curves.filter(pa.array(ids > 0)).drop_columns(["point_number"])
        kept = kept.add_column(0, "usage_point_id", pa.array(ids[ids > 0]))
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

    def _is_known(self, name: str) -> bool:
        return name in self._points or self._places[name] in self._spans.owners

    def _needs_meter(self, name: str) -> bool:
        """Whether a row of this number is refused on a day without an installed meter."""
        return self._is_known(name) and (self._multiplies or name not in self._points)

    def _expectation(
        self, names: list[str], codes: Integers, days: Integers
    ) -> Callable[[int], str]:
        def say(row: int) -> str:
            name = names[int(codes[row])]
            day = _EPOCH + dt.timedelta(days=int(days[row]))
            if name in self._points:
                lacking = f"计量点 {name} 在 {day} 没有在装的电能表，缺 CT×PT 变比"
            else:
                lacking = f"表 {name} 在 {day} 未装在任何计量点"
            return f"{lacking}；应先导入这一天的装表记录"

        return say


@dataclass(frozen=True)
class _Span:
    """A meter at a usage point over days [begins, ends) since 1970; ratio is CT times PT."""

    begins: int
    ends: int
    usage_point_id: int
    ratio: Decimal


class _Spans:
    """Installations by the place of their number in the file; one at a time for each number."""

    def __init__(self, found: list[tuple[int, _Span]]) -> None:
        ordered = sorted(found, key=lambda pair: (pair[0], pair[1].begins))
        self.owners = {place for place, _ in ordered}
        self._spans = [span for _, span in ordered]
        self._places = np.array([place for place, _ in ordered], dtype=np.int64)
        begins = np.array([span.begins for span in self._spans], dtype=np.int64)
        self._ends = np.array([span.ends for span in self._spans], dtype=np.int64)
        self._keys = self._places * _STRIDE + begins

    def at(self, places: Integers, days: Integers) -> Integers:
        """For each (place, day) the number of the span that holds it, -1 for none."""
        if not self._spans:
            return np.full(len(places), -1, dtype=np.int64)
        found = np.searchsorted(self._keys, places * _STRIDE + days, side="right") - 1
        holds = (found >= 0) & (self._places[found] == places) & (days < self._ends[found])
        return np.where(holds, found, -1)

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
        for number, begins, ends, point, ct_ratio, pt_ratio in seen.values_list(
            lookup, "installed_on", "removed_on", "usage_point_id", "ct_ratio", "pt_ratio"
        ):
            until = _day_number(ends or dt.date.max)
            yield number, _Span(_day_number(begins), until, point, ct_ratio * pt_ratio)


def _day_number(day: dt.date) -> int:
    return (day - _EPOCH).days


def _require_once(ids: Integers, days: Integers, codes: Integers, names: list[str]) -> None:
    """A usage point under its own number and its meter's has two curves a day: nobody may guess."""
    order = np.lexsort((days, ids))
    same = (np.diff(ids[order]) == 0) & (np.diff(days[order]) == 0) & (ids[order][1:] > 0)
    if same.any():
        place = int(np.flatnonzero(same)[0])
        first, second = sorted(names[codes[order[at]]] for at in (place, place + 1))
        day = _EPOCH + dt.timedelta(days=int(days[order[place]]))
        raise UnableToImportReadings(
            f"{first} 与 {second} 是同一计量点，{day} 的曲线出现了两次；一份文件里应只用一种编号"
        )
