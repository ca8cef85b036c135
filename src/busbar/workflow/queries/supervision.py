"""What supervision sees: findings, and how often promises were kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from django.db.models import Case, Count, F, IntegerField, Q, Sum, Value, When
from django.db.models.functions import TruncMonth

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.kit.periods import CHINA, Period
from busbar.workflow.models import SupervisionFinding, TaskState, UserTask
from busbar.workflow.models.supervision import SupervisionFindingQuerySet

PAGE = 50
GroupBy = Literal["step", "person", "department", "period", "process"]


@dataclass(frozen=True)
class FindingFilter:
    """What is asked for; `period` is half-open days of China."""

    kind: str = ""
    process: str = ""
    unit_id: int | None = None
    person: str = ""
    period: Period | None = None
    customer_id: int | None = None


@dataclass(frozen=True)
class FindingPage:
    """A page of findings; `before` asks for the next one, None at the end."""

    findings: list[SupervisionFinding]
    before: str | None


@dataclass(frozen=True)
class ComplianceRate:
    """How many promises fell due in a group and how many were kept; `rate` is None of none."""

    key: str
    label: str
    due: int
    on_time: int

    @property
    def late(self) -> int:
        """Promises not kept."""
        return self.due - self.on_time

    @property
    def rate(self) -> float | None:
        """Share kept, 0 to 1."""
        return self.on_time / self.due if self.due else None


def list_supervision(
    viewer: Viewer,
    narrowed: FindingFilter | None = None,
    *,
    before: str | None = None,
    limit: int | None = PAGE,
) -> FindingPage:
    """Findings newest first, by keyset; `limit=None` gives all, for an export."""
    rows = _narrowed(viewer, narrowed or FindingFilter())
    moment, _, number = (before or "").rpartition("_")
    if moment and number.isdigit():
        at = dt.datetime.fromisoformat(moment)
        rows = rows.filter(beyond(("-found_at", "-id"), (at, int(number))))
    ordered = rows.select_related("task", "unit", "instance__definition", "instance__unit").defer(
        "instance__state_blob", "instance__facts"
    )
    ordered = ordered.order_by("-found_at", "-pk")
    if limit is None:
        return FindingPage(list(ordered), None)
    found = list(ordered[: limit + 1])
    if len(found) <= limit:
        return FindingPage(found, None)
    last = found[limit - 1]
    return FindingPage(found[:limit], f"{last.found_at.isoformat()}_{last.pk}")


def count_findings(viewer: Viewer, narrowed: FindingFilter | None = None) -> dict[str, int]:
    """How many findings of each kind."""
    rows = _narrowed(viewer, narrowed or FindingFilter())
    counted = rows.order_by().values("kind").annotate(number=Count("pk"))
    return {row["kind"]: row["number"] for row in counted}


def compliance_rates(
    viewer: Viewer, *, group_by: GroupBy, period: Period, at: dt.datetime | None = None
) -> list[ComplianceRate]:
    """Kept and broken promises of tasks whose limit fell due in the period (days of China).

    A task still open counts as broken once its limit has passed by `at` (the period's end
    without one); withdrawn ones do not count; a silent consent is a promise not kept.
    """
    start, end = (_midnight(day) for day in (period.start, period.end))
    at = min(at, end) if at else end
    tasks = UserTask.objects.visible_to(viewer).filter(due_at__gte=start, due_at__lt=end)
    tasks = tasks.exclude(state=TaskState.WITHDRAWN)
    tasks = tasks.filter(Q(completed_at__isnull=False) | Q(due_at__lt=at))
    kept = Q(completed_at__lte=F("due_at")) & ~Q(state=TaskState.SILENT)
    key, label = _GROUPS[group_by]
    if group_by == "period":
        tasks = tasks.annotate(month=TruncMonth("due_at", tzinfo=CHINA))
    counted = (
        tasks.order_by()
        .values(*{key, label})
        .annotate(
            due=Count("pk", distinct=True),
            kept=Sum(Case(When(kept, then=1), default=Value(0), output_field=IntegerField())),
        )
    )
    rates = [ComplianceRate(_text(r[key]), _text(r[label]), r["due"], r["kept"]) for r in counted]
    return (
        sorted(rates, key=lambda rate: rate.key)
        if group_by == "period"
        else sorted(rates, key=lambda rate: (rate.rate or 0.0, -rate.due, rate.label))
    )


_GROUPS: dict[str, tuple[str, str]] = {
    "step": ("element", "title"),
    "person": ("completed_by", "completed_by"),
    "department": ("unit_id", "unit__name"),
    "process": ("instance__definition__key", "instance__definition__name"),
    "period": ("month", "month"),
}


def _text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(CHINA):%Y-%m}"
    return "" if value is None else str(value)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=CHINA)


def _narrowed(viewer: Viewer, narrowed: FindingFilter) -> SupervisionFindingQuerySet:
    facts = {
        "kind": narrowed.kind,
        "instance__definition__key": narrowed.process,
        "unit_id": narrowed.unit_id,
        "person": narrowed.person,
        "customer_id": narrowed.customer_id,
    }
    rows = SupervisionFinding.objects.visible_to(viewer)
    rows = rows.filter(**{name: value for name, value in facts.items() if value})
    if narrowed.period is not None:
        start, end = narrowed.period.start, narrowed.period.end
        rows = rows.filter(found_at__gte=_midnight(start), found_at__lt=_midnight(end))
    return rows
