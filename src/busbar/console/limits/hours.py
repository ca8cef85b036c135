"""Working hours: several periods a day, of a unit or of one customer of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.hours import WeekHours
from busbar.clocks.models import WorkingHours
from busbar.clocks.queries import oversight
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

WEEKDAYS = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)
_OFFICE = "08:30-12:00 13:30-17:30"


@dataclass(frozen=True)
class HoursLine:
    """Hours that somebody set: whose, since when, each weekday's periods in words."""

    row: WorkingHours
    customer: Customer | None
    days: list[list[str]]


class HoursForm(forms.Form):
    """The periods of a week; a day without any is closed."""

    unit = forms.ChoiceField(label=gettext_lazy("单位"))
    customer = forms.CharField(
        label=gettext_lazy("只对客户（客户编号，可不填）"), max_length=40, required=False
    )
    valid_from = forms.DateField(
        label=gettext_lazy("自哪一天起"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, units: list[OrganizationUnit], *args: Any, **kwargs: Any) -> None:
        """`units`: those of the viewer's branch."""
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = [(u.code, u.name) for u in units]  # type: ignore[attr-defined] # a ChoiceField
        for number, label in enumerate(WEEKDAYS):
            self.fields[f"day{number}"] = forms.CharField(
                label=label,
                max_length=120,
                required=False,
                widget=forms.TextInput(attrs={"placeholder": _("休息")}),
            )

    @property
    def periods(self) -> list[list[list[str]]]:
        """The week as the operation takes it, Monday first."""
        return [read_periods(self.cleaned_data[f"day{n}"]) for n in range(len(WEEKDAYS))]


@require_http_methods(["GET", "POST"])
def limit_hours(request: StaffRequest) -> HttpResponse:
    """The hours in force for the viewer's unit, every hours of the branch, and setting them."""
    viewer, today = request.viewer, local_date(timezone.now())
    form = None
    if viewer.may(Permission.KEEP_TIME_LIMITS):
        form = _form(request)
        if request.method == "POST" and form.is_valid() and _set(request, form):
            return redirect("limit_hours")
    elif request.method == "POST":
        viewer.require(Permission.KEEP_TIME_LIMITS)
    now = clocks_queries.get_hours(unit_path=viewer.unit_path, customer_id=None, on=today)
    rows = oversight.list_working_hours(viewer)
    context = {
        "tab": "hours",
        "form": form,
        "week": [
            (name, words.split()) for name, words in zip(WEEKDAYS, week_words(now), strict=True)
        ],
        "lines": _lines(viewer, rows),
        "weekdays": WEEKDAYS,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/limits/hours.html", context, status=status)


def _form(request: StaffRequest) -> HoursForm:
    units = access_queries.list_branch(request.viewer)
    if request.method == "POST":
        return HoursForm(units, request.POST)
    week = {f"day{n}": _OFFICE if n < 5 else "" for n in range(7)}  # noqa: PLR2004 - Monday to Friday
    own = next((u.code for u in units if u.path == request.viewer.unit_path), None)
    first = {"unit": own, "valid_from": local_date(timezone.now())}
    return HoursForm(units, initial=first | week)


def _set(request: StaffRequest, form: HoursForm) -> bool:
    fields = form.cleaned_data
    try:
        clocks_operations.set_working_hours(
            unit=access_queries.get_unit(fields["unit"]),
            periods=form.periods,
            valid_from=fields["valid_from"],
            customer_id=_customer_id(request.viewer, fields["customer"].strip()),
            viewer=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error(None, said(refusal))
        return False
    except Customer.DoesNotExist:
        form.add_error("customer", _("没有这个客户，或您看不到它"))
        return False
    messages.success(request, _("工作时段已保存"))
    return True


def _customer_id(viewer: Viewer, number: str) -> int | None:
    return customers_queries.get_customer(viewer, number).pk if number else None


def _lines(viewer: Viewer, rows: list[WorkingHours]) -> list[HoursLine]:
    ids = {row.customer_id for row in rows if row.customer_id}
    seen = {c.pk: c for c in Customer.objects.visible_to(viewer).filter(pk__in=ids)}
    return [
        HoursLine(
            row,
            seen.get(row.customer_id or 0),
            [["-".join(period) for period in day] for day in row.periods],
        )
        for row in rows
    ]


def week_words(week: WeekHours) -> list[str]:
    """Each weekday's periods as people write them; empty for a day of rest."""
    return [
        " ".join(f"{_clock(start)}-{_clock(end)}" for start, end in periods)
        for periods in week.days
    ]


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def read_periods(text: str) -> list[list[str]]:
    """The periods of a day as written: `08:30-12:00 13:30-17:30`, in any usual punctuation.

    >>> read_periods("08:30－12:00、13:30~17:30"), read_periods("")
    ([['08:30', '12:00'], ['13:30', '17:30']], [])
    """
    plain = text
    for mark in "－—–~～至到":
        plain = plain.replace(mark, "-")
    for mark in "、，,；;":
        plain = plain.replace(mark, " ")
    plain = plain.replace("：", ":").replace(" -", "-").replace("- ", "-")
    return [part.split("-") for part in plain.split()]


urlpatterns = [path("limits/hours/", limit_hours, name="limit_hours")]
