"""供电方案: the rounds of an application, the comparison, the opinions, reply and validity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    PaperKind,
    SchemeAlternative,
    SchemeState,
    SupplyKind,
    SupplyScheme,
)
from busbar.connections.operations import ExtensionBounds, bounds_of
from busbar.console.acts import Acts
from busbar.console.connections.scheme_acts import ACTS
from busbar.console.connections.scheme_figures import explain
from busbar.console.connections.scheme_table import chart_of, list_lines, summary_of
from busbar.console.requests import StaffRequest
from busbar.kit.periods import local_date

_DESIGNING = (ApplicationState.ACCEPTED, ApplicationState.SCHEME)
_BY_HAND = (SupplyKind.LOW_VOLTAGE, SupplyKind.TEMPORARY)
_ONE_DAY = dt.timedelta(days=1)
_BAR_WIDTH = 600


@dataclass(frozen=True)
class ValidityBar:
    """The validity as a line of days: first end, extended end, today; x of 600."""

    first_x: float
    now_x: float | None
    days_left: int
    from_on: dt.date
    first_last_on: dt.date
    last_on: dt.date
    bounds: ExtensionBounds | None


@require_http_methods(["GET", "HEAD", "POST"])
def scheme_design(request: StaffRequest, pk: int) -> HttpResponse:
    """All rounds of an application; the newest, or the one asked for, in full."""
    application = get_application(request, pk)
    acts = Acts(ACTS, request, application)
    if request.method == "POST" and acts.post():
        return redirect("scheme_design", pk)
    rounds = _rounds(request, application)
    shown = _shown(rounds, request.GET.get("round", ""))
    context = {
        "application": application,
        "page": "scheme",
        "acts": acts,
        "rounds": rounds,
        "tasks": connections_queries.list_waiting_tasks(request.viewer, application),
        "is_designing": application.state in _DESIGNING,
        "by_hand": application.supply_kind in _BY_HAND,
        **(_round(shown, timezone.now()) if shown else {}),
    }
    if shown is not None:
        papers = connections_queries.list_application_papers(request.viewer, application)
        kinds = (PaperKind.SCHEME_REPLY, PaperKind.FEE_NOTICE)
        context["papers"] = [paper for paper in papers if paper.kind in kinds]
    status = 422 if acts.refused else 200
    return render(request, "console/connections/schemes/page.html", context, status=status)


@require_safe
def application_scheme(request: StaffRequest, application_number: str) -> HttpResponseRedirect:
    """The same page by the application's number."""
    application = connections_queries.get_application(request.viewer, application_number)
    return redirect("scheme_design", application.pk)


@require_safe
def scheme_figure(request: StaffRequest, alternative_id: int, figure: str) -> HttpResponse:
    """How one figure came about, for the drawer."""
    seen = SchemeAlternative.objects.visible_to(request.viewer)
    row = seen.select_related("scheme").prefetch_related("exceptions").get(pk=alternative_id)
    context = {"row": row, "told": explain(row, figure)}
    return render(request, "console/connections/schemes/_figure.html", context)


def get_application(request: StaffRequest, pk: int) -> ConnectionApplication:
    """The application by its key; 404 where it is not the viewer's to see."""
    seen = ConnectionApplication.objects.visible_to(request.viewer)
    found: ConnectionApplication = seen.select_related(
        "unit", "officer", "customer", "account"
    ).get(pk=pk)
    return found


def _rounds(request: StaffRequest, application: ConnectionApplication) -> list[SupplyScheme]:
    rounds = connections_queries.list_schemes(request.viewer, application_id=application.pk)
    parts = ("alternatives__exceptions", "opinions", "extensions", "fee_notices")
    return list(rounds.select_related("approver").prefetch_related(*parts))


def _shown(rounds: Sequence[SupplyScheme], wanted: str) -> SupplyScheme | None:
    asked = next((scheme for scheme in rounds if str(scheme.round) == wanted), None)
    return asked or (rounds[0] if rounds else None)


def _round(scheme: SupplyScheme, now: dt.datetime) -> dict[str, Any]:
    rows = sorted(scheme.alternatives.all(), key=lambda row: row.ordinal)
    return {
        "scheme": scheme,
        "alternatives": rows,
        "lines": list_lines(rows),
        "chart": chart_of(rows),
        "summary": summary_of(scheme),
        "opinions": connections_queries.list_opinions(scheme),
        "extensions": sorted(scheme.extensions.all(), key=lambda row: row.pk),
        "validity": _validity(scheme, local_date(now)),
        "objection_last_on": scheme.objection_until - _ONE_DAY if scheme.objection_until else None,
        "is_draft": scheme.state == SchemeState.DRAFT,
        "is_replied": scheme.state == SchemeState.REPLIED,
        "may_extend": scheme.state == SchemeState.REPLIED
        and scheme.application.state == ApplicationState.REPLIED,
    }


def _validity(scheme: SupplyScheme, today: dt.date) -> ValidityBar | None:
    first, until = scheme.first_valid_until, scheme.valid_until
    if scheme.valid_from is None or first is None or until is None:
        return None
    days = (until - scheme.valid_from).days
    gone = (today - scheme.valid_from).days
    is_running = scheme.state == SchemeState.REPLIED
    return ValidityBar(
        first_x=round((first - scheme.valid_from).days / days * _BAR_WIDTH, 1),
        now_x=round(gone / days * _BAR_WIDTH, 1) if 0 <= gone <= days else None,
        days_left=(until - today).days,
        from_on=scheme.valid_from,
        first_last_on=first - _ONE_DAY,
        last_on=until - _ONE_DAY,
        bounds=bounds_of(scheme) if is_running and scheme.validity_code else None,
    )


urlpatterns = [
    path("connections/schemes/<int:pk>/", scheme_design, name="scheme_design"),
    path(
        "connections/<str:application_number>/scheme/",
        application_scheme,
        name="application_scheme",
    ),
    path(
        "connections/alternatives/<int:alternative_id>/<slug:figure>/",
        scheme_figure,
        name="scheme_figure",
    ),
]
