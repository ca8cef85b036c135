"""Which rule set a company follows and from when, with what following another would change."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from busbar.access import queries as access_queries
from busbar.access.models import LEVELS, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import LimitRuleSet, TimeLimit
from busbar.clocks.queries.limits import DEFAULT_SET
from busbar.clocks.rulebook import loosens
from busbar.console.limits import words
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date


@dataclass(frozen=True)
class Change:
    """One code whose limit would change: before, after (None where it would have none)."""

    name: str
    code: str
    before: words.Line | None
    after: words.Line | None
    effect: str


class AdoptionForm(forms.Form):
    """Which company is to follow which set from when, why and by which document."""

    unit = forms.ChoiceField(label=gettext_lazy("公司"))
    rule_set = forms.ChoiceField(label=gettext_lazy("规则集"))
    valid_from = forms.DateField(
        label=gettext_lazy("自哪一天起"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    source = forms.CharField(label=gettext_lazy("依据（文号）"), max_length=300, required=False)
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=500, required=False)

    def __init__(
        self, units: list[OrganizationUnit], sets: list[LimitRuleSet], *args: Any, **kwargs: Any
    ) -> None:
        """`units`: companies of the viewer's branch; `sets`: every rule set."""
        super().__init__(*args, **kwargs)
        choices = {"unit": units, "rule_set": sets}
        for name, rows in choices.items():
            self.fields[name].choices = [(row.code, row.name) for row in rows]  # type: ignore[attr-defined] # a ChoiceField


@require_http_methods(["GET", "POST"])
def limit_adoption(request: StaffRequest) -> HttpResponse:
    """What each company follows; what following another set would change; and following it."""
    viewer, today = request.viewer, local_date(timezone.now())
    sets = clocks_queries.list_rule_sets()
    branch = access_queries.list_branch(viewer)
    units = [unit for unit in branch if unit.kind in LEVELS]
    form, preview = None, None
    if viewer.may(Permission.KEEP_TIME_LIMITS):
        form = _form(request, units, sets, today)
        if request.method == "POST" and form.is_valid() and _adopt(request, form):
            return redirect(reverse("limit_adoption"))
        if form.is_valid():
            preview = _preview(units, form.cleaned_data)
    elif request.method == "POST":
        viewer.require(Permission.KEEP_TIME_LIMITS)
    context = {
        "tab": "adoption",
        "form": form,
        "preview": preview,
        "company": company_of(viewer, today, sets),
        "adoptions": clocks_queries.list_adoptions(viewer),
        "today": today,
        "locals": [words.line_of(row) for row in clocks_queries.list_limits(viewer) if row.unit_id],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/limits/adoption.html", context, status=status)


def company_of(
    viewer: Viewer, on: dt.date, sets: list[LimitRuleSet]
) -> tuple[LimitRuleSet | None, bool]:
    """The set that the viewer's company follows on the day, and whether it was ever adopted."""
    code = clocks_queries.get_adopted_set(on=on, unit_path=viewer.unit_path)
    found = next((row for row in sets if row.code == code), None)
    return found, code != DEFAULT_SET


def _form(
    request: StaffRequest, units: list[OrganizationUnit], sets: list[LimitRuleSet], today: dt.date
) -> AdoptionForm:
    given = request.POST if request.method == "POST" else request.GET
    if "rule_set" in given:
        return AdoptionForm(units, sets, given)
    own = next((u.code for u in units if u.path == request.viewer.unit_path), None)
    return AdoptionForm(units, sets, initial={"unit": own, "valid_from": today})


def _adopt(request: StaffRequest, form: AdoptionForm) -> bool:
    fields = form.cleaned_data
    try:
        clocks_operations.adopt_rule_set(
            unit=access_queries.get_unit(fields["unit"]),
            rule_set=fields["rule_set"],
            valid_from=fields["valid_from"],
            reason=fields["reason"],
            source=fields["source"],
            viewer=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error(None, said(refusal))
        return False
    messages.success(request, _("自 %(day)s 起选用") % {"day": fields["valid_from"]})
    return True


def _preview(units: list[OrganizationUnit], fields: dict[str, Any]) -> list[Change] | None:
    unit = next((u for u in units if u.code == fields.get("unit")), None)
    if unit is None or not fields.get("rule_set"):
        return None
    on, path_of_unit = fields["valid_from"], unit.path
    before = clocks_queries.limits_in_force(on=on, unit_path=path_of_unit)
    after = clocks_queries.limits_in_force(
        on=on, unit_path=path_of_unit, rule_set=fields["rule_set"]
    )
    codes = sorted({*before, *after}, key=lambda c: (_stage(before.get(c) or after[c]), c))
    found = [_change(code, before.get(code), after.get(code)) for code in codes]
    return [change for change in found if change is not None]


def _stage(row: TimeLimit) -> int:
    return list(words.STAGES).index(row.stage) if row.stage in words.STAGES else len(words.STAGES)


def _change(code: str, before: TimeLimit | None, after: TimeLimit | None) -> Change | None:
    if before is not None and after is not None and before.pk == after.pk:
        return None
    named = after or before
    assert named is not None  # noqa: S101 - a code comes from one of the two
    return Change(
        name=named.name,
        code=code,
        before=words.line_of(before) if before else None,
        after=words.line_of(after) if after else None,
        effect=_effect(before, after),
    )


def _effect(before: TimeLimit | None, after: TimeLimit | None) -> str:
    """`new`, `gone`, `same` (another source), `other` (another unit), `tighter` or `looser`."""
    if before is None or after is None:
        return "new" if before is None else "gone"
    old, new = clocks_queries.facts_of(before), clocks_queries.facts_of(after)
    if (old.amount_unit, old.sense) != (new.amount_unit, new.sense):
        return "other"
    if old.amount == new.amount:
        return "same"
    return "looser" if loosens(new, old) else "tighter"


urlpatterns = [path("limits/adoption/", limit_adoption, name="limit_adoption")]
