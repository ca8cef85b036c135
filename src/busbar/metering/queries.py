"""Reading meters and curves; the lake stands behind the same visibility as the registers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer, units_in_branch
from busbar.kit.periods import Month
from busbar.metering import lake
from busbar.metering.lake import INTERVALS, Quality
from busbar.metering.models import (
    CurveCheck,
    LakeCommit,
    MeterInstallation,
    ReadingSource,
    VeeFinding,
    VeeRule,
    VeeState,
)
from busbar.supply.models import UsagePoint

_STAKE = re.compile(r"[0-9]{1,14}\.[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,18}")
AsOf = int | dt.datetime | None
_WH_PER_QUARTER_TO_KW = 4 / 1000
_SEVERITY = np.array([0, 2, 1, 5, 4, 3], dtype=np.int8)
"""How bad each quality code is, by code: a sum shows the worst of its parts."""
_CODE_OF = np.argsort(_SEVERITY).astype(np.int8)


def list_deliveries() -> QuerySet[LakeCommit, LakeCommit]:
    """What sources delivered, the oldest first; not what validation or a person wrote."""
    written = Q(commit_key__startswith="vee:") | Q(commit_key__startswith="edit:")
    return LakeCommit.objects.exclude(written).order_by("pk")


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


@dataclass(frozen=True)
class ChangedPoint:
    """A usage point of which a month's days have newer curves than a version."""

    usage_point_id: int
    days: tuple[dt.date, ...]
    newest_version: int


def list_points_changed_since(
    version: int, month: Month, *, usage_point_ids: Iterable[int] | None = None
) -> list[ChangedPoint]:
    """Usage points with days of the month that changed after a lake version, by id.

    Whoever keeps `lake_version` beside a result asks this to learn what has become outdated.
    Only keys are read, and only of files that hold something so new.
    """
    ids = None if usage_point_ids is None else sorted(usage_point_ids)
    rows = lake.list_changed(lake_root(), month, after=version, usage_point_ids=ids)
    by_point: dict[int, list[tuple[dt.date, int]]] = {}
    for row in rows.to_pylist():
        by_point.setdefault(row["usage_point_id"], []).append((row["day"], row["version"]))
    return [
        ChangedPoint(point, tuple(day for day, _v in days), max(v for _day, v in days))
        for point, days in by_point.items()
    ]


@dataclass(frozen=True)
class CurveVersion:
    """One stored version of a day curve."""

    version: int
    committed_at: dt.datetime
    source: str


@dataclass(frozen=True)
class DayCurve:
    """A usage point's day now, as it was delivered, and its versions, newest first.

    `now` and `delivered` are 96 values a channel, None where nothing is known; `delivered` is
    the newest value of each interval that a meter gave. Without any curve there are no versions.
    """

    now: dict[str, list[int | None]]
    delivered: dict[str, list[int | None]]
    quality: list[int]
    versions: list[CurveVersion]

    @property
    def version(self) -> int:
        """The newest version, 0 without a curve."""
        return self.versions[0].version if self.versions else 0


def get_day_curve(viewer: Viewer, usage_point: UsagePoint, day: dt.date) -> DayCurve:
    """The day's curve beside what was delivered; `UsagePoint.DoesNotExist` when not visible."""
    point = UsagePoint.objects.visible_to(viewer).get(pk=usage_point.pk)
    rows = lake.history(lake_root(), point.pk, day).to_pylist()
    nothing: list[int | None] = [None] * INTERVALS
    now = {name: nothing.copy() for name in lake.CHANNELS}
    delivered = {name: nothing.copy() for name in lake.CHANNELS}
    quality = [int(Quality.MISSING)] * INTERVALS
    for row in rows:  # oldest first
        quality = row["quality"]
        for name in lake.CHANNELS:
            now[name] = _known_values(row[name], quality)
            _take_delivered(delivered[name], now[name], quality)
    versions = [CurveVersion(r["version"], r["committed_at"], r["source"]) for r in reversed(rows)]
    return DayCurve(now, delivered, quality, versions)


def as_known(
    values: npt.NDArray[np.floating[Any]], known: npt.NDArray[np.bool_], *, places: int = 3
) -> list[float | None]:
    """Rounded for a chart or a file; None where nothing is known."""
    pairs = zip(np.round(values, places).tolist(), known.tolist(), strict=True)
    return [value if is_known else None for value, is_known in pairs]


def _known_values(values: list[int] | None, quality: list[int]) -> list[int | None]:
    if values is None:
        return [None] * INTERVALS
    pairs = zip(values, quality, strict=True)
    return [None if code == Quality.MISSING else value for value, code in pairs]


def _take_delivered(
    delivered: list[int | None], values: list[int | None], quality: list[int]
) -> None:
    for place, code in enumerate(quality):
        if code in (Quality.MEASURED, Quality.SUSPECT):
            delivered[place] = values[place]


@dataclass(frozen=True)
class VeeFilter:
    """What of the findings is asked for; an empty field: all."""

    state: str = VeeState.OPEN
    rule: str = ""
    unit_path: str = ""
    month: Month | None = None


@dataclass(frozen=True)
class VeePage:
    """Findings by stake, highest first, and the key of the next page."""

    findings: list[VeeFinding]
    after: str


VEE_PAGE_SIZE = 50


def list_vee_findings(
    viewer: Viewer, narrowed: VeeFilter, *, after: str = "", size: int = VEE_PAGE_SIZE
) -> VeePage:
    """What a person must look at, ranked by money at stake. One query.

    `after` is the key that the page before gave; a damaged one begins at the beginning.
    """
    rows = _with_whose(_narrowed(viewer, narrowed))
    key = _parse_key(after)
    if key is not None:
        rows = rows.filter(beyond(("-stake_yuan", "id"), key))
    read = list(rows.order_by("-stake_yuan", "id")[: size + 1])
    last = read[size - 1] if len(read) > size else None
    return VeePage(read[:size], f"{last.stake_yuan}_{last.pk}" if last else "")


def get_vee_finding(viewer: Viewer, finding_id: int) -> VeeFinding:
    """One of them, with whose it is; VeeFinding.DoesNotExist when it may not be seen."""
    return _with_whose(VeeFinding.objects.visible_to(viewer)).get(pk=finding_id)


def get_vee_findings(viewer: Viewer, finding_ids: Sequence[int]) -> list[VeeFinding]:
    """Those of them that may be seen, by id. One query."""
    rows = VeeFinding.objects.visible_to(viewer).filter(pk__in=finding_ids)
    return list(_with_whose(rows).order_by("pk"))


def _with_whose(rows: QuerySet[VeeFinding, VeeFinding]) -> QuerySet[VeeFinding, VeeFinding]:
    return rows.select_related("usage_point__account__customer", "usage_point__account__unit")


def count_vee_findings(viewer: Viewer, narrowed: VeeFilter) -> dict[str, tuple[int, Decimal]]:
    """By rule: how many findings and how many yuan at stake. One query."""
    rows = _narrowed(viewer, replace(narrowed, rule="")).order_by()
    counted = rows.values_list("rule").annotate(number=Count("pk"), stake=Sum("stake_yuan"))
    return {rule: (number, stake) for rule, number, stake in counted}


def list_day_findings(viewer: Viewer, usage_point: UsagePoint, day: dt.date) -> list[VeeFinding]:
    """What validation found of one day."""
    rows = VeeFinding.objects.visible_to(viewer).filter(usage_point=usage_point, day=day)
    return list(rows.order_by("id"))


def list_vee_rules() -> list[VeeRule]:
    """The rules of validation in their order, those out of use too."""
    return list(VeeRule.objects.order_by("order"))


def list_curve_checks(*, limit: int = 12) -> list[CurveCheck]:
    """The newest checks."""
    return list(CurveCheck.objects.order_by("-started_at", "-id")[:limit])


def _narrowed(viewer: Viewer, narrowed: VeeFilter) -> QuerySet[VeeFinding, VeeFinding]:
    rows: QuerySet[VeeFinding, VeeFinding] = VeeFinding.objects.visible_to(viewer)
    if narrowed.state:
        rows = rows.filter(state=narrowed.state)
    if narrowed.rule:
        rows = rows.filter(rule=narrowed.rule)
    if narrowed.unit_path:
        rows = rows.filter(usage_point__account__unit__in=units_in_branch(narrowed.unit_path))
    if narrowed.month is not None:
        period = narrowed.month.period
        rows = rows.filter(day__gte=period.start, day__lt=period.end)
    return rows


def _parse_key(after: str) -> tuple[Decimal, int] | None:
    stake, _mark, number = after.partition("_")
    if not _STAKE.fullmatch(stake) or not _NUMBER.fullmatch(number):
        return None
    return Decimal(stake), int(number)


def list_lake_commits(*, limit: int = 50) -> list[LakeCommit]:
    """The newest deliveries."""
    return list(LakeCommit.objects.order_by("-committed_at", "-id")[:limit])
