"""What the kernel takes and gives: maps of price periods, and a month's sums of usage points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from busbar.kit.periods import Month, Period
from busbar.metering.lake.schema import INTERVALS, Quality

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]

PERIODS: Final = 6
"""Most time-of-use periods a scheme may have; what a code means is the tariff's business."""


@dataclass(frozen=True)
class PeriodMaps:
    """Which time-of-use period each interval of a day belongs to, for each usage point.

    `masks` (kinds, 96): the distinct days, as period codes 0..5. `kind_of` (schemes, days): which
    of them a scheme has on each day from `start`. `scheme_of` gives each id of
    `usage_point_ids` (sorted) its place among the schemes. `only` names the days that are added
    up, where that is not the whole month.
    """

    start: date
    masks: npt.NDArray[np.uint8]
    kind_of: npt.NDArray[np.intp]
    usage_point_ids: Ints
    scheme_of: npt.NDArray[np.intp]
    only: Period | None = None

    @classmethod
    def build(
        cls,
        month: Month,
        codes: Mapping[tuple[int, date], Sequence[int] | Array],
        schemes: Mapping[int, int],
        *,
        only: Period | None = None,
    ) -> "PeriodMaps":
        """Build from `codes[scheme id, day]` (96 codes 0..5) and `schemes[usage point id]`.

        Every day of the month must be there for every scheme in use; KeyError names the absent.
        """
        used = sorted(set(schemes.values()))
        days = [month.first + timedelta(days=i) for i in range(month.days)]
        vectors = np.array([[codes[scheme, day] for day in days] for scheme in used])
        vectors = vectors.reshape(-1, INTERVALS)
        if vectors.size and (vectors.min() < 0 or vectors.max() >= PERIODS):
            raise ValueError(f"period codes must lie in 0..{PERIODS - 1}")
        masks, kinds = np.unique(vectors, axis=0, return_inverse=True)
        points = np.array(sorted(schemes), dtype=np.int64)
        place = {scheme: i for i, scheme in enumerate(used)}
        return cls(
            start=month.first,
            masks=masks.astype(np.uint8),
            kind_of=kinds.reshape(len(used), len(days)).astype(np.intp),
            usage_point_ids=points,
            scheme_of=np.array([place[schemes[int(p)]] for p in points], dtype=np.intp),
            only=only,
        )

    def within(self, low: int, high: int) -> "PeriodMaps":
        """The same for the usage points of [low, high) only."""
        first, end = np.searchsorted(self.usage_point_ids, [low, high])
        part = slice(int(first), int(end))
        return replace(
            self, usage_point_ids=self.usage_point_ids[part], scheme_of=self.scheme_of[part]
        )


@dataclass(frozen=True)
class PointMonth:
    """One usage point's month: energies in Wh and varh, demand in W, quality in intervals."""

    usage_point_id: int
    days: int
    energy_wh: tuple[int, ...]
    """By period code 0..5."""
    total_wh: int
    reactive_lag_varh: int
    reactive_lead_varh: int
    reactive_days: int
    """Days with lagging energy delivered: fewer than `days` means the power factor has gaps."""
    max_demand_w: int
    max_demand_day: date | None
    max_demand_interval: int
    """0 is 00:00–00:15; the earliest of equals; -1 without any curve."""
    quality_intervals: dict[Quality, int]

    @classmethod
    def joined(cls, parts: "Sequence[PointMonth]") -> "PointMonth":
        """Stretches of one usage point's month together, given in the order of their days."""
        if len(parts) == 1:
            return parts[0]
        peak = max(parts, key=lambda part: part.max_demand_w)  # the first of equals: the earliest
        return replace(
            peak,
            days=sum(part.days for part in parts),
            energy_wh=tuple(map(sum, zip(*(part.energy_wh for part in parts), strict=True))),
            total_wh=sum(part.total_wh for part in parts),
            reactive_lag_varh=sum(part.reactive_lag_varh for part in parts),
            reactive_lead_varh=sum(part.reactive_lead_varh for part in parts),
            reactive_days=sum(part.reactive_days for part in parts),
            quality_intervals={
                q: sum(part.quality_intervals[q] for part in parts) for q in Quality
            },
        )


@dataclass
class MonthAggregates:
    """The same for all usage points of the maps, as arrays in the order of `usage_point_ids`."""

    usage_point_ids: Ints
    days: Ints
    energy_wh: Ints
    """(usage points, 6)"""
    reactive_lag_varh: Ints
    reactive_lead_varh: Ints
    reactive_days: Ints
    max_demand_w: Ints
    max_demand_day: Ints
    """Days since 1970-01-01, -1 without any curve."""
    max_demand_interval: Ints
    quality_intervals: Ints
    """(usage points, 6) by `Quality`"""
    rows_skipped: int = 0
    """Rows of usage points that the maps do not name."""

    @classmethod
    def empty(cls, usage_point_ids: Ints) -> "MonthAggregates":
        """Nothing added up yet."""
        count = len(usage_point_ids)

        def zeros(*width: int) -> Ints:
            return np.zeros((count, *width), dtype=np.int64)

        return cls(
            usage_point_ids=usage_point_ids,
            days=zeros(),
            energy_wh=zeros(PERIODS),
            reactive_lag_varh=zeros(),
            reactive_lead_varh=zeros(),
            reactive_days=zeros(),
            max_demand_w=zeros() - 1,
            max_demand_day=zeros() - 1,
            max_demand_interval=zeros() - 1,
            quality_intervals=zeros(len(Quality)),
        )

    @property
    def total_wh(self) -> Ints:
        """Active energy of all periods."""
        total: Ints = self.energy_wh.sum(axis=1)
        return total

    def put(self, part: "MonthAggregates") -> None:
        """Take over the usage points of a part, which must all be among these."""
        places = np.searchsorted(self.usage_point_ids, part.usage_point_ids)
        for name, mine in self.arrays().items():
            mine[places] = part.arrays()[name]
        self.rows_skipped += part.rows_skipped

    def arrays(self) -> dict[str, Ints]:
        """All figures by name, one row a usage point."""
        return {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}

    def of(self, usage_point_id: int) -> PointMonth:
        """One usage point's month; KeyError when the maps did not name it."""
        i = int(np.searchsorted(self.usage_point_ids, usage_point_id))
        if i == len(self.usage_point_ids) or self.usage_point_ids[i] != usage_point_id:
            raise KeyError(usage_point_id)
        day = int(self.max_demand_day[i])
        return PointMonth(
            usage_point_id=usage_point_id,
            days=int(self.days[i]),
            energy_wh=tuple(self.energy_wh[i].tolist()),
            total_wh=int(self.energy_wh[i].sum()),
            reactive_lag_varh=int(self.reactive_lag_varh[i]),
            reactive_lead_varh=int(self.reactive_lead_varh[i]),
            reactive_days=int(self.reactive_days[i]),
            max_demand_w=max(int(self.max_demand_w[i]), 0),
            max_demand_day=None if day < 0 else date(1970, 1, 1) + timedelta(days=day),
            max_demand_interval=int(self.max_demand_interval[i]),
            quality_intervals={q: int(self.quality_intervals[i, q]) for q in Quality},
        )
