"""Asking for a claim: choose what happened, compute it, hand it in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.quote import QuoteRefused
from busbar.claims import operations as claims_operations
from busbar.claims.computing import compute
from busbar.claims.models import Claim
from busbar.claims.operations import GROUND_LENGTH
from busbar.claims.recorded import recorded_of
from busbar.console.acts import DayField, paragraph
from busbar.console.answers import tell_and_go
from busbar.console.claims.cases import CASES, GROUPED, Case
from busbar.console.claims.told import tell
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month, local_date

_FIRST = "meter_error"
Json = dict[str, Any]


class MonthField(forms.CharField):
    """A month, by the browser's own picker."""

    widget = forms.TextInput(attrs={"type": "month"})

    def clean(self, value: Any) -> str:
        """As `2026-05`."""
        text = str(super().clean(value))
        try:
            return str(Month.parse(text))
        except ValueError as fault:
            raise forms.ValidationError(_("应为月份，如 2026-05")) from fault


class ClaimForm(forms.Form):
    """The account, the day, what the case asks for, what was found."""

    account = forms.CharField(label=_("户号"), max_length=30)
    on = DayField(label=_("发生或查明日期"), help_text=_("决定适用的规则集"))

    def __init__(self, data: Any, *, case: Case, initial: Mapping[str, Any]) -> None:
        """Asks for what the case needs."""
        super().__init__(data, initial=dict(initial))
        self.case = case
        if case.from_bill:
            self.fields["month"] = MonthField(
                label=_("差错月份"), help_text=_("电量和电价取自该月账单，每月一单")
            )
        for asked in case.asked:
            self.fields[asked.name] = asked.field()
        self.fields["ground"] = forms.CharField(
            label=_("事由和依据"), max_length=GROUND_LENGTH, widget=paragraph(2),
            help_text=_("如用电检查单、检定证书编号"),
        )  # fmt: skip

    def document(self, viewer: Viewer) -> Json:
        """The quotation's document that the checked form says; refused without its bill."""
        data = self.cleaned_data
        made: Json = {"kind": self.case.kind, "on": data["on"].isoformat()}
        for place, value in self.case.fixed.items():
            _put(made, place, value)
        for asked in self.case.asked:
            value = asked.written(data[asked.name])
            if value is not None:
                _put(made, asked.path, value)
        if self.case.from_bill:
            made |= recorded_of(viewer, account_number=data["account"], month=data["month"])
        return made

    def place(self, refused: QuoteRefused) -> None:
        """Put each fault beside the field that it is about; the rest above the form."""
        names = {f"$.{asked.path}": asked.name for asked in self.case.asked}
        for fault in refused.faults:
            name = names.get(fault.path)
            self.add_error(name, fault.expectation if name else str(fault))


def _put(document: Json, place: str, value: Any) -> None:
    *branch, leaf = place.split(".")
    for part in branch:
        document = document.setdefault(part, {})
    document[leaf] = value


@dataclass(frozen=True)
class _Choice:
    """Cases of one heading, as the select shows them."""

    label: Any
    cases: list[tuple[str, Any]]


@require_http_methods(["GET", "HEAD", "POST"])
def claim_new(request: StaffRequest) -> HttpResponse:
    """Compute a claim to look at it, or hand it in; looked at, nothing is written."""
    request.viewer.require(Permission.RAISE_CLAIMS)
    given = request.POST if request.method == "POST" else None
    name = (given or request.GET).get("case", "")
    name = name if name in CASES else _FIRST
    now = timezone.now()
    initial = {
        "account": request.GET.get("account", "")[:30],
        "month": request.GET.get("month", "")[:7],
        "on": local_date(now),
    }
    form = ClaimForm(given, case=CASES[name], initial=initial)
    context: dict[str, Any] = {"form": form, "case": name, "choices": _choices()}
    if given is not None and form.is_valid():
        try:
            document = form.document(request.viewer)
            if "look" not in given:
                claim = _ask(form, document, by=request.viewer, at=now)
                return tell_and_go(request, _g("已提出，待另一人审批"), "claim", claim.number)
            computed = compute(document)
            context["told"] = tell(computed.answer, computed.fen)
        except QuoteRefused as refused:
            form.place(refused)
        except Refusal as refusal:
            form.add_error(None, said(refusal))
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "console/claims/new.html", context, status=status)


def _ask(form: ClaimForm, document: Json, *, by: Viewer, at: dt.datetime) -> Claim:
    data = form.cleaned_data
    return claims_operations.request_claim(
        account_number=data["account"], document=document, ground=data["ground"], by=by, at=at
    )


def _choices() -> list[_Choice]:
    return [_Choice(label, [(key, CASES[key].label) for key in keys]) for label, keys in GROUPED]


urlpatterns = [path("claims/new/", claim_new, name="claim_new")]
