"""What managers and departments made of their orders: formulas in docs/algorithms/orders.md."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, FloatField, Func, OuterRef, Q, Subquery

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.key_accounts.models import DepartmentOrder, OrderStage
from busbar.key_accounts.models.orders import DepartmentOrderQuerySet
from busbar.key_accounts.queries.standards import amount_of, get_standards
from busbar.key_accounts.scoring import Share, middle_of, share_of
from busbar.kit.periods import local_date

KEYS = {"manager": "ordered_by_id", "department": "department_id"}
BY = tuple(KEYS)
SOLVED = Q(state=OrderStage.SOLVED)
LATE = Q(reply_late=True) | Q(work_late=True)
"""The department let a clock run out."""
PASSED_ON = {
    "manager": Q(state=OrderStage.PASSED_ON),
    "department": ~Q(refusal="") | Q(handed_on=True) | Q(climbs__gt=0),
}
"""For a department: refused, handed from hand to hand, or left until it climbed."""


@dataclass(frozen=True)
class Measure:
    """One manager or department: shares with their intervals, the median wait in hours.

    `is_ranked` is False where there are fewer cases than the standard asks for a ranking.
    """

    key: int
    name: str
    unit_name: str
    solved: Share
    passed_on: Share
    first_time: Share
    on_time: Share
    climbed: Share
    waiting_hours: float | None
    is_ranked: bool

    @property
    def closed(self) -> int:
        """How many orders were closed in the period."""
        return self.solved.whole


def measure(viewer: Viewer, *, by: str, since: dt.datetime, until: dt.datetime) -> list[Measure]:
    """By manager or department, of the visible orders closed in `[since, until)`. Five queries.

    Those with cases enough come first, by their share of solved; the others follow by name.
    """
    standards = get_standards(on=local_date(until), unit_path=viewer.unit_path)
    closed, key = list_closed(viewer, since, until), KEYS[by]
    counts = _count(closed, by)
    again = _count_again(viewer, closed, key, int(amount_of(standards, "first-time-days")))
    waits = _list_waits(closed, key)
    least = int(amount_of(standards, "ranking-least-cases"))
    names = _names(by, counts)
    found = [
        _measure(names[pk], row, again[pk], waits.get(pk, []), least) for pk, row in counts.items()
    ]
    return sorted(found, key=_place)


def _place(row: Measure) -> tuple[bool, float, str]:
    """Among few cases the order says nothing: those stand by name."""
    share = (row.solved.value or 0.0) if row.is_ranked else 0.0
    return not row.is_ranked, -share, row.name


def list_closed(viewer: Viewer, since: dt.datetime, until: dt.datetime) -> DepartmentOrderQuerySet:
    """Visible orders that ended in `[since, until)`; withdrawn ones count nowhere."""
    return DepartmentOrder.objects.visible_to(viewer).filter(
        closed_at__gte=since,
        closed_at__lt=until,
        state__in=[OrderStage.SOLVED, OrderStage.PASSED_ON],
    )


def _count(closed: DepartmentOrderQuerySet, by: str) -> dict[int, dict[str, int]]:
    """Everything that is a count, added up by the database; one query."""
    key = KEYS[by]
    rows = (
        closed.order_by()
        .values(key)
        .annotate(
            closed=Count("pk"),
            solved=Count("pk", filter=SOLVED),
            passed_on=Count("pk", filter=PASSED_ON[by]),
            straight=Count("pk", filter=SOLVED & Q(reopened=0)),
            late=Count("pk", filter=LATE),
            climbed=Count("pk", filter=Q(climbs__gt=0)),
        )
    )
    return {row[key]: row for row in rows}


def _count_again(
    viewer: Viewer, closed: DepartmentOrderQuerySet, key: str, days: int
) -> Counter[int]:
    """Of those solved straight on: after how many the same was ordered again within the days.

    One query, of those orders only that were ever followed by the same for the customer.
    """
    later = DepartmentOrder.objects.visible_to(viewer).filter(
        customer=OuterRef("customer"),
        kind=OuterRef("kind"),
        ordered_at__gte=OuterRef("closed_at"),
    )
    following = Subquery(later.order_by("ordered_at").values("ordered_at")[:1])
    rows = closed.filter(SOLVED, reopened=0).annotate(following=following)
    window = dt.timedelta(days=days)
    followed = rows.filter(following__isnull=False).order_by()
    return Counter(
        pk
        for pk, ended, moment in followed.values_list(key, "closed_at", "following")
        if moment < ended + window
    )


class _Seconds(Func):
    """Seconds to one moment from another before it, as the database reckons them.

    A year has ten thousand orders: two moments read of each cost more than all the rest.
    """

    output_field = FloatField()
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """As Julian days, which are exact to less than a tenth of a millisecond."""
        days = "((julianday(%(expressions)s)) * 86400)"
        return self.as_sql(
            compiler, connection, template=days, arg_joiner=") - julianday(", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """As an interval."""
        epoch = "EXTRACT(EPOCH FROM (%(expressions)s))::double precision"
        return self.as_sql(compiler, connection, template=epoch, arg_joiner=" - ", **context)


def _list_waits(closed: DepartmentOrderQuerySet, key: str) -> dict[int, list[float]]:
    """Seconds from order to reply of those that were replied to; one query."""
    found: dict[int, list[float]] = {}
    rows = closed.filter(replied_at__isnull=False).order_by()
    waits = rows.annotate(wait=_Seconds("replied_at", "ordered_at"))
    for pk, seconds in waits.values_list(key, "wait"):
        found.setdefault(pk, []).append(seconds)
    return found


def _names(by: str, keys: Iterable[int]) -> dict[int, tuple[int, str, str]]:
    if by == "manager":
        people = Employee.objects.filter(pk__in=list(keys)).select_related("unit")
        return {person.pk: (person.pk, person.name, person.unit.name) for person in people}
    units = OrganizationUnit.objects.filter(pk__in=list(keys))
    return {unit.pk: (unit.pk, unit.name, "") for unit in units}


def _measure(
    name: tuple[int, str, str], row: dict[str, Any], again: int, waits: list[float], least: int
) -> Measure:
    of, wait = row["closed"], middle_of(waits)
    return Measure(
        key=name[0],
        name=name[1],
        unit_name=name[2],
        solved=share_of(row["solved"], of),
        passed_on=share_of(row["passed_on"], of),
        first_time=share_of(row["straight"] - again, of),
        on_time=share_of(of - row["late"], of),
        climbed=share_of(row["climbed"], of),
        waiting_hours=None if wait is None else round(wait, 3) / 3600,
        is_ranked=of >= least,
    )
