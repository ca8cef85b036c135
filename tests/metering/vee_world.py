"""One account of 1,000 kVA in a county, its meter, its January; a lake of the test's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from django.conf import settings

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.kit.periods import Month
from busbar.metering import operations as metering_operations
from busbar.metering.lake import read_curves
from busbar.metering.models import CurveCheck, LakeCommit, Meter, MeterInstallation
from busbar.supply.models import UsagePoint
from tests.billing import world
from tests.metering.lake_fixtures import curve, curves

MONTH = Month(2026, 1)
AT = dt.datetime(2026, 2, 1, 1, tzinfo=dt.UTC)
PRICE = Decimal("0.50")
SHAPE = (20_000 + 10_000 * np.sin(np.arange(96) / 8) + np.arange(96)).astype(np.int64)
"""An ordinary day: no value twice in a row, 10 to 30 kWh a quarter."""
MISSING, ESTIMATED, EDITED, SUSPECT, OUTAGE = 3, 1, 2, 4, 5


def prices(account_ids: Iterable[int]) -> dict[int, Decimal]:
    """Half a yuan for everybody."""
    return dict.fromkeys(account_ids, PRICE)


def hang_meter(point: UsagePoint, serial: str = "M1", **facts: Any) -> MeterInstallation:
    """A meter since long ago, 10 x 10, unless said otherwise."""
    values = {"installed_on": world.LONG_AGO, "ct_ratio": 10, "pt_ratio": 10} | facts
    meter, _is_new = Meter.objects.get_or_create(serial=serial)
    return MeterInstallation.objects.create(meter=meter, usage_point=point, **values)


def day(number: int) -> dt.date:
    """A day of January 2026."""
    return dt.date(2026, 1, number)


def deliver(
    point: UsagePoint,
    days: dict[int, Sequence[int] | np.ndarray[Any, Any]],
    *,
    quality: dict[int, list[int]] | None = None,
    key: str = "first",
    lag: int | None = 3_000,
) -> LakeCommit:
    """Commit days of January as an import would; the note of the commit."""
    rows = [
        curve(point.pk, day(n), active=[int(v) for v in values], lag=lag,
              quality=(quality or {}).get(n, 0))
        for n, values in days.items()
    ]  # fmt: skip
    metering_operations.append_curves(
        curves=curves(*rows), commit_key=key, source="test", file_name=key, by=SYSTEM_VIEWER, at=AT
    )
    return LakeCommit.objects.get(commit_key=key)


def validate() -> CurveCheck:
    """Validate January."""
    return metering_operations.validate_month(month=MONTH, prices=prices, by=SYSTEM_VIEWER, at=AT)


def stored(point: UsagePoint, number: int, **asked: Any) -> dict[str, Any]:
    """The newest row of a day, or as of then."""
    end = day(number) + dt.timedelta(days=1)
    rows = read_curves(settings.LAKE_ROOT, [point.pk], day(number), end, **asked).to_pylist()
    return rows[0] if rows else {}


def with_gap(start: int, end: int) -> tuple[np.ndarray[Any, Any], list[int]]:
    """The ordinary day with intervals [start, end) missing, and its quality."""
    values, quality = SHAPE.copy(), [0] * 96
    values[start:end] = 0
    quality[start:end] = [MISSING] * (end - start)
    return values, quality
