"""账务: bills of a month, one bill with its why down to the days, bill runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_q.tasks import async_task

from busbar.access import queries as access_queries
from busbar.access.permissions import Permission
from busbar.billing import explanation, overview
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.billing.models import Bill
from busbar.billing.overview import Outlier
from busbar.billing.queries import BillFilter, RunSeen
from busbar.console.bill_correction import outdated_context
from busbar.console.bill_release import release_context, review_context
from busbar.console.exporting import answer_export
from busbar.console.group_choice import by_group, look_at_group
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.console.workers import has_worker
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month
from busbar.payments import queries as payments_queries
from busbar.pricing.models import TimeOfUsePeriod

PAGE = 50
TREND_MONTHS = 13
RUN_JOB = "busbar.jobs.billing.bill_month"


@require_safe
@by_group
def bill_list(request: StaffRequest) -> HttpResponse:
    """Bills of a month, largest first, by keyset."""
    months = billing_queries.list_months()
    narrowed = _filter(request, months)
    bills = billing_queries.list_bills(
        viewer=request.viewer, narrowed=narrowed, after=_after(request), limit=PAGE + 1
    )
    units = access_queries.list_branch(request.viewer)
    context = {
        "bills": bills[:PAGE],
        "after": _keyset(bills[:PAGE]),
        "more": len(bills) > PAGE,
        "narrowed": narrowed,
        "months": months,
        "units": units,
        "outliers": Outlier.choices,
        "sum": overview.sum_bills(billing_queries.select_bills(request.viewer, narrowed)),
        "may_export": request.viewer.may(Permission.EXPORT),
    }
    return render(request, "console/billing/list.html", context)


@require_POST
def bill_export(request: StaffRequest) -> HttpResponse:
    """The filtered bills as CSV or Excel."""
    look_at_group(request)
    narrowed = _filter(request, billing_queries.list_months())
    bills = billing_queries.select_bills(request.viewer, narrowed).order_by("-amount", "id")
    return answer_export(
        viewer=request.viewer,
        name=f"{_('电费账单')}_{narrowed.month}",
        kind="xlsx" if request.GET.get("format") == "xlsx" else "csv",
        header=[
            _("月份"),
            _("户号"),
            _("户名"),
            _("客户"),
            _("电量 kWh"),
            _("最大需量 kW"),
            _("功率因数"),
            _("平均电价 元/kWh"),
            _("金额 元"),
            _("规则集"),
        ],
        rows=_export_rows(bills),
        at=timezone.now(),
    )


@require_safe
def bill(request: StaffRequest, account_number: str, month: str) -> HttpResponse:
    """One bill: its lines, each with its why, against the month before, in the year."""
    found = bill_of(request, account_number, month)
    whys = explanation.explain(found)
    previous = billing_queries.get_previous_bill(found)
    trend = billing_queries.list_account_bills(
        viewer=request.viewer, account_ids=[found.account_id], months=TREND_MONTHS
    )
    effects = _effects(found, previous)
    context = {
        "bill": found,
        "whys": whys,
        "segments": overview.list_segments(found.facts["segments"]),
        "previous": previous,
        "changes": billing_queries.compare_lines(found, previous) if previous else [],
        "difference": found.amount - previous.amount if previous else None,
        "effects": effects,
        "composition": _composition(whys),
        "waterfall": _waterfall(found, previous, effects),
        "trend": _trend(trend),
        "trend_bills": trend,
        "following": _following(found, trend),
        "revisions": billing_queries.list_revisions(found),
        "settlement": billing_queries.compare_lines(found, found.replaces),
        "may_correct": found.is_current and request.viewer.may(Permission.RUN_BILLS),
        "owed": payments_queries.find_receivable(found.pk),
    }
    context |= release_context(request, found)
    return render(request, "console/billing/bill.html", context)


@require_safe
def bill_days(request: StaffRequest, account_number: str, month: str) -> HttpResponse:
    """The bill's energy day by day and period by period, from the curves it was made of."""
    found = bill_of(request, account_number, month)
    days = overview.list_days(request.viewer, found)
    used = [
        (c, label) for c, label in TimeOfUsePeriod.choices if any(c in d.by_period for d in days)
    ]
    sums = {
        code: sum((d.by_period.get(code, Decimal(0)) for d in days), Decimal(0))
        for code, _l in used
    }
    context = {
        "bill": found,
        "days": [(d, [d.by_period.get(code) for code, _label in used]) for d in days],
        "periods": used,
        "sums": list(sums.values()),
        "total": sum(sums.values(), Decimal(0)),
    }
    return render(request, "console/billing/days.html", context)


@require_safe
def bill_recalculation(request: StaffRequest, account_number: str, month: str) -> HttpResponse:
    """Rate the stored facts again now: equal to the fen, or where not."""
    found = bill_of(request, account_number, month)
    context = {"again": explanation.check_again(found), "at": timezone.now()}
    return render(request, "console/billing/_recalculation.html", context)


@require_safe
def bill_run_list(request: StaffRequest) -> HttpResponse:
    """Runs by month; a clerk may start or go on with one."""
    runs = billing_queries.list_runs(request.viewer)
    context = {
        "runs": runs,
        "may_run": request.viewer.may(Permission.RUN_BILLS),
        "next_month": _next_month(runs),
        "worker": has_worker(),
    }
    return render(request, "console/billing/runs.html", context)


@require_safe
def bill_run_detail(request: StaffRequest, month: str) -> HttpResponse:
    """One run: how far it is, and which accounts could not be billed and why."""
    seen = billing_queries.get_run(request.viewer, month)
    context = {
        "run": seen.run,
        "seen": seen,
        "refusals": billing_queries.list_refusals(viewer=request.viewer, run=seen.run),
        "may_run": request.viewer.may(Permission.RUN_BILLS),
        "worker": has_worker(),
    }
    if request.htmx:
        return render(request, "console/billing/_run_state.html", context)
    context |= review_context(request, month) | outdated_context(request, month)
    return render(request, "console/billing/run.html", context)


@require_POST
def bill_run_start(request: StaffRequest) -> HttpResponse:
    """Queue a month; the worker does it in the clerk's name."""
    request.viewer.require(Permission.RUN_BILLS)
    try:
        month = Month.parse(request.POST.get("month", ""))
        billing_operations.require_curves(month)
    except ValueError:
        messages.error(request, _("月份应为 YYYY-MM"))
        return redirect("bill_run_list")
    except Refusal as refusal:
        messages.error(request, said(refusal))
        return redirect("bill_run_list")
    async_task(RUN_JOB, str(month), request.user.pk, task_name=f"{_('核算')} {month}")
    messages.success(request, _("%(month)s 已排入核算") % {"month": month})
    return redirect("bill_run_list")


def bill_of(request: StaffRequest, account_number: str, month: str) -> Bill:
    """The bill that counts, or the revision that is asked for."""
    given = re.fullmatch(r"[0-9]{1,4}", request.GET.get("revision", ""))
    asked = int(given.group()) if given else None
    return billing_queries.get_bill(
        viewer=request.viewer, account_number=account_number, month=month, revision=asked
    )


def _filter(request: StaffRequest, months: Sequence[str]) -> BillFilter:
    given = request.GET
    code, path_seen = given.get("unit", ""), ""
    if code:
        units = {u.code: u.path for u in access_queries.list_branch(request.viewer)}
        path_seen = units.get(code, "")
    month = given.get("month", "")
    return BillFilter(
        month=month if month in months else (months[0] if months else ""),
        unit_path=path_seen,
        text=given.get("q", "").strip(),
        outlier=given.get("outlier", ""),
    )


def _after(request: StaffRequest) -> tuple[Decimal, int] | None:
    amount, _at, key = request.GET.get("after", "").partition("@")
    try:
        found = Decimal(amount), int(key)
    except (InvalidOperation, ValueError):
        return None
    return found if found[0].is_finite() else None


def _keyset(bills: Sequence[Bill]) -> str:
    """Where the next page starts: the last row's amount and id."""
    return f"{bills[-1].amount}@{bills[-1].pk}" if bills else ""


def _export_rows(bills: QuerySet[Any]) -> Iterator[Sequence[object]]:
    rows = bills.select_related("account__customer").defer("facts", "quantities")
    for row in rows.iterator(chunk_size=2000):
        yield (
            row.month,
            row.account.number,
            row.account.name,
            row.account.customer.name,
            row.energy_kwh,
            row.max_demand_kw,
            row.power_factor,
            row.average_price,
            row.amount,
            row.rule_set,
        )


def _composition(whys: Sequence[explanation.Why]) -> list[dict[str, object]]:
    """What makes up the amount, by name of the line, largest first."""
    sums: dict[str, Decimal] = {}
    for why in whys:
        sums[why.line.name] = sums.get(why.line.name, Decimal(0)) + why.line.amount
    ordered = sorted(sums.items(), key=lambda item: -item[1])
    return [{"name": name, "value": float(amount)} for name, amount in ordered]


def _effects(found: Bill, previous: Bill | None) -> list[dict[str, Any]]:
    """What the difference to the month before comes from; what moved nothing is left out."""
    if previous is None:
        return []
    moved = explanation.explain_difference(found, previous)
    return [
        {"name": str(name), "meaning": meaning, "amount": moved[effect]}
        for effect, (name, meaning) in explanation.EFFECTS.items()
        if moved.get(effect)
    ]


def _waterfall(
    found: Bill, previous: Bill | None, effects: Sequence[dict[str, Any]]
) -> list[dict[str, object]]:
    """From the amount before to the amount now, step by step, for the chart."""
    if previous is None or not effects:
        return []
    steps: list[dict[str, object]] = [
        {"name": e["name"], "value": float(e["amount"]), "whole": False} for e in effects
    ]
    first = {"name": previous.month, "value": float(previous.amount), "whole": True}
    last = {"name": found.month, "value": float(found.amount), "whole": True}
    return [first, *steps, last]


def _trend(bills: Sequence[Bill]) -> dict[str, object]:
    """Oldest month first: amount, energy and average price, for the chart."""
    rows = list(reversed(bills))
    return {
        "months": [row.month for row in rows],
        "amount": [float(row.amount) for row in rows],
        "energy": [float(row.energy_kwh) for row in rows],
        "price": [float(row.average_price) if row.average_price else None for row in rows],
        "names": {"amount": _("金额 元"), "price": _("平均电价 元/kWh")},
    }


def _following(found: Bill, trend: Sequence[Bill]) -> str:
    """The month after, where the account has a bill of it."""
    month = str(Month.parse(found.month).next)
    return month if any(row.month == month for row in trend) else ""


def _next_month(runs: Sequence[RunSeen]) -> str:
    return str(Month.parse(runs[0].run.month).next) if runs else ""


urlpatterns = [
    path("bills/", bill_list, name="bill_list"),
    path("bills/export/", bill_export, name="bill_export"),
    path("bills/runs/", bill_run_list, name="bill_run_list"),
    path("bills/runs/start/", bill_run_start, name="bill_run_start"),
    path("bills/runs/<str:month>/", bill_run_detail, name="bill_run_detail"),
    path("bills/<str:account_number>/<str:month>/", bill, name="bill"),
    path("bills/<str:account_number>/<str:month>/days/", bill_days, name="bill_days"),
    path(
        "bills/<str:account_number>/<str:month>/recalculation/",
        bill_recalculation,
        name="bill_recalculation",
    ),
]
