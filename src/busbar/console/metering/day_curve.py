"""One usage point's day: now beside what was delivered, quality, versions, findings, editing."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from busbar.access.permissions import Permission
from busbar.console.curves import quality_names
from busbar.console.metering.findings import line_of
from busbar.console.metering.words import clock, clocks
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date, parse_day
from busbar.metering import operations as metering_operations
from busbar.metering import queries as metering_queries
from busbar.metering.day_facts import DayFacts, get_day_facts
from busbar.metering.lake import INTERVALS
from busbar.metering.lake.schema import ACTIVE, LAG, LEAD
from busbar.metering.models import RegisterChannel
from busbar.metering.operations import UnableToEditCurve
from busbar.metering.queries import DayCurve
from busbar.supply import queries as supply_queries
from busbar.supply.models import UsagePoint

_TO_KW = 4 / 1000
_WH_PER_KWH = 1000
_KEEP = {"-", "—", ""}
_MOST_CHARACTERS = 4000
_SEPARATORS = re.compile(r"[\n\t;；]")
CHANNELS = (
    (ACTIVE, gettext_lazy("有功电量 kWh")),
    (LAG, gettext_lazy("感性无功 kvarh")),
    (LEAD, gettext_lazy("容性无功 kvarh")),
)


class EditForm(forms.Form):
    """Values from an interval on, pasted from a spreadsheet or typed; a dash leaves one alone."""

    channel = forms.ChoiceField(label=gettext_lazy("数据项"), choices=CHANNELS)
    start = forms.TypedChoiceField(label=gettext_lazy("自"), choices=clocks, coerce=int)
    values = forms.CharField(
        label=gettext_lazy("数值"),
        max_length=_MOST_CHARACTERS,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )
    reason = forms.CharField(label=gettext_lazy("修正原因"), max_length=300)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**53)

    def intervals(self) -> dict[int, int]:
        """Interval to Wh (varh). Raises `UnableToEditCurve` naming the value that cannot be."""
        start = self.cleaned_data["start"]
        cells = _SEPARATORS.split(self.cleaned_data["values"].replace("\r", "").strip("\n"))
        if start + len(cells) > INTERVALS:
            raise UnableToEditCurve(
                _("自 %(clock)s 起只有 %(room)s 个时段，给出了 %(count)s 个数值")
                % {"clock": clock(start), "room": INTERVALS - start, "count": len(cells)}
            )
        numbered = enumerate(cells, start=start)
        return {at: _wh(cell, at) for at, cell in numbered if cell.strip() not in _KEEP}


def _wh(cell: str, interval: int) -> int:
    """A cell of kWh as whole Wh."""
    said = {"clock": clock(interval), "value": cell.strip()[:30]}
    try:
        value = Decimal(cell.strip()) * _WH_PER_KWH
    except InvalidOperation:
        raise UnableToEditCurve(_("%(clock)s 的“%(value)s”不是数字") % said) from None
    if not value.is_finite() or value != value.to_integral_value():
        raise UnableToEditCurve(_("%(clock)s 的“%(value)s”应精确到 0.001") % said)
    return int(value)


@require_http_methods(["GET", "HEAD", "POST"])
def curve_day(request: StaffRequest, point_number: str, date: str) -> HttpResponse:
    """The day's page; posting to it edits the curve."""
    point = supply_queries.get_usage_point(request.viewer, point_number)
    day = _day(date)
    curve = metering_queries.get_day_curve(request.viewer, point, day)
    form = EditForm(request.POST or None, initial={"version": curve.version})
    if request.method == "POST":
        request.viewer.require(Permission.EDIT_READINGS)
        if form.is_valid() and _edited(request, form, point, day):
            return redirect("curve_day", point_number, date)
    context = {
        "point": point,
        "day": day,
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1) if day < local_date(timezone.now()) else None,
        "curve": curve,
        "data": _data(curve),
        "rows": _rows(curve),
        "told": _told(get_day_facts(request.viewer, point, day), curve),
        "lines": [
            line_of(row) for row in metering_queries.list_day_findings(request.viewer, point, day)
        ],
        "form": form if request.viewer.may(Permission.EDIT_READINGS) else None,
    }
    return render(
        request, "console/metering/day.html", context, status=422 if form.is_bound else 200
    )


def _edited(request: StaffRequest, form: EditForm, point: UsagePoint, day: dt.date) -> bool:
    data = form.cleaned_data
    try:
        metering_operations.edit_curve(
            usage_point=point,
            day=day,
            values={data["channel"]: form.intervals()},
            seen_version=data["version"],
            reason=data["reason"],
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error(None, said(refusal))
        return False
    return True


def _day(text: str) -> dt.date:
    try:
        return parse_day(text)
    except ValueError:
        raise Http404 from None


def _data(curve: DayCurve) -> dict[str, Any]:
    """What the chart draws: mean kW now and as delivered, quality and its names."""
    return {
        "now": _kw(curve.now[ACTIVE]),
        "delivered": _kw(curve.delivered[ACTIVE]),
        "quality": curve.quality,
        "quality_names": quality_names(),
    }


def _kw(values: list[int | None]) -> list[float | None]:
    return [None if value is None else round(value * _TO_KW, 3) for value in values]


def _rows(curve: DayCurve) -> list[dict[str, Any]]:
    """The table: every quarter of an hour in kWh, with its quality in words."""
    names = quality_names()
    return [
        {
            "clock": clock(at),
            "now": _kwh(curve.now[ACTIVE][at]),
            "delivered": _kwh(curve.delivered[ACTIVE][at]),
            "lag": _kwh(curve.now[LAG][at]),
            "lead": _kwh(curve.now[LEAD][at]),
            "quality": names[code],
            "code": code,
            "differs": curve.now[ACTIVE][at] != curve.delivered[ACTIVE][at],
        }
        for at, code in enumerate(curve.quality)
    ]


def _told(facts: DayFacts, curve: DayCurve) -> dict[str, Any] | None:
    """The registers' energy beside the curve's, switched off spans, clocks; None for nothing."""
    if not facts:
        return None
    names = dict(RegisterChannel.choices)
    values = [value for value in curve.now[ACTIVE] if value is not None]
    return {
        "registers": [
            (row, names.get(row.lake_channel, row.lake_channel)) for row in facts.registers
        ],
        "register_kwh": facts.register_kwh,
        "curve_kwh": _kwh(sum(values)) if values else None,
        "power_off": facts.power_off,
        "clock_checks": facts.clock_checks,
    }


def _kwh(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / _WH_PER_KWH


urlpatterns = [
    path("usage-points/<str:point_number>/days/<str:date>/", curve_day, name="curve_day"),
]
