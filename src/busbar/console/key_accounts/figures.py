"""分析参数: stage and warning rules, cost rates, spend bands; the next version of each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.console.key_accounts.ruling import VersionForm
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.models import Stage
from busbar.key_accounts.operations.ruling import FIGURES
from busbar.key_accounts.queries import rules as rules_queries
from busbar.kit.errors import Refusal
from busbar.kit.money import plain
from busbar.kit.periods import local_date
from busbar.pricing.models import SourcedModel

KINDS: dict[str, str | Promise] = {
    "stage": gettext_lazy("关系阶段判据"),
    "warning": gettext_lazy("流失与萎缩预警"),
    "cost": gettext_lazy("成本费率"),
    "band": gettext_lazy("消费档"),
    "service": gettext_lazy("七项基本业务"),
}
LABELS: dict[str, str | Promise] = {
    "at_least": gettext_lazy("不低于"),
    "at_most": gettext_lazy("不高于"),
    "yuan_per_kwh": gettext_lazy("元/kWh"),
    "yuan_per_hour": gettext_lazy("元/小时"),
    "minutes_per_task": gettext_lazy("每件分钟"),
    "from_yuan": gettext_lazy("起点 元/年"),
    "every_days": gettext_lazy("频次（天）"),
    "due_days": gettext_lazy("办理期限（天）"),
}


def make_form(kind: str, row: SourcedModel, data: Any = None) -> VersionForm:
    """The form of a row's next version: the figures that it has."""
    form = VersionForm(data)
    for name in held(kind, row):
        form.fields[name] = forms.DecimalField(
            label=str(LABELS[name]), max_digits=18, decimal_places=6, initial=plain_of(row, name)
        )
    return form


def held(kind: str, row: SourcedModel) -> list[str]:
    """Which figures the row has."""
    return [name for name in FIGURES[kind][1] if getattr(row, name) is not None]


def plain_of(row: SourcedModel, name: str) -> str:
    """A figure as people write it."""
    value = getattr(row, name)
    return str(value) if isinstance(value, int) else plain(value)


@require_safe
def figure_page(request: StaffRequest) -> HttpResponse:
    """Everything that is set by versions beside the rules of recognition."""
    return _page(request)


@require_POST
def figure_set(request: StaffRequest, figure_kind: str, figure_code: str) -> HttpResponse:
    """The next version of one row."""
    request.viewer.require(Permission.ADOPT_KEY_ACCOUNTS)
    rows = rules_queries.list_figure_rows(local_date(timezone.now())).get(figure_kind, [])
    row = next((r for r in rows if getattr(r, "code", "") == figure_code), None)
    if row is None:
        raise Http404
    form = make_form(figure_kind, row, request.POST)
    if form.is_valid():
        facts = dict(form.cleaned_data)
        common = {name: facts.pop(name) for name in ("valid_from", "source")}
        try:
            key_accounts_operations.set_figures(
                kind=figure_kind,
                code=figure_code,
                figures=facts,
                by=request.viewer,
                at=timezone.now(),
                **common,
            )
        except Refusal as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(request, _("新版本已登记，自生效日起评定时采用"))
            return redirect("key_account_figures")
    return _page(request, refused=(figure_kind, figure_code, form), status=422)


def _page(
    request: StaffRequest,
    *,
    refused: tuple[str, str, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    today = local_date(timezone.now())
    context = {
        "groups": [
            (kind, KINDS[kind], [_row(kind, row, refused) for row in rows])
            for kind, rows in rules_queries.list_figure_rows(today).items()
        ],
        "may_edit": request.viewer.may(Permission.ADOPT_KEY_ACCOUNTS),
        "today": today,
    }
    return render(request, "console/key_accounts/figures.html", context, status=status)


def _row(
    kind: str, row: SourcedModel, refused: tuple[str, str, forms.Form] | None
) -> dict[str, Any]:
    code = getattr(row, "code", "")
    is_open = refused is not None and refused[:2] == (kind, code)
    stage = getattr(row, "stage", "")
    return {
        "row": row,
        "code": code,
        "stage": Stage(stage).label if stage else "",
        "figures": [(LABELS[name], plain_of(row, name)) for name in held(kind, row)],
        "form": refused[2] if refused is not None and is_open else make_form(kind, row),
        "is_open": is_open,
    }


urlpatterns = [
    path("key-accounts/figures/", figure_page, name="key_account_figures"),
    path(
        "key-accounts/figures/<slug:figure_kind>/<slug:figure_code>/",
        figure_set,
        name="key_account_figure",
    ),
]
