"""延误归因: whose the time of finished processes was: departments, posts, customers, outside."""

from __future__ import annotations

import datetime as dt
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
from busbar.workflow.queries import delays
from busbar.workflow.queries.delays import (
    DelayGroup,
    DelaySum,
    FinishedProcess,
    FinishedProcesses,
    Measure,
    PartySum,
)

KINDS: dict[str, Promise | str] = {
    "department": gettext_lazy("部门"),
    "post": gettext_lazy("岗位"),
    "customer": gettext_lazy("客户"),
    "outside": gettext_lazy("外部单位"),
    "unassigned": gettext_lazy("待分派"),
}
GROUPS: dict[str, Promise | str] = {
    "period": gettext_lazy("月份"),
    "process": gettext_lazy("流程"),
    "unit": gettext_lazy("单位"),
}
MEASURES: dict[str, Promise | str] = {
    "overdue": gettext_lazy("超期时间"),
    "elapsed": gettext_lazy("全部用时"),
}
CHARTED, WORST = 20, 30
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class SumLine:
    """A group of the table: its days by kind, in the order of the columns."""

    row: DelaySum
    days: list[str]
    whole: str


@dataclass(frozen=True)
class PartyLine:
    """A party: its days and its share of all that was overdue."""

    row: PartySum
    kind: str
    elapsed: str
    overdue: str
    share: str


@require_safe
@by_group
def supervision_delays(request: StaffRequest) -> HttpResponse:
    """Stacked bars with their table, the parties behind them, the most delayed processes."""
    asking.require_reader(request.viewer)
    asked, _units = asking.read_asked(request.viewer, request.GET)
    group_by, measure = _group(request), _measure(request)
    found = _finished(request)
    sums = delays.sum_delays(found.processes, group_by=group_by, measure=measure)
    kinds = _kinds(sums)
    late = [one for one in found.processes if one.whole.overdue]
    context = {
        "tab": "delays",
        "asked": asked,
        "processes": asking.list_processes(),
        "group_by": group_by,
        "groups": GROUPS.items(),
        "measure": measure,
        "measures": MEASURES.items(),
        "found": found,
        "late": len(late),
        "elapsed": days(sum((o.whole.elapsed for o in found.processes), dt.timedelta())),
        "overdue": days(sum((o.whole.overdue for o in found.processes), dt.timedelta())),
        "kinds": [KINDS.get(kind, kind) for kind in kinds],
        "lines": _lines(sums, kinds),
        "has_time": any(row.whole for row in sums),
        "parties": party_lines(found.processes),
        "worst": _worst(late),
        "chart": _chart(sums, kinds, group_by),
        "may_export": asking.may_export(request.viewer),
    }
    return render(request, "console/supervision/delays.html", context)


@require_POST
def supervision_delays_export(request: StaffRequest) -> HttpResponse:
    """What every party took, as CSV or Excel; journaled."""
    asking.require_exporter(request.viewer)
    look_at_group(request)
    rows = delays.sum_parties(_finished(request).processes)
    return answer_export(
        viewer=request.viewer,
        name=_("延误归因"),
        kind="xlsx" if request.GET.get("format") == "xlsx" else "csv",
        header=[_("归于"), _("名称"), _("岗位"), _("件数"), _("用时（小时）"), _("超期（小时）")],
        rows=(
            [
                str(KINDS.get(row.party.kind, row.party.kind)),
                row.party.name,
                row.party.post,
                row.processes,
                round(row.elapsed.total_seconds() / 3600, 2),
                round(row.overdue.total_seconds() / 3600, 2),
            ]
            for row in rows
        ),
        at=timezone.now(),
    )


def days(span: dt.timedelta) -> str:
    """A span in days with a tenth; what is shorter than that but not nothing is said so.

    >>> days(dt.timedelta(hours=36)), days(dt.timedelta(minutes=5)), days(dt.timedelta())
    ('1.5', '<0.1', '0')
    """
    if not span:
        return "0"
    return f"{span / _DAY:,.1f}" if span >= _DAY / 10 else "<0.1"


def party_lines(processes: list[FinishedProcess]) -> list[PartyLine]:
    """The parties in words, the most overdue first."""
    whole = sum((one.whole.overdue for one in processes), dt.timedelta())
    return [
        PartyLine(
            row,
            str(KINDS.get(row.party.kind, row.party.kind)),
            days(row.elapsed),
            days(row.overdue),
            f"{row.overdue / whole * 100:.1f}" if whole else "—",
        )
        for row in delays.sum_parties(processes)
    ]


def _finished(request: StaffRequest) -> FinishedProcesses:
    asked, _units = asking.read_asked(request.viewer, request.GET)
    return delays.list_finished(request.viewer, period=asked.period, process=asked.process)


def _group(request: StaffRequest) -> DelayGroup:
    wanted = request.GET.get("by", "")
    return cast(DelayGroup, wanted) if wanted in get_args(DelayGroup) else "period"


def _measure(request: StaffRequest) -> Measure:
    wanted = request.GET.get("measure", "")
    return cast(Measure, wanted) if wanted in get_args(Measure) else "overdue"


def _kinds(sums: list[DelaySum]) -> list[str]:
    """The kinds that occur, in the order in which they are always drawn."""
    return [kind for kind in KINDS if any(row.by_kind.get(kind) for row in sums)]


def _lines(sums: list[DelaySum], kinds: list[str]) -> list[SumLine]:
    nothing = dt.timedelta()
    return [
        SumLine(row, [days(row.by_kind.get(kind, nothing)) for kind in kinds], days(row.whole))
        for row in sums
    ]


def _worst(late: list[FinishedProcess]) -> list[tuple[FinishedProcess, str, str]]:
    """The most overdue processes: how long, and who took most of it."""
    longest = sorted(late, key=lambda one: -one.whole.overdue)[:WORST]
    return [(one, days(one.whole.overdue), _blamed(one)) for one in longest]


def _blamed(one: FinishedProcess) -> str:
    most = max(one.whole.parts, key=lambda part: part.overdue)
    return f"{most.party.name} {most.party.post}".strip() + f" {days(most.overdue)}"


def _chart(sums: list[DelaySum], kinds: list[str], group_by: str) -> dict[str, object]:
    shown, nothing = (sums if group_by == "period" else sums[:CHARTED]), dt.timedelta()
    return {
        "upright": group_by == "period",
        "names": [row.label for row in shown],
        "unit": _("天"),
        "series": [
            {
                "key": kind,
                "name": str(KINDS[kind]),
                "days": [round(row.by_kind.get(kind, nothing) / _DAY, 3) for row in shown],
            }
            for kind in kinds
        ],
    }


urlpatterns: list[URLPattern] = [
    path("supervision/delays/", supervision_delays, name="supervision_delays"),
    path("supervision/delays/export/", supervision_delays_export, name="supervision_delays_export"),
]
