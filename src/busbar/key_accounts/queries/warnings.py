"""Customers that may leave or shrink and that nobody has spoken with since it was seen (R91)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.key_accounts.models import StageAssessment
from busbar.key_accounts.queries.recognition import get_latest_run
from busbar.service_desk.models import Interaction, InteractionState


def list_open_warnings(
    viewer: Viewer,
    *,
    mine: bool = False,
    customer_id: int | None = None,
    after: tuple[Decimal, int] | None = None,
    limit: int,
) -> list[StageAssessment]:
    """Warned customers of the newest run without a talk since, the highest revenue first.

    Two queries. `after` is the last row's (annual_revenue_yuan, id).
    """
    rows = _open(viewer, mine=mine, customer_id=customer_id)
    if after is not None:
        rows = rows.filter(beyond(("-annual_revenue_yuan", "id"), after))
    related = rows.select_related("customer", "run")
    return list(related.order_by("-annual_revenue_yuan", "pk")[:limit])


def count_open_warnings(
    viewer: Viewer, *, mine: bool = False, customer_id: int | None = None
) -> int:
    """How many customers `list_open_warnings` would name; two queries."""
    return _open(viewer, mine=mine, customer_id=customer_id).count()


def _open(viewer: Viewer, *, mine: bool, customer_id: int | None) -> QuerySet[Any, Any]:
    run = get_latest_run()
    if run is None:
        return StageAssessment.objects.none()
    rows = StageAssessment.objects.visible_to(viewer).current()
    rows = rows.filter(~_answered(), run=run, warning_count__gt=0)
    return rows.looked_after(viewer, mine=mine, customer_id=customer_id)


def _answered() -> Exists:
    """A talk held or planned after what the warning rests on: it answers it."""
    since = OuterRef("as_of")
    talks = Interaction.objects.filter(customer=OuterRef("customer")).exclude(
        state=InteractionState.CANCELLED
    )
    return Exists(talks.filter(Q(happened_at__gte=since) | Q(planned_at__gte=since)))
