"""Internal service agreements and the quarter's sheet of each pair (R63)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet, Sum

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.key_accounts.models import (
    DepartmentOrder,
    OrderRating,
    RatingSide,
    ServiceAgreement,
)
from busbar.key_accounts.models.orders import DepartmentOrderQuerySet
from busbar.key_accounts.queries.measures import LATE, SOLVED, list_closed
from busbar.key_accounts.scoring import Share, share_of

Pair = tuple[int, int, str]
"""Receiver, provider, kind of order."""


@dataclass(frozen=True)
class _Marks:
    """What one side said of the other's orders: how often, and the scores added up."""

    count: int = 0
    total: int = 0

    @property
    def mean(self) -> float | None:
        """The mean score; None where nobody rated."""
        return self.total / self.count if self.count else None


@dataclass(frozen=True)
class SheetLine:
    """One pair and kind in a quarter: kept, solved, and what both said of each other."""

    receiver: OrganizationUnit
    provider: OrganizationUnit
    kind: str
    kind_name: str
    agreement: ServiceAgreement | None
    on_time: Share
    solved: Share
    climbed: int
    of_provider: float | None
    of_receiver: float | None
    rated: int


def list_agreements(viewer: Viewer) -> QuerySet[ServiceAgreement]:
    """Agreements of the viewer's branch, on either side, by number."""
    rows = ServiceAgreement.objects.visible_to(viewer).select_related("provider", "receiver")
    return rows.order_by("number")


def get_sheet(viewer: Viewer, *, since: dt.datetime, until: dt.datetime) -> list[SheetLine]:
    """Each pair and kind of the orders closed in `[since, until)`. Five queries."""
    orders = list_closed(viewer, since, until)
    pairs, marks, agreed = _count(orders), _add_marks(orders), _agreed(viewer)
    newest = DepartmentOrder.objects.filter(pk__in=[row["newest"] for row in pairs.values()])
    names = dict(newest.order_by("pk").values_list("kind", "kind_name"))
    units = OrganizationUnit.objects.in_bulk({pk for key in pairs for pk in key[:2]})
    lines = [_line(key, row, units, names, agreed.get(key), marks) for key, row in pairs.items()]
    return sorted(lines, key=lambda line: (line.receiver.path, line.provider.path, line.kind))


def _count(orders: DepartmentOrderQuerySet) -> dict[Pair, dict[str, int]]:
    rows = (
        orders.order_by()
        .values("unit_id", "department_id", "kind")
        .annotate(
            newest=Max("pk"),
            closed=Count("pk"),
            solved=Count("pk", filter=SOLVED),
            late=Count("pk", filter=LATE),
            climbed=Count("pk", filter=Q(climbs__gt=0)),
        )
    )
    return {(row["unit_id"], row["department_id"], row["kind"]): row for row in rows}


def _add_marks(orders: DepartmentOrderQuerySet) -> dict[tuple[Pair, str], _Marks]:
    key = ("order__unit_id", "order__department_id", "order__kind", "side")
    rows = OrderRating.objects.filter(order__in=orders.values("pk")).order_by().values_list(*key)
    counted = rows.annotate(Count("pk"), Sum("score"))
    return {
        ((unit, department, kind), side): _Marks(count, total)
        for unit, department, kind, side, count, total in counted
    }


def _agreed(viewer: Viewer) -> dict[tuple[int, int, str], ServiceAgreement]:
    rows = list_agreements(viewer).order_by("valid_from")
    return {(row.receiver_id, row.provider_id, row.order_kind): row for row in rows}


def _line(
    key: Pair,
    row: dict[str, int],
    units: dict[int, OrganizationUnit],
    names: dict[str, str],
    agreement: ServiceAgreement | None,
    marks: dict[tuple[Pair, str], _Marks],
) -> SheetLine:
    given, returned = (
        marks.get((key, side), _Marks()) for side in (RatingSide.RECEIVER, RatingSide.PROVIDER)
    )
    return SheetLine(
        receiver=units[key[0]],
        provider=units[key[1]],
        kind=key[2],
        kind_name=names[key[2]],
        agreement=agreement,
        on_time=share_of(row["closed"] - row["late"], row["closed"]),
        solved=share_of(row["solved"], row["closed"]),
        climbed=row["climbed"],
        of_provider=given.mean,
        of_receiver=returned.mean,
        rated=given.count + returned.count,
    )
