"""Energy billed by interval: curves of the accounts on dynamic prices, times the prices (R25)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from busbar.billing import rating
from busbar.billing.stretches import Stretch
from busbar.kit.periods import Month, Period
from busbar.metering import queries as metering_queries
from busbar.metering.lake import read_curves
from busbar.supply.models import UsagePoint

SeriesCosts = Mapping[tuple[int, Period], rating.SeriesCost]
"""By account and days of a stretch whose energy has a price every interval."""


def cost_stretches(
    root: Path,
    month: Month,
    stretches: Mapping[int, Sequence[Stretch]],
    points: Mapping[int, Sequence[UsagePoint]],
    *,
    as_of: int,
) -> tuple[dict[tuple[int, Period], rating.SeriesCost], dict[int, rating.UnableToRate]]:
    """The cost of every stretch on a price series, and the accounts whose prices have gaps.

    One read of the lake for all of them; none where no account is on dynamic prices.
    """
    dynamic = {pk: [s for s in own if s.series] for pk, own in stretches.items()}
    dynamic = {pk: own for pk, own in dynamic.items() if own}
    ids = sorted(point.pk for pk in dynamic for point in points.get(pk, ()))
    if not ids:
        return {}, {}
    curves = read_curves(root, ids, month.first, month.period.end, as_of=as_of)
    return cost_curves(curves, month, dynamic, points, as_of=as_of, until=month.period.end)


def cost_curves(
    curves: pa.Table,
    month: Month,
    stretches: Mapping[int, Sequence[Stretch]],
    points: Mapping[int, Sequence[UsagePoint]],
    *,
    as_of: int,
    until: dt.date,
) -> tuple[dict[tuple[int, Period], rating.SeriesCost], dict[int, rating.UnableToRate]]:
    """The same of curves at hand (rows of the lake's), with their days before `until` only.

    Days from `until` on cost nothing, and nobody asks for their prices.
    """
    costs: dict[tuple[int, Period], rating.SeriesCost] = {}
    refused: dict[int, rating.UnableToRate] = {}
    owners = curves.column("usage_point_id").to_numpy()
    for account, own in stretches.items():
        mine = [point.pk for point in points.get(account, ())]
        rows = curves.filter(np.isin(owners, mine))
        load = metering_queries.sum_load(rows, month.first, month.period.end)
        try:
            for stretch in own:
                if stretch.series:
                    costs[account, stretch.period] = _cost(
                        stretch, load.energy_wh, month, as_of, until
                    )
        except rating.UnableToRate as reason:
            refused[account] = reason
    return costs, refused


def _cost(
    stretch: Stretch,
    energy_wh: np.ndarray[tuple[int, int], np.dtype[np.int64]],
    month: Month,
    as_of: int,
    until: dt.date,
) -> rating.SeriesCost:
    series = stretch.series
    assert series is not None  # noqa: S101 - the caller asks for stretches on a series only
    days = stretch.period.overlap(Period(dt.date.min, until))
    start, end = (days.start, days.end) if days else (until, until)
    first, last = (start - month.first).days, (end - month.first).days
    return rating.series_cost(
        energy_wh[first:last].ravel().tolist(),
        series.prices_of(days) if days else [],
        identity=f"series.{stretch.period.start}",
        name=series.name,
        rule=series.rule,
        evidence=f"{last - first} 天 96 点曲线 数据版本 {as_of}；价格序列 {series.code}",
    )
