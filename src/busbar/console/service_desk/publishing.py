"""承诺公开: addresses given to customers, and the page that they open without a sign-in (N9)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.service_desk import operations, queries


@require_POST
def publish(request: StaffRequest, number: str) -> HttpResponse:
    """Make an address and show it, this once."""
    try:
        issued = operations.publish_ledger(
            customer_number=number,
            given_to=request.POST.get("given_to", ""),
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
        return _back(number)
    address = request.build_absolute_uri(reverse("published_promises", args=[issued.word]))
    context = {"issued": issued.publication, "address": address, "number": number}
    answer = render(request, "console/service_desk/published_address.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def revoke(request: StaffRequest, number: str, publication_id: int) -> HttpResponse:
    """The address opens nothing from now on."""
    try:
        operations.revoke_publication(
            publication_id=publication_id, by=request.viewer, at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, _("链接已收回"))
    return _back(number)


def _back(number: str) -> HttpResponse:
    return redirect(reverse("customer_tab", args=[number, "relations"]) + "#publications")


@never_cache
@require_safe
def published_promises(request: HttpRequest, word: str) -> HttpResponse:
    """The customer's own page; one that opens nothing says so, whatever the reason."""
    ledger = queries.read_ledger(word, at=timezone.now())
    name = "console/service_desk/published_promises.html"
    answer = render(request, name, {"ledger": ledger}, status=200 if ledger else 404)
    answer["Referrer-Policy"] = "no-referrer"
    return answer


urlpatterns = [
    path("customers/<str:number>/promise-links/", publish, name="publish_promises"),
    path(
        "customers/<str:number>/promise-links/<int:publication_id>/revoke/",
        revoke,
        name="revoke_promise_link",
    ),
    path("our-promises/<str:word>/", published_promises, name="published_promises"),
]
