"""账务: bills on paper, to be kept or sent."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from busbar.billing.paper import gathering, making
from busbar.console.billing import bill_of
from busbar.console.exporting import as_attachment
from busbar.console.requests import StaffRequest


@require_safe
def bill_paper(request: StaffRequest, account_number: str, month: str) -> HttpResponse:
    """The bill as PDF; the one that counts, or the revision that is asked for."""
    facts = gathering.gather(bill_of(request, account_number, month))
    return as_attachment(making.render_bill(facts), f"{facts.number}.pdf", "application/pdf")


urlpatterns = [
    path("bills/<str:account_number>/<str:month>/paper/", bill_paper, name="bill_paper"),
]
