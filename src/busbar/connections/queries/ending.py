"""Terms that come to their end: supply schemes in force, changes of supply for a time (U4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ChangeState,
    SchemeState,
    SupplyChange,
    SupplyScheme,
)
from busbar.kit.periods import Period

DayKey = tuple[dt.date, int]


def list_lapsing_schemes(
    viewer: Viewer,
    *,
    period: Period,
    mine: bool = False,
    customer_id: int | None = None,
    after: DayKey | None = None,
    limit: int,
) -> list[SupplyScheme]:
    """Replied schemes without works whose validity ends in the period, the first to end first.

    One query. `after` is the last row's (valid_until, id).
    """
    rows = _lapsing(viewer, period=period, mine=mine, customer_id=customer_id)
    if after is not None:
        rows = rows.filter(beyond(("valid_until", "id"), after))
    return list(rows.select_related("application__customer").order_by("valid_until", "pk")[:limit])


def count_lapsing_schemes(
    viewer: Viewer, *, period: Period, mine: bool = False, customer_id: int | None = None
) -> int:
    """How many schemes `list_lapsing_schemes` would name; one query."""
    return _lapsing(viewer, period=period, mine=mine, customer_id=customer_id).count()


def list_ending_changes(
    viewer: Viewer,
    *,
    period: Period,
    mine: bool = False,
    customer_id: int | None = None,
    after: DayKey | None = None,
    limit: int,
) -> list[SupplyChange]:
    """Changes in force whose time is up in the period, the first to end first; one query.

    `after` is the last row's (ends_on, id).
    """
    rows = _ending(viewer, period=period, mine=mine, customer_id=customer_id)
    if after is not None:
        rows = rows.filter(beyond(("ends_on", "id"), after))
    return list(rows.select_related("account__customer").order_by("ends_on", "pk")[:limit])


def count_ending_changes(
    viewer: Viewer, *, period: Period, mine: bool = False, customer_id: int | None = None
) -> int:
    """How many changes `list_ending_changes` would name; one query."""
    return _ending(viewer, period=period, mine=mine, customer_id=customer_id).count()


def _lapsing(
    viewer: Viewer, *, period: Period, mine: bool, customer_id: int | None
) -> QuerySet[Any, Any]:
    rows = SupplyScheme.objects.visible_to(viewer).filter(
        state=SchemeState.REPLIED,
        application__state=ApplicationState.REPLIED,
        valid_until__gte=period.start,
        valid_until__lt=period.end,
    )
    return rows.looked_after(viewer, mine=mine, customer_id=customer_id)


def _ending(
    viewer: Viewer, *, period: Period, mine: bool, customer_id: int | None
) -> QuerySet[Any, Any]:
    rows = SupplyChange.objects.visible_to(viewer).filter(
        state=ChangeState.IN_FORCE, ends_on__gte=period.start, ends_on__lt=period.end
    )
    return rows.looked_after(viewer, mine=mine, customer_id=customer_id)
