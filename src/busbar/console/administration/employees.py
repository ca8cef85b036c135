"""员工: hiring, roles, transfer, password, leaving."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import Employee, Role
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.console.administration.units import get_unit, unit_choices
from busbar.console.cutting import cut
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal

PAGE = 50


class HireForm(forms.Form):
    """Who is to be taken on."""

    name = forms.CharField(label=gettext_lazy("姓名"), max_length=50)
    number = forms.CharField(label=gettext_lazy("工号"), max_length=20)
    username = forms.CharField(label=gettext_lazy("用户名"), max_length=150)
    phone = forms.CharField(label=gettext_lazy("电话"), max_length=30, required=False)
    unit = forms.ChoiceField(label=gettext_lazy("单位"))
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("角色"), choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, viewer: Viewer, *args: Any, **kwargs: Any) -> None:
        """Offers the units of the viewer's branch."""
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = unit_choices(viewer)  # type: ignore[attr-defined] # ChoiceField


@require_safe
def employee_list(request: StaffRequest) -> HttpResponse:
    """Employees of the branch by unit and number, by keyset."""
    request.viewer.require(Permission.ADMINISTER)
    text, code = request.GET.get("q", "").strip(), request.GET.get("unit", "")
    unit = get_unit(request.viewer, code) if code else None
    employees = _matching(access_queries.list_employees(request.viewer, unit=unit), text)
    rows, more = cut(_go_on(employees, request.GET.get("after", "")), PAGE)
    context = {
        "employees": [(e, _role_labels(e)) for e in rows],
        "last": rows[-1] if rows else None,
        "more": more,
        "text": text,
        "unit": code,
        "units": unit_choices(request.viewer),
    }
    return render(request, "console/administration/employees.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def employee_new(request: StaffRequest) -> HttpResponse:
    """Hire: the generated password is on the answer and nowhere else."""
    request.viewer.require(Permission.ADMINISTER)
    form = HireForm(request.viewer, request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        unit = get_unit(request.viewer, fields.pop("unit"))
        try:
            hired = access_operations.hire_employee(
                **fields, unit=unit, by=request.viewer, at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(None, said(refusal))
        else:
            return _show_password(request, hired.employee, hired.password or "")
    status = 422 if form.errors else 200
    return render(request, "console/administration/hire.html", {"form": form}, status=status)


@require_safe
def employee_detail(request: StaffRequest, number: str) -> HttpResponse:
    """One employee and what can be done."""
    request.viewer.require(Permission.ADMINISTER)
    employee = _employee(request, number)
    context = {
        "person": employee,
        "role_labels": _role_labels(employee),
        "all_roles": Role.choices,
        "units": unit_choices(request.viewer),
    }
    return render(request, "console/administration/employee.html", context)


@require_POST
def employee_roles(request: StaffRequest, number: str) -> HttpResponse:
    """Replace the roles."""
    employee, roles = _employee(request, number), request.POST.getlist("roles")
    try:
        access_operations.change_roles(
            employee=employee, roles=roles, by=request.viewer, at=timezone.now(), reason=""
        )
        messages.success(request, _("角色已变更"))
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("employee_detail", number)


@require_POST
def employee_transfer(request: StaffRequest, number: str) -> HttpResponse:
    """Move to another unit of the branch."""
    employee = _employee(request, number)
    unit = get_unit(request.viewer, request.POST.get("unit", ""))
    reason = request.POST.get("reason", "")
    try:
        access_operations.transfer_employee(
            employee=employee, unit=unit, by=request.viewer, at=timezone.now(), reason=reason
        )
        messages.success(request, _("已调入 %(unit)s") % {"unit": unit.name})
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("employee_detail", number)


@never_cache
@require_POST
def employee_password(request: StaffRequest, number: str) -> HttpResponse:
    """A new password, shown on this answer and nowhere else."""
    employee = _employee(request, number)
    try:
        password = access_operations.reset_password(
            employee=employee, by=request.viewer, at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
        return redirect("employee_detail", number)
    return _show_password(request, employee, password)


@require_POST
def employee_dismiss(request: StaffRequest, number: str) -> HttpResponse:
    """Close the sign-in; the record stays."""
    employee, reason = _employee(request, number), request.POST.get("reason", "")
    try:
        access_operations.dismiss_employee(
            employee=employee, by=request.viewer, at=timezone.now(), reason=reason
        )
        messages.success(request, _("已停用账号并撤销令牌"))
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("employee_detail", number)


def _employee(request: StaffRequest, number: str) -> Employee:
    request.viewer.require(Permission.ADMINISTER)
    return access_queries.list_employees(request.viewer).get(number=number)


def _show_password(request: StaffRequest, employee: Employee, password: str) -> HttpResponse:
    context = {"person": employee, "password": password}
    return render(request, "console/administration/password.html", context)


def _role_labels(employee: Employee) -> list[str]:
    return [str(Role(role).label) for role in employee.roles if role in Role.values]


def _matching(employees: QuerySet[Employee, Employee], text: str) -> QuerySet[Employee, Employee]:
    if not text:
        return employees
    named = Q(name__contains=text) | Q(number__startswith=text)
    return employees.filter(named | Q(user__username__startswith=text))


def _go_on(employees: QuerySet[Employee, Employee], after: str) -> QuerySet[Employee, Employee]:
    """From the row after the last one shown: `unit path@number`."""
    unit_path, _at, number = after.partition("@")
    if not number:
        return employees
    same = Q(unit__path=unit_path, number__gt=number)
    return employees.filter(Q(unit__path__gt=unit_path) | same)


urlpatterns = [
    path("employees/", employee_list, name="employee_list"),
    path("employees/new/", employee_new, name="employee_new"),
    path("employees/<str:number>/", employee_detail, name="employee_detail"),
    path("employees/<str:number>/roles/", employee_roles, name="employee_roles"),
    path("employees/<str:number>/unit/", employee_transfer, name="employee_transfer"),
    path("employees/<str:number>/password/", employee_password, name="employee_password"),
    path("employees/<str:number>/leave/", employee_dismiss, name="employee_dismiss"),
]
