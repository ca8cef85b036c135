"""经理的客户: my portfolio, the unit's portfolios, customers without a manager, handing over."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from busbar.access import queries as access_queries
from busbar.access.models import Employee, OrganizationUnit, UnitKind
from busbar.access.permissions import Permission
from busbar.console.acts import DayField
from busbar.console.answers import done, tell_and_go
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest
from busbar.customers.models import TeamRole
from busbar.key_accounts.operations import assigning
from busbar.key_accounts.queries import portfolios as portfolios_queries
from busbar.kit.periods import local_date

MOST_CHOSEN = 500


class HandoverForm(forms.Form):
    """To whom, why, and until when if only for a while."""

    to_number = forms.ChoiceField(label=gettext_lazy("接收人"))
    reason = forms.CharField(label=gettext_lazy("移交原因"), max_length=300)
    until = DayField(label=gettext_lazy("临时代管至（长期移交不填）"), required=False)


class AssignForm(forms.Form):
    """Who is to lead a customer."""

    customer_number = forms.CharField(max_length=20)
    employee_number = forms.ChoiceField()


@require_safe
@by_group
def my_portfolio(request: StaffRequest) -> HttpResponse:
    """The customers of whom the reader is A角 or B角, each with what may be done."""
    text = request.GET.get("q", "").strip()[:100]
    page = portfolios_queries.list_portfolio(
        request.viewer,
        request.viewer.employee_id or 0,
        after=request.GET.get("after", ""),
        text=text,
    )
    context = {
        "page": page,
        "text": text,
        "portfolio": portfolios_queries.find_own_portfolio(request.viewer, on=_today()),
        "roles": dict(TeamRole.choices),
        "may_order": request.viewer.may(Permission.ORDER_DEPARTMENTS),
    }
    return render(request, "console/managers/my_portfolio.html", context)


@require_safe
@by_group
def portfolio_list(request: StaffRequest) -> HttpResponse:
    """Every manager of the branch, or of a unit's below, with load and what leaves the standard."""
    chosen = _unit(request, request.GET["unit"]) if request.GET.get("unit") else None
    rows = portfolios_queries.list_portfolios(request.viewer, on=_today(), within=chosen)
    units = {row.employee.unit_id: row.employee.unit for row in rows}
    counted = [u for u in units if sum(r.employee.unit_id == u for r in rows) > 1]
    context = {
        "rows": rows,
        "chosen_unit": chosen,
        "unowned": portfolios_queries.count_unowned(request.viewer),
        "outside": sum(bool(row.warning) for row in rows),
        "customers": sum(row.customers for row in rows),
        "chart": {
            "names": [row.employee.name for row in rows],
            "loads": [float(row.load) for row in rows],
            "customers": [row.customers for row in rows],
            "words": {"load": _("负荷（分）"), "customers": _("户数")},
        },
        "units": [units[pk] for pk in counted],
    }
    return render(request, "console/managers/portfolios.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@by_group
def portfolio(request: StaffRequest, employee_number: str) -> HttpResponse:
    """One manager's customers; all or the chosen ones may be handed over here."""
    person = _person(request, employee_number)
    form = _handover_form(request, person)
    if request.method == "POST":
        request.viewer.require(Permission.ASSIGN_CUSTOMERS)
        if done(form, lambda: _hand_over(request, person, form.cleaned_data)):
            return tell_and_go(request, _("已移交"), "handover_list")
    page = portfolios_queries.list_portfolio(
        request.viewer, person.pk, after=request.GET.get("after", "")
    )
    context = {
        "person": person,
        "page": page,
        "form": form,
        "roles": dict(TeamRole.choices),
        "may": request.viewer.may(Permission.ASSIGN_CUSTOMERS),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/managers/portfolio.html", context, status=status)


def _handover_form(request: StaffRequest, person: Employee) -> HandoverForm:
    form = HandoverForm(request.POST if request.method == "POST" else None)
    people = [p for p in portfolios_queries.list_managers(request.viewer) if p.pk != person.pk]
    people.sort(key=lambda other: other.unit_id != person.unit_id)
    form.fields["to_number"].choices = [  # type: ignore[attr-defined] # a ChoiceField
        (other.number, f"{other.name} · {other.unit.name}") for other in people
    ]
    return form


def _hand_over(request: StaffRequest, person: Employee, data: dict[str, Any]) -> None:
    chosen = request.POST.getlist("customer")[:MOST_CHOSEN]
    assigning.hand_over(
        from_number=person.number,
        customers=None if request.POST.get("which") == "all" else chosen,
        by=request.viewer,
        at=timezone.now(),
        **data,
    )


@require_safe
def balance(request: StaffRequest, unit_code: str) -> HttpResponse:
    """How a unit's portfolios could come level, and what each would then have."""
    unit = _unit(request, unit_code)
    if unit.kind != UnitKind.KEY_ACCOUNTS:
        raise Http404
    found = portfolios_queries.suggest_balance(request.viewer, unit, on=_today())
    context = {
        "unit": unit,
        "found": found,
        "chart": {
            "names": [row.employee.name for row in found.effect],
            "loads": [float(row.load_before) for row in found.effect],
            "after": [float(row.load_after) for row in found.effect],
            "words": {"load": _("现在"), "after": _("调整后")},
        },
        "may": request.viewer.may(Permission.ASSIGN_CUSTOMERS),
    }
    return render(request, "console/managers/balance.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@by_group
def unowned(request: StaffRequest) -> HttpResponse:
    """无主客户, longest first by name; each may be given an A角 here."""
    form = AssignForm(request.POST if request.method == "POST" else None)
    people = portfolios_queries.list_managers(request.viewer)
    form.fields["employee_number"].choices = [  # type: ignore[attr-defined] # a ChoiceField
        (person.number, f"{person.name} · {person.unit.name}") for person in people
    ]
    if request.method == "POST":
        request.viewer.require(Permission.ASSIGN_CUSTOMERS)
        if done(form, lambda: _assign(request, form.cleaned_data)):
            return tell_and_go(request, _("已分配A角"), "unowned_list")
    text = request.GET.get("q", "").strip()[:100]
    context = {
        "page": portfolios_queries.list_unowned(
            request.viewer, after=request.GET.get("after", ""), text=text
        ),
        "count": portfolios_queries.count_unowned(request.viewer),
        "text": text,
        "form": form,
        "people": form.fields["employee_number"].choices,  # type: ignore[attr-defined] # a ChoiceField
        "may": request.viewer.may(Permission.ASSIGN_CUSTOMERS),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/managers/unowned.html", context, status=status)


def _assign(request: StaffRequest, data: dict[str, Any]) -> None:
    assigning.assign_manager(role=TeamRole.LEAD, by=request.viewer, at=timezone.now(), **data)


@require_safe
@by_group
def handover_list(request: StaffRequest) -> HttpResponse:
    """Handovers, the latest first, each to be given back."""
    context = {
        "rows": portfolios_queries.list_handovers(request.viewer),
        "may": request.viewer.may(Permission.ASSIGN_CUSTOMERS),
    }
    return render(request, "console/managers/handovers.html", context)


class ReturnForm(forms.Form):
    """Why a handover is given back."""

    reason = forms.CharField(max_length=300)


@require_POST
def handover_return(request: StaffRequest, handover_number: str) -> HttpResponse:
    """Give back by another handover."""
    request.viewer.require(Permission.ASSIGN_CUSTOMERS)
    form = ReturnForm(request.POST)
    if done(
        form,
        lambda: assigning.return_handover(
            number=handover_number, by=request.viewer, at=timezone.now(), **form.cleaned_data
        ),
    ):
        return tell_and_go(request, _("已交还"), "handover_list")
    context = {
        "rows": portfolios_queries.list_handovers(request.viewer),
        "may": True,
        "form": form,
    }
    return render(request, "console/managers/handovers.html", context, status=422)


def _person(request: StaffRequest, number: str) -> Employee:
    for person in portfolios_queries.list_managers(request.viewer):
        if person.number == number:
            return person
    raise Http404


def _unit(request: StaffRequest, code: str) -> OrganizationUnit:
    """A unit of the viewer's branch by its code."""
    for unit in access_queries.list_branch(request.viewer):
        if unit.code == code:
            return unit
    raise Http404


def _today() -> dt.date:
    return local_date(timezone.now())


urlpatterns = [
    path("portfolio/", my_portfolio, name="my_portfolio"),
    path("portfolios/", portfolio_list, name="portfolio_list"),
    path("portfolios/unowned/", unowned, name="unowned_list"),
    path("portfolios/balance/<str:unit_code>/", balance, name="portfolio_balance"),
    path("portfolios/of/<str:employee_number>/", portfolio, name="portfolio"),
    path("handovers/", handover_list, name="handover_list"),
    path("handovers/<str:handover_number>/return/", handover_return, name="handover_return"),
]
