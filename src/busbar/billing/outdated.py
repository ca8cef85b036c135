"""Which issued bills rest on curves that have changed since. Reading only (U16)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Min, QuerySet
from django.db.models.functions import Greatest

from busbar.access.visibility import Viewer
from busbar.billing.models import Bill
from busbar.kit.periods import Month
from busbar.metering import queries as metering_queries
from busbar.metering.queries import ChangedPoint
from busbar.supply.models import UsagePoint


@dataclass(frozen=True)
class Outdated:
    """A bill that counts, and the days of its month whose curves are newer than it knows."""

    bill: Bill
    days: tuple[dt.date, ...]


def list_outdated(
    viewer: Viewer, month: Month, *, after: str = "", limit: int | None = None
) -> list[Outdated]:
    """The month's visible bills that are worth rating again, by 户号; at most three queries.

    `after` is the 户号 that the page before ended with.
    The cost follows what changed, not how many bills there are. A bill that was rated again and
    came out the same is not named until its curves change once more.
    """
    bills = Bill.objects.visible_to(viewer).current().filter(month=str(month))
    known = bills.annotate(known=Greatest("lake_version", "checked_version"))
    oldest = known.aggregate(oldest=Min("known"))["oldest"]
    if oldest is None:
        return []
    changed = metering_queries.list_points_changed_since(oldest, month)
    rows = known.filter(account__number__gt=after) if after else known
    return list(islice(_outdated(rows, _by_account(changed)), limit))


def _by_account(changed: Sequence[ChangedPoint]) -> dict[int, list[ChangedPoint]]:
    points = UsagePoint.objects.in_bulk([point.usage_point_id for point in changed])
    found: defaultdict[int, list[ChangedPoint]] = defaultdict(list)
    for point in changed:
        if point.usage_point_id in points:
            found[points[point.usage_point_id].account_id].append(point)
    return found


def _outdated(known: QuerySet[Any], changed: dict[int, list[ChangedPoint]]) -> Iterator[Outdated]:
    rows = known.filter(account__in=list(changed)).select_related("account__customer")
    for bill in rows.defer("facts", "quantities").order_by("account__number"):
        newer = [p for p in changed[bill.account_id] if p.newest_version > bill.known]
        if newer:
            yield Outdated(bill, tuple(sorted({day for point in newer for day in point.days})))
