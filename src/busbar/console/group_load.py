"""集团负荷: one day of a group's load with its members' shares, on screen and as a file (U1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import Http404, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from busbar.access.permissions import Permission
from busbar.console.curves import newest_day
from busbar.console.exporting import answer_export
from busbar.console.metering.words import STARTS
from busbar.console.requests import StaffRequest, given_day
from busbar.customers.models import Customer
from busbar.customers.queries import groups as groups_queries
from busbar.metering.group_load import GroupLoad, MemberLoad, get_group_load
from busbar.metering.queries import as_known

CHARTED = 7
"""As many members have a band of their own; the others share one."""
LISTED = 50


@dataclass(frozen=True)
class Line:
    """A member as the table shows it; kW and kWh, the share in parts of one."""

    customer: Customer
    at_peak_kw: float
    share: float | None
    peak_kw: float
    peak_at: dt.datetime
    energy_kwh: float


def load_context(request: StaffRequest, ids: frozenset[int]) -> dict[str, Any]:
    """The day that is asked for, else the newest with curves."""
    newest = newest_day(timezone.now())
    found = get_group_load(request.viewer, ids, day=given_day(request.GET.get("day", "")) or newest)
    lines = [_line(found, member) for member in found.members]
    return {
        "load": found,
        "newest": newest,
        "load_chart": _chart(found),
        "load_lines": lines[:LISTED],
        "unlisted": len(lines[LISTED:]),
        "may_export": request.viewer.may(Permission.EXPORT),
    }


@require_POST
def group_load_export(request: StaffRequest, code: str) -> HttpResponse:
    """The day's quarters: the sum and every member, CSV or Excel."""
    group = groups_queries.get_branch(request.viewer, code)
    if not group.ids:
        raise Http404
    day = given_day(request.GET.get("day", "")) or newest_day(timezone.now())
    found = get_group_load(request.viewer, group.ids, day=day)
    members = [f"{member.customer.name} kW" for member in found.members]
    return answer_export(
        viewer=request.viewer,
        name=f"{group.name}_{_('集团负荷')}_{day}",
        kind="xlsx" if request.POST.get("format") == "xlsx" else "csv",
        header=[_("区间起点"), _("合计 kW"), *members],
        rows=_exported(found),
        at=timezone.now(),
    )


def _exported(found: GroupLoad) -> Iterator[Sequence[object]]:
    parts = [(found.kw, found.known), *((one.kw, one.known) for one in found.members)]
    columns = [as_known(kw, known) for kw, known in parts]
    for time, *row in zip(STARTS, *columns, strict=True):
        yield [f"{found.day} {time}", *row]


def _line(found: GroupLoad, member: MemberLoad) -> Line:
    at_peak = found.at_peak_kw(member)
    return Line(
        customer=member.customer,
        at_peak_kw=at_peak,
        share=at_peak / found.peak_kw if found.peak_kw else None,
        peak_kw=member.peak_kw,
        peak_at=member.peak_at,
        energy_kwh=member.energy_kwh,
    )


def _chart(found: GroupLoad) -> dict[str, Any] | None:
    """Bands from below in the table's order, the many small ones as one."""
    if not found.members:
        return None
    bands = [(member.customer.name, member.kw) for member in found.members[:CHARTED]]
    if rest := found.members[CHARTED:]:
        others = _("其余 %(n)s 户") % {"n": len(rest)}
        bands.append((others, np.sum([member.kw for member in rest], axis=0)))
    series = [{"name": name, "kw": as_known(kw, found.known)} for name, kw in bands]
    return {"times": STARTS, "series": series, "whole": as_known(found.kw, found.known)}


urlpatterns = [
    path("groups/<str:code>/load/export/", group_load_export, name="group_load_export"),
]
