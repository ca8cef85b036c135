"""计量装接单与服务工单: lists, new ones, their pages; and the answers that others may find."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import queries as clocks_queries
from busbar.connections import operations as connections_operations
from busbar.connections.models import (
    MeteringOrder,
    MeteringOrderKind,
    OrderState,
    ServiceOrder,
    ServiceOrderKind,
)
from busbar.connections.operations import orders as order_operations
from busbar.connections.operations.orders.metering import METERING_ORDER
from busbar.connections.operations.orders.service import SERVICE_ORDER
from busbar.connections.queries import orders as order_queries
from busbar.console.answers import done, one_of, tell_and_go, whole
from busbar.console.cutting import cut
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, is_part
from busbar.customers import queries as customers_queries
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.supply.models import UsagePoint
from busbar.workflow.models import UserTask

PAGE, FOUND, ENTRIES = 50, 20, 40


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class MeteringForm(forms.Form):
    """Work on a meter of one usage point."""

    kind = forms.ChoiceField(label=gettext_lazy("作业"), choices=MeteringOrderKind.choices)
    usage_point = forms.ChoiceField(label=gettext_lazy("计量点"))
    reason = forms.CharField(label=gettext_lazy("装接原因"), max_length=300)
    planned_on = forms.DateField(label=gettext_lazy("计划日期"), required=False, widget=_day())


class ServiceForm(forms.Form):
    """What a customer asks for."""

    kind = forms.ChoiceField(label=gettext_lazy("服务"), choices=ServiceOrderKind.choices)
    account = forms.ChoiceField(label=gettext_lazy("户号"), required=False)
    topic = forms.CharField(label=gettext_lazy("主题"), max_length=200)
    request = forms.CharField(
        label=gettext_lazy("客户的要求"), widget=forms.Textarea(attrs={"rows": 4})
    )
    planned_on = forms.DateField(label=gettext_lazy("计划日期"), required=False, widget=_day())


class CancelForm(forms.Form):
    """Why an order is called off."""

    reason = forms.CharField(label=gettext_lazy("取消原因"), max_length=300)


@require_safe
@vary_on_headers("HX-Request")
@by_group
def metering_order_list(request: StaffRequest) -> HttpResponse:
    """Metering orders newest first."""
    kind = one_of(request.GET.get("kind", ""), MeteringOrderKind.values)
    state = one_of(request.GET.get("state", ""), OrderState.values)
    rows = order_queries.list_metering_orders(request.viewer, kind=kind, state=state)
    if text := request.GET.get("q", "").strip()[:60]:
        of_point = rows.filter(usage_point__number__startswith=text)
        rows = rows.filter(number__startswith=text) | of_point
    return _list(request, "metering", rows, kind, state, MeteringOrderKind.choices)


@require_safe
@vary_on_headers("HX-Request")
@by_group
def service_order_list(request: StaffRequest) -> HttpResponse:
    """Service orders newest first."""
    kind = one_of(request.GET.get("kind", ""), ServiceOrderKind.values)
    state = one_of(request.GET.get("state", ""), OrderState.values)
    rows = order_queries.list_service_orders(request.viewer, kind=kind, state=state)
    if text := request.GET.get("q", "").strip()[:60]:
        rows = rows.filter(number__startswith=text) | rows.filter(topic__icontains=text)
    return _list(request, "service", rows, kind, state, ServiceOrderKind.choices)


@require_http_methods(["GET", "HEAD", "POST"])
def new_metering_order(request: StaffRequest) -> HttpResponse:
    """Choose the account, then the usage point and the work."""
    request.viewer.require(Permission.HANDLE_CHANGES)
    number = request.POST.get("account_number") or request.GET.get("account", "")
    if not number:
        return _choose(request, "metering_order_new", by_account=True)
    account = _account(request.viewer, number)
    form = MeteringForm(request.POST or None)
    points = list(
        UsagePoint.objects.visible_to(request.viewer).filter(account=account).order_by("number")
    )
    form.fields["usage_point"].choices = [(p.number, f"{p.number} {p.name}") for p in points]  # type: ignore[attr-defined] # a ChoiceField
    made: list[MeteringOrder] = []

    def act() -> None:
        data = form.cleaned_data
        point = next(p for p in points if p.number == data["usage_point"])
        made.append(
            connections_operations.order_metering_and_start(
                kind=data["kind"],
                usage_point=point,
                reason=data["reason"],
                planned_on=data["planned_on"],
                by=request.viewer,
                at=timezone.now(),
            )
        )

    if request.method == "POST" and done(form, act):
        return redirect("metering_order", made[0].number)
    context = {"form": form, "account": account, "customer": account.customer, "is_metering": True}
    return _form_page(request, form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_service_order(request: StaffRequest) -> HttpResponse:
    """Choose the customer, then what is asked for."""
    request.viewer.require(Permission.HANDLE_CHANGES)
    number = request.POST.get("customer_number") or request.GET.get("customer", "")
    if not number:
        return _choose(request, "service_order_new", by_account=False)
    customer = customers_queries.get_customer(request.viewer, number)
    form = ServiceForm(request.POST or None)
    accounts = CustomerAccount.objects.visible_to(request.viewer).filter(customer=customer)
    known = {account.number: account for account in accounts.order_by("number")}
    form.fields["account"].choices = [  # type: ignore[attr-defined] # a ChoiceField
        ("", _("不涉及具体户号")),
        *((n, f"{n} {account.name}") for n, account in known.items()),
    ]
    made: list[ServiceOrder] = []

    def act() -> None:
        data = form.cleaned_data
        made.append(
            connections_operations.order_service_and_start(
                kind=data["kind"],
                customer=customer,
                account=known.get(data["account"]),
                topic=data["topic"],
                request=data["request"],
                planned_on=data["planned_on"],
                by=request.viewer,
                at=timezone.now(),
            )
        )

    if request.method == "POST" and done(form, act):
        return redirect("service_order", made[0].number)
    return _form_page(request, form, {"form": form, "customer": customer, "is_metering": False})


@require_safe
def metering_order(request: StaffRequest, order_number: str) -> HttpResponse:
    """One metering order: what was asked for, what was found and left there."""
    return _page(request, _metering(request.viewer, order_number))


@require_safe
def service_order(request: StaffRequest, order_number: str) -> HttpResponse:
    """One service order: the wish, the result, what was tested."""
    return _page(request, _service(request.viewer, order_number))


@require_POST
def cancel_metering_order(request: StaffRequest, order_number: str) -> HttpResponse:
    """Call the work off; its process ends with it."""
    found = _metering(request.viewer, order_number)
    return _cancel(request, found, order_operations.cancel_metering_order, "metering_order")


@require_POST
def cancel_service_order(request: StaffRequest, order_number: str) -> HttpResponse:
    """The customer needs it no more; its process ends with it."""
    found = _service(request.viewer, order_number)
    return _cancel(request, found, order_operations.cancel_service_order, "service_order")


@require_safe
@vary_on_headers("HX-Request")
def answer_search(request: StaffRequest) -> HttpResponse:
    """Published answers that hold every word; no customer is named."""
    text = request.GET.get("q", "").strip()[:100]
    context = {"text": text, "answers": order_queries.search_answers(text)}
    name = "_answers" if is_part(request) else "answers"
    return render(request, f"console/connections/orders/{name}.html", context)


def _list(
    request: StaffRequest,
    sort: str,
    rows: QuerySet[Any, Any],
    kind: str,
    state: str,
    kinds: Any,
) -> HttpResponse:
    before = whole(request.GET.get("before", ""))
    anchor = rows.filter(pk=before).first() if before else None
    if anchor is not None:
        earlier = rows.filter(ordered_at__lt=anchor.ordered_at)
        rows = earlier | rows.filter(ordered_at=anchor.ordered_at, pk__lt=anchor.pk)
    shown, more = cut(rows, PAGE)
    context = {
        "orders": shown,
        "next_before": shown[-1].pk if more else None,
        "is_metering": sort == "metering",
        "kind": kind,
        "state": state,
        "text": request.GET.get("q", "").strip()[:60],
        "kinds": kinds,
        "states": OrderState.choices,
        "may_handle": request.viewer.may(Permission.HANDLE_CHANGES),
        "page_name": f"{sort}_order",
    }
    part = "_rows" if anchor is not None else "_results"
    name = part if is_part(request) else "list"
    return render(request, f"console/connections/orders/{name}.html", context)


def _choose(request: StaffRequest, next_name: str, *, by_account: bool) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:60]
    hits = customers_queries.search(request.viewer, text, limit=FOUND) if text else []
    wanted = "account" if by_account else "customer"
    context = {
        "text": text,
        "hits": [hit for hit in hits if hit.kind == wanted],
        "customers": [hit for hit in hits if by_account and hit.kind == "customer"],
        "next_name": next_name,
        "by_account": by_account,
    }
    if by_account:
        numbers = [hit.number for hit in hits if hit.kind == "customer"]
        rows = CustomerAccount.objects.visible_to(request.viewer)
        context["accounts"] = list(
            rows.filter(customer__number__in=numbers).order_by("number")[:FOUND]
        )
    name = "_choices" if is_part(request) else "choose"
    return render(request, f"console/connections/orders/{name}.html", context)


def _form_page(request: StaffRequest, form: forms.Form, context: dict[str, Any]) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "console/connections/orders/new.html", context, status=status)


def _page(
    request: StaffRequest,
    found: MeteringOrder | ServiceOrder,
    *,
    extra: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    viewer, at = request.viewer, timezone.now()
    is_metering = isinstance(found, MeteringOrder)
    subject = METERING_ORDER if is_metering else SERVICE_ORDER
    tasks = UserTask.objects.visible_to(viewer).open().filter(instance=found.process_id or 0)
    clocks = clocks_queries.list_subject_clocks(viewer, subject, found.pk)
    context = {
        "order": found,
        "is_metering": is_metering,
        "registers": _registers(found) if isinstance(found, MeteringOrder) else [],
        "tasks": list(tasks.select_related("unit", "owner").order_by("sort_at", "pk")),
        "clocks": [(clock, clock.is_late(at)) for clock in clocks],
        "entries": list(Entry.objects.about(subject, found.pk).order_by("-id")[:ENTRIES]),
        "may_cancel": found.state == OrderState.OPEN and viewer.may(Permission.HANDLE_CHANGES),
        "cancel_form": CancelForm(),
        "now": at,
        **(extra or {}),
    }
    return render(request, "console/connections/orders/page.html", context, status=status)


def _registers(order: MeteringOrder) -> list[tuple[str, Any, Any]]:
    """Each register's end on the old meter and start on the new."""
    read = {(r.reading_type, r.is_start): r.value for r in order.registers.all()}
    names = sorted({name for name, _start in read})
    return [(name, read.get((name, False)), read.get((name, True))) for name in names]


def _cancel(
    request: StaffRequest, found: MeteringOrder | ServiceOrder, cancel: Any, page: str
) -> HttpResponse:
    request.viewer.require(Permission.HANDLE_CHANGES)
    form = CancelForm(request.POST)

    def act() -> None:
        cancel(
            order_id=found.pk,
            reason=form.cleaned_data["reason"],
            by=request.viewer,
            at=timezone.now(),
        )

    if done(form, act):
        return tell_and_go(request, _("已取消"), page, found.number)
    return _page(request, found, extra={"cancel_form": form}, status=422)


def _account(viewer: Viewer, number: str) -> CustomerAccount:
    rows = CustomerAccount.objects.visible_to(viewer).select_related("customer", "unit")
    found: CustomerAccount = rows.get(number=number)
    return found


def _metering(viewer: Viewer, number: str) -> MeteringOrder:
    rows = MeteringOrder.objects.visible_to(viewer).select_related(
        "usage_point__account__customer", "unit", "removed__meter", "installed__meter"
    )
    found: MeteringOrder = rows.get(number=number)
    return found


def _service(viewer: Viewer, number: str) -> ServiceOrder:
    rows = ServiceOrder.objects.visible_to(viewer)
    found: ServiceOrder = rows.select_related("customer", "account", "unit", "officer").get(
        number=number
    )
    return found


urlpatterns = [
    path("orders/metering/", metering_order_list, name="metering_order_list"),
    path("orders/metering/new/", new_metering_order, name="metering_order_new"),
    path("orders/metering/<str:order_number>/", metering_order, name="metering_order"),
    path(
        "orders/metering/<str:order_number>/cancel/",
        cancel_metering_order,
        name="metering_order_cancel",
    ),
    path("orders/service/", service_order_list, name="service_order_list"),
    path("orders/service/new/", new_service_order, name="service_order_new"),
    path("orders/service/<str:order_number>/", service_order, name="service_order"),
    path(
        "orders/service/<str:order_number>/cancel/",
        cancel_service_order,
        name="service_order_cancel",
    ),
    path("answers/", answer_search, name="answer_search"),
]
