"""停电: the register of stops, planning one, one stop with whom it touches and who was told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.arrears import queries as arrears_queries
from busbar.console.acts import Acts, Doing
from busbar.console.answers import done, one_of, tell_and_go
from busbar.console.cutting import cut_by
from busbar.console.group_choice import by_group
from busbar.console.outage_acts import OUTAGE_ACTS, PlanForm
from busbar.console.requests import StaffRequest
from busbar.outages import operations as outages_operations
from busbar.outages import queries as outages_queries
from busbar.outages.models import Outage, OutageKind, OutageState
from busbar.outages.queries import Notice

PAGE = 50
SHOWN = 500
_NOW: dict[str, tuple[str, ...]] = {
    OutageState.PLANNED: ("announce", "begin", "report", "cancel"),
    OutageState.ANNOUNCED: ("begin", "report", "cancel"),
    OutageState.BEGUN: ("restore", "cause"),
}


@require_safe
@by_group
def outage_list(request: StaffRequest) -> HttpResponse:
    """Stops, the newest first."""
    kind = one_of(request.GET.get("kind", ""), OutageKind.values)
    state = one_of(request.GET.get("state", ""), OutageState.values)
    text = request.GET.get("q", "").strip()[:100]
    found = outages_queries.list_outages(request.viewer, kind=kind, state=state, text=text)
    after = request.GET.get("after", "")
    rows, further = cut_by(found, "planned_from", after=after, size=PAGE, newest_first=True)
    context = {
        "rows": rows,
        "further": further,
        "kinds": OutageKind.choices,
        "states": OutageState.choices,
        "kind": kind,
        "state": state,
        "text": text,
        "may": request.viewer.may(Permission.MANAGE_OUTAGES),
    }
    return render(request, "console/outages/outages.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def outage_new(request: StaffRequest) -> HttpResponse:
    """Plan a stop; asked to look first, whom it would touch is listed and nothing is written."""
    request.viewer.require(Permission.MANAGE_OUTAGES)
    now, given = timezone.now(), request.POST if request.method == "POST" else None
    form = PlanForm(given, initial={"planned_from": now})
    form.fit(Doing(request.viewer, None, None, now))
    context: dict[str, object] = {"form": form}
    if given is not None and "look" in given:
        context |= _looked(form)
    elif given is not None:
        made: list[Outage] = []
        if done(form, lambda: made.append(_plan(request, form, now))):
            return tell_and_go(request, _("已安排"), "outage", made[0].number)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "console/outages/new.html", context, status=status)


def _looked(form: PlanForm) -> dict[str, object]:
    """The points that the form's scope would touch, or what no register knows."""
    if not form.is_valid():
        return {}
    unknown = outages_queries.list_unknown(form.scope())
    if unknown:
        form.add_error(None, _("台账中没有%(what)s，请核对") % {"what": "、".join(unknown[:5])})
        return {}
    points = list(outages_queries.find_points(form.scope())[: SHOWN + 1])
    return {"looked": True, "points": points[:SHOWN], "more": len(points) > SHOWN}


def _plan(request: StaffRequest, form: PlanForm, at: dt.datetime) -> Outage:
    data = form.cleaned_data
    return outages_operations.plan_outage(
        kind=data["kind"],
        unit_id=int(data["unit"]),
        reason=data["reason"],
        planned_from=data["planned_from"],
        planned_until=data["planned_until"],
        authority_report=data["authority_report"],
        scope=form.scope(),
        by=request.viewer,
        at=at,
    )


@dataclass(frozen=True)
class _Subject:
    """What the page's acts are about: the stop, and the customers by their keys."""

    number: str
    customer_numbers: dict[int, str]


@require_http_methods(["GET", "HEAD", "POST"])
def outage_page(request: StaffRequest, outage_number: str) -> HttpResponse:
    """One stop: whom it touches as far as seen, how each was told, what can be done now."""
    try:
        outage = outages_queries.get_outage(request.viewer, outage_number)
    except Outage.DoesNotExist as missing:
        raise Http404 from missing
    notices = outages_queries.list_notices(request.viewer, outage, limit=SHOWN)
    numbers = {notice.customer.pk: notice.customer.number for notice in notices}
    acts = Acts(OUTAGE_ACTS, request, _Subject(outage.number, numbers))
    if request.method == "POST" and acts.post():
        return redirect("outage", outage_number)
    context = {
        "outage": outage,
        "notices": notices,
        "customers": outages_queries.count_customers(outage),
        "told": _told(notices),
        "unplanned": outage.kind == OutageKind.FAULT and outage.begun_at is not None,
        "acts": acts,
        "now": _doable(outage) if request.viewer.covers(outage.unit.path) else (),
        "may_serve": _may_serve(request, outage),
        "case": arrears_queries.find_case_of(request.viewer, outage),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/outages/outage.html", context, status=status)


def _doable(outage: Outage) -> tuple[str, ...]:
    """The acts of its state; a stop for arrears goes by the steps of its case."""
    return () if outage.kind == OutageKind.ARREARS else _NOW.get(outage.state, ())


def _may_serve(request: StaffRequest, outage: Outage) -> bool:
    was_told = outage.announced_at is not None or outage.begun_at is not None
    is_own = outage.kind != OutageKind.ARREARS and request.viewer.covers(outage.unit.path)
    return was_told and is_own


def _told(notices: list[Notice]) -> str:
    """How many were told, and how many only paper can reach."""
    by_message = sum(bool(notice.messages) for notice in notices)
    unserved = sum(not notice.messages and not notice.receipts for notice in notices)
    text = ngettext("%(n)s 户已发消息", "%(n)s 户已发消息", by_message) % {"n": by_message}
    if not unserved:
        return text
    return text + "，" + _("%(n)s 户须书面送达") % {"n": unserved}


urlpatterns = [
    path("outages/", outage_list, name="outage_list"),
    path("outages/new/", outage_new, name="outage_new"),
    path("outages/<str:outage_number>/", outage_page, name="outage"),
]
