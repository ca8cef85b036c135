"""应收与账龄: what is open, since when, by whom."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from busbar.console.answers import whole
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest
from busbar.kit.periods import local_date
from busbar.payments import queries as payments_queries
from busbar.payments.ageing import BUCKETS
from busbar.payments.queries import AccountAge, AgeKey

PAGE = 50
AGE_LABELS = {
    "not_due": _("未到期"),
    "to_30": _("逾期 1–30 天"),
    "to_60": _("31–60 天"),
    "to_90": _("61–90 天"),
    "to_365": _("91–365 天"),
    "over_365": _("一年以上"),
}


@require_safe
@by_group
def receivable_list(request: StaffRequest) -> HttpResponse:
    """户号 with open money by days overdue, the oldest first."""
    on = local_date(timezone.now())
    bucket = next((b for b in BUCKETS if b.key == request.GET.get("age")), None)
    text = request.GET.get("q", "").strip()[:100]
    rows = payments_queries.list_ages(
        request.viewer,
        on=on,
        limit=PAGE + 1,
        after=_place(request.GET.get("after", "")),
        bucket=bucket,
        text=text,
    )
    sums = payments_queries.age_receivables(request.viewer, on=on)
    total = sum(each.yuan for each in sums)
    context = {
        "tab": "receivables",
        "on": on,
        "ages": rows[:PAGE],
        "further": _written(rows[PAGE - 1]) if len(rows) > PAGE else "",
        "sums": [(AGE_LABELS[s.bucket.key], s) for s in sums],
        "total": total,
        "overdue": total - sums[0].yuan,
        "labels": [AGE_LABELS[b.key] for b in BUCKETS],
        "choices": [(b.key, AGE_LABELS[b.key]) for b in BUCKETS],
        "age": bucket.key if bucket else "",
        "text": text,
    }
    return render(request, "console/payments/receivables.html", context)


def _written(row: AccountAge) -> str:
    return "_".join(str(part) for part in row.key)


def _place(text: str) -> AgeKey | None:
    """The key of the page before; None where no page gave the text."""
    day, _, rest = text.partition("_")
    numbers = [whole(part) for part in rest.split("_")]
    try:
        oldest = dt.date.fromisoformat(day)
    except ValueError:
        return None
    match numbers:
        case [int(fen), int(account)]:
            return oldest, fen, account
    return None


urlpatterns = [path("receivables/", receivable_list, name="receivable_list")]
