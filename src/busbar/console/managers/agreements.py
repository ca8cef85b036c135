"""内部服务协议: who promises what to whom, and the quarter's sheet of each pair."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from busbar.access import queries as access_queries
from busbar.access.models import LEVELS
from busbar.access.permissions import Permission
from busbar.clocks import queries as clocks_queries
from busbar.console.acts import DayField
from busbar.console.answers import done, tell_and_go
from busbar.console.limits.words import limit_words
from busbar.console.managers.measures import midnight
from busbar.console.requests import StaffRequest
from busbar.key_accounts.operations import agreeing
from busbar.key_accounts.operations.agreeing import STAGE, Promise
from busbar.key_accounts.queries import agreements as agreements_queries
from busbar.kit.periods import local_date

_MONTHS, _QUARTERS = 3, 8


class AgreementForm(forms.Form):
    """A promise of one department to another."""

    provider = forms.ChoiceField(label=gettext_lazy("承诺方"))
    receiver = forms.ChoiceField(label=gettext_lazy("接受方"))
    order_kind = forms.ChoiceField(label=gettext_lazy("指令种类"))
    words = forms.CharField(label=gettext_lazy("承诺"), max_length=500)
    reply_limit = forms.ChoiceField(label=gettext_lazy("接办时限"))
    work_limit = forms.ChoiceField(label=gettext_lazy("办结时限"))
    valid_from = DayField(label=gettext_lazy("生效日"))
    source = forms.CharField(label=gettext_lazy("依据（文号）"), max_length=300)


class EndForm(forms.Form):
    """When and why an agreement ends."""

    until = DayField(label=gettext_lazy("终止日"))
    reason = forms.CharField(label=gettext_lazy("终止原因"), max_length=300)


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_list(request: StaffRequest) -> HttpResponse:
    """The sheet of a quarter, the agreements, and a form for those who may."""
    on = local_date(timezone.now())
    form = _fitted(request, on)
    if request.method == "POST":
        request.viewer.require(Permission.KEEP_MANDATES)
        if done(form, lambda: _sign(request, form.cleaned_data)):
            return tell_and_go(request, _("已登记协议"), "agreement_list")
    quarters = _quarters(on)
    chosen = next((q for q in quarters if q[0] == request.GET.get("quarter")), quarters[0])
    limits = _limits(request, on)
    kinds = {kind.code: kind.name for kind in access_queries.list_order_kinds(on=on)}
    context = {
        "quarters": quarters,
        "chosen": chosen[0],
        "sheet": agreements_queries.get_sheet(
            request.viewer, since=midnight(chosen[1]), until=midnight(chosen[2])
        ),
        "rows": [
            (row, kinds.get(row.order_kind, row.order_kind), limits.get(row.reply_limit, ""),
             limits.get(row.work_limit, ""))
            for row in agreements_queries.list_agreements(request.viewer)
        ],
        "form": form,
        "may": request.viewer.may(Permission.KEEP_MANDATES),
        "end_form": EndForm(),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "console/managers/agreements.html", context, status=status)


def _fitted(request: StaffRequest, on: dt.date) -> AgreementForm:
    form = AgreementForm(request.POST if request.method == "POST" else None)
    units = [
        (u.code, u.name) for u in access_queries.list_branch(request.viewer) if u.kind not in LEVELS
    ]
    limits = sorted(_limits(request, on).items(), key=lambda pair: pair[1])
    choices: dict[str, list[tuple[str, str]]] = {
        "provider": units,
        "receiver": units,
        "order_kind": [(k.code, k.name) for k in access_queries.list_order_kinds(on=on)],
        "reply_limit": limits,
        "work_limit": limits,
    }
    for name, values in choices.items():
        form.fields[name].choices = values  # type: ignore[attr-defined] # a ChoiceField
    return form


def _limits(request: StaffRequest, on: dt.date) -> dict[str, str]:
    rows = clocks_queries.limits_in_force(on=on, unit_path=request.viewer.unit_path)
    facts = [clocks_queries.facts_of(row) for row in rows.values() if row.stage == STAGE]
    return {fact.code: f"{fact.name}：{limit_words(fact)}" for fact in facts}


def _quarters(on: dt.date) -> list[tuple[str, dt.date, dt.date]]:
    """The latest quarters as `2026-1`, with their first days and those of the next."""
    year, quarter = on.year, (on.month - 1) // _MONTHS
    found = []
    for back in range(_QUARTERS):
        years, place = divmod(year * 4 + quarter - back, 4)
        first = dt.date(years, place * _MONTHS + 1, 1)
        following = divmod(year * 4 + quarter - back + 1, 4)
        last = dt.date(following[0], following[1] * _MONTHS + 1, 1)
        found.append((f"{years}-{place + 1}", first, last))
    return found


def _sign(request: StaffRequest, data: dict[str, Any]) -> None:
    agreeing.sign_agreement(promise=Promise(**data), by=request.viewer, at=timezone.now())


@require_POST
def agreement_end(request: StaffRequest, agreement_number: str) -> HttpResponse:
    """End one on a day."""
    request.viewer.require(Permission.KEEP_MANDATES)
    form = EndForm(request.POST)
    if done(
        form,
        lambda: agreeing.end_agreement(
            number=agreement_number, by=request.viewer, at=timezone.now(), **form.cleaned_data
        ),
    ):
        return tell_and_go(request, _("协议已终止"), "agreement_list")
    return render(
        request,
        "console/managers/agreement_end.html",
        {"form": form, "number": agreement_number},
        status=422,
    )


urlpatterns = [
    path("service-agreements/", agreement_list, name="agreement_list"),
    path("service-agreements/<str:agreement_number>/end/", agreement_end, name="agreement_end"),
]
