"""Reading metering and service orders, and the answers that others may find again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.connections.models.orders import MeteringOrder, OrderState, ServiceOrder


def list_metering_orders(
    viewer: Viewer, *, kind: str = "", state: str = "", usage_point_id: int | None = None
) -> QuerySet[MeteringOrder, MeteringOrder]:
    """Metering orders newest first, as far as the viewer sees them."""
    rows = MeteringOrder.objects.visible_to(viewer).select_related("usage_point__account", "unit")
    narrowed: dict[str, Any] = {"kind": kind, "state": state, "usage_point_id": usage_point_id}
    rows = rows.filter(**{name: value for name, value in narrowed.items() if value})
    ordered: QuerySet[MeteringOrder, MeteringOrder] = rows.order_by("-ordered_at", "-id")
    return ordered


def list_service_orders(
    viewer: Viewer, *, kind: str = "", state: str = "", customer_id: int | None = None
) -> QuerySet[ServiceOrder, ServiceOrder]:
    """Service orders newest first, as far as the viewer sees them."""
    rows = ServiceOrder.objects.visible_to(viewer).select_related("customer", "unit")
    narrowed: dict[str, Any] = {"kind": kind, "state": state, "customer_id": customer_id}
    rows = rows.filter(**{name: value for name, value in narrowed.items() if value})
    ordered: QuerySet[ServiceOrder, ServiceOrder] = rows.order_by("-ordered_at", "-id")
    return ordered


def list_due_maintenance(viewer: Viewer, *, until: dt.date) -> QuerySet[ServiceOrder, ServiceOrder]:
    """Maintenance whose next turn falls due by the day, the most urgent first."""
    rows = ServiceOrder.objects.visible_to(viewer).filter(
        state=OrderState.DONE, next_due_on__lte=until
    )
    ordered: QuerySet[ServiceOrder, ServiceOrder] = rows.order_by("next_due_on", "id")
    return ordered


def search_answers(words: str) -> list[tuple[str, str, str]]:
    """Published (topic, question, answer) that hold every word; no customer is named.

    Company-wide: what one office answered, every office may find (R11).
    """
    rows = ServiceOrder.objects.filter(is_published=True)
    for word in words.split():
        rows = rows.filter(
            Q(topic__icontains=word) | Q(request__icontains=word) | Q(result__icontains=word)
        )
    found = rows.order_by("topic", "id").values_list("topic", "request", "result")[:50]
    return [(topic, question, answer) for topic, question, answer in found]
