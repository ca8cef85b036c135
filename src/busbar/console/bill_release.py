"""账务: reviewing what holds bills back, and releasing a month or one bill."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_q.tasks import async_task

from busbar.access.permissions import Permission
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.billing import release as billing_release
from busbar.billing.models import Bill
from busbar.console import work_items
from busbar.console.cutting import cut_after
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month
from busbar.notifications import queries as notifications_queries

PAGE = 50
RELEASE_JOB = "busbar.jobs.billing.release_month"


def review_context(request: StaffRequest, month: str) -> dict[str, Any]:
    """How far the month's bills have come, and what holds them back, dearest first."""
    after = request.GET.get("after", "")
    found, next_after = cut_after(
        billing_release.list_to_review(request.viewer, month=month), after=after, size=PAGE
    )
    return {
        "month": month,
        "counted": billing_release.count_release(request.viewer, month),
        "waiting": [(f, work_items.of_finding(f)) for f in found],
        "to_review": billing_release.count_to_review(request.viewer, month),
        "after": after,
        "next_after": next_after,
        "may_release": request.viewer.may(Permission.RELEASE_BILLS),
    }


def release_context(request: StaffRequest, bill: Bill) -> dict[str, Any]:
    """Whether the bill is the customer's yet, what was found in it, and what came of that."""
    findings = billing_release.list_findings_of(bill)
    for finding in findings:
        finding.bill, finding.account = bill, bill.account
    holding = set(billing_release.holding_kinds())
    is_open = bill.is_current and bill.released_at is None
    held = [f for f in findings if f.kind in holding and f.reviewed_at is None]
    return {
        "told": notifications_queries.list_messages_about(request.viewer, "billing.bill", bill.pk),
        "findings": [(f, work_items.of_finding(f), f.kind in holding) for f in findings],
        "is_held": is_open and bool(held),
        "is_unreleased": is_open,
        "may_release": is_open and request.viewer.may(Permission.RELEASE_BILLS),
    }


@require_safe
def bill_run_review(request: StaffRequest, month: str) -> HttpResponse:
    """The part of the run's page that shows what waits for a review."""
    billing_queries.get_run(request.viewer, month)
    return render(request, "console/billing/_review.html", review_context(request, month))


@require_POST
def bill_finding_review(request: StaffRequest, finding_id: int) -> HttpResponse:
    """Note what came of a finding; answers with the list, or returns to the bill."""
    try:
        (finding,) = billing_operations.review_findings(
            finding_ids=[finding_id],
            note=request.POST.get("note", ""),
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _refused(request, said(refusal))
    if request.htmx:
        context = review_context(request, finding.month) | {"reviewed": finding}
        return render(request, "console/billing/_review.html", context)
    messages.success(request, _("已复核"))
    return redirect("bill", finding.account.number, finding.month)


def _refused(request: StaffRequest, sentence: str) -> HttpResponse:
    month = request.POST.get("month", "")
    known = month in billing_queries.list_months()
    if request.htmx and known:
        context = review_context(request, month) | {"refusal": sentence}
        return render(request, "console/billing/_review.html", context)
    messages.error(request, sentence)
    number = request.POST.get("account", "")
    if known and number:
        return redirect("bill", number, month)
    return redirect("bill_run_detail", month) if known else redirect("bill_run_list")


@require_POST
def bill_run_release(request: StaffRequest, month: str) -> HttpResponse:
    """Queue the month's release; the worker does it in the clerk's name, batch by batch."""
    request.viewer.require(Permission.RELEASE_BILLS)
    seen = billing_queries.get_run(request.viewer, month)
    try:
        billing_operations.require_releasable(month=Month.parse(month), by=request.viewer)
    except Refusal as refusal:
        messages.error(request, said(refusal))
        return redirect("bill_run_detail", seen.run.month)
    async_task(RELEASE_JOB, month, request.user.pk, task_name=f"{_('电费发行')} {month}")
    messages.success(request, _("%(month)s 已排入发行") % {"month": month})
    return redirect("bill_run_detail", month)


@require_POST
def bill_release(request: StaffRequest, account_number: str, month: str) -> HttpResponse:
    """Release one bill now."""
    request.viewer.require(Permission.RELEASE_BILLS)
    bill = billing_queries.get_bill(
        viewer=request.viewer, account_number=account_number, month=month
    )
    try:
        billing_operations.release_bills(
            month=Month.parse(month),
            account_ids=[bill.account_id],
            by=request.viewer,
            at=timezone.now(),
        )
        messages.success(request, _("账单已发行"))
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("bill", account_number, month)


urlpatterns = [
    path("bills/runs/<str:month>/review/", bill_run_review, name="bill_run_review"),
    path("bills/runs/<str:month>/release/", bill_run_release, name="bill_run_release"),
    path(
        "bills/findings/<int:finding_id>/review/", bill_finding_review, name="bill_finding_review"
    ),
    path("bills/<str:account_number>/<str:month>/release/", bill_release, name="bill_release"),
]
