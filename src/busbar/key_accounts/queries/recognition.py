"""Reading recognitions: the list with its filters, one customer's reasons, sums by unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from busbar.access.keyset import beyond
from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer, units_in_branch
from busbar.key_accounts import rulebook
from busbar.key_accounts.models import (
    Category,
    OverrideState,
    Recognition,
    RecognitionOverride,
    RecognitionRun,
    RunState,
)
from busbar.key_accounts.recognizing import Judgement, Outcome, judge_all
from busbar.kit.periods import Month

Results = QuerySet[Recognition, Recognition]
_FLAGS = {
    Category.ECONOMIC: "is_economic",
    Category.IMPORTANT: "is_important",
    Category.POTENTIAL: "is_potential",
}
ANY_KEY = Q(is_economic=True) | Q(is_important=True) | Q(is_potential=True)


@dataclass(frozen=True)
class RecognitionFilter:
    """What the list is narrowed to; empty fields do not narrow. `everyone`: not only keys."""

    category: str = ""
    division: str = ""
    kind: str = ""
    unit_path: str = ""
    text: str = ""
    changed: bool = False
    everyone: bool = False


@dataclass(frozen=True)
class Explained:
    """One category's judgement as it was made, and what a person set beside it."""

    category: Category
    judgement: Judgement
    by_hand: bool | None
    policy_source: str
    policy_certainty: str
    min_stay_months: int

    @property
    def holds(self) -> bool:
        """Whether the customer is in; a person's word first."""
        return self.judgement.holds if self.by_hand is None else self.by_hand


@dataclass(frozen=True)
class UnitSum:
    """A unit's customers in a run: how many in each category, their energy and money."""

    unit: OrganizationUnit
    economic: int
    important: int
    potential: int
    customers: int
    energy_kwh: Decimal
    revenue_yuan: Decimal


def get_latest_run() -> RecognitionRun | None:
    """The newest finished run."""
    return RecognitionRun.objects.filter(state=RunState.FINISHED).order_by("-month").first()


def get_run(month: str) -> RecognitionRun:
    """The month's run; RecognitionRun.DoesNotExist when there is none."""
    return RecognitionRun.objects.get(month=month)


def list_runs(*, limit: int = 24) -> list[RecognitionRun]:
    """The newest runs first."""
    return list(RecognitionRun.objects.order_by("-month")[:limit])


def list_recognitions(
    viewer: Viewer,
    run: RecognitionRun,
    narrowed: RecognitionFilter,
    *,
    after: tuple[Decimal, int] | None = None,
    limit: int = 50,
) -> list[Recognition]:
    """Visible results, the highest revenue first, by keyset: `after` is (revenue, id)."""
    rows = _narrowed(viewer, run, narrowed)
    if after is not None:
        rows = rows.filter(beyond(("-annual_revenue_yuan", "id"), after))
    ordered = rows.select_related("customer__unit", "customer__group")
    return list(ordered.order_by("-annual_revenue_yuan", "id")[:limit])


def count_categories(
    viewer: Viewer, run: RecognitionRun, narrowed: RecognitionFilter
) -> dict[str, int]:
    """How many of the visible are in each category, and have changed. One query."""
    rows = _narrowed(viewer, run, narrowed)
    counts = {str(c): Count("pk", filter=Q(**{flag: True})) for c, flag in _FLAGS.items()}
    found = rows.order_by().aggregate(
        total=Count("pk"), changed=Count("pk", filter=Q(has_changed=True)), **counts
    )
    return dict(found)


def sum_units(viewer: Viewer, run: RecognitionRun) -> list[UnitSum]:
    """By managing unit, the highest revenue first. Two queries."""
    rows: QuerySet[Any, Any] = Recognition.objects.visible_to(viewer).filter(run=run)
    flags = {str(c): Count("pk", filter=Q(**{flag: True})) for c, flag in _FLAGS.items()}
    sums = list(
        rows.filter(ANY_KEY)
        .order_by()
        .values("customer__unit")
        .annotate(n=Count("pk"), e=Sum("annual_energy_kwh"), a=Sum("annual_revenue_yuan"), **flags)
    )
    units = OrganizationUnit.objects.in_bulk([row["customer__unit"] for row in sums])
    found = [
        UnitSum(
            units[row["customer__unit"]],
            row["economic"],
            row["important"],
            row["potential"],
            row["n"],
            row["e"],
            row["a"],
        )
        for row in sums
    ]
    return sorted(found, key=lambda row: -row.revenue_yuan)


def get_recognition(viewer: Viewer, customer_id: int, run: RecognitionRun) -> Recognition | None:
    """One customer's result in a run."""
    rows: Results = Recognition.objects.visible_to(viewer)
    return rows.filter(run=run, customer=customer_id).select_related("run").first()


def list_history(viewer: Viewer, customer_id: int, *, limit: int = 24) -> Sequence[Recognition]:
    """The customer's results, the newest run first."""
    rows: Results = Recognition.objects.visible_to(viewer).filter(customer=customer_id)
    return list(
        rows.select_related("run").defer("figures", "run__rules").order_by("-run__month")[:limit]
    )


def explain(row: Recognition) -> list[Explained]:
    """Every category with its reasons, reckoned again by the rules that the run kept."""
    policies = rulebook.read_policies(row.run.rules)
    kept = row.judgements
    standings = {name: rulebook.read_standing(one, "before") for name, one in kept.items()}
    by_hand = {n: bool(one["by_hand"]) for n, one in kept.items() if one["by_hand"] is not None}
    judged = judge_all(
        policies,
        rulebook.read_figures(row.figures),
        standings,
        month=Month.parse(row.run.month),
        set_by_hand=by_hand,
    )
    return [
        Explained(
            Category(policy.category),
            judged[policy.category],
            by_hand.get(policy.category),
            policy.source,
            policy.certainty,
            policy.min_stay_months,
        )
        for policy in policies
    ]


def list_overrides(viewer: Viewer, *, customer_id: int | None = None) -> list[RecognitionOverride]:
    """Overrides that wait or hold, those that wait first."""
    rows: QuerySet[RecognitionOverride, RecognitionOverride]
    rows = RecognitionOverride.objects.visible_to(viewer)
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    else:
        rows = rows.filter(state__in=[OverrideState.PROPOSED, OverrideState.ADOPTED])
    return list(rows.select_related("customer").order_by("-state", "expires_on", "id")[:200])


def get_override(viewer: Viewer, pk: int) -> RecognitionOverride:
    """One override; RecognitionOverride.DoesNotExist where it is not seen."""
    rows: QuerySet[RecognitionOverride, RecognitionOverride]
    rows = RecognitionOverride.objects.visible_to(viewer)
    found: RecognitionOverride = rows.select_related("customer").get(pk=pk)
    return found


def map_overrides(on: dt.date) -> dict[int, dict[str, bool]]:
    """Adopted overrides of the day by customer and category. One query."""
    rows = RecognitionOverride.objects.filter(
        state=OverrideState.ADOPTED, valid_from__lte=on, expires_on__gt=on
    )
    found: dict[int, dict[str, bool]] = {}
    for pk, category, says in rows.values_list("customer_id", "category", "holds"):
        found.setdefault(pk, {})[category] = says
    return found


def is_new(kept: dict[str, Any]) -> bool:
    """Whether the rules let the customer in in this run."""
    return rulebook.outcome_of(kept) == Outcome.ENTERED


def _narrowed(
    viewer: Viewer, run: RecognitionRun, narrowed: RecognitionFilter
) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = Recognition.objects.visible_to(viewer).filter(run=run)
    flag = _FLAGS.get(narrowed.category)  # type: ignore[call-overload] # a text of the address
    if flag:
        rows = rows.filter(**{flag: True})
    elif not narrowed.everyone and not narrowed.changed:
        rows = rows.filter(ANY_KEY)
    if narrowed.changed:
        rows = rows.filter(has_changed=True)
    if narrowed.division:
        rows = rows.filter(division=narrowed.division)
    if narrowed.kind:
        rows = rows.filter(customer__kind=narrowed.kind)
    if narrowed.unit_path:
        rows = rows.filter(customer__unit__in=units_in_branch(narrowed.unit_path))
    if narrowed.text:
        rows = rows.filter(
            Q(customer__name__contains=narrowed.text) | Q(customer__number=narrowed.text)
        )
    return rows


def order_key(row: Recognition) -> tuple[Decimal, int]:
    """The keyset of a row in the list."""
    return row.annual_revenue_yuan, row.pk
