"""Visits to come and held, calls and messages; one customer's, one person's, a branch's."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.service_desk.models import Interaction, InteractionState

Interactions = QuerySet[Interaction, Interaction]
_OPEN = (InteractionState.PLANNED, InteractionState.PREPARED)


def list_interactions(
    viewer: Viewer,
    *,
    kind: str = "",
    state: str = "",
    text: str = "",
    mine: bool = False,
    customer_id: int | None = None,
) -> Interactions:
    """Visible interactions, the newest entry first."""
    rows: Interactions = Interaction.objects.visible_to(viewer)
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(subject__contains=text) | Q(customer__name__contains=text))
    if mine:
        rows = rows.filter(owner=viewer.employee_id)
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    return rows.select_related("customer", "owner", "unit").order_by("-id")


def list_planned(viewer: Viewer, *, mine: bool = False) -> Interactions:
    """What is still to be held, the next first."""
    rows: Interactions = Interaction.objects.visible_to(viewer).filter(state__in=_OPEN)
    if mine:
        rows = rows.filter(owner=viewer.employee_id)
    return rows.select_related("customer", "owner", "unit").order_by("planned_at", "id")


def get_interaction(viewer: Viewer, interaction_id: int) -> Interaction:
    """Interaction.DoesNotExist where there is none that the viewer sees."""
    rows: Interactions = Interaction.objects.visible_to(viewer)
    rows = rows.select_related("customer__unit", "owner", "unit", "contact")
    return rows.prefetch_related("files__document").get(pk=interaction_id)
