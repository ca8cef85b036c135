"""Reading meters and curves; the lake stands behind the same visibility as the registers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from django.conf import settings
from django.db.models import QuerySet

from busbar.access.visibility import Viewer
from busbar.metering import lake
from busbar.metering.lake import INTERVALS, Quality
from busbar.metering.models import LakeCommit, MeterInstallation, ReadingSource
from busbar.supply.models import UsagePoint

AsOf = int | dt.datetime | None
_WH_PER_QUARTER_TO_KW = 4 / 1000
_SEVERITY = np.array([0, 2, 1, 5, 4, 3], dtype=np.int8)
"""How bad each quality code is, by code: a sum shows the worst of its parts."""
_CODE_OF = np.argsort(_SEVERITY).astype(np.int8)


@dataclass(frozen=True)
class Load:
    """Load over whole days, the sum of the usage points; arrays of days x 96.

    `energy_wh` is exact; `load_kw` is the mean power of the quarter. `quality` is the worst of
    the points' codes; days without any curve are MISSING throughout.
    """

    start: dt.date
    end: dt.date
    energy_wh: npt.NDArray[np.int64]
    reactive_lag_varh: npt.NDArray[np.int64]
    reactive_lead_varh: npt.NDArray[np.int64]
    quality: npt.NDArray[np.int8]

    @property
    def load_kw(self) -> npt.NDArray[np.float64]:
        """Mean power of each quarter of an hour."""
        return (self.energy_wh * _WH_PER_QUARTER_TO_KW).astype(np.float64)

    @property
    def peak(self) -> tuple[dt.datetime, float] | None:
        """Local start of the quarter with the highest load and the load; None without data."""
        known = self.quality != Quality.MISSING
        if not known.any():
            return None
        place = int(np.where(known, self.energy_wh, -1).argmax())
        moment = dt.datetime.combine(self.start, dt.time()) + dt.timedelta(minutes=15 * place)
        return moment, float(self.load_kw.flat[place])


def lake_root() -> Path:
    """Where the lake lies."""
    return Path(settings.LAKE_ROOT)


def get_curves(
    viewer: Viewer,
    *,
    usage_point_ids: Iterable[int],
    start: dt.date,
    end: dt.date,
    as_of: AsOf = None,
    channels: Sequence[str] = lake.COLUMNS,
) -> pa.Table:
    """Day curves of the visible ones among the usage points, days [start, end), as `read_curves`.

    `as_of` is a lake version or an aware moment; None is the newest.
    """
    visible = UsagePoint.objects.visible_to(viewer).filter(pk__in=list(usage_point_ids))
    ids = sorted(visible.values_list("pk", flat=True))
    return lake.read_curves(lake_root(), ids, start, end, as_of=as_of, channels=channels)


def get_load(
    viewer: Viewer,
    *,
    start: dt.date,
    end: dt.date,
    account_ids: Iterable[int] | None = None,
    usage_point_ids: Iterable[int] | None = None,
    as_of: AsOf = None,
) -> Load:
    """Summed load of the visible usage points (of accounts, or given) over days [start, end)."""
    points = UsagePoint.objects.visible_to(viewer)
    if account_ids is not None:
        points = points.filter(account_id__in=list(account_ids))
    if usage_point_ids is not None:
        points = points.filter(pk__in=list(usage_point_ids))
    ids = sorted(points.values_list("pk", flat=True))
    return sum_load(lake.read_curves(lake_root(), ids, start, end, as_of=as_of), start, end)


def sum_load(curves: pa.Table, start: dt.date, end: dt.date) -> Load:
    """Add day curves (`lake.read_curves`) up by day."""
    days = (end - start).days
    offset = curves["day"].cast(pa.int32()).to_numpy() - (start - dt.date(1970, 1, 1)).days
    active, lag, lead = (_summed(curves, name, offset, days) for name in lake.CHANNELS)
    return Load(start, end, active, lag, lead, _worst(curves, offset, days))


def _matrix(curves: pa.Table, name: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]:
    column = curves[name].combine_chunks()
    present = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.drop_null().flatten().to_numpy(zero_copy_only=False)
    return present, values.reshape(-1, INTERVALS)


def _summed(
    curves: pa.Table, name: str, offset: npt.NDArray[Any], days: int
) -> npt.NDArray[np.int64]:
    present, values = _matrix(curves, name)
    total = np.zeros((days, INTERVALS), dtype=np.int64)
    np.add.at(total, offset[present], values)
    return total


def _worst(curves: pa.Table, offset: npt.NDArray[Any], days: int) -> npt.NDArray[np.int8]:
    present, codes = _matrix(curves, "quality")
    worst = np.full((days, INTERVALS), -1, dtype=np.int8)
    np.maximum.at(worst, offset[present], _SEVERITY[codes])
    worst[worst < 0] = _SEVERITY[Quality.MISSING]
    result: npt.NDArray[np.int8] = _CODE_OF[worst]
    return result


def list_installations(
    viewer: Viewer, *, customer_id: int | None = None, usage_point_id: int | None = None
) -> QuerySet[MeterInstallation, MeterInstallation]:
    """Visible installations, newest first, with meter and usage point."""
    found: QuerySet[MeterInstallation, MeterInstallation] = MeterInstallation.objects.visible_to(
        viewer
    )
    if customer_id is not None:
        found = found.filter(usage_point__account__customer_id=customer_id)
    if usage_point_id is not None:
        found = found.filter(usage_point_id=usage_point_id)
    return found.select_related("meter", "usage_point").order_by("usage_point", "-installed_on")


def get_source(code: str) -> ReadingSource | None:
    """The reading source with this code, if it was ever stated."""
    return ReadingSource.objects.filter(code=code).first()


def list_lake_commits(*, limit: int = 50) -> list[LakeCommit]:
    """The newest deliveries."""
    return list(LakeCommit.objects.order_by("-committed_at", "-id")[:limit])
