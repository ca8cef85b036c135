"""收费网点: counters and agencies, their takings, the bank accounts, the terms of payment (R67)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from busbar.console.acts import Acts
from busbar.console.payments.acts import POINT_ACTS
from busbar.console.requests import StaffRequest
from busbar.kit.periods import local_date
from busbar.payments import queries as payments_queries
from busbar.payments.models import in_yuan

_TAKINGS = 50


@require_http_methods(["GET", "HEAD", "POST"])
def payment_points(request: StaffRequest) -> HttpResponse:
    """The register with what each holds, the takings, the accounts and terms."""
    acts = Acts(POINT_ACTS, request, None)
    if request.method == "POST" and acts.post():
        return redirect("payment_points")
    points = payments_queries.list_points(request.viewer)
    context = {
        "tab": "points",
        "acts": acts,
        "points": [(point, in_yuan(point.untaken_fen)) for point in points],  # type: ignore[attr-defined] # annotated
        "takings": payments_queries.list_takings(request.viewer)[:_TAKINGS],
        "accounts": payments_queries.list_collection_accounts(request.viewer),
        "terms": payments_queries.list_terms(on=local_date(timezone.now())),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/payments/points.html", context, status=status)


urlpatterns = [path("payments/points/", payment_points, name="payment_points")]
