"""《高压用电申请》 filled in by staff for the customer: all that is wrong at once, nothing lost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access import queries as access_queries
from busbar.access.models import LEVELS, Employee, OrganizationUnit, UnitKind
from busbar.access.permissions import Permission
from busbar.connections import forms as connection_forms
from busbar.connections import operations as connections_operations
from busbar.connections.forms import ApplicationForm, LoadLine, Problem
from busbar.connections.models import (
    ApplicationKind,
    ConnectionApplication,
)
from busbar.connections.operations.submit import UnableToIncreaseAccount
from busbar.console.connections.entry_form import (
    SECTIONS,
    EntryForm,
    LoadRow,
    line_of,
    read_loads,
)
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.customers import queries as customers_queries
from busbar.customers.models import (
    Contact,
    Customer,
    CustomerAccount,
)
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.supply.models import Site

BLANK_LOADS = 4
_TAKES_IN = frozenset(
    {
        *LEVELS,
        UnitKind.SUPPLY_STATION,
        UnitKind.SERVICE_CENTER,
        UnitKind.KEY_ACCOUNTS,
        UnitKind.MARKETING,
    }
)
FOUND = 8


@require_http_methods(["GET", "HEAD", "POST"])
def new_application(request: StaffRequest) -> HttpResponse:
    """The empty form, or the form as it was sent with everything that is wrong beside it."""
    request.viewer.require(Permission.ACCEPT_APPLICATIONS)
    units = _units(request)
    if request.method != "POST":
        form = _form(None, units, initial=_beginning(request, units))
        return _show(request, form, [LoadRow() for _row in range(BLANK_LOADS)])
    form, rows = _form(request.POST, units), read_loads(request.POST)
    if "add_row" in request.POST:
        blank = _form(None, units, initial=request.POST.dict())
        return _show(request, blank, [*rows, LoadRow()])
    made = _submit(request, form, rows, units)
    if made is None:
        return _show(request, form, rows or [LoadRow()], status=422)
    page = reverse("application_tab", args=[made.number, "documents"])
    return redirect(f"{page}?submitted=1")


@require_safe
def load_row(request: StaffRequest) -> HttpResponse:
    """One more empty line of the equipment list."""
    request.viewer.require(Permission.ACCEPT_APPLICATIONS)
    context = {"row": LoadRow()}
    return render(request, "console/connections/applications/_load_row.html", context)


@require_safe
def applicants(request: StaffRequest) -> HttpResponse:
    """Customers and accounts that fit what is typed, to begin the form with."""
    request.viewer.require(Permission.ACCEPT_APPLICATIONS)
    text = request.GET.get("who", "").strip()[:60]
    hits = customers_queries.search(request.viewer, text, limit=FOUND) if text else []
    context = {"hits": hits, "text": text}
    return render(request, "console/connections/applications/_applicants.html", context)


@require_safe
def applicant(request: StaffRequest) -> HttpResponse:
    """The applicant's part of the form, filled from the archive; the rest stays as typed."""
    request.viewer.require(Permission.ACCEPT_APPLICATIONS)
    units = _units(request)
    known = {**request.GET.dict(), **_from_archive(request)}
    context = {"form": _form(None, units, initial=known), "names": SECTIONS[0][2]}
    return render(request, "console/connections/applications/_applicant.html", context)


def _submit(
    request: StaffRequest, form: EntryForm, rows: list[LoadRow], units: list[OrganizationUnit]
) -> ConnectionApplication | None:
    """The application, or None with every error placed."""
    typed = form.is_valid()
    loads = [line_of(row) for row in rows]
    wanted = _wanted(form, tuple(line for line in loads if line is not None))
    problems = connection_forms.list_problems(wanted, on=local_date(timezone.now()))
    _place(form, rows, problems)
    if not typed or form.errors or form.load_errors or any(row.errors for row in rows):
        return None
    unit = next(unit for unit in units if unit.code == form.cleaned_data["unit"])
    try:
        return connections_operations.submit_and_start(
            form=wanted,
            unit=unit,
            channel=form.cleaned_data["channel"],
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        field = "account_number" if isinstance(refusal, UnableToIncreaseAccount) else None
        form.add_error(field, said(refusal))
        return None


def _place(form: EntryForm, rows: list[LoadRow], problems: list[Problem]) -> None:
    """Each problem beside its field; a field that is not even typed right says only that."""
    mistyped = set(form.errors)
    for problem in problems:
        if problem.line:
            if problem.line <= len(rows) and not rows[problem.line - 1].errors:
                rows[problem.line - 1].errors.append(said(problem.why))
        elif problem.field == "loads":
            form.load_errors.append(said(problem.why))
        elif problem.field not in mistyped:
            form.add_error(problem.field, said(problem.why))


def _wanted(form: EntryForm, loads: tuple[LoadLine, ...]) -> ApplicationForm:
    """What could be read of the form; harmless values stand in for what could not."""
    data = form.cleaned_data
    facts: dict[str, Any] = {
        name: data.get(name) for name in connection_forms.COLUMNS if name in EntryForm.base_fields
    }
    for name in ("existing_kva", "critical_load_kw", "emergency_generator_kw"):
        facts[name] = facts[name] or 0
    facts["growth_percent"] = facts["growth_percent"] or Decimal(0)
    for name in ("requested_kva", "shifts"):
        facts[name] = 1 if facts[name] is None else facts[name]
    for name, value in facts.items():
        if value is None and name not in ("wished_voltage_kv", "wished_on", "temporary_until"):
            facts[name] = form.data.get(name, "")
    number = data.get("account_number") or ""
    return ApplicationForm(**facts, account_number=number, loads=loads)


def _form(
    data: QueryDict | None,
    units: list[OrganizationUnit],
    *,
    initial: Mapping[str, Any] | None = None,
) -> EntryForm:
    form = EntryForm(data, initial=dict(initial or {}))
    form.fields["unit"].choices = [(u.code, u.name) for u in units]  # type: ignore[attr-defined] # a ChoiceField
    for name in ("wished_on", "temporary_until"):
        form.fields[name].widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return form


def _units(request: StaffRequest) -> list[OrganizationUnit]:
    """The viewer's units that take applications in."""
    seen = access_queries.list_branch(request.viewer)
    return [unit for unit in seen if unit.is_active and unit.kind in _TAKES_IN]


def _beginning(request: StaffRequest, units: list[OrganizationUnit]) -> dict[str, Any]:
    """The viewer's own unit, and the customer or account that the address names."""
    own = Employee.objects.filter(pk=request.viewer.employee_id or 0).select_related("unit").first()
    code = own.unit.code if own else (units[0].code if units else "")
    return {"kind": "new", "supply_kind": "hv_single", "unit": code, **_from_archive(request)}


def _from_archive(request: StaffRequest) -> dict[str, Any]:
    """What the archive knows of the customer or account in the query string."""
    number = request.GET.get("account", "")
    if number:
        account = (
            CustomerAccount.objects.visible_to(request.viewer)
            .select_related("customer", "unit")
            .get(number=number)
        )
        facts = _of_customer(account.customer)
        site = Site.objects.filter(usage_points__account=account).order_by("pk").first()
        return {
            **facts,
            "kind": ApplicationKind.INCREASE,
            "account_number": account.number,
            "site_name": site.name if site else account.name,
            "address": account.address or (site.address if site else ""),
            "unit": account.unit.code,
        }
    number = request.GET.get("customer", "")
    if number:
        customer = customers_queries.get_customer(request.viewer, number)
        return {**_of_customer(customer), "kind": ApplicationKind.NEW, "account_number": ""}
    return {}


def _of_customer(customer: Customer) -> dict[str, Any]:
    contact = Contact.objects.filter(customer=customer).order_by("-is_primary", "pk").first()
    return {
        "applicant_name": customer.name,
        "credit_code": customer.credit_code,
        "customer_kind": customer.kind,
        "industry_code": customer.industry_code,
        "importance": customer.importance,
        "address": customer.address,
        "contact_name": contact.name if contact else "",
        "contact_phone": contact.phone if contact else "",
        "contact_email": contact.email if contact else "",
    }


def _show(
    request: StaffRequest, form: EntryForm, rows: list[LoadRow], *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "rows": rows,
        "sections": SECTIONS,
        "names": SECTIONS[0][2],
        "problems": _count(form, rows),
    }
    name = "console/connections/applications/new.html"
    return render(request, name, context, status=status)


def _count(form: EntryForm, rows: list[LoadRow]) -> int:
    fields = sum(len(errors) for errors in form.errors.values())
    return fields + len(form.load_errors) + sum(len(row.errors) for row in rows)


urlpatterns = [
    path("connections/new/", new_application, name="application_new"),
    path("connections/new/row/", load_row, name="application_load_row"),
    path("connections/new/applicants/", applicants, name="application_applicants"),
    path("connections/new/applicant/", applicant, name="application_applicant"),
]
