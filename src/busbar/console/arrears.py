"""催费: the board by unit and rung, and a case with its timeline."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.arrears import operations as arrears_operations
from busbar.arrears import queries as arrears_queries
from busbar.arrears.models import CaseState, DunningCase, PauseKind
from busbar.console.payments.receivables import AGE_LABELS
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, page_number
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.payments import queries as payments_queries
from busbar.payments.ageing import BUCKETS

PAGE = 50


class PauseForm(forms.Form):
    """Why and until when a case stands still."""

    kind = forms.ChoiceField(label=_("暂缓"), choices=PauseKind.choices)
    reason = forms.CharField(label=_("原因"), max_length=300)
    until = forms.DateField(
        label=_("至"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


@require_safe
def case_list(request: StaffRequest) -> HttpResponse:
    """Open cases, the longest overdue first; ageing by unit above them."""
    now = timezone.now()
    on, state = local_date(now), request.GET.get("state", "")
    state = state if state in CaseState.values else ""
    text = request.GET.get("q", "").strip()[:100]
    page = min(page_number(request, "page", 1), 10_000)
    start = (page - 1) * PAGE
    rows = list(
        arrears_queries.list_cases(request.viewer, state=state, text=text)[start : start + PAGE + 1]
    )
    debts = arrears_queries.debt_of([row.account_id for row in rows], on=on)
    counts = arrears_queries.count_by_state(request.viewer)
    context = {
        "on": on,
        "rows": [(row, debts.get(row.account_id)) for row in rows[:PAGE]],
        "more": len(rows) > PAGE,
        "next_page": page + 1,
        "units": payments_queries.age_units(request.viewer, on=on),
        "age_labels": [AGE_LABELS[b.key] for b in BUCKETS],
        "rungs": [(s, s.label, counts.get(s, 0)) for s in CaseState if s != CaseState.CLOSED],
        "choices": CaseState.choices,
        "state": state,
        "text": text,
    }
    return render(request, "console/arrears/cases.html", context)


@require_safe
def case_page(request: StaffRequest, case_number: str) -> HttpResponse:
    """One case: what is owed, what was done, what stands in the way of a stop."""
    return _page(request, _found(request, case_number), PauseForm())


def _page(
    request: StaffRequest, case: DunningCase, form: PauseForm, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    on = local_date(now)
    context = {
        "case": case,
        "debt": arrears_queries.debt_of([case.account_id], on=on).get(case.account_id),
        "steps": arrears_queries.list_steps(case),
        "pause": arrears_queries.find_pause(case),
        "obstacles": arrears_queries.list_obstacles(case, at=now) if case.may_be_stopped else [],
        "is_important": arrears_queries.is_important(case.account),
        "charges": payments_queries.list_late_charges(request.viewer, case.account_id),
        "form": form,
        "may": request.viewer.may(Permission.COLLECT_ARREARS)
        and request.viewer.covers(case.account.unit.path),
    }
    return render(request, "console/arrears/case.html", context, status=status)


@require_POST
def case_pause(request: StaffRequest, case_number: str) -> HttpResponse:
    """Let the case stand still."""
    case, form = _found(request, case_number), PauseForm(request.POST)
    if form.is_valid():
        try:
            arrears_operations.pause_case(
                number=case_number, by=request.viewer, at=timezone.now(), **form.cleaned_data
            )
            return redirect("arrears_case", case_number)
        except Refusal as refusal:
            form.add_error(None, said(refusal))
    return _page(request, case, form, status=422)


@require_POST
def case_resume(request: StaffRequest, case_number: str) -> HttpResponse:
    """Let the case go on."""
    return _act(request, case_number, arrears_operations.end_pause, "reason")


@require_POST
def case_report(request: StaffRequest, case_number: str) -> HttpResponse:
    """Note the report to the authority."""
    return _act(request, case_number, arrears_operations.report_to_authority, "report")


def _act(
    request: StaffRequest, case_number: str, act: Callable[..., object], field: str
) -> HttpResponse:
    _found(request, case_number)
    words = {field: request.POST.get(field, "")[:300]}
    try:
        act(number=case_number, by=request.viewer, at=timezone.now(), **words)
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("arrears_case", case_number)


def _found(request: StaffRequest, case_number: str) -> DunningCase:
    try:
        return arrears_queries.get_case(request.viewer, case_number)
    except DunningCase.DoesNotExist as missing:
        raise Http404 from missing


urlpatterns = [
    path("arrears/", case_list, name="arrears"),
    path("arrears/<str:case_number>/", case_page, name="arrears_case"),
    path("arrears/<str:case_number>/pause/", case_pause, name="arrears_case_pause"),
    path("arrears/<str:case_number>/resume/", case_resume, name="arrears_case_resume"),
    path("arrears/<str:case_number>/report/", case_report, name="arrears_case_report"),
]
