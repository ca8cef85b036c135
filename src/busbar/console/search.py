"""The search box: suggestions while typing, a page of hits, straight to the only one."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_safe

from busbar.connections.models import ConnectionApplication
from busbar.console.requests import StaffRequest, is_part
from busbar.customers import queries as customers_queries

SUGGESTIONS = 8
PAGE = 50
LONGEST = 60


@require_safe
def search(request: StaffRequest) -> HttpResponse:
    """Hits for 户号, name, credit code or pinyin initials; a 受理号 leads to its page."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    part = is_part(request)
    applications = _applications(request, text)
    if not part and len(applications) == 1:
        return redirect("application", applications[0].number)
    hits = customers_queries.search(request.viewer, text, limit=SUGGESTIONS if part else PAGE)
    found = {hit.customer_number for hit in hits}
    if not part and len(found) == 1:
        return redirect("customer", found.pop())
    template = "console/_search_hits.html" if part else "console/search.html"
    context = {"hits": hits, "applications": applications, "search_text": text}
    return render(request, template, context)


def _applications(request: StaffRequest, text: str) -> list[ConnectionApplication]:
    """Applications whose 受理号 begins so; only asked for what looks like one: it has a dash."""
    if "-" not in text:
        return []
    seen = ConnectionApplication.objects.visible_to(request.viewer)
    return list(seen.filter(number__startswith=text.upper()).order_by("number")[:SUGGESTIONS])


urlpatterns = [path("search/", search, name="search")]
