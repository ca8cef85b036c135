"""走访随行册 on the screen and as PDF: one customer, ready to take along."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from busbar.console.exporting import as_attachment, record_export
from busbar.console.metering.words import STARTS
from busbar.console.requests import StaffRequest
from busbar.console.saving_words import say_saving
from busbar.key_accounts.visit_sheet import (
    VisitSheet,
    gather_visit_sheet,
    get_sheet_load,
    render_visit_sheet,
)
from busbar.key_accounts.visit_sheet.facts import OpenMatter
from busbar.key_accounts.visit_sheet.making import say_effects


@require_safe
def visit_sheet(request: StaffRequest, number: str) -> HttpResponse:
    """The sheet, readable on a phone."""
    sheet = gather_visit_sheet(request.viewer, number, at=timezone.now())
    return render(request, "console/customer/visit_sheet.html", _context(sheet))


@require_safe
def visit_sheet_load(request: StaffRequest, number: str) -> HttpResponse:
    """The load, which the sheet asks for once it stands: reading curves would hold it up."""
    load = get_sheet_load(request.viewer, number)
    chart = load and {"times": STARTS, "day": load.day_kw, "working": load.working_kw}
    context = {"load": load, "chart": chart, "number": number}
    return render(request, "console/customer/_sheet_load.html", context)


@require_safe
def visit_sheet_pdf(request: StaffRequest, number: str) -> HttpResponse:
    """The same on paper, in Chinese whoever prints it; who took it along is written down."""
    at = timezone.now()
    with translation.override("zh-hans"):
        sheet = gather_visit_sheet(request.viewer, number, at=at)
        load = get_sheet_load(request.viewer, number)
        pdf = render_visit_sheet(sheet, load, say=say_saving)
    record_export(
        viewer=request.viewer,
        name=f"走访随行册 {sheet.customer.number}",
        kind="pdf",
        rows=1,
        at=at,
        customer_id=sheet.customer.pk,
    )
    name = f"走访随行册-{sheet.customer.number}.pdf"
    return as_attachment(pdf, name, "application/pdf")


def _context(sheet: VisitSheet) -> dict[str, Any]:
    return {
        "sheet": sheet,
        "customer": sheet.customer,
        "months": [(month, say_effects(month)) for month in reversed(sheet.months)],
        "chart": [
            {
                "month": month.month,
                "energy_kwh": float(month.energy_kwh),
                "amount": float(month.amount_yuan),
                "price": None if month.price is None else round(float(month.price), 4),
            }
            for month in sheet.months
        ],
        "savings": [(saving, say_saving(saving)) for saving in sheet.savings],
        "outages": [(outage, outage.hours(sheet.at)) for outage in sheet.outages],
        "open": [_linked(m) for m in (*sheet.matters, *sheet.orders, *sheet.measures)],
        "owed": [_linked(m) for m in (*sheet.promises, *sheet.complaints)],
        "hazards": [_linked(m) for m in sheet.hazards],
    }


def _linked(matter: OpenMatter) -> tuple[OpenMatter, str]:
    return matter, reverse(matter.url[0], args=[matter.url[1]]) if matter.url else ""


urlpatterns = [
    path("customers/<str:number>/sheet/", visit_sheet, name="visit_sheet"),
    path("customers/<str:number>/sheet/load/", visit_sheet_load, name="visit_sheet_load"),
    path("customers/<str:number>/sheet.pdf", visit_sheet_pdf, name="visit_sheet_pdf"),
]
