"""档案规则: thresholds of the consolidation and items of a complete file, by dated versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
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
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.kit.errors import Refusal
from busbar.kit.money import plain
from busbar.kit.periods import local_date


class FigureForm(forms.Form):
    """The next version of a threshold."""

    value = forms.DecimalField(
        label=gettext_lazy("数值"), max_digits=12, decimal_places=3, localize=False
    )
    valid_from = DayField(label=gettext_lazy("自"))
    source = forms.CharField(label=gettext_lazy("依据"), max_length=300)


class WeightForm(forms.Form):
    """The next version of an item of the file."""

    weight = forms.IntegerField(label=gettext_lazy("权重"), min_value=0, max_value=100)
    valid_from = DayField(label=gettext_lazy("自"))
    source = forms.CharField(label=gettext_lazy("依据"), max_length=300)


@require_safe
def rule_page(request: StaffRequest) -> HttpResponse:
    """What is in force, what was and what will be; whoever may sets the next version."""
    return _page(request)


@require_POST
def figure_set(request: StaffRequest, figure_code: str) -> HttpResponse:
    """The next version of a threshold."""
    known = {row.code for row in customers_queries.list_figures(_today())}
    form = FigureForm(request.POST)

    def act() -> None:
        customers_operations.set_consolidation_figure(
            code=figure_code, by=request.viewer, at=timezone.now(), **form.cleaned_data
        )

    return _set(request, form, act, figure_code, known)


@require_POST
def weight_set(request: StaffRequest, item_code: str) -> HttpResponse:
    """The next version of an item of the file."""
    known = {row.code for row in customers_queries.list_rules(_today())}
    form = WeightForm(request.POST)

    def act() -> None:
        customers_operations.set_completeness_rule(
            code=item_code, by=request.viewer, at=timezone.now(), **form.cleaned_data
        )

    return _set(request, form, act, item_code, known)


def _set(
    request: StaffRequest, form: forms.Form, act: Any, code: str, known: set[str]
) -> HttpResponse:
    request.viewer.require(Permission.KEEP_ARCHIVE_RULES)
    if code not in known:
        raise Http404
    if form.is_valid():
        try:
            act()
        except Refusal as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(request, _("新版本已登记，自生效日起采用"))
            return redirect("archive_rules")
    return _page(request, refused={code: form}, status=422)


def _page(
    request: StaffRequest, *, refused: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    today, refused = _today(), refused or {}
    rules = customers_queries.list_rules(today)
    context = {
        "figures": _shown(
            customers_queries.list_figures(today),
            customers_queries.list_figure_versions(),
            today,
            lambda row: refused.get(row.code) or FigureForm(initial={"value": plain(row.value)}),
            refused,
        ),
        "items": _shown(
            rules,
            customers_queries.list_rule_versions(),
            today,
            lambda row: refused.get(row.code) or WeightForm(initial={"weight": row.weight}),
            refused,
        ),
        "whole": sum(rule.weight for rule in rules),
        "may_edit": request.viewer.may(Permission.KEEP_ARCHIVE_RULES),
        "today": today,
    }
    return render(request, "console/consolidation/rules.html", context, status=status)


def _shown(
    rows: Iterable[Any],
    versions: Iterable[Any],
    today: dt.date,
    form_of: Any,
    refused: dict[str, forms.Form],
) -> list[dict[str, Any]]:
    """Each row in force with its other versions, the ones to come told apart."""
    by_code: dict[str, list[Any]] = {}
    for version in versions:
        by_code.setdefault(version.code, []).append(version)
    return [
        {
            "row": row,
            "value": value_of(row),
            "coming": [(value_of(v), v) for v in by_code.get(row.code, []) if v.valid_from > today],
            "past": [
                (value_of(v), v)
                for v in by_code.get(row.code, [])
                if v.valid_from <= today and v.pk != row.pk
            ],
            "form": form_of(row),
            "is_open": row.code in refused,
        }
        for row in rows
    ]


def value_of(row: Any) -> str:
    """A threshold or a weight as people write it."""
    found: Decimal | int = row.value if hasattr(row, "value") else row.weight
    return plain(found) if isinstance(found, Decimal) else str(found)


def _today() -> dt.date:
    return local_date(timezone.now())


urlpatterns = [
    path("archive-rules/", rule_page, name="archive_rules"),
    path("archive-rules/figures/<slug:figure_code>/", figure_set, name="archive_rules_figure"),
    path("archive-rules/items/<slug:item_code>/", weight_set, name="archive_rules_item"),
]
