"""大客户 on the customer's page: every reason, the history, and a word of a person beside them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from busbar.access.permissions import Permission
from busbar.console.acts import DayField
from busbar.console.answers import tell_and_go
from busbar.console.key_accounts.closeness import closeness_context
from busbar.console.key_accounts.grading import grading_context
from busbar.console.key_accounts.segmenting import segment_context
from busbar.console.key_accounts.words import OUTCOMES, Industries, lines_of
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer, CustomerKind
from busbar.customers.queries import CustomerFile
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts import rulebook
from busbar.key_accounts.models import Category, OverrideState
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.queries import rules as rules_queries
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

TAB = "recognition"


class OverrideForm(forms.Form):
    """Which category, in or out, why, until when."""

    category = forms.ChoiceField(
        label=gettext_lazy("类别"),
        choices=[(c.value, c.label) for c in Category if c != Category.IMPORTANT],
    )
    holds = forms.TypedChoiceField(
        label=gettext_lazy("认定为"),
        choices=[("1", gettext_lazy("列入")), ("0", gettext_lazy("不列入"))],
        coerce=lambda text: text == "1",
    )
    expires_on = DayField(label=gettext_lazy("有效至"))
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=300)


def load_tab(request: StaffRequest, file: CustomerFile, at: dt.datetime) -> dict[str, Any]:
    """What the customer is by the newest run, why, and how that came about."""
    viewer, customer = request.viewer, file.customer
    run = recognition_queries.get_latest_run()
    row = recognition_queries.get_recognition(viewer, customer.pk, run) if run else None
    industries = rules_queries.map_industries(local_date(at))
    history = recognition_queries.list_history(viewer, customer.pk)
    may = viewer.covers(customer.unit.path)
    return {
        "run": run,
        "row": row,
        "judged": lines_of(recognition_queries.explain(row), industries, customer) if row else [],
        "kind_hint": _kind_hint(customer, industries),
        "history": [(one, _outcomes(one.judgements)) for one in history],
        "overrides": recognition_queries.list_overrides(viewer, customer_id=customer.pk),
        "override_form": OverrideForm(),
        "may_propose": may and viewer.may(Permission.RECOGNIZE_KEY_ACCOUNTS),
        "may_adopt": may and viewer.may(Permission.ADOPT_KEY_ACCOUNTS),
        "PROPOSED": OverrideState.PROPOSED,
        "ADOPTED": OverrideState.ADOPTED,
        **grading_context(request, customer, at),
        **segment_context(request, customer),
        **closeness_context(request, customer, run),
    }


def _kind_hint(customer: Customer, industries: Industries) -> str:
    """A sentence where the archive's kind is not the one of its industry (R28)."""
    industry = industries.get(rules_queries.division_of(customer.industry_code))
    if industry is None or not industry.kind or industry.kind == customer.kind:
        return ""
    return _("档案类别为“%(kind)s”，而行业 %(industry)s 一般属“%(usual)s”，请核对") % {
        "kind": customer.get_kind_display(),
        "industry": str(industry),
        "usual": CustomerKind(industry.kind).label,
    }


def _outcomes(kept: dict[str, Any]) -> list[tuple[str, bool, object, int]]:
    """By category: whether in, what came of it, the points."""
    return [
        (
            str(Category(name).label),
            rulebook.holds(one),
            _("人工认定") if one["by_hand"] is not None else OUTCOMES[one["outcome"]],
            one["points"],
        )
        for name, one in kept.items()
    ]


@require_POST
def override_propose(request: StaffRequest, number: str) -> HttpResponse:
    """Ask for a category to be set by hand."""
    customer = customers_queries.get_customer(request.viewer, number)
    form = OverrideForm(request.POST)
    sentence = ""
    if form.is_valid():
        try:
            key_accounts_operations.propose_override(
                customer=customer, by=request.viewer, at=timezone.now(), **form.cleaned_data
            )
            return _back(request, number, _("已提出，待另一位有权人员批准"))
        except Refusal as refusal:
            sentence = said(refusal)
    return _back(request, number, sentence or _("请填写类别、有效期与理由"), good=False)


@require_POST
def override_decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Approve, refuse or end an override."""
    verb, viewer, now = request.POST.get("decision", ""), request.viewer, timezone.now()
    override = recognition_queries.get_override(viewer, pk)
    try:
        if verb == "end":
            key_accounts_operations.end_override(override_id=pk, by=viewer, at=now)
        else:
            key_accounts_operations.decide_override(
                override_id=pk, approved=verb == "adopt", by=viewer, at=now
            )
    except Refusal as refusal:
        return _back(request, override.customer.number, said(refusal), good=False)
    return _back(request, override.customer.number, _("已登记，下一次评定生效"))


def _back(request: StaffRequest, number: str, sentence: str, *, good: bool = True) -> HttpResponse:
    if good:
        return tell_and_go(request, sentence, "customer_tab", number, TAB)
    messages.error(request, sentence)
    return redirect("customer_tab", number, TAB)


urlpatterns = [
    path(
        "key-accounts/customers/<str:number>/override/",
        override_propose,
        name="key_account_override",
    ),
    path("key-accounts/overrides/<int:pk>/", override_decide, name="key_account_override_decide"),
]
