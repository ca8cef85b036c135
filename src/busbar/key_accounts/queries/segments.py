"""Reading segments: the newest shapes, who has them, packages, needs; typical days of the lake."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Count, QuerySet, Sum

from busbar.access.visibility import Viewer
from busbar.clocks import queries as clocks_queries
from busbar.key_accounts.models import (
    CustomerNeed,
    CustomerSegment,
    LoadShape,
    NeedKind,
    Segmentation,
    ServicePackage,
    SpendBand,
)
from busbar.key_accounts.queries.rules import in_force
from busbar.kit.periods import Month
from busbar.metering import lake
from busbar.metering.lake import INTERVALS
from busbar.metering.queries import lake_root
from busbar.supply.models import UsagePoint

Floats = npt.NDArray[np.float64]
Segments = QuerySet[CustomerSegment, CustomerSegment]


@dataclass(frozen=True)
class TypicalDays:
    """By place of `customer_ids`: the sum of working days and of free days, 96 values each."""

    customer_ids: list[int]
    working: Floats
    idle: Floats
    working_days: int
    idle_days: int


def read_typical_days(month: Month) -> TypicalDays:
    """Every customer's days of the month added up, streamed from the lake. Two queries."""
    owner = dict(UsagePoint.objects.order_by().values_list("pk", "account__customer_id"))
    customers = sorted(set(owner.values()))
    place_of = {pk: place for place, pk in enumerate(customers)}
    points = np.array(sorted(owner), dtype=np.int64)
    places = np.array([place_of[owner[int(pk)]] for pk in points], dtype=np.int64)
    calendar = clocks_queries.get_calendar(month.first, month.next.first)
    days = [month.first + dt.timedelta(days=n) for n in range(month.days)]
    works = np.array([calendar.is_working_day(day) for day in days])
    sums = np.zeros((2, len(customers), INTERVALS))
    for batch in lake.iter_month_batches(lake_root(), month, ("active_wh",)):
        _add(sums, batch, points, places, works, month)
    return TypicalDays(customers, sums[1], sums[0], int(works.sum()), int((~works).sum()))


def _add(
    sums: Floats,
    batch: Any,
    points: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64],
    works: npt.NDArray[np.bool_],
    month: Month,
) -> None:
    batch = batch.filter(batch.column("active_wh").is_valid())
    if not batch.num_rows:
        return
    ids = batch.column("usage_point_id").to_numpy()
    day = batch.column("day").cast("int32").to_numpy() - (month.first - dt.date(1970, 1, 1)).days
    values = batch.column("active_wh").flatten().to_numpy().reshape(-1, INTERVALS)
    at = np.minimum(np.searchsorted(points, ids), max(len(points) - 1, 0))
    ours = points[at] == ids
    np.add.at(sums, (works[day[ours]].astype(np.int64), places[at[ours]]), values[ours])


def get_latest_segmentation() -> Segmentation | None:
    """The newest one."""
    return Segmentation.objects.order_by("-month").first()


def list_bands(on: dt.date) -> list[SpendBand]:
    """The bands of the day, the dearest first."""
    return list(in_force(SpendBand.objects.order_by("-from_yuan"), on))


def list_packages(on: dt.date) -> list[ServicePackage]:
    """The packages of the day."""
    return list(in_force(ServicePackage.objects.order_by("id"), on))


def fits(package: ServicePackage, segment: CustomerSegment) -> bool:
    """Whether a package is bound to the customer's segment."""
    return (
        (not package.sections or segment.section in package.sections)
        and (not package.shapes or segment.shape.kind in package.shapes)
        and (not package.bands or segment.band in package.bands)
    )


def list_shapes(segmentation: Segmentation) -> list[LoadShape]:
    """The shapes, the most customers first."""
    return list(segmentation.shapes.order_by("-customers", "code"))


def count_cells(viewer: Viewer, segmentation: Segmentation) -> list[dict[str, Any]]:
    """Visible customers and their money by section, shape and band. One query."""
    rows: QuerySet[Any, Any] = CustomerSegment.objects.visible_to(viewer)
    return list(
        rows.filter(segmentation=segmentation)
        .order_by()
        .values("section", "shape_id", "band")
        .annotate(n=Count("pk"), yuan=Sum("annual_revenue_yuan"))
    )


def list_segment(
    viewer: Viewer,
    segmentation: Segmentation,
    *,
    shape: str = "",
    section: str = "",
    band: str = "",
) -> Segments:
    """Visible customers of a segment, the highest revenue first."""
    rows: Segments
    rows = CustomerSegment.objects.visible_to(viewer).filter(segmentation=segmentation)
    if shape:
        rows = rows.filter(shape__code=shape)
    if section:
        rows = rows.filter(section=section)
    if band:
        rows = rows.filter(band=band)
    ordered = rows.select_related("customer__unit", "shape")
    return ordered.order_by("-annual_revenue_yuan", "id")


def find_segment(viewer: Viewer, customer_id: int) -> CustomerSegment | None:
    """Where a customer stands in the newest segmentation."""
    rows: QuerySet[CustomerSegment, CustomerSegment]
    rows = CustomerSegment.objects.visible_to(viewer).filter(customer=customer_id)
    return rows.select_related("shape", "segmentation").order_by("-segmentation__month").first()


def list_needs(viewer: Viewer, *, customer_id: int | None = None) -> list[CustomerNeed]:
    """Needs that were recorded, unmet ones first, the newest first."""
    rows: QuerySet[CustomerNeed, CustomerNeed]
    rows = CustomerNeed.objects.visible_to(viewer).select_related("customer")
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    return list(rows.order_by("met_at", "-id")[:200])


def count_needs(viewer: Viewer) -> dict[str, int]:
    """Unmet needs by kind. One query."""
    rows: QuerySet[Any, Any] = CustomerNeed.objects.visible_to(viewer).filter(met_at=None)
    found = dict.fromkeys(NeedKind.values, 0)
    found.update(dict(rows.order_by().values_list("kind").annotate(Count("pk"))))
    return found


def band_of(revenue: Decimal, bands: list[SpendBand]) -> str:
    """The first band that the revenue reaches; bands come the dearest first."""
    return next((band.code for band in bands if revenue >= band.from_yuan), "")
