"""Groups with what their subtrees hold: customers, accounts, capacity, energy, money (U1)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing import insights
from busbar.billing.insights import MonthSum
from busbar.console.exporting import answer_export
from busbar.console.group_load import load_context
from busbar.console.navigation import narrowed_lists
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.customers import operations as customers_operations
from busbar.customers.models import Customer, CustomerGroup
from busbar.customers.queries import groups as groups_queries
from busbar.customers.queries.groups import GroupLine
from busbar.kit.errors import Refusal
from busbar.supply import queries as supply_queries

MONTHS = 13


class HeadForm(forms.Form):
    """The member that leads, and why."""

    head = forms.ChoiceField(label=gettext_lazy("牵头单位"), required=False)
    reason = forms.CharField(label=gettext_lazy("依据"), max_length=300)

    def __init__(self, group: CustomerGroup, members: list[Customer], data: Any = None) -> None:
        """The choices are the members that the viewer sees."""
        head = next((m.number for m in members if m.pk == group.head_id), "")
        super().__init__(data, initial={"head": head})
        choices = [("", "—"), *((m.number, f"{m.name} {m.number}") for m in members)]
        self.fields["head"].choices = choices  # type: ignore[attr-defined] # a ChoiceField


@dataclass(frozen=True)
class Line:
    """A group with the sums over its subtree."""

    held: GroupLine
    capacity_kva: int
    energy_kwh: Decimal
    amount: Decimal


@require_safe
def group_list(request: StaffRequest) -> HttpResponse:
    """All groups as a tree."""
    month = insights.get_latest_month()
    context = {
        "lines": _lines(request.viewer, month),
        "month": month,
        "may_export": request.viewer.may(Permission.EXPORT),
    }
    return render(request, "console/groups/list.html", context)


@require_safe
def group_detail(request: StaffRequest, code: str) -> HttpResponse:
    """One group: its months, who leads it, the groups below it."""
    return _detail(request, code)


@require_POST
def group_head(request: StaffRequest, code: str) -> HttpResponse:
    """Name the member that leads, or nobody."""
    request.viewer.require(Permission.ASSIGN_CUSTOMERS)
    group = groups_queries.get_group(request.viewer, code)
    members = groups_queries.list_members(request.viewer, group.pk)
    form = HeadForm(group, members, request.POST)
    if form.is_valid():
        chosen = form.cleaned_data["head"]
        try:
            customers_operations.name_group_head(
                group=group,
                customer=next((m for m in members if m.number == chosen), None),
                reason=form.cleaned_data["reason"],
                by=request.viewer,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(request, _("牵头单位已登记"))
            return redirect("group_detail", code)
    return _detail(request, code, form=form, status=422)


def _detail(
    request: StaffRequest, code: str, *, form: HeadForm | None = None, status: int = 200
) -> HttpResponse:
    month = insights.get_latest_month()
    lines = _lines(request.viewer, month, top=code)
    if not lines:
        raise Http404
    months = insights.months_back(month, MONTHS) if month else []
    sums = insights.map_group_sums(request.viewer, months=months)
    below = {line.held.group.pk for line in lines}
    found = [_month(name, sums, below) for name in months]
    group = lines[0].held.group
    members = groups_queries.list_members(request.viewer, group.pk)
    may_name = request.viewer.may(Permission.ASSIGN_CUSTOMERS)
    context = {
        "group": group,
        "head": next((member for member in members if member.pk == group.head_id), None),
        "head_form": (form or HeadForm(group, members)) if may_name else None,
        "lines": lines,
        "whole": lines[0],
        "month": month,
        "months": [one for one in found if one.bills],
        "chart": [_point(one) for one in found if one.bills],
        "lists": narrowed_lists(request.viewer, group.code),
        **load_context(request, frozenset(below)),
    }
    return render(request, "console/groups/detail.html", context, status=status)


@require_POST
def export_groups(request: StaffRequest) -> HttpResponse:
    """The tree as CSV or Excel."""
    month = insights.get_latest_month()
    return answer_export(
        viewer=request.viewer,
        name=_("集团汇总"),
        kind="xlsx" if request.POST.get("format") == "xlsx" else "csv",
        header=[
            _("集团代码"),
            _("集团"),
            _("层级"),
            _("客户数"),
            _("户号数"),
            _("容量 kVA"),
            _("月份"),
            _("电量 kWh"),
            _("电费 元"),
        ],
        rows=(
            [
                line.held.group.code,
                line.held.group.name,
                line.held.depth + 1,
                line.held.customers,
                line.held.accounts,
                line.capacity_kva,
                month or "",
                line.energy_kwh,
                line.amount,
            ]
            for line in _lines(request.viewer, month)
        ),
        at=timezone.now(),
    )


def _lines(viewer: Viewer, month: str | None, *, top: str = "") -> list[Line]:
    held = groups_queries.list_group_lines(viewer, top=top)
    parents = groups_queries.map_parents()
    capacity = groups_queries.roll_up(parents, supply_queries.map_group_capacity_kva(viewer), 0)
    sums = insights.map_group_sums(viewer, months=[month]) if month else {}
    last = {pk: by_month[month] for pk, by_month in sums.items() if month in by_month}
    none = Decimal(0)
    energy = groups_queries.roll_up(parents, {pk: s.energy_kwh for pk, s in last.items()}, none)
    amount = groups_queries.roll_up(parents, {pk: s.amount for pk, s in last.items()}, none)
    return [
        Line(line, capacity[line.group.pk], energy[line.group.pk], amount[line.group.pk])
        for line in held
    ]


def _month(name: str, sums: dict[int, dict[str, MonthSum]], below: set[int]) -> MonthSum:
    parts = [by_month[name] for pk, by_month in sums.items() if pk in below and name in by_month]
    return MonthSum(
        name,
        sum((part.energy_kwh for part in parts), Decimal(0)),
        sum((part.amount for part in parts), Decimal(0)),
        sum(part.bills for part in parts),
    )


def _point(month: MonthSum) -> dict[str, object]:
    price = month.average_price
    return {
        "month": month.month,
        "energy_kwh": float(month.energy_kwh),
        "amount": float(month.amount),
        "price": None if price is None else round(float(price), 4),
    }


urlpatterns = [
    path("groups/", group_list, name="group_list"),
    path("groups/export/", export_groups, name="group_export"),
    path("groups/<str:code>/", group_detail, name="group_detail"),
    path("groups/<str:code>/head/", group_head, name="group_head"),
]
