"""Orders: lists by who ordered and who answers, one with its steps and ratings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from busbar.access import queries as access_queries
from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer, units_in_branch
from busbar.key_accounts.models import (
    DepartmentOrder,
    OrderRating,
    OrderStage,
    OrderStep,
    RatingSide,
    RefusalReason,
)
from busbar.key_accounts.models.dated import valid_on
from busbar.key_accounts.models.orders import CLOSED_STATES, DepartmentOrderQuerySet
from busbar.workflow.models import UserTask

Orders = QuerySet[DepartmentOrder, DepartmentOrder]
WHOSE = ("mine", "department", "climbed", "all")


@dataclass(frozen=True)
class OrderFilter:
    """What of the orders is asked for; `[since, until)` is of the moment of ordering."""

    whose: str = "all"
    state: str = ""
    kind: str = ""
    text: str = ""
    customer_id: int | None = None
    manager_id: int | None = None
    department_id: int | None = None
    only_open: bool = False
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    closed_since: dt.datetime | None = None
    closed_until: dt.datetime | None = None
    mark: str = ""


MARKS = {
    "on_time": Q(reply_late=False) & ~Q(work_late=True),
    "late": Q(reply_late=True) | Q(work_late=True),
    "climbed": Q(climbs__gt=0),
    "reopened": Q(reopened__gt=0),
    "evaded": Q(climbs__gt=0) | Q(handed_on=True) | ~Q(refusal=""),
    "finished": Q(state__in=[OrderStage.SOLVED, OrderStage.PASSED_ON]),
}
"""What a measure counts, as a filter over the orders behind it."""


def list_orders(viewer: Viewer, *, narrowed: OrderFilter | None = None) -> Orders:
    """Visible orders, the latest first."""
    wanted = narrowed or OrderFilter()
    rows = _whose(DepartmentOrder.objects.visible_to(viewer), viewer, wanted.whose)
    exact = {
        "state": wanted.state,
        "kind": wanted.kind,
        "customer_id": wanted.customer_id,
        "ordered_by_id": wanted.manager_id,
        "department_id": wanted.department_id,
        "ordered_at__gte": wanted.since,
        "ordered_at__lt": wanted.until,
        "closed_at__gte": wanted.closed_since,
        "closed_at__lt": wanted.closed_until,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if wanted.mark in MARKS:
        rows = rows.filter(MARKS[wanted.mark])
    if wanted.only_open:
        rows = rows.exclude(state__in=CLOSED_STATES)
    if wanted.text:
        rows = rows.filter(
            Q(number__startswith=wanted.text)
            | Q(title__contains=wanted.text)
            | Q(customer__name__contains=wanted.text)
        )
    return with_names(rows).order_by("-ordered_at", "-pk")


@dataclass(frozen=True)
class OrderPage:
    """A page of orders; `after` asks for the next one, empty at the end."""

    orders: list[DepartmentOrder]
    after: str


def page_of_orders(rows: Orders, *, after: str = "", limit: int = 50) -> OrderPage:
    """The rows after the place where a page ended, by keyset; a damaged place begins anew."""
    place = _place(after)
    if place is not None:
        rows = rows.filter(beyond(("-ordered_at", "-id"), place))
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return OrderPage(found, "")
    last = found[limit - 1]
    return OrderPage(found[:limit], f"{last.ordered_at.isoformat()}_{last.pk}")


def _place(after: str) -> tuple[dt.datetime, int] | None:
    moment, _, key = after.rpartition("_")
    try:
        found = dt.datetime.fromisoformat(moment), int(key)
    except ValueError:
        return None
    return found if found[0].tzinfo is not None and 0 < found[1] < 2**63 else None


def with_names(rows: Orders) -> Orders:
    """With everything that a line says."""
    return rows.select_related("customer", "unit", "department", "holder", "ordered_by")


def get_order(viewer: Viewer, number: str) -> DepartmentOrder:
    """DepartmentOrder.DoesNotExist where there is none that the viewer sees."""
    rows: Orders = DepartmentOrder.objects.visible_to(viewer)
    found: DepartmentOrder = (
        with_names(rows).select_related("mandate", "agreement", "customer__unit").get(number=number)
    )
    return found


def count_by_state(viewer: Viewer, *, whose: str = "all") -> dict[str, int]:
    """Visible orders by state; one query (two for a person's own)."""
    rows = _whose(DepartmentOrder.objects.visible_to(viewer), viewer, whose)
    return dict(rows.order_by().values_list("state").annotate(n=Count("id")))


def list_steps(order: DepartmentOrder) -> QuerySet[OrderStep, OrderStep]:
    """The timeline, the earliest first; the order was found visible."""
    return OrderStep.objects.filter(order=order).order_by("id")


def list_ratings(order: DepartmentOrder) -> list[OrderRating]:
    """What both sides said of it."""
    return list(OrderRating.objects.filter(order=order).order_by("side"))


def find_open_task(order: DepartmentOrder) -> UserTask | None:
    """Where the order waits for somebody now."""
    tasks = UserTask.objects.open().filter(instance_id=order.process_id or 0)
    found: UserTask | None = tasks.select_related("unit", "owner", "clock__limit").first()
    return found


def map_open_tasks(orders: Iterable[DepartmentOrder]) -> dict[int, UserTask]:
    """The open task of each order, by the order's process; one query."""
    ids = [order.process_id for order in orders if order.process_id]
    tasks = UserTask.objects.open().filter(instance__in=ids)
    tasks = tasks.select_related("unit", "owner", "clock__limit")
    return {task.instance_id: task for task in tasks}


def find_rating_side(viewer: Viewer, order: DepartmentOrder) -> str:
    """As which side the viewer may rate a closed order now; empty where not."""
    person = access_queries.get_employee_of(viewer)
    if person is None or order.state not in (
        OrderStage.SOLVED,
        OrderStage.PASSED_ON,
    ):
        return ""
    side = ""
    if person.unit_id == order.department_id and order.department_role in person.roles:
        side = RatingSide.PROVIDER
    elif person.pk == order.ordered_by_id:
        side = RatingSide.RECEIVER
    return "" if not side or order.ratings.filter(side=side).exists() else str(side)


def list_refusal_reasons(*, on: dt.date) -> list[RefusalReason]:
    """The catalogue in force on the day, by code."""
    return list(RefusalReason.objects.filter(valid_on(on)).order_by("code"))


def _whose(rows: DepartmentOrderQuerySet, viewer: Viewer, whose: str) -> DepartmentOrderQuerySet:
    if whose == "mine":
        return rows.filter(ordered_by=viewer.employee_id or 0)
    if whose in {"department", "climbed"} and not viewer.sees_all:
        units = units_in_branch(viewer.unit_path) if viewer.unit_path else []
        where = {"department": "department", "climbed": "holder"}[whose]
        rows = rows.filter(**{f"{where}__in": units})
    return rows.filter(state=OrderStage.CLIMBED) if whose == "climbed" else rows
