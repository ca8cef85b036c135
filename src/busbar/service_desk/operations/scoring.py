"""Reckoning the index again, keeping how it moved, opening a task when it falls (R70)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Sum

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks.subjects import Subject
from busbar.customers.models import Customer
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.kit.money import round_half_up
from busbar.kit.periods import local_date
from busbar.kit.words import words
from busbar.service_desk.models import (
    EvidenceKind,
    ImprovementTask,
    SatisfactionScore,
    SegmentMean,
)
from busbar.service_desk.operations.ground import IMPROVEMENT, lead_of, tell
from busbar.service_desk.queries.rules import SatisfactionRules, get_rules
from busbar.service_desk.queries.satisfaction import reckon
from busbar.service_desk.satisfaction import Index

_BATCH = 200
_SHOWN = 4
LIMIT = "improvement"


class UnableToImprove(Refusal):
    """The task cannot be closed so."""


@dataclass(frozen=True)
class Scored:
    """What a round did: indices reckoned, moved, tasks opened."""

    reckoned: int
    moved: int
    opened: int


def score_all(*, by: Viewer, at: dt.datetime) -> Scored:
    """Every customer's index, 200 a transaction: killed half-way, the next round goes on.

    The means of the kinds of customer come first, from what stood until now.
    """
    renew_segment_means(at=at)
    found = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    rounds = [
        score_customers(customer_ids=found[n : n + _BATCH], by=by, at=at)
        for n in range(0, len(found), _BATCH)
    ]
    return Scored(
        sum(r.reckoned for r in rounds), sum(r.moved for r in rounds), sum(r.opened for r in rounds)
    )


@transaction.atomic
def score_customers(*, customer_ids: Sequence[int], by: Viewer, at: dt.datetime) -> Scored:
    """Reckon these customers' indices by the evidence there is now; safe to repeat.

    One that was reckoned at a later moment is left as it is: the past is not told anew.
    """
    journal_operations.take_turn()
    rules = get_rules(on=local_date(at))
    later = SatisfactionScore.objects.filter(customer__in=customer_ids, checked_at__gt=at)
    rows = Customer.objects.filter(pk__in=customer_ids).exclude(pk__in=later.values("customer"))
    customers = list(rows.select_related("unit"))
    indices = reckon([(c.pk, c.kind) for c in customers], rules=rules, at=at)
    stored = _current(customers)
    fresh, kept, step = [], [], Decimal(str(rules["step_points"]))
    for customer in customers:
        row = _row(customer, indices[customer.pk][0], at)
        before = stored.get(customer.pk)
        if before is not None and abs(row.score - before.score) < step:
            kept.append(before.pk)
        else:
            fresh.append(row)
    _store(fresh, kept, at)
    opened = _open_where_fallen(customers, fresh, indices, rules, by=by, at=at)
    return Scored(len(customers), len(fresh), opened)


@transaction.atomic
def renew_segment_means(*, at: dt.datetime) -> int:
    """By kind of customer the mean of all its evidence, leaning on the neutral start."""
    rules = get_rules(on=local_date(at))
    strength, neutral = rules["segment_strength"], rules["neutral_score"]
    rows = (
        SatisfactionScore.objects.filter(is_current=True)
        .order_by()
        .values("customer__kind")
        .annotate(weight=Sum("evidence_weight"), total=Sum("evidence_sum"))
    )
    counts = _count_kinds()
    made = [
        SegmentMean(
            kind=row["customer__kind"],
            at=at,
            mean=_decimal(
                (float(row["total"]) + strength * neutral) / (float(row["weight"]) + strength)
            ),
            weight=row["weight"],
            customers=counts.get(row["customer__kind"], 0),
        )
        for row in rows
    ]
    return len(SegmentMean.objects.bulk_create(made))


@transaction.atomic
def close_improvement(
    *, improvement_id: int, measure: str, by: Viewer, at: dt.datetime
) -> ImprovementTask:
    """What was done about it; the index itself says later whether it helped."""
    journal_operations.take_turn()
    rows = ImprovementTask.objects.select_for_update(of=("self",)).visible_to(by)
    row: ImprovementTask | None = (
        rows.select_related("customer", "owner").filter(pk=improvement_id).first()
    )
    if row is None:
        raise UnableToImprove("没有这项整改，或不在您的可见范围内")
    if not by.is_employee(row.owner_id):
        by.require(Permission.KEEP_RELATIONS)
    if row.closed_at is not None:
        raise UnableToImprove("这项整改已办结")
    row.measure = words(measure, UnableToImprove, "请写明采取了什么措施", most=1000)
    row.closed_at, row.closed_by_name = at, by.name
    row.save(update_fields=["measure", "closed_at", "closed_by_name"])
    tell(
        "service_desk.improvement.closed",
        improvement_subject(row),
        by=by,
        at=at,
        reason=row.measure,
    )
    return row


def improvement_subject(row: ImprovementTask) -> Subject:
    """The task as clocks and journal name it."""
    return Subject(IMPROVEMENT, row.pk, row.customer.name, row.customer_id, unit_id=row.unit_id)


def _current(customers: Sequence[Customer]) -> dict[int, SatisfactionScore]:
    rows = SatisfactionScore.objects.filter(customer__in=customers, is_current=True)
    return {row.customer_id: row for row in rows}


def _row(customer: Customer, index: Index, at: dt.datetime) -> SatisfactionScore:
    score = _decimal(index.score)
    return SatisfactionScore(
        customer=customer,
        at=at,
        checked_at=at,
        score=score,
        low=min(score, _decimal(index.low)),
        high=max(score, _decimal(index.high)),
        prior=_decimal(index.prior),
        evidence_weight=_decimal(index.weight, 3),
        evidence_sum=_decimal(index.total, 3),
        parts=[
            {
                "kind": part.kind,
                "count": part.count,
                "weight": f"{part.weight:.3f}",
                "mean": f"{part.mean:.1f}",
                "pull": f"{part.pull:.2f}",
            }
            for part in index.parts
        ],
    )


def _store(fresh: list[SatisfactionScore], kept: list[int], at: dt.datetime) -> None:
    moved = [row.customer_id for row in fresh]
    SatisfactionScore.objects.filter(customer__in=moved, is_current=True).update(is_current=False)
    SatisfactionScore.objects.bulk_create(fresh)
    SatisfactionScore.objects.filter(pk__in=kept).update(checked_at=at)


def _open_where_fallen(
    customers: Sequence[Customer],
    fresh: Sequence[SatisfactionScore],
    indices: dict[int, tuple[Index, Any]],
    rules: SatisfactionRules,
    *,
    by: Viewer,
    at: dt.datetime,
) -> int:
    """Only an index that has just moved can have fallen."""
    by_id = {customer.pk: customer for customer in customers}
    highest = _highest(list(by_id), rules, at)
    busy = set(
        ImprovementTask.objects.filter(customer__in=by_id, closed_at=None).values_list(
            "customer_id", flat=True
        )
    )
    opened = 0
    for row in fresh:
        before = highest.get(row.customer_id)
        if before is None or row.customer_id in busy:
            continue
        if fall_of(before, (row.score, row.prior)) >= Decimal(str(rules["fall_points"])):
            customer, index = by_id[row.customer_id], indices[row.customer_id][0]
            _open_task(customer, before[0], row.score, index, by=by, at=at)
            opened += 1
    return opened


def fall_of(before: tuple[Decimal, Decimal], now: tuple[Decimal, Decimal]) -> Decimal:
    """How far a customer fell by its own evidence; each side is (index, segment's mean).

    Where only the segment's mean went down, the customer's distance to it did not: no fall.

    >>> fall_of((Decimal(70), Decimal(68)), (Decimal(58), Decimal(67)))
    Decimal('11')
    >>> fall_of((Decimal(67), Decimal(67)), (Decimal(58), Decimal(57)))
    Decimal('-1')
    """
    return min(before[0] - now[0], (before[0] - before[1]) - (now[0] - now[1]))


def _highest(
    customer_ids: Sequence[int], rules: SatisfactionRules, at: dt.datetime
) -> dict[int, tuple[Decimal, Decimal]]:
    """By customer the highest index, with its segment's mean, that stood within the window.

    Only since the last task was opened: what that one answers is not held against it again. A row
    stands from its moment to the next one's, so that the one before the window counts too.
    """
    since = at - dt.timedelta(days=rules["fall_window_days"])
    last = dict(
        ImprovementTask.objects.filter(customer__in=customer_ids)
        .order_by("customer_id")
        .values_list("customer_id")
        .annotate(last=Max("opened_at"))
    )
    rows = SatisfactionScore.objects.filter(customer__in=customer_ids, at__lt=at)
    rows = rows.filter(checked_at__gte=since).order_by("customer_id", "at")
    highest: dict[int, tuple[Decimal, Decimal]] = {}
    for customer, moment, *found in rows.values_list("customer_id", "at", "score", "prior"):
        if customer in last and moment < last[customer]:
            continue
        highest[customer] = max((found[0], found[1]), highest.get(customer, (found[0], found[1])))
    return highest


def _open_task(
    customer: Customer,
    before: Decimal,
    now: Decimal,
    index: Index,
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    owner = lead_of(customer.pk)
    reasons = [
        [EvidenceKind(part.kind).label, f"{part.pull:.1f}", part.count]
        for part in index.parts
        if part.pull < 0
    ]
    row = ImprovementTask.objects.create(
        customer=customer,
        unit=owner.unit if owner else customer.unit,
        owner=owner,
        opened_at=at,
        score_before=before,
        score_now=now,
        reasons=[[str(name), *rest] for name, *rest in reasons[:_SHOWN]],
    )
    subject = improvement_subject(row)
    tell(
        "service_desk.improvement.opened",
        subject,
        by=by,
        at=at,
        score=[before, now],
        owner_id=owner.pk if owner else None,
    )
    row.clock = clocks_operations.start_clock(
        code=LIMIT,
        subject=subject,
        actor=by.actor,
        at=at,
        owner_id=owner.pk if owner else None,
    )
    row.save(update_fields=["clock"])


def _count_kinds() -> dict[str, int]:
    rows = Customer.objects.order_by().values_list("kind")
    return dict(rows.annotate(customers=Count("pk")))


def _decimal(value: float, places: int = 2) -> Decimal:
    return round_half_up(Decimal(str(value)), places)
