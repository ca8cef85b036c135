"""电费退费: asked for, decided by another, proven by the bank's own row."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from busbar.console.acts import Acts
from busbar.console.answers import one_of
from busbar.console.cutting import cut
from busbar.console.group_choice import by_group
from busbar.console.payments.acts import REFUND_ACTS
from busbar.console.requests import StaffRequest, page_number
from busbar.payments import queries as payments_queries
from busbar.payments.models import RefundState

PAGE = 50
_PAYOUTS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@by_group
def payment_refunds(request: StaffRequest) -> HttpResponse:
    """Refunds by state, and money that went without one."""
    acts = Acts(REFUND_ACTS, request, None)
    if request.method == "POST" and acts.post():
        return redirect("payment_refunds")
    state = one_of(request.GET.get("state", ""), RefundState.values)
    rows = payments_queries.list_refunds(request.viewer, state=state)
    before = page_number(request, "before", 0)
    if before:
        rows = rows.filter(pk__lt=before)
    shown, more = cut(rows.order_by("-id"), PAGE)
    context = {
        "tab": "refunds",
        "acts": acts,
        "refunds": shown,
        "more": more,
        "state": state,
        "states": RefundState.choices,
        "payouts": payments_queries.list_payouts(request.viewer, unexplained_only=True)[:_PAYOUTS],
    }
    status = 422 if acts.refused else 200
    return render(request, "console/payments/refunds.html", context, status=status)


urlpatterns = [path("payments/refunds/", payment_refunds, name="payment_refunds")]
