"""业扩报装: the list with its seven steps, its export, and the page of one application."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from busbar.access import queries as access_queries
from busbar.access.models import Employee, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ApplicationKind,
    ApplicationState,
    ConnectionApplication,
    SupplyKind,
)
from busbar.connections.queries import ApplicationFilter, ApplicationRow
from busbar.connections.subjects import APPLICATION, STAGES
from busbar.console.answers import done, one_of, tell_and_go, whole
from busbar.console.connections.page import Tab, register, render_tab
from busbar.console.exporting import answer_export
from busbar.console.group_choice import by_group, look_at_group
from busbar.console.requests import StaffRequest, is_part, page_number
from busbar.journal.models import Entry
from busbar.kit.periods import local_date

PAGE = 50
ENTRIES = 40
_TOO_LATE = frozenset({"energized", "closed", "withdrawn", "refused", "lapsed"})


class WithdrawForm(forms.Form):
    """The applicant wants it no more."""

    reason = forms.CharField(label=gettext_lazy("撤回原因"), max_length=500)


@require_safe
@vary_on_headers("HX-Request")
@by_group
def application_list(request: StaffRequest) -> HttpResponse:
    """A page of applications under the seven steps, or the rows after a key."""
    filters, after = _filters(request.GET), _after(request.GET)
    page = connections_queries.list_applications(
        request.viewer, filters=filters, after=after, limit=PAGE
    )
    context: dict[str, object] = {
        "rows": page.rows,
        "next_after": page.next_after,
        "now": timezone.now(),
    }
    if is_part(request) and after is not None:
        return render(request, "console/connections/applications/_rows.html", context)
    context |= _around(request.viewer, filters)
    name = "_results" if is_part(request) else "list"
    return render(request, f"console/connections/applications/{name}.html", context)


@require_POST
def export_applications(request: StaffRequest) -> HttpResponse:
    """The narrowed list as CSV or Excel."""
    look_at_group(request)
    rows = connections_queries.iter_applications(request.viewer, filters=_filters(request.POST))
    return answer_export(
        viewer=request.viewer,
        name=_("业扩报装清单"),
        kind="xlsx" if request.POST.get("format") == "xlsx" else "csv",
        header=[
            _("受理号"),
            _("申请人"),
            _("类别"),
            _("供电类别"),
            _("申请容量 kVA"),
            _("用电地址"),
            _("状态"),
            _("阶段"),
            _("受理单位"),
            _("经办人"),
            _("提交时间"),
            _("受理时间"),
            _("最近到期"),
            _("绿色通道"),
        ],
        rows=_exported(rows),
        at=timezone.now(),
    )


@require_safe
@vary_on_headers("HX-Request")
def application(
    request: StaffRequest, application_number: str, tab: str = "overview"
) -> HttpResponse:
    """One application with one tab open."""
    found = connections_queries.get_application(request.viewer, application_number)
    return render_tab(request, found, tab)


@require_POST
def withdraw(request: StaffRequest, application_number: str) -> HttpResponse:
    """The applicant takes the application back; the process ends with it."""
    request.viewer.require(Permission.ACCEPT_APPLICATIONS)
    found = connections_queries.get_application(request.viewer, application_number)
    form = WithdrawForm(request.POST)

    def act() -> None:
        connections_operations.withdraw_application(
            application_id=found.pk,
            reason=form.cleaned_data["reason"],
            by=request.viewer,
            at=timezone.now(),
        )

    if done(form, act):
        return tell_and_go(request, _("申请已撤回"), "application", found.number)
    return render_tab(request, found, "overview", extra={"withdraw_form": form}, status=422)


def _overview(request: StaffRequest, found: ConnectionApplication) -> dict[str, Any]:
    """What was declared, who, where; what the applicant is shown."""
    return {
        "loads": list(found.loads.order_by("pk")),
        "progress": connections_queries.build_progress(found),
        "may_withdraw": found.state not in _TOO_LATE,
        "withdraw_form": WithdrawForm(),
        "involved": list(found.involved_units.select_related("unit").order_by("since", "pk")),
    }


def _timeline(request: StaffRequest, found: ConnectionApplication) -> dict[str, Any]:
    """The journal's entries about the application, newest first."""
    before = page_number(request, "before", 0)
    entries = Entry.objects.about(APPLICATION, found.pk).order_by("-id")
    if before:
        entries = entries.filter(pk__lt=before)
    shown = list(entries[: ENTRIES + 1])
    more = shown[ENTRIES - 1].pk if len(shown) > ENTRIES else None
    return {"entries": shown[:ENTRIES], "next_before": more}


def _around(viewer: Viewer, filters: ApplicationFilter) -> dict[str, object]:
    """What surrounds the rows: counts by step, choices, what is chosen."""
    anywhere = replace(filters, stage=None)
    counts = connections_queries.count_by_stage(viewer, filters=anywhere)
    return {
        "filters": filters,
        "stages": [(number, name, counts[number]) for number, name in STAGES.items()],
        "under_way": sum(counts.values()),
        "count": connections_queries.count_applications(viewer, filters=filters),
        "states": ApplicationState.choices,
        "kinds": ApplicationKind.choices,
        "supply_kinds": SupplyKind.choices,
        "units": access_queries.list_branch(viewer),
        "officers": _officers(viewer),
        "may_export": viewer.may(Permission.EXPORT),
        "may_accept": viewer.may(Permission.ACCEPT_APPLICATIONS),
    }


def _officers(viewer: Viewer) -> list[Employee]:
    """Who took in what the viewer sees."""
    seen = ConnectionApplication.objects.visible_to(viewer).exclude(officer=None)
    return list(Employee.objects.filter(pk__in=seen.values("officer")).order_by("name", "pk"))


def _filters(given: QueryDict) -> ApplicationFilter:
    stage = whole(given.get("stage", ""))
    return ApplicationFilter(
        text=given.get("q", "").strip()[:60],
        state=one_of(given.get("state", ""), ApplicationState.values),
        kind=one_of(given.get("kind", ""), ApplicationKind.values),
        supply_kind=one_of(given.get("supply_kind", ""), SupplyKind.values),
        stage=stage if stage in STAGES else None,
        unit_id=_known_unit(given.get("unit", "")),
        officer_id=whole(given.get("officer", "")),
        is_open=given.get("of", "open") != "all" and not given.get("state"),
        late_at=timezone.now() if given.get("late") else None,
    )


def _known_unit(text: str) -> int | None:
    key = whole(text)
    return key if OrganizationUnit.objects.filter(pk=key or 0).exists() else None


def _after(given: QueryDict) -> tuple[dt.datetime, int] | None:
    """The key of the last row shown; a damaged one begins at the beginning."""
    last_id = whole(given.get("after", ""))
    try:
        moment = parse_datetime(given.get("after_value", ""))
    except ValueError:
        moment = None
    is_whole = last_id is not None and moment is not None and timezone.is_aware(moment)
    return (moment, last_id) if is_whole and moment and last_id is not None else None


def _exported(rows: Iterator[ApplicationRow]) -> Iterator[list[object]]:
    for row in rows:
        found = row.application
        yield [
            found.number,
            found.applicant_name,
            found.get_kind_display(),
            found.get_supply_kind_display(),
            found.requested_kva,
            found.address,
            found.get_state_display(),
            str(STAGES[found.stage]),
            found.unit.name,
            found.officer.name if found.officer else "",
            _minute(found.submitted_at),
            _minute(found.accepted_at),
            local_date(row.due_at) if row.due_at else "",
            _("是") if row.is_green else "",
        ]


def _minute(moment: dt.datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""


register(
    Tab(
        "overview",
        gettext_lazy("概况"),
        "console/connections/applications/overview.html",
        _overview,
    )
)
register(
    Tab(
        "timeline",
        gettext_lazy("时间线"),
        "console/connections/applications/timeline.html",
        _timeline,
    )
)

urlpatterns = [
    path("connections/", application_list, name="application_list"),
    path("connections/export/", export_applications, name="application_export"),
    path("connections/<str:application_number>/", application, name="application"),
    path(
        "connections/<str:application_number>/tab/<slug:tab>/", application, name="application_tab"
    ),
    path("connections/<str:application_number>/withdraw/", withdraw, name="application_withdraw"),
]
