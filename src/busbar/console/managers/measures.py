"""指令考核: what managers and departments made of their orders, each figure with its orders."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest
from busbar.key_accounts.queries import measures as measures_queries
from busbar.key_accounts.queries.measures import Measure
from busbar.key_accounts.queries.standards import amount_of, get_standards
from busbar.kit.periods import CHINA, local_date

DAYS = 90
LABELS = {"manager": gettext_lazy("按经理"), "department": gettext_lazy("按承办部门")}


@require_safe
@by_group
def order_measures(request: StaffRequest) -> HttpResponse:
    """Shares with their intervals, drawn and in a table; few cases are not ranked."""
    by = request.GET.get("by", "")
    by = by if by in measures_queries.BY else "manager"
    first, last = period_of(request)
    since, until = midnight(first), midnight(last + dt.timedelta(days=1))
    rows = measures_queries.measure(request.viewer, by=by, since=since, until=until)
    standards = get_standards(on=last, unit_path=request.viewer.unit_path)
    context = {
        "by": by,
        "labels": LABELS.items(),
        "first": first,
        "last": last,
        "rows": rows,
        "orders": _orders_address(request, first, last),
        "least": int(amount_of(standards, "ranking-least-cases")),
        "days": int(amount_of(standards, "first-time-days")),
        "chart": _chart(rows),
    }
    return render(request, "console/managers/measures.html", context)


def _orders_address(request: StaffRequest, first: dt.date, last: dt.date) -> str:
    asked = {"whose": "all", "closed_since": str(first), "closed_until": str(last)}
    if request.chosen_group:
        asked["group"] = request.chosen_group.code
    return f"{reverse('order_list')}?{urlencode(asked)}"


def _chart(rows: list[Measure]) -> dict[str, object]:
    def bars(name: str) -> list[list[float]]:
        shares = [getattr(row, name) for row in rows]
        return [[s.value or 0.0, s.low, s.high, s.part, s.whole] for s in shares]

    return {
        "names": [row.name for row in rows],
        "ranked": [row.is_ranked for row in rows],
        "series": [
            {"name": _("解决率"), "key": "solved", "bars": bars("solved")},
            {"name": _("传声筒指数"), "key": "passed", "bars": bars("passed_on")},
        ],
        "words": {"of": _("件"), "interval": _("95% 区间"), "small": _("件数不足，不排名")},
    }


def period_of(request: StaffRequest) -> tuple[dt.date, dt.date]:
    """The days asked for, the last quarter of a year without."""
    return _days(request.GET.get("since", ""), request.GET.get("until", ""))


def closed_days(request: StaffRequest) -> tuple[dt.date, dt.date]:
    """The days of closing by which a figure of this page leads to its orders."""
    return _days(request.GET.get("closed_since", ""), request.GET.get("closed_until", ""))


def _days(since: str, until: str) -> tuple[dt.date, dt.date]:
    last = _day(until) or local_date(timezone.now())
    first = _day(since) or last - dt.timedelta(days=DAYS - 1)
    return min(first, last), last


def midnight(day: dt.date) -> dt.datetime:
    """The day's beginning in China."""
    return dt.datetime.combine(day, dt.time(), tzinfo=CHINA)


def _day(text: str) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if dt.date(2000, 1, 1) <= found <= dt.date(2200, 1, 1) else None


urlpatterns = [path("department-orders/measures/", order_measures, name="order_measures")]
