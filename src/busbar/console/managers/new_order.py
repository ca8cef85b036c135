"""下达指令: from the customer's page or from 今日, by the mandates that the reader holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from busbar.access import queries as access_queries
from busbar.access.models import Mandate, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.console.acts import paragraph
from busbar.console.answers import done, tell_and_go
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer
from busbar.key_accounts.models import DepartmentOrder
from busbar.key_accounts.operations import sending
from busbar.key_accounts.operations.sending import OrderDraft
from busbar.key_accounts.queries import ordering
from busbar.key_accounts.queries import orders as orders_queries
from busbar.key_accounts.queries.ordering import OrderTerms
from busbar.key_accounts.queries.orders import OrderFilter
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

LATEST = 10


class OrderForm(forms.Form):
    """What is ordered."""

    kind = forms.ChoiceField(label=gettext_lazy("指令种类"))
    title = forms.CharField(label=gettext_lazy("事由"), max_length=100)
    amount_yuan = forms.DecimalField(
        label=gettext_lazy("涉及金额（元）"),
        required=False,
        max_digits=14,
        decimal_places=2,
        min_value=Decimal("0.01"),
    )
    hours = forms.DecimalField(
        label=gettext_lazy("涉及时长（小时）"),
        required=False,
        max_digits=7,
        decimal_places=2,
        min_value=Decimal("0.01"),
    )
    details = forms.CharField(label=gettext_lazy("要求"), max_length=2000, widget=paragraph(4))


@dataclass(frozen=True)
class MandateLine:
    """A mandate at work for a customer: which department answers, by when, or why it cannot."""

    mandate: Mandate
    department: OrganizationUnit | None
    terms: OrderTerms | None
    obstacle: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
def order_new(request: StaffRequest, number: str) -> HttpResponse:
    """The form with what the reader's mandates reach for this customer."""
    request.viewer.require(Permission.ORDER_DEPARTMENTS)
    customer = customers_queries.get_customer(request.viewer, number)
    now = timezone.now()
    on = local_date(now)
    kinds = access_queries.list_order_kinds(on=on)
    form = OrderForm(request.POST or None, initial={"kind": request.GET.get("kind", "")})
    form.fields["kind"].choices = [(k.code, k.name) for k in kinds]  # type: ignore[attr-defined] # a ChoiceField
    sent: list[DepartmentOrder] = []
    if done(form, lambda: sent.append(_send(request, customer, form))):
        words = _("已下达给 %(department)s") % {"department": sent[0].department.name}
        return tell_and_go(request, words, "order", sent[0].number)
    found = orders_queries.list_orders(
        request.viewer, narrowed=OrderFilter(customer_id=customer.pk)
    )
    context = {
        "customer": customer,
        "form": form,
        "kinds": kinds,
        "lines": _lines(request, customer, on),
        "latest": found[:LATEST],
    }
    return render(
        request, "console/managers/new_order.html", context, status=422 if form.errors else 200
    )


def _send(request: StaffRequest, customer: Customer, form: OrderForm) -> DepartmentOrder:
    return sending.send_order(
        customer_number=customer.number,
        draft=OrderDraft(**form.cleaned_data),
        by=request.viewer,
        at=timezone.now(),
    )


def _lines(request: StaffRequest, customer: Customer, on: dt.date) -> list[MandateLine]:
    person = access_queries.get_employee_of(request.viewer)
    if person is None:
        return []
    found = []
    for mandate in ordering.list_orderable(request.viewer, customer, on=on):
        try:
            department = ordering.find_department(mandate, customer)
            terms = ordering.get_terms(mandate, receiver=person.unit, department=department, on=on)
            found.append(MandateLine(mandate, department, terms))
        except Refusal as refusal:
            found.append(MandateLine(mandate, None, None, said(refusal)))
    return found


urlpatterns = [path("customers/<str:number>/orders/new/", order_new, name="order_new")]
