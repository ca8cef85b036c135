"""认定规则: the policies and criteria in force, their versions, and setting the next one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.console.acts import DayField
from busbar.console.key_accounts.words import Industries, say
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.models import UNITS, Category, RecognitionCriterion, RecognitionPolicy
from busbar.key_accounts.queries import rules as rules_queries
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date


class VersionForm(forms.Form):
    """From when, and on what it rests."""

    valid_from = DayField(label=gettext_lazy("自"))
    source = forms.CharField(label=gettext_lazy("依据"), max_length=300)


class CriterionForm(VersionForm):
    """The figures of a criterion."""

    points = forms.IntegerField(label=gettext_lazy("分值"), min_value=0, max_value=100)
    enter_at = forms.DecimalField(
        label=gettext_lazy("进入值"), max_digits=18, decimal_places=2, required=False
    )
    leave_at = forms.DecimalField(
        label=gettext_lazy("保留值"), max_digits=18, decimal_places=2, required=False
    )
    values = forms.CharField(label=gettext_lazy("代码"), max_length=300, required=False)

    def clean_values(self) -> list[str]:
        """Codes apart by blanks or commas."""
        text = str(self.cleaned_data["values"] or "")
        return text.replace("、", " ").replace(",", " ").replace("，", " ").split()


class PolicyForm(VersionForm):
    """The figures of a policy."""

    points_to_enter = forms.IntegerField(label=gettext_lazy("进入分"), min_value=0, max_value=1000)
    points_to_stay = forms.IntegerField(label=gettext_lazy("保留分"), min_value=0, max_value=1000)
    min_stay_months = forms.IntegerField(
        label=gettext_lazy("最短保留 月"), min_value=0, max_value=120
    )


@require_safe
def rule_page(request: StaffRequest) -> HttpResponse:
    """Every category with its policy and criteria; whoever may sets the next version."""
    return _page(request)


@require_POST
def criterion_set(request: StaffRequest, criterion_code: str) -> HttpResponse:
    """A criterion's next version."""
    found = {c.code for c in rules_queries.list_criteria(local_date(timezone.now()))}
    if criterion_code not in found:
        raise Http404
    form = CriterionForm(request.POST)

    def act() -> None:
        key_accounts_operations.set_criterion(
            code=criterion_code, by=request.viewer, at=timezone.now(), **form.cleaned_data
        )

    return _set(request, form, act, criterion_code)


@require_POST
def policy_set(request: StaffRequest, category: str) -> HttpResponse:
    """A policy's next version."""
    if category not in Category.values:
        raise Http404
    form = PolicyForm(request.POST)

    def act() -> None:
        key_accounts_operations.set_policy(
            category=category, by=request.viewer, at=timezone.now(), **form.cleaned_data
        )

    return _set(request, form, act, category)


def _set(request: StaffRequest, form: forms.Form, act: Any, place: str) -> HttpResponse:
    request.viewer.require(Permission.ADOPT_KEY_ACCOUNTS)
    if form.is_valid():
        try:
            act()
        except Refusal as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(request, _("新版本已登记，自生效日起评定时采用"))
            return redirect("key_account_rules")
    return _page(request, refused=(place, form), status=422)


def _page(
    request: StaffRequest, *, refused: tuple[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    today = local_date(timezone.now())
    industries = rules_queries.map_industries(today)
    may = request.viewer.may(Permission.ADOPT_KEY_ACCOUNTS)
    forms_by_place = dict([refused]) if refused else {}
    criteria = rules_queries.list_criteria(today)
    versions = rules_queries.count_versions()
    context = {
        "groups": [
            {
                "category": Category(policy.category),
                "policy": policy,
                "form": forms_by_place.get(policy.category) or _policy_form(policy),
                "is_open": policy.category in forms_by_place,
                "criteria": [
                    _criterion(c, industries, forms_by_place, versions[c.code])
                    for c in criteria
                    if c.category == policy.category
                ],
            }
            for policy in sorted(
                rules_queries.list_policy_rows(today),
                key=lambda p: Category.values.index(p.category),
            )
        ],
        "importance": rules_queries.list_importance_criteria(today),
        "may_edit": may,
        "today": today,
    }
    return render(request, "console/key_accounts/rules.html", context, status=status)


def _policy_form(policy: RecognitionPolicy) -> PolicyForm:
    names = ("points_to_enter", "points_to_stay", "min_stay_months")
    return PolicyForm(initial={name: getattr(policy, name) for name in names})


def _criterion(
    row: RecognitionCriterion,
    industries: Industries,
    refused: dict[str, forms.Form],
    versions: int,
) -> dict[str, Any]:
    form = refused.get(row.code)
    if form is None:
        form = CriterionForm(
            initial={
                "points": row.points,
                "enter_at": row.enter_at,
                "leave_at": row.leave_at,
                "values": "、".join(row.values),
            }
        )
    for name in ("values",) if row.enter_at is not None else ("enter_at", "leave_at"):
        form.fields.pop(name, None)
    return {
        "row": row,
        "unit": UNITS.get(row.measure, ""),
        "enter_at": say(row.measure, row.enter_at, industries),
        "leave_at": say(row.measure, row.leave_at, industries),
        "values": say(row.measure, "、".join(row.values), industries) if row.values else "",
        "versions": versions,
        "form": form,
        "is_open": row.code in refused,
    }


urlpatterns = [
    path("key-accounts/rules/", rule_page, name="key_account_rules"),
    path(
        "key-accounts/rules/criteria/<slug:criterion_code>/",
        criterion_set,
        name="key_account_criterion",
    ),
    path("key-accounts/rules/policies/<slug:category>/", policy_set, name="key_account_policy"),
]
