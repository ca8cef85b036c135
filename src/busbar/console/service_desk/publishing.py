"""承诺公开: addresses given to customers, and the pages that they open without a sign-in (N9)."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from busbar.billing.explanation import explain
from busbar.billing.paper import gathering, making
from busbar.console.exporting import as_attachment
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
            shows_bills=bool(request.POST.get("shows_bills")),
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
    ledger = queries.read_ledger(word, at=timezone.now(), after=_after(request))
    if ledger is None:
        return _nothing(request)
    name = "console/service_desk/published_promises.html"
    return _unlisted(render(request, name, {"ledger": ledger, "word": word}))


@never_cache
@require_safe
def published_bill(
    request: HttpRequest, word: str, account_number: str, month: str
) -> HttpResponse:
    """One of the customer's bills: every line with its formula, quantities and rules."""
    shown = queries.read_bill(word, account_number, month, at=timezone.now())
    if shown is None:
        return _nothing(request)
    context = {
        "shown": shown,
        "bill": shown.bill,
        "word": word,
        "whys": explain(shown.bill),
        "settlement": gathering.settle(shown.bill),
    }
    return _unlisted(render(request, "console/service_desk/published_bill.html", context))


@never_cache
@require_safe
def published_bill_paper(
    request: HttpRequest, word: str, account_number: str, month: str
) -> HttpResponse:
    """The same bill as the PDF that goes out by e-mail."""
    shown = queries.read_bill(word, account_number, month, at=timezone.now())
    if shown is None:
        return _nothing(request)
    facts = gathering.gather(shown.bill)
    paper = making.render_bill(facts)
    return _unlisted(as_attachment(paper, f"{facts.number}.pdf", "application/pdf"))


def _after(request: HttpRequest) -> tuple[str, str] | None:
    """Where the page of bills before ended; nonsense begins at the top."""
    asked = re.fullmatch(r"([0-9]{4}-[0-9]{2})@([0-9A-Z]{1,20})", request.GET.get("after", ""))
    return (asked[1], asked[2]) if asked else None


def _nothing(request: HttpRequest) -> HttpResponse:
    """What is not there and what is not yours look alike."""
    name = "console/service_desk/published_promises.html"
    return _unlisted(render(request, name, {"ledger": None}, status=404))


def _unlisted(answer: HttpResponse) -> HttpResponse:
    """The address is a secret: told to no other site, and held by no search engine."""
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


urlpatterns = [
    path("customers/<str:number>/promise-links/", publish, name="publish_promises"),
    path(
        "customers/<str:number>/promise-links/<int:publication_id>/revoke/",
        revoke,
        name="revoke_promise_link",
    ),
    path("our-promises/<str:word>/", published_promises, name="published_promises"),
    path(
        "our-promises/<str:word>/bills/<str:account_number>/<str:month>/",
        published_bill,
        name="published_bill",
    ),
    path(
        "our-promises/<str:word>/bills/<str:account_number>/<str:month>/paper/",
        published_bill_paper,
        name="published_bill_paper",
    ),
]
