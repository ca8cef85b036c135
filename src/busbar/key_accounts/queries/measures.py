"""What managers and departments made of their orders: formulas in docs/algorithms/orders.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.key_accounts.models import DepartmentOrder, OrderStage
from busbar.key_accounts.queries.standards import amount_of, get_standards
from busbar.key_accounts.scoring import Share, middle_of, share_of
from busbar.kit.periods import local_date

BY = ("manager", "department")
_FIELDS = (
    "pk", "customer_id", "kind", "ordered_by_id", "department_id", "state", "ordered_at",
    "replied_at", "closed_at", "reply_late", "work_late", "climbs", "reopened", "handed_on",
    "refusal",
)  # fmt: skip


@dataclass
class _Counts:
    """What is counted of one manager or department."""

    closed: int = 0
    solved: int = 0
    passed_on: int = 0
    first_time: int = 0
    on_time: int = 0
    climbed: int = 0
    hours: list[float] = field(default_factory=list)


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


@dataclass(frozen=True)
class _Row:
    """An order as far as the measures look at it."""

    pk: int
    customer_id: int
    kind: str
    ordered_by_id: int
    department_id: int
    state: str
    ordered_at: dt.datetime
    replied_at: dt.datetime | None
    closed_at: dt.datetime
    reply_late: bool | None
    work_late: bool | None
    climbs: int
    reopened: int
    handed_on: bool
    refusal: str

    @property
    def in_time(self) -> bool:
        """Whether the department let no clock run out."""
        return not self.reply_late and not self.work_late

    @property
    def was_passed_on(self) -> bool:
        """For a department: refused, handed from hand to hand, or left until it climbed."""
        return bool(self.refusal) or self.handed_on or self.climbs > 0


def measure(viewer: Viewer, *, by: str, since: dt.datetime, until: dt.datetime) -> list[Measure]:
    """By manager or department, of the visible orders closed in `[since, until)`. Four queries.

    Those with cases enough come first, by their share of solved; the others follow by name.
    """
    standards = get_standards(on=local_date(until), unit_path=viewer.unit_path)
    rows = _closed(viewer, since, until)
    again = find_repeated(viewer, rows, days=int(amount_of(standards, "first-time-days")))
    counts: dict[int, _Counts] = {}
    for row in rows:
        key = row.ordered_by_id if by == "manager" else row.department_id
        _count(counts.setdefault(key, _Counts()), row, by=by, is_repeated=row.pk in again)
    least = int(amount_of(standards, "ranking-least-cases"))
    names = _names(by, counts)
    found = [_measure(key, names[key], found, least) for key, found in counts.items()]
    return sorted(found, key=_place)


def _place(row: Measure) -> tuple[bool, float, str]:
    """Among few cases the order says nothing: those stand by name."""
    share = (row.solved.value or 0.0) if row.is_ranked else 0.0
    return not row.is_ranked, -share, row.name


def _closed(viewer: Viewer, since: dt.datetime, until: dt.datetime) -> list[_Row]:
    orders = DepartmentOrder.objects.visible_to(viewer).filter(
        closed_at__gte=since,
        closed_at__lt=until,
        state__in=[OrderStage.SOLVED, OrderStage.PASSED_ON],
    )
    return [_Row(*values) for values in orders.order_by("pk").values_list(*_FIELDS)]


def find_repeated(viewer: Viewer, rows: Iterable[_Row], *, days: int) -> set[int]:
    """Closed orders after which the same was ordered for the customer again within so many days."""
    closed = list(rows)
    customers = {row.customer_id for row in closed}
    first = min((row.closed_at for row in closed), default=None)
    if first is None:
        return set()
    later = DepartmentOrder.objects.visible_to(viewer).filter(ordered_at__gte=first)
    asked: dict[tuple[int, str], list[dt.datetime]] = {}
    for customer, kind, moment in later.values_list("customer_id", "kind", "ordered_at"):
        if customer in customers:
            asked.setdefault((customer, kind), []).append(moment)
    window = dt.timedelta(days=days)
    return {
        row.pk
        for row in closed
        if any(
            row.closed_at <= moment < row.closed_at + window
            for moment in asked.get((row.customer_id, row.kind), ())
        )
    }


def _count(counts: _Counts, row: _Row, *, by: str, is_repeated: bool) -> None:
    is_solved = row.state == OrderStage.SOLVED
    counts.closed += 1
    counts.solved += is_solved
    counts.passed_on += (not is_solved) if by == "manager" else row.was_passed_on
    counts.first_time += is_solved and row.reopened == 0 and not is_repeated
    counts.on_time += row.in_time
    counts.climbed += row.climbs > 0
    if row.replied_at is not None:
        counts.hours.append((row.replied_at - row.ordered_at).total_seconds() / 3600)


def _names(by: str, keys: Iterable[int]) -> dict[int, tuple[str, str]]:
    if by == "manager":
        people = Employee.objects.filter(pk__in=list(keys)).select_related("unit")
        return {person.pk: (person.name, person.unit.name) for person in people}
    units = OrganizationUnit.objects.filter(pk__in=list(keys))
    return {unit.pk: (unit.name, "") for unit in units}


def _measure(key: int, name: tuple[str, str], counts: _Counts, least: int) -> Measure:
    of = counts.closed
    return Measure(
        key=key,
        name=name[0],
        unit_name=name[1],
        solved=share_of(counts.solved, of),
        passed_on=share_of(counts.passed_on, of),
        first_time=share_of(counts.first_time, of),
        on_time=share_of(counts.on_time, of),
        climbed=share_of(counts.climbed, of),
        waiting_hours=middle_of(counts.hours),
        is_ranked=of >= least,
    )
