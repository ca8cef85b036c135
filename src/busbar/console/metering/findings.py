"""The work list of validation, ranked by money at stake; findings accepted with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.console.group_choice import by_group
from busbar.console.metering.words import Ranges, method_names, ranges_of
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month
from busbar.metering import operations as metering_operations
from busbar.metering import queries as metering_queries
from busbar.metering.models import (
    CurveCheck,
    VeeAction,
    VeeFinding,
    VeeRuleCode,
    VeeState,
)
from busbar.metering.queries import VeeFilter

_MOST_CHOSEN = 200
EVERY_STATE = "all"
_UNDONE = frozenset({VeeAction.REPORT, VeeAction.SUSPECT})


@dataclass(frozen=True)
class Line:
    """A finding as the list shows it."""

    row: VeeFinding
    ranges: Ranges
    methods: list[str]
    energy_kwh: Decimal
    needs_person: bool
    """Nothing was done about it: a doubt, or a gap that was not filled."""


def line_of(row: VeeFinding) -> Line:
    """What the list and the day's page say of a finding."""
    kwh = Decimal(row.energy_wh) / 1000
    waits = row.action in _UNDONE or row.written_version is None
    return Line(row, ranges_of(row.intervals), method_names(row.methods), kwh, waits)


@require_safe
@by_group
def vee_list(request: StaffRequest) -> HttpResponse:
    """Findings of the branch, narrowed, highest stake first; counts and yuan by rule."""
    units = access_queries.list_branch(request.viewer)
    narrowed, unit = _filter(request, units)
    page = metering_queries.list_vee_findings(
        request.viewer, narrowed, after=request.GET.get("after", "")
    )
    counts = metering_queries.count_vee_findings(request.viewer, narrowed)
    context: dict[str, Any] = {
        "tab": "list",
        "narrowed": narrowed,
        "state": narrowed.state or EVERY_STATE,
        "states": VeeState.choices,
        "unit": unit,
        "units": units,
        "lines": [line_of(row) for row in page.findings],
        "after": page.after,
        "rules": [
            (rule, *counts.get(rule.value, (0, Decimal(0))))
            for rule in VeeRuleCode
            if rule.value in counts or rule.value == narrowed.rule
        ],
        "every_rule": VeeRuleCode.choices,
        "checks": _checks(request),
        "may_edit": request.viewer.may(Permission.EDIT_READINGS),
    }
    return render(request, "console/metering/list.html", context)


def _checks(request: StaffRequest) -> list[CurveCheck]:
    """The newest checks, whose counts are the whole company's."""
    if not request.viewer.sees_company:
        return []
    return metering_queries.list_curve_checks(limit=5)


@require_POST
def vee_accept(request: StaffRequest) -> HttpResponse:
    """Accept the chosen findings."""
    request.viewer.require(Permission.EDIT_READINGS)
    chosen = [int(text) for text in request.POST.getlist("finding") if _is_id(text)]
    try:
        rows = metering_operations.accept_findings(
            finding_ids=chosen[:_MOST_CHOSEN],
            reason=request.POST.get("reason", ""),
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, _("已认可 %(count)s 项") % {"count": len(rows)})
    return redirect(f"{reverse('vee_list')}{_query(request)}")


def _query(request: StaffRequest) -> str:
    text = request.META.get("QUERY_STRING", "")
    return f"?{text}" if text else ""


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19  # noqa: PLR2004 - bigint


def _filter(
    request: StaffRequest, units: list[OrganizationUnit]
) -> tuple[VeeFilter, OrganizationUnit | None]:
    given = request.GET
    unit = next((row for row in units if row.code == given.get("unit", "")), None)
    state, rule = given.get("state", ""), given.get("rule", "")
    narrowed = VeeFilter(
        state="" if state == EVERY_STATE else state if state in VeeState.values else "open",
        rule=rule if rule in VeeRuleCode.values else "",
        unit_path=unit.path if unit else "",
        month=_month(given.get("month", "")),
    )
    return narrowed, unit


def _month(text: str) -> Month | None:
    try:
        return Month.parse(text)
    except ValueError:
        return None


urlpatterns = [
    path("readings/", vee_list, name="vee_list"),
    path("readings/accept/", vee_accept, name="vee_accept"),
]
