"""Reading the limits: those in force for a unit, the rule sets, one limit with all its wiring."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST, require_safe

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import LimitRuleSet, PauseReason, RuleLevel, TimeLimit
from busbar.clocks.queries import oversight
from busbar.clocks.rulebook import LimitFacts, plain_number
from busbar.console.limits import words
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, given_day
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date


@dataclass(frozen=True)
class RungLine:
    """A rung in words: when, who is told, what is said."""

    when: str
    audience: str
    said: str
    is_overdue: bool


@dataclass(frozen=True)
class PauseLine:
    """A lawful pause: why, what proves it, whose time it is, and which event does it by itself."""

    reason: PauseReason
    events: list[str]


class LocalLimitForm(forms.Form):
    """A tighter figure of a unit's own, with its reason and source."""

    unit = forms.ChoiceField(label=gettext_lazy("适用单位"))
    amount = forms.DecimalField(
        label=gettext_lazy("时限数值"), min_value=Decimal("0.01"), max_digits=8, decimal_places=2
    )
    source = forms.CharField(label=gettext_lazy("依据（文号）"), max_length=300)
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=500)

    def __init__(self, units: list[OrganizationUnit], *args: Any, **kwargs: Any) -> None:
        """`units`: those of the viewer's branch."""
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = [(u.code, u.name) for u in units]  # type: ignore[attr-defined] # a ChoiceField


@require_safe
def limit_list(request: StaffRequest) -> HttpResponse:
    """What holds for a unit on a day, by stage: the viewer's own today unless asked otherwise."""
    today = local_date(timezone.now())
    on = given_day(request.GET.get("on", "")) or today
    units = access_queries.list_branch(request.viewer)
    unit = chosen_unit(units, request.GET.get("unit", ""), request.viewer)
    path_of_unit = unit.path if unit else request.viewer.unit_path
    rows = clocks_queries.limits_in_force(on=on, unit_path=path_of_unit)
    adopted = clocks_queries.get_adopted_set(on=on, unit_path=path_of_unit)
    context = {
        "tab": "list",
        "on": on,
        "is_today": on == today,
        "units": units,
        "unit": unit,
        "groups": words.grouped(sorted(rows.values(), key=lambda row: row.code)),
        "adopted": next((s for s in clocks_queries.list_rule_sets() if s.code == adopted), None),
        "locals": sum(row.unit_id is not None for row in rows.values()),
    }
    return render(request, "console/limits/list.html", context)


@require_safe
def limit_sets(request: StaffRequest) -> HttpResponse:
    """Every rule set by the level of whoever made it, oldest first."""
    today = local_date(timezone.now())
    counts: dict[int, int] = {}
    for row in clocks_queries.list_limits(request.viewer):
        if row.unit_id is None:
            counts[row.rule_set_id] = counts.get(row.rule_set_id, 0) + 1
    rows = sorted(clocks_queries.list_rule_sets(), key=lambda row: (row.valid_from, row.code))
    context = {
        "tab": "sets",
        "groups": [
            (level.label, [(row, counts.get(row.pk, 0)) for row in rows if row.level == level])
            for level in RuleLevel
            if any(row.level == level for row in rows)
        ],
        "in_force": {row.pk for row in rows if _holds(row, today)},
    }
    return render(request, "console/limits/sets.html", context)


@require_safe
def limit_set(request: StaffRequest, code: str) -> HttpResponse:
    """The limits of one document."""
    rule_set = LimitRuleSet.objects.get(code=code)
    rows = [
        r for r in clocks_queries.list_limits(request.viewer, rule_set=code) if r.unit_id is None
    ]
    context = {
        "tab": "sets",
        "rule_set": rule_set,
        "groups": words.grouped(rows),
        "count": len(rows),
        "adoptions": [
            row
            for row in clocks_queries.list_adoptions(request.viewer)
            if row.rule_set_id == rule_set.pk
        ],
    }
    return render(request, "console/limits/set.html", context)


@require_safe
def limit_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One limit: figure, source, events, pauses, ladder, nesting, other documents, history."""
    return _detail(request, pk)


@require_POST
def limit_set_local(request: StaffRequest, pk: int) -> HttpResponse:
    """Tighten a limit for a unit of the branch; refused with the clause where it would loosen."""
    request.viewer.require(Permission.KEEP_TIME_LIMITS)
    limit = _limit(request.viewer, pk)
    form = LocalLimitForm(access_queries.list_branch(request.viewer), request.POST)
    if form.is_valid():
        try:
            local = _tighten(request.viewer, limit.code, form.cleaned_data)
            messages.success(request, _("已从严为%(figure)s") % {"figure": words_of(local)})
            return redirect("limit_detail", pk=local.pk)
        except Refusal as refusal:
            form.add_error(None, said(refusal))
    return _detail(request, pk, form=form)


def _tighten(viewer: Viewer, code: str, fields: dict[str, Any]) -> TimeLimit:
    return clocks_operations.set_local_limit(
        unit=access_queries.get_unit(fields["unit"]),
        code=code,
        amount=fields["amount"],
        reason=fields["reason"],
        source=fields["source"],
        viewer=viewer,
        at=timezone.now(),
    )


def _detail(request: StaffRequest, pk: int, form: LocalLimitForm | None = None) -> HttpResponse:
    limit = _limit(request.viewer, pk)
    facts = clocks_queries.facts_of(limit)
    same = oversight.list_versions(request.viewer, limit.code)
    context = {
        "tab": "list",
        "limit": limit,
        "facts": facts,
        "stage": words.stage_name(limit.stage),
        "events": _events(limit),
        "conditions": words.condition_words(limit.applies_when),
        "pauses": _pauses(limit),
        "rungs": _rungs(limit),
        "nested": _nested(request.viewer, limit),
        "others": [words.line_of(row) for row in same if row.unit_id is None],
        "locals": [words.line_of(row) for row in same if row.unit_id is not None],
        "form": form or _local_form(request.viewer, limit, facts),
        "may_keep": request.viewer.may(Permission.KEEP_TIME_LIMITS),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "console/limits/limit.html", context, status=status)


def _limit(viewer: Viewer, pk: int) -> TimeLimit:
    found = next((row for row in oversight.list_by_id(viewer, pk)), None)
    if found is None:
        raise TimeLimit.DoesNotExist(str(pk))
    return found


def _local_form(viewer: Viewer, limit: TimeLimit, facts: LimitFacts) -> LocalLimitForm | None:
    if not viewer.may(Permission.KEEP_TIME_LIMITS):
        return None
    units = access_queries.list_branch(viewer)
    own = next((u.code for u in units if u.path == viewer.unit_path), "")
    return LocalLimitForm(units, initial={"unit": own, "amount": plain_number(facts.amount)})


def words_of(limit: TimeLimit) -> str:
    """The figure of a row in words."""
    return clocks_queries.facts_of(limit).words


def _events(limit: TimeLimit) -> list[tuple[str, list[str]]]:
    """What moves a clock of the limit, in the order of a clock's life."""
    moves = [
        (pgettext("a clock", "起算"), limit.starts_on),
        (pgettext("a clock", "暂停"), list(limit.pauses_on)),
        (pgettext("a clock", "恢复"), limit.resumes_on),
        (pgettext("a clock", "延期"), limit.extends_on),
        (pgettext("a clock", "办结"), limit.stops_on),
        (pgettext("a clock", "取消"), limit.cancels_on),
    ]
    return [(label, [words.event_words(e) for e in events]) for label, events in moves if events]


def _pauses(limit: TimeLimit) -> list[PauseLine]:
    by_reason: dict[str, list[str]] = {}
    for event, code in limit.pauses_on.items():
        by_reason.setdefault(code, []).append(words.event_words(event))
    reasons = sorted(limit.pause_reasons.all(), key=lambda reason: reason.code)
    return [PauseLine(reason, by_reason.get(reason.code, [])) for reason in reasons]


def _rungs(limit: TimeLimit) -> list[RungLine]:
    return [
        RungLine(
            words.rung_words(rung, limit.amount_unit),
            rung.get_audience_display(),
            rung.words,
            rung.moment == "overdue",
        )
        for rung in limit.rungs.all()
    ]


def _nested(viewer: Viewer, limit: TimeLimit) -> list[tuple[str, words.Line]]:
    """The limits around this one and those inside it, of the same document or 种子制度."""
    rows = clocks_queries.limits_in_force(
        on=local_date(timezone.now()), unit_path=viewer.unit_path
    ).values()
    around = [(_("外层"), row) for row in rows if row.code in limit.parent_codes]
    inside = [(_("内层"), row) for row in rows if limit.code in row.parent_codes]
    return [(label, words.line_of(row)) for label, row in (*around, *inside)]


def chosen_unit(
    units: list[OrganizationUnit], code: str, viewer: Viewer
) -> OrganizationUnit | None:
    """The unit asked for if it is in the branch, else the viewer's own."""
    asked = next((unit for unit in units if unit.code == code), None)
    return asked or next((unit for unit in units if unit.path == viewer.unit_path), None)


def _holds(row: LimitRuleSet, day: dt.date) -> bool:
    return row.valid_from <= day and (row.valid_until is None or day < row.valid_until)


urlpatterns = [
    path("limits/", limit_list, name="limit_list"),
    path("limits/rule-sets/", limit_sets, name="limit_sets"),
    path("limits/rule-sets/<str:code>/", limit_set, name="limit_set"),
    path("limits/<int:pk>/", limit_detail, name="limit_detail"),
    path("limits/<int:pk>/local/", limit_set_local, name="limit_set_local"),
]
