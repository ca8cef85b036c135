"""部门工作指令: what I ordered, what my department has to do, and one order with its course."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access import queries as access_queries
from busbar.access.permissions import Permission
from busbar.console.answers import done, tell_and_go
from busbar.console.group_choice import by_group
from busbar.console.managers.measures import closed_days, midnight
from busbar.console.requests import StaffRequest, page_number
from busbar.console.workflow.due import DueWords
from busbar.customers.models import Customer
from busbar.key_accounts.models import DepartmentOrder, OrderStage
from busbar.key_accounts.operations import rating, sending
from busbar.key_accounts.queries import orders as orders_queries
from busbar.key_accounts.queries.orders import WHOSE, OrderFilter
from busbar.kit.periods import local_date

PAGE = 50
LABELS = {
    "mine": gettext_lazy("我下达的"),
    "department": gettext_lazy("我部门承办的"),
    "climbed": gettext_lazy("已升级的"),
    "all": gettext_lazy("全部可见的"),
}
SCORES = [(n, str(n)) for n in range(5, 0, -1)]


class RatingForm(forms.Form):
    """One side's word on a finished order."""

    score = forms.TypedChoiceField(label=gettext_lazy("评分"), choices=SCORES, coerce=int)
    word = forms.CharField(label=gettext_lazy("评语"), max_length=300)


class WithdrawForm(forms.Form):
    """Why an order is taken back."""

    reason = forms.CharField(label=gettext_lazy("撤回原因"), max_length=300)


@require_safe
@by_group
def order_list(request: StaffRequest) -> HttpResponse:
    """Orders by whose they are; counts by state above them lead to the rows."""
    now, whose = timezone.now(), request.GET.get("whose", "")
    if whose not in WHOSE:
        whose = "mine" if request.viewer.may(Permission.ORDER_DEPARTMENTS) else "department"
    narrowed = OrderFilter(
        whose=whose,
        state=_one_of(request.GET.get("state", ""), OrderStage.values),
        kind=request.GET.get("kind", "")[:30],
        text=request.GET.get("q", "").strip()[:100],
        manager_id=page_number(request, "manager", 0) or None,
        department_id=page_number(request, "department", 0) or None,
        mark=request.GET.get("mark", "")[:20],
        **_closed(request),
    )
    rows = orders_queries.list_orders(request.viewer, narrowed=narrowed)
    page = orders_queries.page_of_orders(rows, after=request.GET.get("after", ""), limit=PAGE)
    tasks = orders_queries.map_open_tasks(page.orders)
    due = DueWords([task.due_at for task in tasks.values()], at=now)
    counts = orders_queries.count_by_state(request.viewer, whose=whose)
    context = {
        "whose": whose,
        "labels": LABELS.items(),
        "narrowed": narrowed,
        "lines": [(order, _waiting(tasks, order, due)) for order in page.orders],
        "after": page.after,
        "states": [(state, state.label, counts.get(state, 0)) for state in OrderStage],
        "kinds": access_queries.list_order_kinds(on=local_date(now)),
    }
    return render(request, "console/managers/orders.html", context)


def _closed(request: StaffRequest) -> dict[str, Any]:
    """The days of closing that a measure asks for, if it does."""
    if "closed_since" not in request.GET:
        return {}
    first, last = closed_days(request)
    until = midnight(last + dt.timedelta(days=1))
    return {"closed_since": midnight(first), "closed_until": until}


def _waiting(tasks: dict[int, Any], order: DepartmentOrder, due: DueWords) -> Any:
    task = tasks.get(order.process_id or 0)
    return {"task": task, "due": due.of_task(task)} if task is not None else None


@require_safe
def order_page(request: StaffRequest, order_number: str) -> HttpResponse:
    """One order: what was asked by which mandate, where it waits, its course, its ratings."""
    return _page(request, _found(request, order_number), RatingForm())


def _page(
    request: StaffRequest, order: DepartmentOrder, form: forms.Form, status: int = 200
) -> HttpResponse:
    now, task = timezone.now(), orders_queries.find_open_task(order)
    context = {
        "order": order,
        "task": task,
        "due": DueWords([task.due_at], at=now).of_task(task) if task else None,
        "steps": orders_queries.list_steps(order),
        "ratings": orders_queries.list_ratings(order),
        "rungs": order.mandate.rungs.order_by("order"),
        "sees_customer": Customer.objects.visible_to(request.viewer)
        .filter(pk=order.customer_id)
        .exists(),
        "side": orders_queries.find_rating_side(request.viewer, order),
        "may_withdraw": not order.is_closed
        and request.viewer.is_employee(order.ordered_by_id)
        and request.viewer.may(Permission.ORDER_DEPARTMENTS),
        "rating_form": form if isinstance(form, RatingForm) else RatingForm(),
        "withdraw_form": form if isinstance(form, WithdrawForm) else WithdrawForm(),
    }
    return render(request, "console/managers/order.html", context, status=status)


@require_POST
def order_rate(request: StaffRequest, order_number: str) -> HttpResponse:
    """Rate a finished order as the side one was on."""
    order, form = _found(request, order_number), RatingForm(request.POST)
    if done(
        form,
        lambda: rating.rate_order(
            number=order.number, by=request.viewer, at=timezone.now(), **form.cleaned_data
        ),
    ):
        return tell_and_go(request, _("已评价"), "order", order.number)
    return _page(request, order, form, status=422)


@require_POST
def order_withdraw(request: StaffRequest, order_number: str) -> HttpResponse:
    """Take the order back."""
    order, form = _found(request, order_number), WithdrawForm(request.POST)
    if done(
        form,
        lambda: sending.withdraw_order(
            number=order.number, by=request.viewer, at=timezone.now(), **form.cleaned_data
        ),
    ):
        return tell_and_go(request, _("指令已撤回"), "order", order.number)
    return _page(request, order, form, status=422)


def _found(request: StaffRequest, order_number: str) -> DepartmentOrder:
    try:
        return orders_queries.get_order(request.viewer, order_number)
    except DepartmentOrder.DoesNotExist as missing:
        raise Http404 from missing


def _one_of(text: str, values: list[str]) -> str:
    return text if text in values else ""


def address_of(order: DepartmentOrder) -> str:
    """Where the order's page is."""
    return reverse("order", args=[order.number])


urlpatterns = [
    path("department-orders/", order_list, name="order_list"),
    path("department-orders/<str:order_number>/", order_page, name="order"),
    path("department-orders/<str:order_number>/rate/", order_rate, name="order_rate"),
    path("department-orders/<str:order_number>/withdraw/", order_withdraw, name="order_withdraw"),
]
