"""账务: the bills of a group or a customer in one, to look at, to take along, to print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.billing import group_bill as group_bills
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.billing.group_bill import GroupBill, Grouping, Whose
from busbar.billing.paper import grouping as group_paper
from busbar.billing.paper import making
from busbar.console import refusals
from busbar.console.exporting import answer_export, as_attachment, record_export
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.kit.money import round_half_up
from busbar.kit.periods import Month

FORMATS = (("csv", "CSV"), ("xlsx", "Excel"), ("pdf", "PDF"))


def _group(request: StaffRequest, code: str) -> Whose:
    return group_bills.find_group(request.viewer, code)


def _customer(request: StaffRequest, number: str) -> Whose:
    return group_bills.find_customer(request.viewer, number)


@require_safe
def group_bill(request: StaffRequest, code: str) -> HttpResponse:
    """A group's bill of a month, under the headings that are chosen."""
    return _page(request, _group(request, code))


@require_safe
def group_bill_of_customer(request: StaffRequest, number: str) -> HttpResponse:
    """One customer's accounts in one bill."""
    return _page(request, _customer(request, number))


@require_POST
def group_bill_export(request: StaffRequest, code: str) -> HttpResponse:
    """A group's bill as CSV, Excel or PDF."""
    return _export(request, _group(request, code))


@require_POST
def group_bill_export_of_customer(request: StaffRequest, number: str) -> HttpResponse:
    """One customer's as CSV, Excel or PDF."""
    return _export(request, _customer(request, number))


@require_POST
def group_bill_heading(request: StaffRequest, code: str) -> HttpResponse:
    """Put accounts of a group under a heading of its own."""
    return _name(request, _group(request, code), reverse("group_bill", args=[code]))


@require_POST
def group_bill_heading_of_customer(request: StaffRequest, number: str) -> HttpResponse:
    """Put accounts of one customer under a heading of its own."""
    back = reverse("group_bill_of_customer", args=[number])
    return _name(request, _customer(request, number), back)


def _name(request: StaffRequest, whose: Whose, back: str) -> HttpResponse:
    """The accounts come from the page of `whose`; the operation judges each by itself."""
    try:
        count = billing_operations.name_heading(
            account_numbers=request.POST.getlist("account"),
            name=request.POST.get("name", ""),
            by=request.viewer,
            at=timezone.now(),
        )
        said = _("%(whose)s：%(count)s 个户号已归组") % {"whose": whose.name, "count": count}
        messages.success(request, said)
    except Refusal as refusal:
        messages.error(request, refusals.said(refusal))
    asked = {k: request.GET[k] for k in ("month",) if k in request.GET} | {"by": Grouping.OWN.value}
    return redirect(f"{back}?{urlencode(asked)}")


def _page(request: StaffRequest, whose: Whose) -> HttpResponse:
    months = billing_queries.list_months()
    context = {
        "whose": whose,
        "months": months,
        "groupings": Grouping.choices,
        "built": _build(request, whose, months),
        "may_export": request.viewer.may(Permission.EXPORT),
        "export_url": _url(whose, "group_bill_export"),
        "formats": FORMATS,
        "heading_url": _url(whose, "group_bill_heading"),
        "may_name": request.viewer.may(Permission.EDIT_CUSTOMERS),
    }
    return render(request, "console/billing/group.html", context)


def _url(whose: Whose, name: str) -> str:
    if whose.customer is not None:
        return reverse(f"{name}_of_customer", args=[whose.customer.number])
    return reverse(name, args=[whose.group.code if whose.group else ""])


def _build(request: StaffRequest, whose: Whose, months: Sequence[str]) -> GroupBill | None:
    """As the query string asks; the newest month by customer where it does not."""
    if not months:
        return None
    month, by = request.GET.get("month", ""), request.GET.get("by", "")
    return group_bills.build_group_bill(
        request.viewer,
        whose,
        month=Month.parse(month if month in months else months[0]),
        grouping=Grouping(by) if by in Grouping.values else Grouping.CUSTOMER,
    )


def _export(request: StaffRequest, whose: Whose) -> HttpResponse:
    request.viewer.require(Permission.EXPORT)
    built = _build(request, whose, billing_queries.list_months())
    if built is None:
        return _page(request, whose)
    name = f"{_('合并账单')}_{whose.name}_{built.month}"
    customer_id = whose.customer.pk if whose.customer else None
    kind, at = request.GET.get("format", ""), timezone.now()
    if kind == "pdf":
        content = making.render_group_bill(group_paper.gather_group(built, at=at))
        rows = len(built.all.lines)
        record_export(
            viewer=request.viewer, name=name, kind=kind, rows=rows, at=at, customer_id=customer_id
        )
        return as_attachment(content, f"{name}.pdf", "application/pdf")
    return answer_export(
        viewer=request.viewer,
        name=name,
        kind="xlsx" if kind == "xlsx" else "csv",
        header=[
            str(built.grouping.label),
            _("客户"),
            _("户号"),
            _("户名"),
            _("用电地址"),
            _("供电单位"),
            _("电价"),
            _("月份"),
            _("电量 kWh"),
            _("最大需量 kW"),
            _("功率因数"),
            _("平均电价 元/kWh"),
            _("金额 元"),
        ],
        rows=_rows(built),
        at=at,
        customer_id=customer_id,
    )


def _rows(built: GroupBill) -> Iterator[Sequence[object]]:
    for part in built.parts:
        for line in part.lines:
            bill, account = line.bill, line.account
            yield (
                part.name,
                account.customer.name,
                account.number,
                account.name,
                line.site,
                account.unit.name,
                line.tariff,
                bill.month,
                bill.energy_kwh,
                bill.max_demand_kw,
                bill.power_factor,
                None if line.average_price is None else round_half_up(line.average_price, 4),
                bill.amount,
            )


urlpatterns = [
    path("group-bills/groups/<str:code>/", group_bill, name="group_bill"),
    path("group-bills/groups/<str:code>/export/", group_bill_export, name="group_bill_export"),
    path(
        "group-bills/customers/<str:number>/",
        group_bill_of_customer,
        name="group_bill_of_customer",
    ),
    path("group-bills/groups/<str:code>/heading/", group_bill_heading, name="group_bill_heading"),
    path(
        "group-bills/customers/<str:number>/heading/",
        group_bill_heading_of_customer,
        name="group_bill_heading_of_customer",
    ),
    path(
        "group-bills/customers/<str:number>/export/",
        group_bill_export_of_customer,
        name="group_bill_export_of_customer",
    ),
]
