"""The search box: suggestions while typing, a page of hits, straight to the only one."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_safe

from busbar.console.requests import StaffRequest, is_part
from busbar.customers import queries as customers_queries

SUGGESTIONS = 8
PAGE = 50
LONGEST = 60


@require_safe
def search(request: StaffRequest) -> HttpResponse:
    """Hits for 户号, name, credit code or pinyin initials."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    part = is_part(request)
    hits = customers_queries.search(request.viewer, text, limit=SUGGESTIONS if part else PAGE)
    found = {hit.customer_number for hit in hits}
    if not part and len(found) == 1:
        return redirect("customer", found.pop())
    template = "console/_search_hits.html" if part else "console/search.html"
    return render(request, template, {"hits": hits, "search_text": text})


urlpatterns = [path("search/", search, name="search")]
