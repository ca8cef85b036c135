"""电网: substations, feeders and transformers, and the capacity that is still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from busbar.console.cutting import cut
from busbar.console.requests import StaffRequest, page_number
from busbar.network import queries as network_queries
from busbar.network.models import Feeder, Substation
from busbar.network.open_capacity import CapacityUse, total_use
from busbar.supply import feeder_load

PAGE = 50


@dataclass(frozen=True)
class FeederUse:
    """A feeder and what hangs on it."""

    feeder: Feeder
    use: CapacityUse


@dataclass(frozen=True)
class SubstationUse:
    """A substation with its feeders' use summed against its own capacity."""

    substation: Substation
    feeders: int
    use: CapacityUse


@require_safe
def network(request: StaffRequest) -> HttpResponse:
    """Substations by code, each with the capacity still open."""
    text, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    substations = network_queries.list_substations(request.viewer).filter(code__gt=after)
    if text:
        substations = substations.filter(Q(name__contains=text) | Q(code__startswith=text))
    rows, more = cut(substations, PAGE)
    context = {"rows": _substation_uses(request, rows), "more": more, "text": text}
    return render(request, "console/network/list.html", context)


@require_safe
def substation_detail(request: StaffRequest, code: str) -> HttpResponse:
    """One substation and its feeders."""
    substation = network_queries.list_substations(request.viewer).get(code=code)
    feeders = _feeder_uses(request, [substation])
    use = total_use((f.use for f in feeders), capacity_kva=substation.capacity_kva)
    context = {"substation": substation, "feeders": feeders, "use": use}
    return render(request, "console/network/substation.html", context)


@require_safe
def feeder_detail(request: StaffRequest, code: str) -> HttpResponse:
    """One feeder: the sites it feeds, its public transformers."""
    feeders = network_queries.list_feeders(request.viewer).select_related("substation__unit")
    feeder = feeders.get(code=code)
    sources = feeder_load.list_feeder_sources(request.viewer, feeder)
    rows, more = cut(sources.filter(id__gt=page_number(request, "after", 0)), PAGE)
    transformers = list(
        network_queries.list_public_transformers(request.viewer, feeder_id=feeder.pk)
    )
    customers = feeder_load.map_connected_kva([feeder.pk]).get(feeder.pk, 0)
    context = {
        "feeder": feeder,
        "sources": rows,
        "more": more,
        "transformers": transformers,
        "use": CapacityUse(
            feeder.capacity_kva, customers, sum(t.capacity_kva for t in transformers)
        ),
    }
    return render(request, "console/network/feeder.html", context)


def _substation_uses(
    request: StaffRequest, substations: Sequence[Substation]
) -> list[SubstationUse]:
    by_substation: dict[int, list[FeederUse]] = {s.pk: [] for s in substations}
    for feeder in _feeder_uses(request, substations):
        by_substation[feeder.feeder.substation_id].append(feeder)
    return [
        SubstationUse(s, len(fed), total_use((f.use for f in fed), capacity_kva=s.capacity_kva))
        for s in substations
        for fed in [by_substation[s.pk]]
    ]


def _feeder_uses(request: StaffRequest, substations: Sequence[Substation]) -> list[FeederUse]:
    """The feeders of the substations: two queries, whatever their number."""
    feeders = list(
        network_queries.list_feeders(request.viewer)
        .filter(substation__in=substations)
        .annotate(transformers_kva=Sum("public_transformers__capacity_kva", default=0))
    )
    connected = feeder_load.map_connected_kva([feeder.pk for feeder in feeders])
    return [
        FeederUse(f, CapacityUse(f.capacity_kva, connected.get(f.pk, 0), f.transformers_kva))
        for f in feeders
    ]


urlpatterns = [
    path("network/", network, name="network"),
    path("network/substations/<str:code>/", substation_detail, name="substation_detail"),
    path("network/feeders/<str:code>/", feeder_detail, name="feeder_detail"),
]
