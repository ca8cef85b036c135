"""授权清单: who may order what from whom, in every version, and a company's own tighter ones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.mandating import MandateLimits
from busbar.access.models import LEVELS, Mandate, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.clocks import queries as clocks_queries
from busbar.clocks.queries.limits import NoSuchLimit
from busbar.clocks.rulebook import LimitFacts
from busbar.console.acts import DayField
from busbar.console.answers import done, tell_and_go
from busbar.console.requests import StaffRequest
from busbar.customers.models import Importance
from busbar.kit.periods import local_date


class MandateForm(forms.Form):
    """A company's own version of a mandate."""

    unit = forms.ChoiceField(label=gettext_lazy("另定的单位"))
    most_amount_yuan = forms.DecimalField(
        label=gettext_lazy("金额限额（元）"), required=False, max_digits=14, decimal_places=2,
        min_value=Decimal("0.01"),
    )  # fmt: skip
    most_hours = forms.DecimalField(
        label=gettext_lazy("时长限额（小时）"), required=False, max_digits=7, decimal_places=2,
        min_value=Decimal("0.01"),
    )  # fmt: skip
    grades = forms.MultipleChoiceField(
        label=gettext_lazy("限于客户等级（不选为全部）"),
        required=False,
        choices=Importance.choices,
    )
    own_customers_only = forms.BooleanField(
        label=gettext_lazy("只限本人任A角或B角的客户"), required=False
    )
    valid_from = DayField(label=gettext_lazy("生效日"))
    source = forms.CharField(label=gettext_lazy("依据（文号）"), max_length=300)
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=500)


@require_safe
def mandate_list(request: StaffRequest) -> HttpResponse:
    """What holds for the reader's own unit, which of it the reader holds, and every version."""
    on = local_date(timezone.now())
    path_of = request.viewer.unit_path
    held = {mandate.pk for mandate in access_queries.list_held_mandates(request.viewer, on=on)}
    names = {kind.code: kind.name for kind in access_queries.list_order_kinds(on=on)}
    in_force = access_queries.list_mandates(on=on, unit_path=path_of)
    limits = _limits(in_force, on, path_of)
    context = {
        "on": on,
        "lines": [
            {
                "mandate": mandate,
                "kind": names.get(mandate.order_kind, mandate.order_kind),
                "held": mandate.pk in held,
                "reply": limits.get(mandate.reply_limit),
                "work": limits.get(mandate.work_limit),
                "grades": grade_words(mandate),
                "rungs": sorted(mandate.rungs.all(), key=lambda rung: rung.order),
            }
            for mandate in in_force
        ],
        "kinds": names,
        "may": request.viewer.may(Permission.KEEP_MANDATES),
    }
    return render(request, "console/managers/mandates.html", context)


def _limits(mandates: list[Mandate], on: dt.date, unit_path: str) -> dict[str, LimitFacts]:
    codes = {code for m in mandates for code in (m.reply_limit, m.work_limit)}
    rows = clocks_queries.limits_in_force(on=on, unit_path=unit_path, codes=codes)
    return {code: clocks_queries.facts_of(row) for code, row in rows.items()}


@require_http_methods(["GET", "HEAD", "POST"])
def mandate(request: StaffRequest, mandate_code: str) -> HttpResponse:
    """One mandate: its versions by unit and day; a company's own may be entered here."""
    versions = [
        row
        for row in access_queries.list_versions_of_mandates()
        if row.code == mandate_code and _is_seen(request, row)
    ]
    if not versions:
        raise Http404
    form = _form(request, versions[0])
    if request.method == "POST":
        request.viewer.require(Permission.KEEP_MANDATES)
        if done(form, lambda: _set(request, mandate_code, form.cleaned_data)):
            return tell_and_go(request, _("已登记新版本"), "mandate", mandate_code)
    context = {
        "mandate": versions[0],
        "versions": [(row, grade_words(row)) for row in versions],
        "rungs": sorted(versions[0].rungs.all(), key=lambda rung: rung.order),
        "limits": _clauses(versions[0], local_date(timezone.now()), request.viewer.unit_path),
        "form": form,
        "may": request.viewer.may(Permission.KEEP_MANDATES) and form.fields["unit"].choices,  # type: ignore[attr-defined] # a ChoiceField
        "on": local_date(timezone.now()),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/managers/mandate.html", context, status=status)


def _form(request: StaffRequest, row: Mandate) -> MandateForm:
    first: dict[str, Any] = {
        "most_amount_yuan": row.most_amount_yuan,
        "most_hours": row.most_hours,
        "grades": row.grades,
        "own_customers_only": row.own_customers_only,
    }
    form = MandateForm(request.POST if request.method == "POST" else None, initial=first)
    units = [u for u in access_queries.list_branch(request.viewer) if u.kind in LEVELS]
    form.fields["unit"].choices = [(u.code, u.name) for u in units]  # type: ignore[attr-defined] # a ChoiceField
    return form


def _set(request: StaffRequest, code: str, data: dict[str, Any]) -> None:
    access_operations.set_local_mandate(
        unit=OrganizationUnit.objects.get(code=data["unit"]),
        code=code,
        limits=MandateLimits(
            data["most_amount_yuan"],
            data["most_hours"],
            tuple(data["grades"]),
            data["own_customers_only"],
        ),
        valid_from=data["valid_from"],
        reason=data["reason"],
        source=data["source"],
        by=request.viewer,
        at=timezone.now(),
    )


def _is_seen(request: StaffRequest, row: Mandate) -> bool:
    """A version of a unit is shown in its branch and from what lies below it."""
    if row.unit is None or request.viewer.covers(row.unit.path):
        return True
    return bool(request.viewer.unit_path) and request.viewer.unit_path.startswith(row.unit.path)


def _clauses(row: Mandate, on: dt.date, unit_path: str) -> list[LimitFacts]:
    found = []
    for code in (row.reply_limit, row.work_limit):
        try:
            found.append(clocks_queries.get_limit(code, on=on, unit_path=unit_path))
        except NoSuchLimit:
            continue
    return found


def grade_words(row: Mandate) -> str:
    """The grades it reaches, in words."""
    labels = dict(Importance.choices)
    return "、".join(str(labels.get(grade, grade)) for grade in row.grades) or _("全部等级")


urlpatterns = [
    path("mandates/", mandate_list, name="mandate_list"),
    path("mandates/<str:mandate_code>/", mandate, name="mandate"),
]
