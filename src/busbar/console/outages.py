"""停电: the register of stops and one stop with whom it touches."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from busbar.arrears import queries as arrears_queries
from busbar.console.requests import StaffRequest, page_number
from busbar.outages import queries as outages_queries
from busbar.outages.models import Outage, OutageKind, OutageState

PAGE = 50


@require_safe
def outage_list(request: StaffRequest) -> HttpResponse:
    """Stops, the newest first."""
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
    kind = kind if kind in OutageKind.values else ""
    state = state if state in OutageState.values else ""
    text = request.GET.get("q", "").strip()[:100]
    page = min(page_number(request, "page", 1), 10_000)
    start = (page - 1) * PAGE
    found = outages_queries.list_outages(request.viewer, kind=kind, state=state, text=text)
    rows = list(found[start : start + PAGE + 1])
    context = {
        "rows": rows[:PAGE],
        "more": len(rows) > PAGE,
        "next_page": page + 1,
        "kinds": OutageKind.choices,
        "states": OutageState.choices,
        "kind": kind,
        "state": state,
        "text": text,
    }
    return render(request, "console/outages/outages.html", context)


@require_safe
def outage_page(request: StaffRequest, outage_number: str) -> HttpResponse:
    """One stop and the usage points it touches, as far as seen."""
    try:
        outage = outages_queries.get_outage(request.viewer, outage_number)
    except Outage.DoesNotExist as missing:
        raise Http404 from missing
    affected = outages_queries.list_affected(request.viewer, outage)[:500]
    context = {
        "outage": outage,
        "affected": affected,
        "case": arrears_queries.find_case_of(request.viewer, outage),
    }
    return render(request, "console/outages/outage.html", context)


urlpatterns = [
    path("outages/", outage_list, name="outage_list"),
    path("outages/<str:outage_number>/", outage_page, name="outage"),
]
