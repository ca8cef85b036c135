"""Findings of validation that wait for a person, narrowed to a team or a customer. Reading only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.metering.models import VeeAction, VeeFinding, VeeState

_UNDONE = Q(action__in=[VeeAction.REPORT, VeeAction.SUSPECT]) | Q(written_version=None)
"""Nothing was done about it: a doubt, or a gap that was not filled."""


def list_waiting_findings(
    viewer: Viewer,
    *,
    mine: bool = False,
    customer_id: int | None = None,
    after: tuple[Decimal, int] | None = None,
    limit: int,
) -> list[VeeFinding]:
    """Open findings about which nothing was done, the most yuan at stake first; one query.

    `after` is the last row's (stake_yuan, id).
    """
    rows = _waiting(viewer, mine=mine, customer_id=customer_id)
    if after is not None:
        rows = rows.filter(beyond(("-stake_yuan", "id"), after))
    related = rows.select_related("usage_point__account__customer")
    return list(related.order_by("-stake_yuan", "pk")[:limit])


def count_waiting_findings(
    viewer: Viewer, *, mine: bool = False, customer_id: int | None = None
) -> int:
    """How many findings `list_waiting_findings` would name; one query."""
    return _waiting(viewer, mine=mine, customer_id=customer_id).count()


def _waiting(viewer: Viewer, *, mine: bool, customer_id: int | None) -> QuerySet[Any, Any]:
    rows = VeeFinding.objects.visible_to(viewer).filter(_UNDONE, state=VeeState.OPEN)
    return rows.looked_after(viewer, mine=mine, customer_id=customer_id)
