"""今日: the dated list of what needs a person, below numbers that lead to their source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from busbar.access.permissions import Permission
from busbar.billing import insights
from busbar.billing.insights import Scope
from busbar.console.attention import count_work, list_kind, list_work, look
from busbar.console.group_choice import by_group
from busbar.console.looking import Look
from busbar.console.requests import StaffRequest, is_part, page_number
from busbar.console.work_kinds import WorkKind
from busbar.console.workflow import work_list
from busbar.customers import queries as customers_queries
from busbar.customers.queries import CustomerFilter
from busbar.kit.periods import local_date
from busbar.workflow import queries as workflow_queries

EACH = 5
"""Of each kind the page lists this many; the rest is one step away."""
PAGE = 50
TASKS = 8
"""Of one's own tasks the page lists this many, soonest due first."""


@require_safe
@by_group
def today(request: StaffRequest) -> HttpResponse:
    """What needs this person today."""
    at, mine = timezone.now(), _only_mine(request)
    seen = look(request.viewer, scope=Scope(mine=mine), at=at)
    kind = _kind(request)
    if is_part(request) and request.GET.get("after") and kind is not None:
        return render(request, "console/_today_items.html", _page(request, seen, kind))
    counts = count_work(seen)
    context = _listed(request, seen, kind, counts) | {
        "today": local_date(at),
        "counts": counts.items(),
        "kind": kind,
        "total": sum(counts.values()),
        "mine": mine,
        "may_order": request.viewer.may(Permission.ORDER_DEPARTMENTS),
    }
    if is_part(request):
        return render(request, "console/_today_work.html", context)
    return render(request, "console/today.html", context | _numbers(seen) | _tasks(request, at))


def _listed(
    request: StaffRequest, seen: Look, kind: WorkKind | None, counts: Mapping[WorkKind, int]
) -> dict[str, object]:
    """The weightiest of every kind that is there, or one kind's list from the key on."""
    if kind is None:
        return {"work": list_work(seen, each=EACH, kinds=counts), "each": EACH}
    return _page(request, seen, kind)


def _page(request: StaffRequest, seen: Look, kind: WorkKind) -> dict[str, object]:
    """One kind's list from the key on."""
    last = page_number(request, "after", 0)
    after = (request.GET.get("after_value", ""), last) if last else None
    page = list_kind(seen, kind, after=after, limit=PAGE)
    return {"work": page.items, "next_after": page.next_after}


def _tasks(request: StaffRequest, at: dt.datetime) -> dict[str, object]:
    """The person's own tasks that press most, and how many more there are."""
    mine = workflow_queries.list_my_tasks(request.viewer, limit=TASKS)
    return {
        "tasks": work_list.lines_of(request.viewer, mine, at=at),
        "task_counts": work_list.count(request.viewer, at),
    }


def _kind(request: StaffRequest) -> WorkKind | None:
    chosen = request.GET.get("kind", "")
    return WorkKind(chosen) if chosen in WorkKind.values else None


def _only_mine(request: StaffRequest) -> bool:
    """Own customers first, for whoever has any, until all are asked for."""
    chosen = request.GET.get("of")
    if chosen in ("mine", "all"):
        return chosen == "mine"
    if request.viewer.team_customers == []:
        return False
    mine = CustomerFilter(mine=True)
    return customers_queries.count_customers(request.viewer, filters=mine) > 0


def _numbers(seen: Look) -> dict[str, object]:
    viewer, month = seen.viewer, seen.month
    months = insights.months_back(month, 2) if month else []
    sums = insights.map_months(viewer, months) if months else {}
    return {
        "customers": customers_queries.count_customers(viewer),
        "accounts": customers_queries.list_accounts(viewer).count(),
        "month": month,
        "billed": sums.get(months[1]) if months else None,
        "billed_before": sums.get(months[0]) if months else None,
    }


urlpatterns = [path("", today, name="today")]
