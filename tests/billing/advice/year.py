"""A year of bills to advise on: a county, an account, curves of nine and more months."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.operations import run_month
from busbar.kit.periods import Month
from busbar.supply.models import UsagePoint
from tests.billing import world


def month_curves(
    points: list[UsagePoint], month: Month, *, kw: int, peak_kw: int = 0, kvar: int = 0
) -> pa.Table:
    """Every day `kw` and `kvar` throughout; the first quarter of the first day at `peak_kw`."""
    table = world.curves(points, month, load=np.full(96, kw * 250, dtype=np.int32))
    rows: dict[str, list[Any]] = table.to_pydict()
    rows["reactive_lag_varh"] = [[kvar * 250] * 96] * table.num_rows
    if peak_kw:
        for index, day in enumerate(rows["day"]):
            if day == month.first:
                rows["active_wh"][index] = [peak_kw * 250, *rows["active_wh"][index][1:]]
    return pa.table(rows, schema=table.schema)


def bill_months(
    lake: Path, points: list[UsagePoint], loads: Mapping[Month, Mapping[str, int]]
) -> None:
    """Store and bill each month with its load."""
    for month, load in loads.items():
        world.store(lake, month_curves(points, month, **load), key=str(month))
        run_month(month=month, by=SYSTEM_VIEWER, at=world.AT)


def months_until(last: Month, count: int) -> list[Month]:
    """So many months, oldest first."""
    months = [last]
    while len(months) < count:
        months.append(months[-1].previous)
    return months[::-1]
