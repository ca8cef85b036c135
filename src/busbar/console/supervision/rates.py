"""按期率: promises kept of those that fell due, by step, person, department, process, month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.console.exporting import answer_export
from busbar.console.group_choice import by_group, look_at_group
from busbar.console.requests import StaffRequest
from busbar.console.supervision import asking
from busbar.workflow import queries as workflow_queries
from busbar.workflow.queries import ComplianceRate
from busbar.workflow.queries.supervision import GroupBy

SMALL = 10
"""Below so many promises a rate says little, and the screen says so."""
CHARTED = 20
GOOD, FAIR = 95, 80
"""Percent from which a bar is green, and from which amber: the product's own, no rule's."""
GROUPS: dict[str, Promise | str] = {
    "step": gettext_lazy("步骤"),
    "person": gettext_lazy("人员"),
    "department": gettext_lazy("部门"),
    "process": gettext_lazy("流程"),
    "period": gettext_lazy("月份"),
}


@dataclass(frozen=True)
class RateLine:
    """A rate as the table shows it."""

    label: str
    rate: ComplianceRate
    percent: str
    is_small: bool


@require_safe
@by_group
def supervision_rates(request: StaffRequest) -> HttpResponse:
    """The rates of a period as a chart with its table."""
    asking.require_reader(request.viewer)
    asked, _units = asking.read_asked(request.viewer, request.GET)
    group_by = group_of(request)
    lines = _lines(request, group_by)
    due, on_time = sum(x.rate.due for x in lines), sum(x.rate.on_time for x in lines)
    context = {
        "tab": "rates",
        "asked": asked,
        "group_by": group_by,
        "group_label": GROUPS[group_by],
        "groups": GROUPS.items(),
        "lines": lines,
        "due": due,
        "on_time": on_time,
        "late": due - on_time,
        "percent": percent_of(on_time, due),
        "small": SMALL,
        "is_small": 0 < due < SMALL,
        "good": GOOD,
        "fair": FAIR,
        "charted": len(lines) > CHARTED,
        "chart": _chart(lines, group_by),
        "may_export": asking.may_export(request.viewer),
    }
    return render(request, "console/supervision/rates.html", context)


@require_POST
def supervision_rates_export(request: StaffRequest) -> HttpResponse:
    """The table as CSV or Excel; journaled."""
    asking.require_exporter(request.viewer)
    look_at_group(request)
    group_by = group_of(request)
    return answer_export(
        viewer=request.viewer,
        name=_("按期率"),
        kind="xlsx" if request.GET.get("format") == "xlsx" else "csv",
        header=[str(GROUPS[group_by]), _("到期"), _("按期"), _("未按期"), _("按期率 %")],
        rows=(
            [x.label, x.rate.due, x.rate.on_time, x.rate.late, x.percent]
            for x in _lines(request, group_by)
        ),
        at=timezone.now(),
    )


def group_of(request: StaffRequest) -> GroupBy:
    """What the rates are asked by; by step unless said otherwise."""
    wanted = request.GET.get("by", "")
    return cast(GroupBy, wanted) if wanted in get_args(GroupBy) else "step"


def percent_of(part: int, whole: int) -> str:
    """A share as percent with a tenth, a dash of nothing; 100 only where nothing is missing.

    >>> percent_of(1, 3), percent_of(9999, 10000), percent_of(0, 0)
    ('33.3', '99.9', '—')
    """
    return f"{part * 1000 // whole / 10:.1f}" if whole else "—"


def _lines(request: StaffRequest, group_by: GroupBy) -> list[RateLine]:
    asked, _units = asking.read_asked(request.viewer, request.GET)
    rates = workflow_queries.compliance_rates(
        request.viewer, group_by=group_by, period=asked.period, at=timezone.now()
    )
    return [
        RateLine(
            rate.label or _("（无人办理）"),
            rate,
            percent_of(rate.on_time, rate.due),
            rate.due < SMALL,
        )
        for rate in rates
    ]


def _chart(lines: list[RateLine], group_by: GroupBy) -> dict[str, object]:
    shown = lines if group_by == "period" else lines[:CHARTED]
    return {
        "upright": group_by == "period",
        "bounds": [GOOD, FAIR],
        "names": [line.label for line in shown],
        "rates": [float(line.percent) for line in shown],
        "due": [line.rate.due for line in shown],
        "late": [line.rate.late for line in shown],
        "small": [line.is_small for line in shown],
        "words": {
            "rate": _("按期率"),
            "due": _("到期"),
            "late": _("未按期"),
            "small": _("样本少"),
        },
    }


urlpatterns: list[URLPattern] = [
    path("supervision/rates/", supervision_rates, name="supervision_rates"),
    path("supervision/rates/export/", supervision_rates_export, name="supervision_rates_export"),
]
