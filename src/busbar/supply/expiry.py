"""Which agreements come to their end, narrowed to a team or a customer. Reading only (R37)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.kit.periods import Period
from busbar.supply.models import Agreement


def list_ending_agreements(
    viewer: Viewer,
    *,
    period: Period,
    mine: bool = False,
    customer_id: int | None = None,
    after: tuple[dt.date, int] | None = None,
    limit: int,
) -> list[Agreement]:
    """Agreements whose last day lies in the period and that no later one follows, soonest first.

    `valid_until` is the first day without agreement. `after` is the last row's (valid_until, id).
    """
    ending = _ending(viewer, period=period, mine=mine, customer_id=customer_id)
    if after is not None:
        ending = ending.filter(beyond(("valid_until", "id"), after))
    return list(ending.select_related("account__customer").order_by("valid_until", "pk")[:limit])


def count_ending_agreements(
    viewer: Viewer, *, period: Period, mine: bool = False, customer_id: int | None = None
) -> int:
    """How many agreements `list_ending_agreements` would name."""
    return _ending(viewer, period=period, mine=mine, customer_id=customer_id).count()


def _ending(
    viewer: Viewer, *, period: Period, mine: bool, customer_id: int | None
) -> QuerySet[Any]:
    followed = Agreement.objects.filter(valid_from__gte=period.start).values("account")
    ending = (
        Agreement.objects.visible_to(viewer)
        .filter(valid_until__gte=period.start, valid_until__lt=period.end)
        .exclude(account__in=followed)
    )
    return ending.looked_after(viewer, mine=mine, customer_id=customer_id)
