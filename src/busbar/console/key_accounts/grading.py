"""重要性评定: what waits for a second person, whom to ask, and asking on the customer's page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.console.group_choice import by_group
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer, Importance
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.models import ImportanceAssessment, OverrideState
from busbar.key_accounts.queries import review as review_queries
from busbar.key_accounts.queries import rules as rules_queries
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date


@require_safe
@by_group
def importance_page(request: StaffRequest) -> HttpResponse:
    """Assessments that wait, and customers that nobody assessed though something asks for it."""
    today = local_date(timezone.now())
    waiting = review_queries.list_assessments(request.viewer)
    context = {
        "waiting": [(row, _grade(row)) for row in waiting],
        "suggestions": review_queries.list_suggestions(request.viewer, on=today),
        "may_adopt": request.viewer.may(Permission.ADOPT_KEY_ACCOUNTS),
    }
    return render(request, "console/key_accounts/importance.html", context)


def grading_context(request: StaffRequest, customer: Customer, at: dt.datetime) -> dict[str, Any]:
    """What the customer's tab says of its grade: the questions, and how they were answered."""
    rows = review_queries.list_assessments(request.viewer, customer_id=customer.pk)
    criteria = rules_queries.list_importance_criteria(local_date(at))
    names = {c.code: c.consequence for c in criteria}
    return {
        "importance_criteria": criteria,
        "assessments": [
            (row, _grade(row), [(names.get(c, c), basis) for c, basis in row.answers.items()])
            for row in rows
        ],
        "is_assessing": any(row.state == OverrideState.PROPOSED for row in rows),
    }


def _grade(row: ImportanceAssessment) -> str:
    return str(Importance(row.grade).label)


@require_POST
def grade_propose(request: StaffRequest, number: str) -> HttpResponse:
    """Answer the questions: a filled ground means that the consequence applies."""
    customer = customers_queries.get_customer(request.viewer, number)
    answers = {
        name.removeprefix("basis:"): value[:300]
        for name, value in request.POST.items()
        if name.startswith("basis:") and isinstance(value, str) and value.strip()
    }
    try:
        key_accounts_operations.propose_grade(
            customer=customer,
            answers=answers,
            remark=request.POST.get("remark", "")[:300],
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, _("重要性评定已提出，待另一位有权人员复核"))
    return redirect("customer_tab", number, "recognition")


@require_POST
def grade_decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Review an assessment."""
    row = review_queries.get_assessment(request.viewer, pk)
    try:
        key_accounts_operations.decide_grade(
            assessment_id=pk,
            approved=request.POST.get("decision") == "adopt",
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, _("复核结论已登记"))
    return redirect("customer_tab", row.customer.number, "recognition")


urlpatterns = [
    path("key-accounts/importance/", importance_page, name="key_account_importance"),
    path(
        "key-accounts/customers/<str:number>/importance/", grade_propose, name="key_account_grade"
    ),
    path("key-accounts/assessments/<int:pk>/", grade_decide, name="key_account_grade_decide"),
]
