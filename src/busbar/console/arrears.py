"""催费: the board by rung and by account manager, a case with its timeline and what can be done."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from busbar.arrears import queries as arrears_queries
from busbar.arrears.models import CaseState, DunningCase
from busbar.console.acts import Acts
from busbar.console.answers import one_of
from busbar.console.arrears_acts import CASE_ACTS
from busbar.console.cutting import cut_by
from busbar.console.group_choice import by_group
from busbar.console.payments.receivables import AGE_LABELS
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.periods import local_date
from busbar.payments import queries as payments_queries
from busbar.payments.ageing import BUCKETS, days_overdue

PAGE = 50


@require_safe
@by_group
def case_list(request: StaffRequest) -> HttpResponse:
    """Open cases, the longest overdue first, with what comes next; ageing by unit below."""
    now = timezone.now()
    on, viewer = local_date(now), request.viewer
    state = one_of(request.GET.get("state", ""), CaseState.values)
    text, manager = (request.GET.get(name, "").strip()[:100] for name in ("q", "manager"))
    found = arrears_queries.list_cases(viewer, state=state, text=text, manager=manager)
    after = request.GET.get("after", "")
    rows, further = cut_by(found, "oldest_due_on", after=after, size=PAGE, newest_first=False)
    counts = arrears_queries.count_by_state(viewer)
    context = {
        "on": on,
        "now": now,
        "rows": _lines(rows, on),
        "further": further,
        "units": payments_queries.age_units(viewer, on=on),
        "age_labels": [AGE_LABELS[b.key] for b in BUCKETS],
        "rungs": [(s, s.label, counts.get(s, 0)) for s in CaseState if s != CaseState.CLOSED],
        "choices": CaseState.choices,
        "managers": arrears_queries.list_managers(viewer),
        "manager": manager,
        "state": state,
        "text": text,
    }
    return render(request, "console/arrears/cases.html", context)


def _lines(rows: list[DunningCase], on: dt.date) -> list[tuple[DunningCase, object, object, int]]:
    """Each case with its debt, who leads the customer's team, and days overdue."""
    debts = arrears_queries.debt_of([row.account_id for row in rows], on=on)
    managers = arrears_queries.map_managers(rows)
    return [
        (
            row,
            debts.get(row.account_id),
            managers.get(row.account.customer_id),
            days_overdue(row.oldest_due_on, on),
        )
        for row in rows
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def case_page(request: StaffRequest, case_number: str) -> HttpResponse:
    """One case: what is owed, what was done, what comes next, what stands in the way of a stop."""
    case = _found(request, case_number)
    acts = Acts(CASE_ACTS, request, case)
    if request.method == "POST" and acts.post():
        return redirect("arrears_case", case_number)
    now = timezone.now()
    pause, is_important = (
        arrears_queries.find_pause(case),
        arrears_queries.is_important(case.account),
    )
    context = {
        "case": case,
        "now": now,
        "debt": arrears_queries.debt_of([case.account_id], on=local_date(now)).get(case.account_id),
        "manager": arrears_queries.map_managers([case]).get(case.account.customer_id),
        "steps": arrears_queries.list_steps(case),
        "pauses": arrears_queries.list_pauses(case),
        "pause": pause,
        "obstacles": _obstacles(case, now) if case.may_be_stopped else [],
        "is_important": is_important,
        "charges": payments_queries.list_late_charges(request.viewer, case.account_id),
        "acts": acts,
        "doable": _doable(case, is_paused=pause is not None, is_important=is_important),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/arrears/case.html", context, status=status)


def _obstacles(case: DunningCase, now: dt.datetime) -> list[str]:
    return [said(one) for one in arrears_queries.list_obstacles(case, at=now)]


def _doable(case: DunningCase, *, is_paused: bool, is_important: bool) -> tuple[str, ...]:
    """The acts of where the case stands."""
    if not case.may_be_stopped:
        return ()
    return ("resume" if is_paused else "pause", *(("report",) if is_important else ()))


def _found(request: StaffRequest, case_number: str) -> DunningCase:
    try:
        return arrears_queries.get_case(request.viewer, case_number)
    except DunningCase.DoesNotExist as missing:
        raise Http404 from missing


urlpatterns = [
    path("arrears/", case_list, name="arrears"),
    path("arrears/<str:case_number>/", case_page, name="arrears_case"),
]
