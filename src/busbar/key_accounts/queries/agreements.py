"""Internal service agreements and the quarter's sheet of each pair (R63)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import QuerySet

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.key_accounts.models import (
    DepartmentOrder,
    OrderRating,
    OrderStage,
    RatingSide,
    ServiceAgreement,
)
from busbar.key_accounts.scoring import Share, share_of


@dataclass
class _Pair:
    """What is counted of one pair of departments and one kind."""

    closed: int = 0
    solved: int = 0
    on_time: int = 0
    climbed: int = 0
    scores: dict[str, list[int]] = field(
        default_factory=lambda: {RatingSide.RECEIVER: [], RatingSide.PROVIDER: []}
    )


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
    """Each pair and kind of the orders closed in `[since, until)`. Four queries."""
    orders = DepartmentOrder.objects.visible_to(viewer).filter(
        closed_at__gte=since,
        closed_at__lt=until,
        state__in=[OrderStage.SOLVED, OrderStage.PASSED_ON],
    )
    pairs: dict[tuple[int, int, str], _Pair] = {}
    names, of_order = dict[str, str](), dict[int, tuple[int, int, str]]()
    for order in orders.order_by("pk"):
        key = (order.unit_id, order.department_id, order.kind)
        names[order.kind], of_order[order.pk] = order.kind_name, key
        _count(pairs.setdefault(key, _Pair()), order)
    ratings = OrderRating.objects.filter(order__in=orders.values("pk"))
    for order_id, side, score in ratings.values_list("order_id", "side", "score"):
        pairs[of_order[order_id]].scores[side].append(score)
    units = OrganizationUnit.objects.in_bulk({pk for key in pairs for pk in key[:2]})
    agreed = _agreed(viewer)
    lines = [
        _line(key, pair, units, names, agreed.get((key[0], key[1], key[2])))
        for key, pair in pairs.items()
    ]
    return sorted(lines, key=lambda line: (line.receiver.path, line.provider.path, line.kind))


def _count(pair: _Pair, order: DepartmentOrder) -> None:
    pair.closed += 1
    pair.solved += order.state == OrderStage.SOLVED
    pair.on_time += not order.reply_late and not order.work_late
    pair.climbed += order.climbs > 0


def _agreed(viewer: Viewer) -> dict[tuple[int, int, str], ServiceAgreement]:
    rows = list_agreements(viewer).order_by("valid_from")
    return {(row.receiver_id, row.provider_id, row.order_kind): row for row in rows}


def _line(
    key: tuple[int, int, str],
    pair: _Pair,
    units: dict[int, OrganizationUnit],
    names: dict[str, str],
    agreement: ServiceAgreement | None,
) -> SheetLine:
    given, returned = pair.scores[RatingSide.RECEIVER], pair.scores[RatingSide.PROVIDER]
    return SheetLine(
        receiver=units[key[0]],
        provider=units[key[1]],
        kind=key[2],
        kind_name=names[key[2]],
        agreement=agreement,
        on_time=share_of(pair.on_time, pair.closed),
        solved=share_of(pair.solved, pair.closed),
        climbed=pair.climbed,
        of_provider=sum(given) / len(given) if given else None,
        of_receiver=sum(returned) / len(returned) if returned else None,
        rated=len(given) + len(returned),
    )
