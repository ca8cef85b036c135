"""One customer: the heading every tab shares, and the tabs that read the registers and bills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from busbar.access.permissions import Permission
from busbar.arrears import queries as arrears_queries
from busbar.billing import insights
from busbar.billing import queries as billing_queries
from busbar.billing.insights import MonthSum, Scope
from busbar.billing.models import Bill
from busbar.console import customer_relations
from busbar.console.attention import list_work, look
from busbar.console.curves import curve_choices
from busbar.console.key_accounts.overriding import load_tab as load_recognition
from busbar.console.requests import StaffRequest, is_part, page_number
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer, CustomerGroup, TeamRole
from busbar.customers.queries import CustomerFile, GroupNode
from busbar.customers.queries import consolidation as consolidation_queries
from busbar.journal import queries as journal_queries
from busbar.kit.periods import local_date
from busbar.metering import queries as metering_queries
from busbar.payments import queries as payments_queries
from busbar.supply import queries as supply_queries

TIMELINE_PAGE = 30
BILL_MONTHS = 13
_CASES = 10
_STATEMENT_DAYS = 396
MOST_ALERTS = 30
"""Of each kind; a customer with more has its lists of bills and agreements."""


@dataclass(frozen=True)
class Tab:
    """A tab: its address part, its label, what it adds to the context."""

    key: str
    label: str | Promise
    load: Callable[[StaffRequest, CustomerFile, dt.datetime], dict[str, Any]]


@require_safe
@vary_on_headers("HX-Request")
def customer(request: StaffRequest, number: str, tab: str = "overview") -> HttpResponse:
    """The customer's page with one tab open."""
    chosen = next((t for t in TABS if t.key == tab), None)
    if chosen is None:
        raise Http404
    file = customers_queries.get_customer_file(request.viewer, number)
    context = {
        "file": file,
        "customer": file.customer,
        "tabs": TABS,
        "tab": chosen,
        "tab_template": f"console/customer/{chosen.key}.html",
        "team": sorted(file.team, key=lambda m: TeamRole.values.index(m.role)),
        "may_edit": request.viewer.may(Permission.EDIT_CUSTOMERS),
        "may_export": request.viewer.may(Permission.EXPORT),
        "may_order": request.viewer.may(Permission.ORDER_DEPARTMENTS),
    }
    context |= chosen.load(request, file, timezone.now())
    if is_part(request) and request.GET.get("before"):
        return render(request, "console/customer/_timeline_entries.html", context)
    if is_part(request) and request.GET.get("until"):
        return render(request, "console/customer/_happened.html", context)
    name = "_body" if is_part(request) else "page"
    return render(request, f"console/customer/{name}.html", context)


def _overview(request: StaffRequest, file: CustomerFile, at: dt.datetime) -> dict[str, Any]:
    """Six numbers, thirteen months, what needs a person."""
    viewer, found = request.viewer, file.customer
    months = insights.list_month_sums(viewer, customer_id=found.pk)
    ids = [account.pk for account in file.accounts]
    last = months[-1] if months else None
    bills = [b for b in _bills_of(request, ids, months=1) if last and b.month == last.month]
    return {
        "months": months,
        "chart": [_chart_month(month) for month in months],
        "last": last,
        "before": months[-2] if len(months) > 1 else None,
        "peak": max(bills, key=lambda bill: bill.max_demand_kw, default=None),
        "capacity_kva": supply_queries.map_capacity_kva(viewer, [found.pk]).get(found.pk),
        "completeness": customers_queries.get_completeness(found.pk, on=local_date(at)),
        "active_accounts": sum(account.status == "active" for account in file.accounts),
        "alerts": list_work(
            look(viewer, scope=Scope(customer_id=found.pk), at=at), each=MOST_ALERTS
        ),
        "estimated": sum(bill.estimated_intervals for bill in bills),
        "missing": sum(bill.missing_intervals for bill in bills),
    }


def _chart_month(month: MonthSum) -> dict[str, object]:
    price = month.average_price
    return {
        "month": month.month,
        "energy_kwh": float(month.energy_kwh),
        "amount": float(month.amount),
        "price": None if price is None else round(float(price), 4),
    }


def _bills_of(request: StaffRequest, account_ids: list[int], *, months: int) -> list[Bill]:
    return billing_queries.list_account_bills(
        viewer=request.viewer, account_ids=account_ids, months=months
    )


@dataclass(frozen=True)
class GroupLine:
    """A group of the tree at its depth with the customers that belong to it itself."""

    group: CustomerGroup
    depth: int
    members: list[tuple[Customer, MonthSum | None]]


def _group(request: StaffRequest, file: CustomerFile, _at: dt.datetime) -> dict[str, Any]:
    """The group's tree with its customers' last month and their sum."""
    if file.group_tree is None:
        return {"lines": [], "total_energy": None, "total_amount": None}
    lines = _flattened(file.group_tree, 0)
    members = [member for _node, _depth in lines for member in _node.customers]
    month = insights.get_latest_month()
    sums = (
        insights.map_month_sums(
            request.viewer, customer_ids=[m.pk for m in members], months=[month]
        )
        if month
        else {}
    )
    last = {pk: by_month[month] for pk, by_month in sums.items() if month in by_month}
    return {
        "month": month,
        "lines": [
            GroupLine(node.group, depth, [(m, last.get(m.pk)) for m in node.customers])
            for node, depth in lines
        ],
        "members": len(members),
        "total_energy": sum((s.energy_kwh for s in last.values()), Decimal(0)),
        "total_amount": sum((s.amount for s in last.values()), Decimal(0)),
    }


def _flattened(node: GroupNode, depth: int) -> list[tuple[GroupNode, int]]:
    lines = [(node, depth)]
    for child in node.children:
        lines += _flattened(child, depth + 1)
    return lines


def _supply(request: StaffRequest, file: CustomerFile, at: dt.datetime) -> dict[str, Any]:
    """Accounts, sites, sources, transformers with their history, agreements, meters."""
    today = local_date(at)
    installed = metering_queries.list_installations(request.viewer, customer_id=file.customer.pk)
    return {
        "supply": supply_queries.get_customer_supply(request.viewer, file.customer, on=today),
        "installations": list(installed),
        "today": today,
    }


def _curves(request: StaffRequest, file: CustomerFile, at: dt.datetime) -> dict[str, Any]:
    """What the curve's controls offer; the curve itself comes by `curve_data`."""
    return curve_choices(request, file.customer, file.accounts, at)


def _bills(request: StaffRequest, file: CustomerFile, _at: dt.datetime) -> dict[str, Any]:
    """Thirteen months of bills of all accounts, with their sums by month."""
    bills = _bills_of(request, [a.pk for a in file.accounts], months=BILL_MONTHS)
    sums = {
        s.month: s for s in insights.list_month_sums(request.viewer, customer_id=file.customer.pk)
    }
    by_month: dict[str, list[Bill]] = {}
    for bill in bills:
        by_month.setdefault(bill.month, []).append(bill)
    return {"bill_months": [(month, sums.get(month), rows) for month, rows in by_month.items()]}


def _payments(request: StaffRequest, file: CustomerFile, at: dt.datetime) -> dict[str, Any]:
    """Each account's statement of a year: bills, money, what is owed; and its balances."""
    today = local_date(at)
    since = today - dt.timedelta(days=_STATEMENT_DAYS)
    lines = payments_queries.get_statement(
        request.viewer, [account.pk for account in file.accounts], since=since
    )
    return {
        "statements": [
            (account, payments_queries.balance_of(account, on=today), lines[account.pk][::-1])
            for account in file.accounts
        ],
        "since": since,
        "cases": arrears_queries.list_cases_of(request.viewer, file.customer.pk)[:_CASES],
    }


def _nothing_more(_request: StaffRequest, _file: CustomerFile, _at: dt.datetime) -> dict[str, Any]:
    return {}


def _records(request: StaffRequest, file: CustomerFile, _at: dt.datetime) -> dict[str, Any]:
    """The journal's entries about the customer, newest first, as far as the viewer sees it."""
    before = page_number(request, "before", 0) or None
    entries = journal_queries.list_customer_entries(
        customer_id=file.customer.pk,
        former_ids=[former.merge.other_id for former in file.former_numbers],
        before_id=before,
        limit=TIMELINE_PAGE + 1,
        branch=None if file.is_whole else request.viewer.unit_path,
    )
    shown = entries[:TIMELINE_PAGE]
    more = shown[-1].pk if len(entries) > TIMELINE_PAGE else None
    return {"entries": shown, "next_before": more}


def _origin(request: StaffRequest, file: CustomerFile, _at: dt.datetime) -> dict[str, Any]:
    """What went into the customer and came out of it, and where each account comes from."""
    merges = consolidation_queries.list_merges(request.viewer, file.customer.pk)
    standing = [merge.pk for merge in merges if merge.undone_at is None]
    return {
        "merges": merges,
        "latest": standing[0] if standing else None,
        "may_consolidate": request.viewer.may(Permission.CONSOLIDATE) and file.is_whole,
    }


TABS = (
    Tab("overview", _("概览"), _overview),
    Tab("curves", _("负荷曲线"), _curves),
    Tab("bills", _("账单"), _bills),
    Tab("payments", _("缴费"), _payments),
    Tab("supply", _("户号与供电"), _supply),
    Tab("recognition", _("大客户"), load_recognition),
    Tab("group", _("集团"), _group),
    Tab("origin", _("档案来源"), _origin),
    Tab("contacts", _("联系人"), _nothing_more),
    Tab("documents", _("文档"), _nothing_more),
    Tab("relations", _("关系"), customer_relations.relations),
    Tab("plans", _("计划与业务"), customer_relations.plans),
    Tab("timeline", _("时间线"), customer_relations.timeline),
    Tab("records", _("系统记录"), _records),
)

urlpatterns = [
    path("customers/<str:number>/", customer, name="customer"),
    path("customers/<str:number>/tab/<slug:tab>/", customer, name="customer_tab"),
]
