"""缴费: what came, what waits for a person and why, one payment with all that became of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from busbar.console.acts import Acts
from busbar.console.answers import one_of
from busbar.console.cutting import cut
from busbar.console.group_choice import by_group
from busbar.console.payments.acts import MONEY_ACTS
from busbar.console.requests import StaffRequest, page_number
from busbar.payments import queries as payments_queries
from busbar.payments.models import Payment, PaymentChannel, PaymentHold

PAGE = 50
_QUEUE, _FILES = 20, 12


@require_http_methods(["GET", "HEAD", "POST"])
@by_group
def payment_list(request: StaffRequest) -> HttpResponse:
    """Payments, newest first, and the files they came in."""
    acts = Acts(MONEY_ACTS, request, None)
    if request.method == "POST" and acts.post():
        return redirect("payment_list")
    channel = one_of(request.GET.get("channel", ""), PaymentChannel.values)
    text = request.GET.get("q", "").strip()[:100]
    rows = payments_queries.list_payments(request.viewer, channel=channel, text=text)
    before = page_number(request, "before", 0)
    if before:
        rows = rows.filter(pk__lt=before)
    shown, more = cut(rows.order_by("-id"), PAGE)
    context = {
        "tab": "payments",
        "acts": acts,
        "payments": shown,
        "more": more,
        "channel": channel,
        "channels": PaymentChannel.choices,
        "text": text,
        "files": payments_queries.list_files(request.viewer)[:_FILES],
    }
    status = 422 if acts.refused else 200
    return render(request, "console/payments/list.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def payment_queue(request: StaffRequest) -> HttpResponse:
    """Money that waits, oldest first, with what it may be meant for."""
    likeliest: dict[int, str] = {}
    acts = Acts(MONEY_ACTS, request, likeliest)
    if request.method == "POST" and acts.post():
        return redirect("payment_queue")
    hold = one_of(request.GET.get("hold", ""), PaymentHold.values)
    rows = payments_queries.list_waiting(request.viewer, hold=hold)
    after = page_number(request, "after", 0)
    shown, more = cut(rows.filter(pk__gt=after).order_by("id"), _QUEUE)
    suggested = payments_queries.suggest(request.viewer, shown)
    likeliest.update(
        {pk: found[0].receivable.reference for pk, found in suggested.items() if found}
    )
    context = {
        "tab": "queue",
        "acts": acts,
        "queue": [(payment, suggested[payment.pk]) for payment in shown],
        "queued": rows.count(),
        "more": more,
        "hold": hold,
        "holds": [c for c in PaymentHold.choices if c[0]],
    }
    status = 422 if acts.refused else 200
    return render(request, "console/payments/queue.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def payment_detail(request: StaffRequest, payment_id: int) -> HttpResponse:
    """One payment: from whom, by which way, what it was matched to, what went back."""
    payment = payments_queries.get_payment(request.viewer, payment_id)
    likeliest: dict[int, str] = {}
    acts = Acts(MONEY_ACTS, request, likeliest)
    if request.method == "POST" and acts.post():
        return redirect("payment_detail", payment_id)
    suggested = payments_queries.suggest(request.viewer, [payment])[payment.pk]
    if suggested:
        likeliest[payment.pk] = suggested[0].receivable.reference
    context = {"tab": "payments", "acts": acts, **_parts(request, payment), "suggested": suggested}
    status = 422 if acts.refused else 200
    return render(request, "console/payments/payment.html", context, status=status)


def _parts(request: StaffRequest, payment: Payment) -> dict[str, Any]:
    refunds = payments_queries.list_refunds(request.viewer).filter(payment=payment)
    return {
        "payment": payment,
        "matches": payments_queries.list_matches(request.viewer, payment_id=payment.pk),
        "refunds": refunds,
    }


urlpatterns = [
    path("payments/", payment_list, name="payment_list"),
    path("payments/queue/", payment_queue, name="payment_queue"),
    path("payments/<int:payment_id>/", payment_detail, name="payment_detail"),
]
