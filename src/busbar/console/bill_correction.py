"""账务: correcting issued bills, one from its page or those of a month whose grounds changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from busbar.access.permissions import Permission
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.billing.operations import CORRECTED_AT_ONCE, Correction, MonthCorrection
from busbar.billing.outdated import get_outdated
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month

MOST_REASONS = 5
"""Bills that could not be rated again that a message names; the page names them all."""


def outdated_context(request: StaffRequest, month: str) -> dict[str, Any]:
    """The month's bills that rest on curves or an archive that have changed since.

    Those that are shown are those that the button takes, in that order.
    """
    found = get_outdated(request.viewer, Month.parse(month), most=CORRECTED_AT_ONCE)
    return {
        "outdated": found.first,
        "outdated_total": found.total,
        "outdated_refused": found.refused,
        "outdated_more": found.total - len(found.first),
        "may_correct": request.viewer.may(Permission.RUN_BILLS),
    }


@require_POST
def bill_correction(request: StaffRequest, account_number: str, month: str) -> HttpResponse:
    """Rate the bill again from today's readings; where it differs, a new one replaces it."""
    request.viewer.require(Permission.RUN_BILLS)
    found = billing_queries.get_bill(
        viewer=request.viewer, account_number=account_number, month=month
    )
    _correct(
        request,
        lambda: billing_operations.correct_bills(
            month=Month.parse(month),
            account_ids=[found.account_id],
            reason=request.POST.get("reason", ""),
            by=request.viewer,
            at=timezone.now(),
        ),
    )
    return redirect("bill", account_number, month)


@require_POST
def bill_run_correction(request: StaffRequest, month: str) -> HttpResponse:
    """Rate those of the month's bills again whose curves or archive have changed since."""
    request.viewer.require(Permission.RUN_BILLS)
    seen = billing_queries.get_run(request.viewer, month)
    _correct(
        request,
        lambda: billing_operations.correct_outdated_bills(
            month=Month.parse(seen.run.month),
            reason=request.POST.get("reason", ""),
            by=request.viewer,
            at=timezone.now(),
        ),
    )
    return redirect("bill_run_detail", month)


def _correct(request: StaffRequest, act: Callable[[], Correction]) -> None:
    try:
        done = act()
    except Refusal as refusal:
        messages.error(request, said(refusal))
        return
    _say(request, done)


def _say(request: StaffRequest, done: Correction) -> None:
    if done.corrected:
        total = sum(new.amount - new.replaces.amount for new in done.corrected if new.replaces)
        told = _("已更正 %(count)s 张账单，差额合计 %(amount)s 元")
        facts = {"count": len(done.corrected), "amount": f"{total:+,.2f}"}
        messages.success(request, told % facts)
    for account, reason in done.refused[:MOST_REASONS]:
        told = _("%(account)s 不能更正：%(why)s")
        messages.error(request, told % {"account": account.number, "why": said(reason)})
    if more := len(done.refused[MOST_REASONS:]):
        messages.error(request, _("另有 %(count)s 张不能更正，原因列在下面") % {"count": more})
    if done.unchanged:
        told = _("%(count)s 张账单按现有数据重新核算，结果与原账单一致，无须更正")
        messages.info(request, told % {"count": len(done.unchanged)})
    if isinstance(done, MonthCorrection) and done.remaining:
        told = _("依据已变的账单还有 %(count)s 张，其中 %(refused)s 张上次不能核算")
        facts = {"count": done.remaining, "refused": done.remaining_refused}
        messages.info(request, told % facts)


urlpatterns = [
    path("bills/runs/<str:month>/correction/", bill_run_correction, name="bill_run_correction"),
    path(
        "bills/<str:account_number>/<str:month>/correction/",
        bill_correction,
        name="bill_correction",
    ),
]
