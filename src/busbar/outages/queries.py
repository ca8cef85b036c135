"""Which stops there are and whom they touch."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Case, Count, Q, QuerySet, When

from busbar.access.visibility import Viewer
from busbar.customers.models import CustomerAccount, Importance
from busbar.outages.models import AffectedPoint, Outage, OutageKind
from busbar.supply.models import PowerSource, SourceRole, UsagePoint

Outages = QuerySet[Outage, Outage]


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


def list_dark_points(outage: Outage) -> list[int]:
    """Ids of the points touched that are surely without supply.

    A site with a second source may have been switched over: whether it was off, its meter says.
    A stop for what the customer did or owes opens every source.
    """
    rows = AffectedPoint.objects.filter(outage=outage)
    if outage.kind in {OutageKind.PLANNED, OutageKind.FAULT}:
        spare = PowerSource.objects.exclude(role=SourceRole.MAIN)
        rows = rows.exclude(usage_point__site__in=spare.values("site"))
    return list(rows.order_by("usage_point_id").values_list("usage_point_id", flat=True))


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
