"""总账: a month's trial balance, its postings, closing and reopening it."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.console.acts import Acts
from busbar.console.answers import one_of
from busbar.console.cutting import cut
from busbar.console.exporting import answer_export
from busbar.console.payments.acts import LEDGER_ACTS
from busbar.console.requests import StaffRequest, page_number
from busbar.kit.periods import Month, local_date
from busbar.payments import queries as payments_queries
from busbar.payments.models import LedgerCode, LedgerMonth, in_yuan

PAGE = 30
TRIAL_HEADER = (_("科目号"), _("科目"), _("期初"), _("本月借方"), _("本月贷方"), _("期末"))


def trial_rows(trial: Iterable[payments_queries.TrialLine]) -> list[list[object]]:
    """The lines and, last, the sums of both sides; yuan, opening and closing debit positive."""
    lines = list(trial)
    rows: list[list[object]] = [
        [x.number, x.name, x.opening_yuan, x.debit_yuan, x.credit_yuan, x.closing_yuan]
        for x in lines
    ]
    debit, credit = (
        in_yuan(sum(getattr(x, n) for x in lines)) for n in ("debit_fen", "credit_fen")
    )
    return [*rows, ["", str(_("合计")), "", debit, credit, ""]]


@require_http_methods(["GET", "HEAD", "POST"])
def ledger(request: StaffRequest) -> HttpResponse:
    """The newest month."""
    months = payments_queries.list_months()
    newest = months[0] if months else str(Month.of(local_date(timezone.now())))
    return ledger_month(request, newest)


@require_http_methods(["GET", "HEAD", "POST"])
def ledger_month(request: StaffRequest, month: str) -> HttpResponse:
    """One month as the viewer's branch has it; what is seen balances."""
    try:
        asked = Month.parse(month)
    except ValueError:
        raise Http404 from None
    acts = Acts(LEDGER_ACTS, request, str(asked))
    if request.method == "POST" and acts.post():
        return redirect("ledger_month", str(asked))
    code = one_of(request.GET.get("account", ""), LedgerCode.values)
    postings = payments_queries.list_postings(request.viewer, asked, code=code)
    before = page_number(request, "before", 0)
    if before:
        postings = postings.filter(pk__lt=before)
    shown, more = cut(postings, PAGE)
    sides = payments_queries.map_sides([posting.pk for posting in shown])
    trial = payments_queries.get_trial_balance(request.viewer, asked)
    context = {
        "tab": "ledger",
        "acts": acts,
        "month": str(asked),
        "months": payments_queries.list_months(),
        "row": LedgerMonth.objects.filter(month=str(asked)).first(),
        "trial": trial,
        "sums": [in_yuan(sum(getattr(t, n) for t in trial)) for n in ("debit_fen", "credit_fen")],
        "postings": [
            (posting, in_yuan(posting.total_fen), sides.get(posting.pk, [])) for posting in shown
        ],
        "more": more,
        "code": code,
        "may_export": request.viewer.may(Permission.EXPORT),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/payments/ledger.html", context, status=status)


@require_safe
def ledger_export(request: StaffRequest, month: str) -> HttpResponse:
    """The trial balance as the viewer's branch has it, CSV or Excel."""
    try:
        asked = Month.parse(month)
    except ValueError:
        raise Http404 from None
    kind = one_of(request.GET.get("as", ""), ("csv", "xlsx")) or "csv"
    return answer_export(
        viewer=request.viewer,
        name=_("试算平衡 %(month)s") % {"month": asked},
        kind=kind,
        header=[str(name) for name in TRIAL_HEADER],
        rows=trial_rows(payments_queries.get_trial_balance(request.viewer, asked)),
        at=timezone.now(),
    )


urlpatterns = [
    path("ledger/", ledger, name="ledger"),
    path("ledger/<str:month>/", ledger_month, name="ledger_month"),
    path("ledger/<str:month>/export/", ledger_export, name="ledger_export"),
]
