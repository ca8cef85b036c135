"""Which stops there are, whom they touch, when a point was without supply."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, Count, Q, QuerySet, When

from busbar.access.visibility import Viewer
from busbar.customers.models import CustomerAccount, Importance
from busbar.outages.models import AffectedPoint, Outage, OutageKind
from busbar.supply.models import SourceRole, UsagePoint

Outages = QuerySet[Outage, Outage]


@dataclass(frozen=True)
class Stretch:
    """`[start, end)` in which a usage point was without supply; open stretches end at `until`."""

    usage_point_id: int
    account_id: int
    outage: str
    kind: str
    start: dt.datetime
    end: dt.datetime

    @property
    def hours(self) -> float:
        """How long, for compensation and reliability."""
        return (self.end - self.start).total_seconds() / 3600


def list_outages(viewer: Viewer, *, kind: str = "", state: str = "", text: str = "") -> Outages:
    """Visible stops with `points`, the newest first; one query."""
    rows: Outages = Outage.objects.visible_to(viewer)
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(number__startswith=text) | Q(scope__contains=text))
    return (
        rows.select_related("unit")
        .annotate(points=Count("affected"))
        .order_by("-planned_from", "-id")
    )


def get_outage(viewer: Viewer, number: str) -> Outage:
    """Outage.DoesNotExist where there is none that the viewer sees."""
    found: Outage = Outage.objects.visible_to(viewer).select_related("unit").get(number=number)
    return found


def list_affected(viewer: Viewer, outage: Outage) -> QuerySet[AffectedPoint, AffectedPoint]:
    """The points touched that the viewer sees, important customers first."""
    rows: QuerySet[AffectedPoint, AffectedPoint] = AffectedPoint.objects.visible_to(viewer)
    is_ordinary = Case(When(account__customer__importance=Importance.NONE, then=1), default=0)
    return (
        rows.filter(outage=outage)
        .select_related("account__customer", "usage_point")
        .order_by(is_ordinary, "account__customer__number", "usage_point__number")
    )


def list_important(outage: Outage) -> list[CustomerAccount]:
    """Accounts of important customers that the stop touches, whoever asks: it guards them."""
    touched = AffectedPoint.objects.filter(outage=outage).values("account_id")
    rows = CustomerAccount.objects.filter(pk__in=touched)
    rows = rows.exclude(customer__importance=Importance.NONE)
    return list(rows.select_related("customer").order_by("number"))


def find_points(
    *,
    accounts: Iterable[str] = (),
    feeders: Iterable[str] = (),
    substations: Iterable[str] = (),
) -> QuerySet[UsagePoint, UsagePoint]:
    """Usage points of the 户号, or mainly fed from the feeders or the substations' feeders."""
    source = Q(site__power_sources__role=SourceRole.MAIN)
    fed = source & Q(site__power_sources__feeder__code__in=list(feeders))
    below = source & Q(site__power_sources__feeder__substation__code__in=list(substations))
    rows = UsagePoint.objects.filter(Q(account__number__in=list(accounts)) | fed | below)
    return rows.select_related("account__customer").distinct().order_by("number")


def list_stretches(
    *,
    since: dt.datetime,
    until: dt.datetime,
    usage_point_ids: Iterable[int] | None = None,
    account_id: int | None = None,
) -> list[Stretch]:
    """When points were without supply inside `[since, until)`; one query.

    For compensation (`account_id`) and for jobs that hand them to metering as rows: an interval
    inside is nought for want of supply, not missing.
    """  # fmt: skip
    rows = AffectedPoint.objects.filter(outage__begun_at__lt=until).filter(
        Q(outage__restored_at__isnull=True) | Q(outage__restored_at__gt=since)
    )
    if usage_point_ids is not None:
        rows = rows.filter(usage_point__in=list(usage_point_ids))
    if account_id is not None:
        rows = rows.filter(account=account_id)
    return [
        Stretch(
            usage_point_id=row.usage_point_id,
            account_id=row.account_id,
            outage=row.outage.number,
            kind=row.outage.kind,
            start=max(row.outage.begun_at or since, since),
            end=min(row.outage.restored_at or until, until),
        )
        for row in rows.select_related("outage").order_by("outage__begun_at", "id")
    ]


def list_compensable(
    account: CustomerAccount, *, since: dt.datetime, until: dt.datetime
) -> list[Stretch]:
    """Stretches that were the supplier's doing: planned stops and faults, never the customer's."""
    ours = (OutageKind.PLANNED, OutageKind.FAULT)
    found = list_stretches(since=since, until=until, account_id=account.pk)
    return [stretch for stretch in found if stretch.kind in ours]
