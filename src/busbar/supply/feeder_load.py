"""What hangs on a feeder: the customers' sources and the capacity they take."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet, Sum

from busbar.access.visibility import Viewer
from busbar.network.models import Feeder
from busbar.supply.models import PowerSource


def map_connected_kva(feeder_ids: Iterable[int]) -> dict[int, int]:
    """Customers' capacity by feeder id; one query.

    A sum of the grid, so it counts every customer, whoever may see him. Main and backup
    sources count alike: the feeder must be able to carry both.
    """
    summed = (
        PowerSource.objects.filter(feeder__in=list(feeder_ids))
        .values_list("feeder_id")
        .annotate(kva=Sum("capacity_kva"))
    )
    return dict(summed)


def list_feeder_sources(viewer: Viewer, feeder: Feeder) -> QuerySet[PowerSource, PowerSource]:
    """The sources from the feeder that the viewer may see, by id, with site and customer."""
    sources: QuerySet[PowerSource, PowerSource] = PowerSource.objects.visible_to(viewer)
    return sources.filter(feeder=feeder).select_related("site__customer").order_by("id")
