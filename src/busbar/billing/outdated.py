"""Which issued bills rest on curves or an archive that have changed since. Reading only (U16)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Min, QuerySet
from django.db.models.functions import Greatest

from busbar.access.visibility import Viewer
from busbar.billing.models import Bill, OutdatedBill
from busbar.kit.periods import Month
from busbar.metering import queries as metering_queries
from busbar.metering.queries import ChangedPoint
from busbar.supply.models import UsagePoint


@dataclass(frozen=True)
class Outdated:
    """A bill that counts, and why it is worth rating again: one of the two or both.

    `days` of its month have curves newer than it knows; `change` is what the last comparison
    with the archive found.
    """

    bill: Bill
    days: tuple[dt.date, ...]
    change: OutdatedBill | None = None


@dataclass(frozen=True)
class OutdatedBills:
    """The first of a month's outdated bills by 户号, and how many there are."""

    first: list[Outdated]
    total: int


def list_outdated(
    viewer: Viewer, month: Month, *, after: str = "", limit: int | None = None
) -> list[Outdated]:
    """The month's visible bills that are worth rating again, by 户号."""
    return get_outdated(viewer, month, after=after, most=limit).first


def get_outdated(
    viewer: Viewer, month: Month, *, after: str = "", most: int | None = None
) -> OutdatedBills:
    """The month's visible bills that are worth rating again; at most six queries.

    `after` is the 户号 that the page before ended with.
    The cost follows what changed, not how many bills there are; `most` bounds what a change of
    the archive can bring. Curves are asked for as they are now, the archive as it was last
    compared (`compare_month`). A bill that was rated again and came out the same is not named
    until its curves or the archive change once more.
    """
    bills = Bill.objects.visible_to(viewer).current().filter(month=str(month))
    known = bills.annotate(known=Greatest("lake_version", "checked_version"))
    oldest = known.aggregate(oldest=Min("known"))["oldest"]
    if oldest is None:
        return OutdatedBills([], 0)
    changed = metering_queries.list_points_changed_since(oldest, month)
    changes = _changes(viewer, month)
    if after:
        known = known.filter(account__number__gt=after)
        changes = changes.filter(account__number__gt=after)
    newer = list(_with_newer_curves(known, _by_account(changed)))
    both = [bill.pk for bill, _ in newer]
    own = {row.bill_id: row for row in changes.filter(bill__in=both)} if both else {}
    others = changes.exclude(bill__in=both)
    found = [Outdated(bill, days, own.get(bill.pk)) for bill, days in newer]
    found += [Outdated(row.bill, (), row) for row in others.order_by("account__number")[:most]]
    found.sort(key=lambda each: each.bill.account.number)
    total = len(newer) + others.count() if most is not None else len(found)
    return OutdatedBills(found[:most], total)


def _changes(viewer: Viewer, month: Month) -> QuerySet[OutdatedBill]:
    rows = OutdatedBill.objects.visible_to(viewer).filter(month=str(month), bill__is_current=True)
    told = rows.select_related("bill__account__customer")
    found: QuerySet[OutdatedBill] = told.defer("bill__facts", "bill__quantities")
    return found


def _by_account(changed: Sequence[ChangedPoint]) -> dict[int, list[ChangedPoint]]:
    points = UsagePoint.objects.in_bulk([point.usage_point_id for point in changed])
    found: defaultdict[int, list[ChangedPoint]] = defaultdict(list)
    for point in changed:
        if point.usage_point_id in points:
            found[points[point.usage_point_id].account_id].append(point)
    return found


def _with_newer_curves(
    known: QuerySet[Any], changed: dict[int, list[ChangedPoint]]
) -> Iterator[tuple[Bill, tuple[dt.date, ...]]]:
    if not changed:
        return
    rows = known.filter(account__in=list(changed)).select_related("account__customer")
    for bill in rows.defer("facts", "quantities"):
        newer = [p for p in changed[bill.account_id] if p.newest_version > bill.known]
        if newer:
            yield bill, tuple(sorted({day for point in newer for day in point.days}))
