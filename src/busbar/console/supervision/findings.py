"""督办事项: what was late, skipped, back-dated, returned, silent or signed for another (R6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.console.exporting import answer_export
from busbar.console.group_choice import by_group, look_at_group
from busbar.console.requests import StaffRequest
from busbar.console.supervision import asking
from busbar.console.supervision.asking import Asked
from busbar.kit.periods import CHINA
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import SupervisionFinding, SupervisionKind
from busbar.workflow.queries import FindingFilter

MOST_PEOPLE = 500


@require_safe
@by_group
def supervision(request: StaffRequest) -> HttpResponse:
    """Findings of the branch, newest first, narrowed; how many of each kind."""
    asking.require_reader(request.viewer)
    asked, units = asking.read_asked(request.viewer, request.GET)
    narrowed = _filter(request, asked)
    page = workflow_queries.list_supervision(
        request.viewer, narrowed, before=_before(request.GET.get("before", ""))
    )
    counts = workflow_queries.count_findings(request.viewer, _every_kind(narrowed))
    context = {
        "tab": "findings",
        "asked": asked,
        "narrowed": narrowed,
        "units": units,
        "processes": asking.list_processes(),
        "people": _people(request),
        "findings": page.findings,
        "before": page.before,
        "kinds": [(kind, counts.get(kind, 0)) for kind in SupervisionKind],
        "total": sum(counts.values()),
        "may_export": asking.may_export(request.viewer),
    }
    return render(request, "console/supervision/findings.html", context)


@require_POST
def supervision_export(request: StaffRequest) -> HttpResponse:
    """The narrowed findings as CSV or Excel; journaled."""
    asking.require_exporter(request.viewer)
    look_at_group(request)
    asked, _units = asking.read_asked(request.viewer, request.GET)
    page = workflow_queries.list_supervision(request.viewer, _filter(request, asked), limit=None)
    return answer_export(
        viewer=request.viewer,
        name=_("督办事项"),
        kind="xlsx" if request.GET.get("format") == "xlsx" else "csv",
        header=[
            _("发现时间"),
            _("种类"),
            _("流程"),
            _("事项"),
            _("步骤"),
            _("部门"),
            _("责任人"),
            _("期限"),
            _("说明"),
        ],
        rows=_exported(page.findings),
        at=timezone.now(),
    )


def _exported(rows: Sequence[SupervisionFinding]) -> Iterator[list[object]]:
    for row in rows:
        yield [
            row.found_at.astimezone(CHINA).replace(tzinfo=None),
            row.get_kind_display(),
            row.instance.definition.name,
            row.instance.subject_label,
            row.task.title,
            row.unit.name,
            row.person,
            row.task.due_at.astimezone(CHINA).replace(tzinfo=None) if row.task.due_at else "",
            row.note,
        ]


def _filter(request: StaffRequest, asked: Asked) -> FindingFilter:
    kind = request.GET.get("kind", "")
    return FindingFilter(
        kind=kind if kind in SupervisionKind.values else "",
        process=asked.process,
        unit_id=asked.unit.pk if asked.unit else None,
        person=request.GET.get("person", "").strip(),
        period=asked.period,
    )


def _every_kind(narrowed: FindingFilter) -> FindingFilter:
    return FindingFilter(
        process=narrowed.process,
        unit_id=narrowed.unit_id,
        person=narrowed.person,
        period=narrowed.period,
    )


def _people(request: StaffRequest) -> list[str]:
    rows = SupervisionFinding.objects.visible_to(request.viewer).exclude(person="")
    return list(rows.order_by("person").values_list("person", flat=True).distinct()[:MOST_PEOPLE])


def _before(text: str) -> str | None:
    """The key of the next page; a damaged one begins at the beginning."""
    moment, _mark, number = text.rpartition("_")
    if not number.isdigit():
        return None
    try:
        aware = dt.datetime.fromisoformat(moment).tzinfo is not None
    except ValueError:
        return None
    return text if aware else None


urlpatterns: list[URLPattern] = [
    path("supervision/", supervision, name="supervision"),
    path("supervision/export/", supervision_export, name="supervision_export"),
]
