"""The energies of a bill by the periods of another time-of-use scheme, from the same curves."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import cast

import numpy as np

from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.billing.rating.values import PERIODS_OF_DAY, PricePeriod
from busbar.kit.periods import Period
from busbar.metering import queries as metering_queries
from busbar.pricing import queries as pricing_queries
from busbar.supply.models import UsagePoint

_WH = Decimal(1000)
_ACTIVE = frozenset((*PERIODS_OF_DAY, "total"))


def spread_again(
    segment: rating.Segment, scheme_id: int | None, *, viewer: Viewer, lake_version: int
) -> rating.Segment:
    """The segment with its active energy spread over the scheme's periods; None: one period.

    Reads the curves at the version that the bill read, so that each sum stays what it was.
    Raises UnableToRate where an energy did not come from a curve or the sums disagree.
    """
    maps = _maps(scheme_id, segment.period)
    kept = [e for e in segment.energies if e.measures not in _ACTIVE]
    active: defaultdict[str, list[rating.Energy]] = defaultdict(list)
    for energy in segment.energies:
        if energy.measures in _ACTIVE:
            active[energy.point].append(energy)
    fresh = [
        again
        for number, energies in active.items()
        for again in _of_point(number, energies, segment, maps, viewer, lake_version)
    ]
    return replace(segment, energies=(*fresh, *kept))


def _maps(scheme_id: int | None, days: Period) -> Mapping[dt.date, tuple[str, ...]] | None:
    if scheme_id is None:
        return None
    by_key = pricing_queries.list_period_maps({scheme_id}, days)
    return {day: periods for (_, day), periods in by_key.items()}


def _of_point(
    number: str,
    energies: list[rating.Energy],
    segment: rating.Segment,
    maps: Mapping[dt.date, tuple[str, ...]] | None,
    viewer: Viewer,
    lake_version: int,
) -> Iterator[rating.Energy]:
    sums = _sums(number, segment, maps, viewer, lake_version)
    if sum(sums.values()) != sum(e.quantity for e in energies) * _WH:
        raise rating.UnableToRate(
            "计量点 %(number)s 的电量不是由曲线求得，不能按另一分时方案试算", number=number
        )
    template = energies[0]
    for period, wh in sums.items():
        own = template.id.rsplit(".", 1)[1].partition("@")[1:]
        yield replace(
            template,
            id=f"{number}.{period}{''.join(own)}",
            measures=cast(PricePeriod, period),
            quantity=Decimal(wh) / _WH,
        )


def _sums(
    number: str,
    segment: rating.Segment,
    maps: Mapping[dt.date, tuple[str, ...]] | None,
    viewer: Viewer,
    lake_version: int,
) -> dict[str, int]:
    """Wh by period; every period that the days know, also with nothing in it, is left out at 0."""
    points = list(UsagePoint.objects.filter(number=number).values_list("pk", flat=True))
    curves = metering_queries.get_curves(
        viewer,
        usage_point_ids=points,
        start=segment.period.start,
        end=segment.period.end,
        as_of=lake_version,
    )
    sums: defaultdict[str, int] = defaultdict(int)
    for day, quarters in zip(
        curves["day"].to_pylist(), curves["active_wh"].to_pylist(), strict=True
    ):
        if quarters is None:
            continue
        values = np.asarray(quarters, dtype=np.int64)
        periods = np.asarray(maps[day] if maps else ("total",) * len(values))
        for period in np.unique(periods):
            sums[str(period)] += int(values[periods == period].sum())
    return {period: wh for period, wh in sums.items() if wh or period == "total"}
