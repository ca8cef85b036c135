"""今日: the dated list of what needs a person, below numbers that lead to their source."""

from __future__ import annotations

from collections import Counter

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from busbar.access.visibility import Viewer
from busbar.billing import insights
from busbar.billing.insights import Scope
from busbar.console.attention import WorkItem, WorkKind, list_work
from busbar.console.requests import StaffRequest, is_part
from busbar.customers import queries as customers_queries
from busbar.customers.queries import CustomerFilter
from busbar.kit.periods import local_date


@require_safe
def today(request: StaffRequest) -> HttpResponse:
    """What needs this person today."""
    at, viewer = timezone.now(), request.viewer
    mine = _only_mine(request)
    work = list_work(viewer, scope=Scope(mine=mine), at=at)
    kind = request.GET.get("kind", "")
    context = {
        "today": local_date(at),
        "work": [item for item in work if kind in ("", item.kind)],
        "kinds": _counted(work),
        "kind": kind,
        "total": len(work),
        "mine": mine,
    }
    if is_part(request):
        return render(request, "console/_today_work.html", context)
    return render(request, "console/today.html", context | _numbers(viewer))


def _only_mine(request: StaffRequest) -> bool:
    """Own customers first, for whoever has any, until all are asked for."""
    chosen = request.GET.get("of")
    if chosen in ("mine", "all"):
        return chosen == "mine"
    mine = CustomerFilter(mine=True)
    return customers_queries.count_customers(request.viewer, filters=mine) > 0


def _counted(work: list[WorkItem]) -> list[tuple[WorkKind, int]]:
    counts = Counter(item.kind for item in work)
    return [(kind, counts[kind]) for kind in WorkKind if counts[kind]]


def _numbers(viewer: Viewer) -> dict[str, object]:
    month = insights.get_latest_month()
    return {
        "customers": customers_queries.count_customers(viewer),
        "accounts": customers_queries.list_accounts(viewer).count(),
        "month": month,
        "billed": insights.get_month_sum(viewer, month) if month else None,
        "billed_before": (
            insights.get_month_sum(viewer, insights.months_back(month, 2)[0]) if month else None
        ),
    }


urlpatterns = [path("", today, name="today")]
