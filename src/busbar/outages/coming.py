"""Stops that are planned, announced or going on, for those who look after customers (U4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.clocks import queries as clocks_queries
from busbar.clocks.rulebook import LimitFacts
from busbar.customers.models import Customer
from busbar.outages.models import AffectedPoint, Outage, OutageState

NOTICE = "outage-notice-planned"
"""The limit by which customers are told of planned works."""


@dataclass(frozen=True)
class ComingOutage:
    """A stop with how many of the customers asked about it touches, and one of them."""

    outage: Outage
    customer: Customer | None
    customers: int


def get_notice_limit(*, on: dt.date) -> LimitFacts:
    """How many days before a planned stop the customers must be told (供用电条例 第28条)."""
    return clocks_queries.get_limit(NOTICE, on=on, rule_set="REG1996")


def list_coming(
    viewer: Viewer,
    *,
    before: dt.datetime,
    mine: bool = False,
    customer_id: int | None = None,
    after: tuple[dt.datetime, int] | None = None,
    limit: int,
) -> list[ComingOutage]:
    """What begins before the moment or has not ended yet, the earliest first; three queries.

    `after` is the last row's (planned_from, id).
    """
    rows = _coming(viewer, before=before, mine=mine, customer_id=customer_id)
    if after is not None:
        rows = rows.filter(beyond(("planned_from", "id"), after))
    found = list(rows.order_by("planned_from", "pk")[:limit])
    return _with_customers(viewer, found, mine=mine, customer_id=customer_id)


def count_coming(
    viewer: Viewer, *, before: dt.datetime, mine: bool = False, customer_id: int | None = None
) -> int:
    """How many stops `list_coming` would name; one query."""
    return _coming(viewer, before=before, mine=mine, customer_id=customer_id).count()


def _coming(
    viewer: Viewer, *, before: dt.datetime, mine: bool, customer_id: int | None
) -> QuerySet[Any, Any]:
    waiting = Q(state__in=[OutageState.PLANNED, OutageState.ANNOUNCED], planned_from__lt=before)
    rows: QuerySet[Any, Any] = Outage.objects.visible_to(viewer)
    rows = rows.filter(waiting | Q(state=OutageState.BEGUN))
    if mine or customer_id is not None:
        touched = _touched(viewer, mine=mine, customer_id=customer_id)
        rows = rows.filter(pk__in=touched.values("outage"))
    return rows


def _touched(viewer: Viewer, *, mine: bool, customer_id: int | None) -> QuerySet[Any, Any]:
    rows = AffectedPoint.objects.visible_to(viewer).order_by()
    return rows.looked_after(viewer, mine=mine, customer_id=customer_id)


def _with_customers(
    viewer: Viewer, outages: Sequence[Outage], *, mine: bool, customer_id: int | None
) -> list[ComingOutage]:
    rows = _touched(viewer, mine=mine, customer_id=customer_id).filter(outage__in=outages)
    counted = rows.values_list("outage").annotate(
        Count("account__customer", distinct=True), Min("account__customer")
    )
    by_outage = {outage: (number, first) for outage, number, first in counted}
    customers = Customer.objects.in_bulk({first for _, first in by_outage.values()})
    found = []
    for outage in outages:
        number, first = by_outage.get(outage.pk, (0, None))
        found.append(ComingOutage(outage, customers.get(first) if first else None, number))
    return found
