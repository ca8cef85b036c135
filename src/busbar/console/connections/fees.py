"""业务费用: notices and what was paid on them, the bank's rows, refunds, the catalogue."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    BankReceipt,
    ChargeItem,
    FeeMatch,
    FeeRefundState,
    NoticeState,
    PayeeAccount,
)
from busbar.console.acts import Acts
from busbar.console.answers import one_of
from busbar.console.connections.fee_acts import (
    APPLICATION_ACTS,
    BANK_ACTS,
    NOTICE_ACTS,
    PAYEE_ACTS,
    REFUND_ACTS,
)
from busbar.console.cutting import cut
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, page_number
from busbar.kit.periods import local_date

PAGE = 50
_QUEUE = 20


@require_safe
@by_group
def fee_list(request: StaffRequest) -> HttpResponse:
    """The sums that must agree, and the notices.

    The bank's rows have no customer: looking at a group there is nothing to agree with.
    """
    state = one_of(request.GET.get("state", ""), NoticeState.values)
    notices = connections_queries.list_fee_notices(request.viewer, state=state)
    before = page_number(request, "before", 0)
    if before:
        notices = notices.filter(pk__lt=before)
    rows, more = cut(notices.order_by("-id"), PAGE)
    context = {
        "tab": "notices",
        "sums": _sums(request),
        "notices": rows,
        "more": more,
        "state": state,
        "states": NoticeState.choices,
    }
    return render(request, "console/connections/fees/list.html", context)


def _sums(request: StaffRequest) -> connections_queries.Reconciliation | None:
    return None if request.chosen_group else connections_queries.reconcile_fees(request.viewer)


@require_http_methods(["GET", "HEAD", "POST"])
def fee_notice(request: StaffRequest, notice_number: str) -> HttpResponse:
    """One notice: charges with formula and basis, the account, what came in."""
    seen = connections_queries.list_fee_notices(request.viewer)
    found = seen.select_related("application__unit", "payee__unit").get(number=notice_number)
    acts = Acts(NOTICE_ACTS, request, found)
    if request.method == "POST" and acts.post():
        return redirect("fee_notice", notice_number)
    context = {
        "notice": found,
        "application": found.application,
        "page": "fees",
        "lines": found.lines.select_related("item").order_by("pk"),
        "balance": connections_queries.get_notice_balance(found),
        "matches": connections_queries.list_matches(request.viewer, notice_id=found.pk),
        "refunds": found.refunds.select_related("receipt").order_by("pk"),
        "acts": acts,
        "is_draft": found.state == NoticeState.DRAFT,
        "may_cancel": found.state in (NoticeState.DRAFT, NoticeState.ISSUED),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/connections/fees/notice.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def application_fees(request: StaffRequest, application_number: str) -> HttpResponse:
    """The notices of one application, and what may be charged for it."""
    application = connections_queries.get_application(request.viewer, application_number)
    acts = Acts(APPLICATION_ACTS, request, application)
    if request.method == "POST" and acts.post():
        return redirect("application_fees", application_number)
    notices = connections_queries.list_fee_notices(request.viewer, application_id=application.pk)
    scheme = connections_queries.get_current_scheme(request.viewer, application.pk)
    chosen = scheme.chosen if scheme else None
    voltage = chosen.voltage_kv if chosen else application.wished_voltage_kv
    context = {
        "application": application,
        "page": "fees",
        "tasks": connections_queries.list_waiting_tasks(request.viewer, application),
        "notices": notices,
        "items": connections_queries.list_applicable_items(
            application, voltage_kv=voltage, on=local_date(timezone.now())
        ),
        "acts": acts,
    }
    status = 422 if acts.refused else 200
    return render(request, "console/connections/fees/application.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def fee_bank(request: StaffRequest) -> HttpResponse:
    """Imports with their refused rows, and the queue of money that found no notice."""
    suggested: dict[int, str] = {}
    acts = Acts(BANK_ACTS, request, suggested)
    if request.method == "POST" and acts.post():
        return redirect("fee_bank")
    waiting = connections_queries.list_receipts(request.viewer, unsettled_only=True)
    rows = waiting.order_by("booked_on", "id")[:_QUEUE]
    queue = [_waiting(request, receipt) for receipt in rows]
    for each in queue:
        if len(each["suggested"]) == 1:
            suggested[each["receipt"].pk] = each["suggested"][0].number
    context = {
        "tab": "bank",
        "sums": connections_queries.reconcile_fees(request.viewer),
        "acts": acts,
        "files": connections_queries.list_bank_files(request.viewer)[:20],
        "queue": queue,
        "queued": waiting.count(),
        "matches": _recent_matches(request),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/connections/fees/bank.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def fee_refunds(request: StaffRequest) -> HttpResponse:
    """Refunds: asked for, decided by another, proven by the bank's own row."""
    acts = Acts(REFUND_ACTS, request, None)
    if request.method == "POST" and acts.post():
        return redirect("fee_refunds")
    state = one_of(request.GET.get("state", ""), FeeRefundState.values)
    rows = connections_queries.list_refunds(request.viewer, state=state)
    context = {
        "tab": "refunds",
        "sums": connections_queries.reconcile_fees(request.viewer),
        "refunds": rows.select_related("notice__application", "payout")[:PAGE],
        "states": FeeRefundState.choices,
        "state": state,
        "acts": acts,
    }
    status = 422 if acts.refused else 200
    return render(request, "console/connections/fees/refunds.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def fee_catalogue(request: StaffRequest) -> HttpResponse:
    """What may be charged by which document, and the accounts that are paid into."""
    acts = Acts(PAYEE_ACTS, request, None)
    if request.method == "POST" and acts.post():
        return redirect("fee_catalogue")
    context = {
        "tab": "catalogue",
        "items": ChargeItem.objects.order_by("code", "-valid_from"),
        "accounts": PayeeAccount.objects.select_related("unit").order_by("unit__path", "pk"),
        "acts": acts,
        "today": local_date(timezone.now()),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/connections/fees/catalogue.html", context, status=status)


def _waiting(request: StaffRequest, receipt: BankReceipt) -> dict[str, Any]:
    """A row of the queue: what waits of it, and which notices owe exactly that."""
    return {
        "receipt": receipt,
        "balance": connections_queries.get_receipt_balance(receipt),
        "suggested": connections_queries.suggest_notices(request.viewer, receipt),
    }


def _recent_matches(request: StaffRequest) -> list[FeeMatch]:
    seen = FeeMatch.objects.visible_to(request.viewer).select_related("receipt", "notice")
    return list(seen.order_by("-matched_at", "-id")[:20])


urlpatterns = [
    path("fees/", fee_list, name="fee_list"),
    path("fees/bank/", fee_bank, name="fee_bank"),
    path("fees/refunds/", fee_refunds, name="fee_refunds"),
    path("fees/catalogue/", fee_catalogue, name="fee_catalogue"),
    path("fees/notices/<str:notice_number>/", fee_notice, name="fee_notice"),
    path("connections/<str:application_number>/fees/", application_fees, name="application_fees"),
]
