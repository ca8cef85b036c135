"""The calculator: a rule, a moment and pauses in; the last day and the reason for every day out."""

from __future__ import annotations

import calendar as months_of
import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import PauseReason, TimeLimit
from busbar.clocks.reckoning import Pause, ReckonedDay, Reckoning, midnight
from busbar.clocks.rulebook import EXACT_UNITS
from busbar.console.limits import words
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA, local_date

PAUSES = 3
"""How many pauses the form has room for."""
FIRST, LAST = dt.date(1990, 1, 1), dt.date(2099, 12, 31)


@dataclass(frozen=True)
class Cell:
    """A day of a month grid: its look, its number among the counted days, why."""

    date: dt.date
    look: str
    reason: str
    is_provisional: bool
    is_due: bool


@dataclass(frozen=True)
class MonthGrid:
    """A month as weeks from Monday; None where the week belongs to another month."""

    first: dt.date
    weeks: list[list[Cell | None]]


class CalculatorForm(forms.Form):
    """What is asked: which limit, of which document, from when, standing still when."""

    rule = forms.ChoiceField(label=gettext_lazy("时限"))
    rule_set = forms.ChoiceField(label=gettext_lazy("按哪套规则"), required=False)
    start = forms.DateTimeField(
        label=gettext_lazy("受理（起算）时间"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, rows: list[TimeLimit], *args: Any, **kwargs: Any) -> None:
        """`rows`: the limits in force where the viewer is."""
        super().__init__(*args, **kwargs)
        choices = [
            (group.label, [(line.row.code, line.row.name) for line in group.lines])
            for group in words.grouped(rows)
        ]
        sets = [(row.code, row.name) for row in clocks_queries.list_rule_sets()]
        self.fields["rule"].choices = choices  # type: ignore[attr-defined] # a ChoiceField
        self.fields["rule_set"].choices = [("", _("本公司现行")), *sets]  # type: ignore[attr-defined] # as above
        reasons = PauseReason.objects.order_by("code").values_list("code", "name")
        for number in range(1, PAUSES + 1):
            self._add_pause(number, list(reasons))

    def _add_pause(self, number: int, reasons: list[tuple[str, str]]) -> None:
        day = {"type": "date"}
        label = {"number": number}
        self.fields[f"from{number}"] = forms.DateField(
            label=_("暂停 %(number)s：自") % label,
            required=False,
            widget=forms.DateInput(attrs=day, format="%Y-%m-%d"),
        )
        self.fields[f"until{number}"] = forms.DateField(
            label=_("暂停 %(number)s：恢复之日") % label,
            required=False,
            widget=forms.DateInput(attrs=day, format="%Y-%m-%d"),
        )
        self.fields[f"reason{number}"] = forms.ChoiceField(
            label=_("暂停 %(number)s：事由") % label,
            required=False,
            choices=[("", "—"), *reasons],
        )

    def clean_start(self) -> dt.datetime:
        """The moment in China; years outside the calendar are refused."""
        start: dt.datetime = self.cleaned_data["start"]
        moment = start.replace(tzinfo=CHINA)
        if not FIRST <= local_date(moment) <= LAST:
            raise forms.ValidationError(_("应在 1990 年至 2099 年之间"))
        return moment

    def clean(self) -> dict[str, Any]:
        """A pause begins no earlier than the limit and ends after it begins."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for number in range(1, PAUSES + 1):
            since, until = given.get(f"from{number}"), given.get(f"until{number}")
            if until and not since:
                self.add_error(f"from{number}", _("写明自哪一天起暂停"))
            elif since and until and until <= since:
                self.add_error(f"until{number}", _("恢复之日应晚于暂停之日"))
            elif since and not FIRST <= since <= LAST:
                self.add_error(f"from{number}", _("应在 1990 年至 2099 年之间"))
        return given

    @property
    def pauses(self) -> list[Pause]:
        """The pauses that were entered; each from the beginning of its first day."""
        given, names = self.cleaned_data, dict(self.fields["reason1"].choices)  # type: ignore[attr-defined] # a ChoiceField
        found = []
        for number in range(1, PAUSES + 1):
            since, until = given.get(f"from{number}"), given.get(f"until{number}")
            if since:
                reason = names[given[f"reason{number}"]] if given[f"reason{number}"] else ""
                found.append(
                    Pause(midnight(since), midnight(until) if until else None, str(reason))
                )
        return found

    @property
    def pause_rows(self) -> list[list[forms.BoundField]]:
        """The fields of the pauses, a row each."""
        names = ("from", "until", "reason")
        return [[self[f"{name}{n}"] for name in names] for n in range(1, PAUSES + 1)]


@require_safe
def limit_calculator(request: StaffRequest) -> HttpResponse:
    """From acceptance to the last day, with the reason for every day."""
    now = timezone.now()
    rows = clocks_queries.limits_in_force(on=local_date(now), unit_path=request.viewer.unit_path)
    asked = "rule" in request.GET and "start" in request.GET
    first = {
        "rule": request.GET.get("rule") or "scheme-reply-single",
        "rule_set": request.GET.get("rule_set", ""),
        "start": now.astimezone(CHINA),
    }
    form = CalculatorForm(list(rows.values()), request.GET if asked else None, initial=first)
    found, refused = None, ""
    if asked and form.is_valid():
        found, refused = _reckon(request, form)
    context = {
        "tab": "calculator",
        "form": form,
        "refused": refused,
        "found": found,
        "months": month_grids(found) if found else [],
        "is_exact": bool(found) and found.limit.amount_unit in EXACT_UNITS if found else False,
        "looks": {cell.look for cell in _cells(found).values()} if found else set(),
    }
    status = 422 if asked and (form.errors or refused) else 200
    return render(request, "console/limits/calculator.html", context, status=status)


def _reckon(request: StaffRequest, form: CalculatorForm) -> tuple[Reckoning | None, str]:
    fields = form.cleaned_data
    try:
        found = clocks_queries.reckon(
            fields["rule"],
            start=fields["start"],
            pauses=form.pauses,
            rule_set=fields["rule_set"] or None,
            unit_path=request.viewer.unit_path,
        )
    except Refusal as refusal:
        return None, said(refusal)
    return found, ""


def month_grids(found: Reckoning) -> list[MonthGrid]:
    """The months from the first to the last explained day, in order."""
    cells = _cells(found)
    firsts = sorted({date.replace(day=1) for date in cells})
    return [MonthGrid(first, _weeks(first, cells)) for first in firsts]


def _weeks(first: dt.date, cells: dict[dt.date, Cell]) -> list[list[Cell | None]]:
    weeks = months_of.Calendar().monthdatescalendar(first.year, first.month)
    blank = {"look": "outside", "reason": "", "is_provisional": False, "is_due": False}
    return [
        [
            cells.get(date) or Cell(date=date, **blank)  # type: ignore[arg-type] # fixed above
            if date.month == first.month
            else None
            for date in week
        ]
        for week in weeks
    ]


def _cells(found: Reckoning) -> dict[dt.date, Cell]:
    start = local_date(found.start)
    return {
        day.date: Cell(
            date=day.date,
            look="start" if day.date == start and not day.counted else look_of(day),
            reason=day.reason,
            is_provisional=day.is_provisional,
            is_due=day.date == found.due_on,
        )
        for day in found.days
    }


def look_of(day: ReckonedDay) -> str:
    """How a day is drawn: counted, make_up (counted), holiday, weekend, paused, or idle."""
    if day.kind == "paused":
        return "paused"
    if day.counted:
        return "make_up" if day.kind == "make_up" else "counted"
    return day.kind if day.kind in {"holiday", "weekend"} else "idle"


urlpatterns: list[URLPattern] = [
    path("limits/calculator/", limit_calculator, name="limit_calculator")
]
