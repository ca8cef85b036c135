"""The customers list: narrowed, sorted, read on by keyset, exported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access import queries as access_queries
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing import insights
from busbar.billing.insights import MonthSum
from busbar.console.exporting import answer_export
from busbar.console.group_choice import by_group, look_at_group
from busbar.console.requests import StaffRequest, is_part
from busbar.customers import queries as customers_queries
from busbar.customers.models import CustomerKind, Importance
from busbar.customers.queries import SORTS, CustomerFilter, CustomerPage, CustomerRow
from busbar.kit.periods import local_date
from busbar.supply import queries as supply_queries

PAGE = 50
MONTHS = 13
BELOWS = (60, 80, 100)
"""Points of completeness below which the list may be narrowed."""
_MOST_DIGITS = 18


@dataclass(frozen=True)
class Line:
    """One line of the list with what stands above the customer room."""

    row: CustomerRow
    capacity_kva: int | None
    last: MonthSum | None
    trend: list[Decimal | None]


@require_safe
@by_group
def customer_list(request: StaffRequest) -> HttpResponse:
    """A page of customers, or the rows after a key."""
    filters, sort = _filters(request.GET), _sort(request.GET)
    today = local_date(timezone.now())
    page = customers_queries.list_customers(
        request.viewer,
        filters=filters,
        sort=sort,
        after=_after(request.GET, sort),
        limit=PAGE,
        on=today,
    )
    month = insights.get_latest_month()
    context: dict[str, object] = {
        "lines": _lines(request.viewer, page, month),
        "next_after": page.next_after,
        "month": month,
    }
    if is_part(request) and request.GET.get("after"):
        return render(request, "console/customers/_rows.html", context)
    context |= _around(request.viewer, filters, sort, today)
    name = "_results" if is_part(request) else "list"
    return render(request, f"console/customers/{name}.html", context)


@require_POST
def export_customers(request: StaffRequest) -> HttpResponse:
    """The narrowed list as CSV or Excel."""
    look_at_group(request)
    filters = _filters(request.POST)
    rows = customers_queries.iter_customers(
        request.viewer,
        filters=filters,
        sort=_sort(request.POST),
        on=local_date(timezone.now()),
    )
    return answer_export(
        viewer=request.viewer,
        name=_("客户清单"),
        kind="xlsx" if request.POST.get("format") == "xlsx" else "csv",
        header=[
            _("客户编号"),
            _("客户名称"),
            _("统一社会信用代码"),
            _("类别"),
            _("重要性"),
            _("集团"),
            _("管理单位"),
            _("A角"),
            _("户号数"),
            _("资料完整度"),
            _("缺少"),
        ],
        rows=_exported(rows),
        at=timezone.now(),
    )


def _exported(rows: Iterator[CustomerRow]) -> Iterator[list[object]]:
    for row in rows:
        c, file = row.customer, row.completeness
        yield [
            c.number,
            c.name,
            c.credit_code,
            c.get_kind_display(),
            c.get_importance_display(),
            c.group.name if c.group else "",
            c.unit.name,
            row.manager,
            row.accounts,
            file.score if file else "",
            "、".join(rule.name for rule in file.missing) if file else "",
        ]


def _around(
    viewer: Viewer, filters: CustomerFilter, sort: str, today: dt.date
) -> dict[str, object]:
    """What surrounds the rows: choices, count, what is chosen."""
    return {
        "filters": filters,
        "sort": sort,
        "count": customers_queries.count_customers(viewer, filters=filters, on=today),
        "kinds": CustomerKind.choices,
        "grades": Importance.choices,
        "rules": customers_queries.list_checked_rules(today),
        "belows": BELOWS,
        "units": access_queries.list_branch(viewer),
        "may_export": viewer.may(Permission.EXPORT),
    }


def _lines(viewer: Viewer, page: CustomerPage, month: str | None) -> list[Line]:
    ids = [row.customer.pk for row in page.rows]
    capacity = supply_queries.map_capacity_kva(viewer, ids)
    months = insights.months_back(month, MONTHS) if month else []
    sums = insights.map_month_sums(viewer, customer_ids=ids, months=months) if months else {}
    lines = []
    for row in page.rows:
        mine = sums.get(row.customer.pk, {})
        trend = [mine[m].energy_kwh if m in mine else None for m in months]
        last = mine.get(month) if month else None
        lines.append(Line(row, capacity.get(row.customer.pk), last, trend))
    return lines


def _filters(given: QueryDict) -> CustomerFilter:
    return CustomerFilter(
        text=given.get("q", "").strip()[:60],
        kind=_one_of(given.get("kind", ""), CustomerKind.values),
        importance=_one_of(given.get("importance", ""), Importance.values),
        unit_id=_number(given.get("unit", "")),
        mine=given.get("of") == "mine",
        below=_number(given.get("below", "")),
        missing=given.get("missing", "")[:30],
    )


def _one_of(text: str, values: list[str]) -> str:
    return text if text in values else ""


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def _sort(given: QueryDict) -> str:
    sort = given.get("sort", "name")
    return sort if sort.removeprefix("-") in SORTS else "name"


def _after(given: QueryDict, sort: str) -> tuple[str | int, int] | None:
    """The key of the last row shown: `after` its id, `after_value` what it is sorted by."""
    last_id, value = _number(given.get("after", "")), given.get("after_value", "")
    if last_id is None:
        return None
    if sort.removeprefix("-") in {"importance", "completeness"}:
        return (_number(value) or 0, last_id)
    return value, last_id


urlpatterns = [
    path("customers/", customer_list, name="customer_list"),
    path("customers/export/", export_customers, name="customer_export"),
]
