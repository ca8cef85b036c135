"""试算: who would enter and leave if the thresholds were others; nothing is changed."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from busbar.console.answers import whole
from busbar.console.key_accounts.words import say
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.key_accounts.models import UNITS, Category
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.queries import rules as rules_queries
from busbar.key_accounts.queries import simulation as simulation_queries
from busbar.key_accounts.recognizing import Criterion, Policy
from busbar.key_accounts.simulating import Change
from busbar.kit.errors import Refusal
from busbar.kit.money import plain
from busbar.kit.periods import local_date

_MOST_DIGITS = 18
_MOST_POINTS = 1000


@require_safe
def simulation(request: StaffRequest) -> HttpResponse:
    """The rules as fields; what is written other than it is, is tried."""
    run = recognition_queries.get_latest_run()
    if run is None:
        return render(request, "console/key_accounts/simulation.html", {"run": None})
    policies = simulation_queries.policies_of(run)
    wrong = _wrong(request.GET, policies)
    industries = rules_queries.map_industries(local_date(timezone.now()))
    context: dict[str, Any] = {
        "run": run,
        "groups": [
            {
                "category": Category(policy.category),
                "enter": request.GET.get(f"enter:{policy.category}", policy.points_to_enter),
                "stay": request.GET.get(f"stay:{policy.category}", policy.points_to_stay),
                "enter_error": wrong.get(f"enter:{policy.category}"),
                "stay_error": wrong.get(f"stay:{policy.category}"),
                "criteria": [
                    _field(request.GET, c, say(c.measure, "、".join(c.values), industries), wrong)
                    for c in policy.criteria
                ],
            }
            for policy in policies
        ],
    }
    if request.GET and not wrong:
        try:
            context["result"] = simulation_queries.simulate_rules(
                request.viewer,
                run,
                changes=_changes(request.GET, policies),
                scores=_scores(request.GET, policies),
            )
        except Refusal as refusal:
            context["refusal"] = said(refusal)
    status = 422 if wrong else 200
    return render(request, "console/key_accounts/simulation.html", context, status=status)


def _field(
    given: QueryDict, criterion: Criterion, values: str, wrong: dict[str, str]
) -> dict[str, Any]:
    code = criterion.code
    return {
        "criterion": criterion,
        "unit": UNITS.get(criterion.measure, ""),
        "values": values,
        "value": given.get(f"value:{code}", plain(criterion.enter_at or Decimal(0))),
        "points": given.get(f"points:{code}", criterion.points),
        "value_error": wrong.get(f"value:{code}"),
        "points_error": wrong.get(f"points:{code}"),
    }


def _wrong(given: QueryDict, policies: tuple[Policy, ...]) -> dict[str, str]:
    """What is no number, by field; a field left empty leaves its rule as it is."""
    scores = [f"{word}:{policy.category}" for policy in policies for word in ("enter", "stay")]
    codes = [criterion.code for policy in policies for criterion in policy.criteria]
    checks: dict[str, Any] = {
        **dict.fromkeys([*scores, *(f"points:{code}" for code in codes)], _points),
        **{f"value:{code}": _number for code in codes},
    }
    said = {
        _points: _("应为 0 至 %(most)s 的整数") % {"most": _MOST_POINTS},
        _number: _("应为不小于 0 的数，至多 %(most)s 位") % {"most": _MOST_DIGITS},
    }
    return {
        name: said[check]
        for name, check in checks.items()
        if given.get(name, "").strip() and check(given[name]) is None
    }


def _changes(given: QueryDict, policies: tuple[Policy, ...]) -> dict[str, Change]:
    """What was written other than it is; every field is a number or empty."""
    found = {}
    for criterion in (c for policy in policies for c in policy.criteria):
        value = _number(given.get(f"value:{criterion.code}", ""))
        points = _points(given.get(f"points:{criterion.code}", ""))
        value = None if value == criterion.enter_at else value
        points = None if points == criterion.points else points
        if value is not None or points is not None:
            found[criterion.code] = Change(enter_at=value, points=points)
    return found


def _scores(given: QueryDict, policies: tuple[Policy, ...]) -> dict[str, tuple[int, int]]:
    found = {}
    for policy in policies:
        enter = _points(given.get(f"enter:{policy.category}", ""))
        stay = _points(given.get(f"stay:{policy.category}", ""))
        if enter is not None and stay is not None:
            found[policy.category] = (enter, stay)
    return found


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() and len(text) <= _MOST_DIGITS and found >= 0 else None


def _points(text: str) -> int | None:
    found = whole(text)
    return found if found is not None and found <= _MOST_POINTS else None


urlpatterns = [path("key-accounts/simulation/", simulation, name="key_account_simulation")]
