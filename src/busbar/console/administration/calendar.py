"""工作日历: the year at a glance, one day edited with a reason, a year uploaded."""

from __future__ import annotations

import calendar as months_of
import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import DayKind
from busbar.clocks.working_days import Day
from busbar.console.administration.calendar_files import read_calendar_rows
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, page_number
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class MonthGrid:
    """A month as weeks from Monday; None where the week belongs to another month."""

    number: int
    weeks: list[list[tuple[dt.date, Day] | None]]


class DayForm(forms.Form):
    """What a day is to be, and why."""

    kind = forms.ChoiceField(label=gettext_lazy("性质"), choices=DayKind.choices)
    name = forms.CharField(label=gettext_lazy("节日名称"), max_length=50, required=False)
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=200)


class UploadForm(forms.Form):
    """A file with the days of a notice."""

    file = forms.FileField(label=gettext_lazy("文件（CSV 或 Excel）"))
    source = forms.CharField(label=gettext_lazy("依据（文号）"), max_length=100)
    announce = forms.IntegerField(
        label=gettext_lazy("作为该年的正式安排（可不填）"),
        required=False,
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
    )


@require_safe
def calendar(request: StaffRequest) -> HttpResponse:
    """One year, with holidays, make-up days and what is still provisional."""
    request.viewer.require(Permission.ADMINISTER)
    today = local_date(timezone.now())
    year = page_number(request, "year", today.year)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    days = dict(clocks_queries.list_days(dt.date(year, 1, 1), dt.date(year + 1, 1, 1)))
    context = {
        "year": year,
        "today": today,
        "months": [_grid(year, number, days) for number in range(1, 13)],
        "years": clocks_queries.list_years(),
        "provisional": any(day.is_provisional for day in days.values()),
        "working": sum(day.is_working for day in days.values()),
        "holidays": sum(day.kind == "holiday" for day in days.values()),
        "make_up": sum(day.kind == "make_up" for day in days.values()),
    }
    return render(request, "console/administration/calendar.html", context)


@require_http_methods(["GET", "POST"])
def calendar_day(request: StaffRequest, date: str) -> HttpResponse:
    """One day: what it is and where that comes from; set it by hand with a reason."""
    request.viewer.require(Permission.ADMINISTER)
    day = _date(date)
    row = clocks_queries.get_day(day)
    now = dict(clocks_queries.list_days(day, day + dt.timedelta(days=1)))[day]
    form = DayForm(request.POST or None, initial={"kind": now.kind, "name": now.name})
    if request.method == "POST" and form.is_valid():
        try:
            clocks_operations.edit_day(
                date=day, **form.cleaned_data, by=request.viewer, at=timezone.now()
            )
            messages.success(request, _("%(day)s 已修改") % {"day": day})
            return redirect(f"{reverse('calendar')}?year={day.year}")
        except Refusal as refusal:
            form.add_error(None, said(refusal))
    context = {"day": day, "row": row, "now": now, "form": form}
    status = 422 if form.errors else 200
    return render(request, "console/administration/day.html", context, status=status)


@require_http_methods(["GET", "POST"])
def calendar_upload(request: StaffRequest) -> HttpResponse:
    """Upload the days of a notice; good rows are kept, each bad one is listed."""
    request.viewer.require(Permission.ADMINISTER)
    form, upload = UploadForm(request.POST or None, request.FILES or None), None
    if request.method == "POST" and form.is_valid():
        try:
            upload = _upload(request, form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, said(refusal))
    context = {"form": form, "upload": upload}
    status = 422 if form.errors else 200
    return render(request, "console/administration/calendar_upload.html", context, status=status)


def _upload(request: StaffRequest, fields: dict[str, Any]) -> clocks_operations.Upload:
    file = fields["file"]
    return clocks_operations.upload_calendar(
        rows=read_calendar_rows(file.name, file.read()),
        source=fields["source"],
        announce=[fields["announce"]] if fields["announce"] else [],
        by=request.viewer,
        at=timezone.now(),
    )


def _grid(year: int, number: int, days: dict[dt.date, Day]) -> MonthGrid:
    weeks = months_of.Calendar().monthdatescalendar(year, number)
    return MonthGrid(
        number,
        [[(day, days[day]) if day.month == number else None for day in week] for week in weeks],
    )


def _date(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Http404
    return day


urlpatterns = [
    path("calendar/", calendar, name="calendar"),
    path("calendar/upload/", calendar_upload, name="calendar_upload"),
    path("calendar/<str:date>/", calendar_day, name="calendar_day"),
]
