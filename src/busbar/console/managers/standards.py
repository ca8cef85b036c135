"""服务标准: the one standard of the three levels, in every version."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from busbar.access import queries as access_queries
from busbar.access.models import LEVELS, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.console.acts import DayField
from busbar.console.answers import done, tell_and_go
from busbar.console.requests import StaffRequest
from busbar.key_accounts.operations.standards import set_local_standard
from busbar.key_accounts.queries import standards as standards_queries
from busbar.kit.periods import local_date


class StandardForm(forms.Form):
    """A company's own figure."""

    unit = forms.ChoiceField(label=gettext_lazy("另定的单位"))
    code = forms.ChoiceField(label=gettext_lazy("服务标准"))
    amount = forms.DecimalField(
        label=gettext_lazy("数值"), max_digits=10, decimal_places=2, min_value=Decimal("0.01")
    )
    valid_from = DayField(label=gettext_lazy("生效日"))
    source = forms.CharField(label=gettext_lazy("依据（文号）"), max_length=300)


@require_http_methods(["GET", "HEAD", "POST"])
def standard_list(request: StaffRequest) -> HttpResponse:
    """What holds for the reader's unit; a company's own figure may be entered here."""
    on, path_of = local_date(timezone.now()), request.viewer.unit_path
    standing = standards_queries.get_standards(on=on, unit_path=path_of)
    form = StandardForm(request.POST if request.method == "POST" else None)
    units = [u for u in access_queries.list_branch(request.viewer) if u.kind in LEVELS]
    form.fields["unit"].choices = [(u.code, u.name) for u in units]  # type: ignore[attr-defined] # a ChoiceField
    form.fields["code"].choices = [(s.code, s.name) for s in standing.values()]  # type: ignore[attr-defined] # a ChoiceField
    if request.method == "POST":
        request.viewer.require(Permission.KEEP_MANDATES)
        if done(form, lambda: _set(request, form.cleaned_data)):
            return tell_and_go(request, _("已登记新版本"), "standard_list")
    context = {
        "on": on,
        "rows": [standing[code] for code in sorted(standing)],
        "form": form,
        "may": request.viewer.may(Permission.KEEP_MANDATES) and units,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/managers/standards.html", context, status=status)


def _set(request: StaffRequest, data: dict[str, Any]) -> None:
    unit = OrganizationUnit.objects.get(code=data.pop("unit"))
    set_local_standard(unit=unit, by=request.viewer, at=timezone.now(), **data)


urlpatterns = [path("service-standards/", standard_list, name="standard_list")]
