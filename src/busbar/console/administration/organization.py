"""组织机构: the tree, and adding, renaming, closing and opening a unit."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import UnitKind
from busbar.access.permissions import Permission
from busbar.console.administration.units import get_unit, list_unit_rows
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal


class UnitForm(forms.Form):
    """A unit to be added below another."""

    code = forms.CharField(label=gettext_lazy("编码"), max_length=20)
    name = forms.CharField(label=gettext_lazy("名称"), max_length=100)
    kind = forms.ChoiceField(label=gettext_lazy("类型"), choices=UnitKind.choices)


@require_safe
def organization(request: StaffRequest) -> HttpResponse:
    """The viewer's branch of the tree."""
    request.viewer.require(Permission.ADMINISTER)
    rows = list_unit_rows(request.viewer)
    return render(request, "console/administration/organization.html", {"rows": rows})


@require_safe
def unit_detail(request: StaffRequest, code: str) -> HttpResponse:
    """One unit, what can be done with it, and who is placed in it."""
    request.viewer.require(Permission.ADMINISTER)
    return _unit_page(request, code)


@require_POST
def unit_create(request: StaffRequest, code: str) -> HttpResponse:
    """Add a unit below this one."""
    request.viewer.require(Permission.ADMINISTER)
    form = UnitForm(request.POST)
    parent = get_unit(request.viewer, code)
    if not form.is_valid():
        return _unit_page(request, code, form)
    try:
        unit = access_operations.create_unit(
            **form.cleaned_data, parent=parent, by=request.viewer, at=timezone.now()
        )
    except Refusal as refusal:
        form.add_error(None, said(refusal))
        return _unit_page(request, code, form)
    messages.success(request, _("已新设 %(name)s") % {"name": unit.name})
    return redirect("unit_detail", unit.code)


@require_POST
def unit_rename(request: StaffRequest, code: str) -> HttpResponse:
    """Give the unit another name."""
    request.viewer.require(Permission.ADMINISTER)
    unit = get_unit(request.viewer, code)
    try:
        access_operations.rename_unit(
            unit=unit, name=request.POST.get("name", ""), by=request.viewer, at=timezone.now()
        )
        messages.success(request, _("已更名"))
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("unit_detail", code)


@require_POST
def unit_activity(request: StaffRequest, code: str) -> HttpResponse:
    """Close an open unit, open a closed one."""
    request.viewer.require(Permission.ADMINISTER)
    unit = get_unit(request.viewer, code)
    change = (
        access_operations.deactivate_unit if unit.is_active else access_operations.reactivate_unit
    )
    reason = request.POST.get("reason", "")
    try:
        change(unit=unit, by=request.viewer, at=timezone.now(), reason=reason)
        messages.success(request, _("已停用") if unit.is_active else _("已恢复使用"))
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("unit_detail", code)


def _unit_page(request: StaffRequest, code: str, form: UnitForm | None = None) -> HttpResponse:
    unit = get_unit(request.viewer, code)
    if form is None:
        usual = next(iter(access_queries.list_kinds_below(unit.kind)), None)
        form = UnitForm(initial={"kind": usual})
    employees = access_queries.list_employees(request.viewer).filter(unit=unit)
    context = {"unit": unit, "form": form, "employees": list(employees[:100])}
    status = 422 if form.errors else 200
    return render(request, "console/administration/unit.html", context, status=status)


urlpatterns = [
    path("organization/", organization, name="organization"),
    path("organization/<str:code>/", unit_detail, name="unit_detail"),
    path("organization/<str:code>/below/", unit_create, name="unit_create"),
    path("organization/<str:code>/name/", unit_rename, name="unit_rename"),
    path("organization/<str:code>/activity/", unit_activity, name="unit_activity"),
]
