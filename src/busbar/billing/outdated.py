"""Which issued bills rest on curves or an archive that have changed since. Reading only (U16)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, Min, Q, QuerySet, Value, When
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

    @property
    def is_refused(self) -> bool:
        """Whether it could not be rated again the last time."""
        return self.change is not None and bool(self.change.refusal)

    @property
    def tried_at(self) -> dt.datetime | None:
        """When a correction last tried it in vain."""
        return self.change.tried_at if self.change else None


@dataclass(frozen=True)
class OutdatedBills:
    """The next of a month's outdated bills to be corrected.

    `total` counts all of the month, `refused` those of them that could not be rated the last time.
    """

    first: list[Outdated]
    total: int
    refused: int


@dataclass(frozen=True)
class _Found:
    """Bills with newer curves, all of them; and the rows of those that only the archive changed."""

    newer: list[Outdated]
    others: QuerySet[OutdatedBill]


def list_outdated(
    viewer: Viewer, month: Month, *, after: str = "", limit: int | None = None
) -> list[Outdated]:
    """The month's visible bills that are worth rating again, by 户号; at most five queries.

    `after` is the 户号 that the page before ended with.
    """
    seen = _find(viewer, month, after)
    found = [*seen.newer, *_of_archive(seen.others.order_by("account__number")[:limit])]
    return sorted(found, key=lambda each: each.bill.account.number)[:limit]


def get_outdated(
    viewer: Viewer, month: Month, *, most: int, tried_before: dt.datetime | None = None
) -> OutdatedBills:
    """Which `most` of the month's visible bills are to be corrected next; at most six queries.

    Those that could not be rated the last time come last, whom a correction tried longest ago
    first, so that nobody who cannot be rated stands before somebody who can. `tried_before`
    leaves out whom a correction tried at that moment or later; all are counted.
    The cost follows what changed, not how many bills there are; `most` bounds what a change of
    the archive can bring. Curves are asked for as they are now, the archive as it was last
    compared (`compare_month`). A bill that was rated again and came out the same is not named
    until its curves or the archive change once more.
    """
    seen = _find(viewer, month)
    counts = seen.others.aggregate(
        total=Count("pk"), refused=Count("pk", filter=~Q(refusal__sentence=""))
    )
    newer, others = seen.newer, seen.others.order_by(*_IN_TURN)
    if tried_before is not None:
        newer = [row for row in newer if row.tried_at is None or row.tried_at < tried_before]
        others = others.exclude(tried_at__gte=tried_before)
    found = sorted([*newer, *_of_archive(others[:most])], key=_turn)
    refused = sum(row.is_refused for row in seen.newer) + counts["refused"]
    return OutdatedBills(found[:most], len(seen.newer) + counts["total"], refused)


_IN_TURN = (
    Case(When(refusal__sentence="", then=Value(0)), default=Value(1)),
    F("tried_at").asc(nulls_first=True),
    F("account__number").asc(),
)
"""What `_turn` says, for the database."""


def _turn(row: Outdated) -> tuple[bool, float, str]:
    tried = row.tried_at.timestamp() if row.tried_at else 0.0
    return row.is_refused, tried, row.bill.account.number


def _of_archive(rows: Iterable[OutdatedBill]) -> list[Outdated]:
    return [Outdated(row.bill, (), row) for row in rows]


def _find(viewer: Viewer, month: Month, after: str = "") -> _Found:
    bills = Bill.objects.visible_to(viewer).current().filter(month=str(month))
    known = bills.annotate(known=Greatest("lake_version", "checked_version"))
    oldest = known.aggregate(oldest=Min("known"))["oldest"]
    if oldest is None:
        return _Found([], OutdatedBill.objects.none())
    changed = metering_queries.list_points_changed_since(oldest, month)
    changes = _changes(viewer, month)
    if after:
        known = known.filter(account__number__gt=after)
        changes = changes.filter(account__number__gt=after)
    newer = list(_with_newer_curves(known, _by_account(changed)))
    both = [bill.pk for bill, _ in newer]
    own = {row.bill_id: row for row in changes.filter(bill__in=both)} if both else {}
    found = [Outdated(bill, days, own.get(bill.pk)) for bill, days in newer]
    return _Found(found, changes.exclude(bill__in=both))


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
