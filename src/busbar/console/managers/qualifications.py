"""资格与培训: certificates, courses, whom a certificate is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from busbar.access.permissions import Permission
from busbar.console.acts import DayField
from busbar.console.answers import done, tell_and_go
from busbar.console.requests import StaffRequest
from busbar.customers.models import Importance
from busbar.key_accounts.operations import qualifying
from busbar.key_accounts.queries import portfolios as portfolios_queries
from busbar.key_accounts.queries import qualifications as qualifications_queries
from busbar.key_accounts.queries.qualifications import Requirements
from busbar.kit.periods import local_date

MOST = 200


class QualificationForm(forms.Form):
    """A certificate."""

    employee_number = forms.ChoiceField(label=gettext_lazy("经理"))
    kind = forms.ChoiceField(label=gettext_lazy("资格"))
    certificate = forms.CharField(label=gettext_lazy("证书编号"), max_length=60)
    issuer = forms.CharField(label=gettext_lazy("发证单位"), max_length=100)
    issued_on = DayField(label=gettext_lazy("发证日"))


class RevocationForm(forms.Form):
    """A certificate that no longer holds."""

    held = forms.ChoiceField(label=gettext_lazy("证书"))
    revoked_on = DayField(label=gettext_lazy("吊销日"))
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=300)


class TrainingForm(forms.Form):
    """A course."""

    employee_number = forms.ChoiceField(label=gettext_lazy("经理"))
    course = forms.CharField(label=gettext_lazy("课程"), max_length=100)
    hours = forms.DecimalField(label=gettext_lazy("学时"), max_digits=6, decimal_places=1)
    completed_on = DayField(label=gettext_lazy("完成日"))
    score = forms.DecimalField(
        label=gettext_lazy("成绩"), max_digits=5, decimal_places=1, required=False
    )
    passed = forms.BooleanField(label=gettext_lazy("合格"), required=False, initial=True)


@require_http_methods(["GET", "HEAD", "POST"])
def qualification_list(request: StaffRequest) -> HttpResponse:
    """What is held, what ends soon, what is missing; certificates and courses entered here."""
    on = local_date(timezone.now())
    needed = qualifications_queries.get_requirements(on=on)
    posted = request.POST.get("act", "") if request.method == "POST" else ""
    forms_of: dict[str, forms.Form] = {
        "qualification": QualificationForm(request.POST if posted == "qualification" else None),
        "training": TrainingForm(request.POST if posted == "training" else None),
        "revocation": RevocationForm(request.POST if posted == "revocation" else None),
    }
    _fit(request, forms_of, needed)
    if request.method == "POST":
        request.viewer.require(Permission.KEEP_QUALIFICATIONS)
        act = _ACTS.get(posted)
        if act and done(forms_of[posted], lambda: act(request, forms_of[posted].cleaned_data)):
            return tell_and_go(request, _("已登记"), "qualification_list")
    grades = dict(Importance.choices)
    context = {
        "on": on,
        "rows": [
            (row, needed.names.get(row.kind, row.kind))
            for row in qualifications_queries.list_qualifications(request.viewer)[:MOST]
        ],
        "expiring": {row.pk for row in qualifications_queries.list_expiring(request.viewer, on=on)},
        "lacking": [
            (row, grades.get(row.grade, row.grade))
            for row in qualifications_queries.list_lacking(request.viewer, on=on)
        ],
        "training": qualifications_queries.list_training(request.viewer),
        "rules": [(grades[g], needed.name_for(g)) for g in Importance.values],
        "qualification_form": forms_of["qualification"],
        "training_form": forms_of["training"],
        "revocation_form": forms_of["revocation"],
        "may": request.viewer.may(Permission.KEEP_QUALIFICATIONS),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/managers/qualifications.html", context, status=status)


def _fit(request: StaffRequest, forms_of: dict[str, forms.Form], needed: Requirements) -> None:
    people = [
        (p.number, f"{p.name} · {p.unit.name}")
        for p in portfolios_queries.list_managers(request.viewer)
    ]
    for name in ("qualification", "training"):
        forms_of[name].fields["employee_number"].choices = people  # type: ignore[attr-defined] # a ChoiceField
    kinds = sorted(needed.names.items(), key=lambda pair: needed.rank_of_kind[pair[0]])
    forms_of["qualification"].fields["kind"].choices = kinds  # type: ignore[attr-defined] # a ChoiceField
    held = qualifications_queries.list_qualifications(request.viewer)[:MOST]
    forms_of["revocation"].fields["held"].choices = [  # type: ignore[attr-defined] # a ChoiceField
        (f"{row.kind}/{row.certificate}", f"{row.certificate} · {row.employee.name}")
        for row in held
    ]


def _record_qualification(request: StaffRequest, data: dict[str, Any]) -> object:
    return qualifying.record_qualification(by=request.viewer, at=timezone.now(), **data)


def _record_training(request: StaffRequest, data: dict[str, Any]) -> object:
    return qualifying.record_training(by=request.viewer, at=timezone.now(), **data)


def _revoke(request: StaffRequest, data: dict[str, Any]) -> object:
    kind, _slash, certificate = data.pop("held").partition("/")
    return qualifying.revoke_qualification(
        kind=kind, certificate=certificate, **data, by=request.viewer, at=timezone.now()
    )


_ACTS: dict[str, Callable[[StaffRequest, dict[str, Any]], object]] = {
    "qualification": _record_qualification,
    "training": _record_training,
    "revocation": _revoke,
}

urlpatterns = [path("qualifications/", qualification_list, name="qualification_list")]
