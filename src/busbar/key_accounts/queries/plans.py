"""Plans of customers and sectors, their measures, what of them is due."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import (
    Aggregate,
    Avg,
    Count,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
)

from busbar.access.visibility import Viewer, team_customer_ids
from busbar.key_accounts.models import (
    AccountPlan,
    MeasureState,
    PlanMeasure,
    PlanMeeting,
    PlanSigning,
)

Plans = QuerySet[AccountPlan, AccountPlan]


def list_plans(
    viewer: Viewer, *, year: int | None = None, state: str = "", customer_id: int | None = None
) -> Plans:
    """Visible plans with `measures_all`, `measures_done` and `progress`, the newest first."""
    rows: Plans = AccountPlan.objects.visible_to(viewer)
    if year is not None:
        rows = rows.filter(year=year)
    if state:
        rows = rows.filter(state=state)
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    return (
        rows.select_related("customer", "unit", "owner")
        .annotate(
            measures_all=_of_measures(Count("pk")),
            measures_done=_of_measures(Count("pk", filter=Q(state=MeasureState.DONE))),
            progress=_of_measures(Avg("progress_percent")),
        )
        .order_by("-year", "-id")
    )


def _of_measures(figure: Aggregate) -> Subquery:
    """A figure of each plan's own measures: a page of plans looks at no others."""
    measures = PlanMeasure.objects.filter(plan=OuterRef("pk")).exclude(state=MeasureState.DROPPED)
    # Without GROUP BY there is a row, and a count of nothing is 0, not NULL.
    grouped = measures.order_by().annotate(one=Value(1)).values("one")
    return Subquery(grouped.annotate(figure=figure).values("figure"))


def get_plan(viewer: Viewer, plan_id: int) -> AccountPlan:
    """With measures, meetings and signings; AccountPlan.DoesNotExist where it is not seen."""
    measures = PlanMeasure.objects.select_related("owner").order_by("due_on", "id")
    meetings = PlanMeeting.objects.select_related("interaction").order_by("id")
    signings = PlanSigning.objects.order_by("-version")
    return (
        list_plans(viewer)
        .prefetch_related(
            Prefetch("measures", queryset=measures),
            Prefetch("meetings", queryset=meetings),
            Prefetch("signings", queryset=signings),
        )
        .get(pk=plan_id)
    )


def list_due_measures(
    viewer: Viewer,
    *,
    on: dt.date,
    mine: bool = False,
    customer_id: int | None = None,
    ahead_days: int = 7,
) -> QuerySet[Any, Any]:
    """Open measures due within the days ahead or late, with `due_at`, for 今日 (U4)."""
    rows = PlanMeasure.objects.visible_to(viewer).filter(
        state=MeasureState.OPEN, due_on__lt=on + dt.timedelta(days=ahead_days)
    )
    if customer_id is not None:
        rows = rows.filter(plan__customer=customer_id)
    if mine:
        employee = viewer.employee_id or 0
        mine_too = Q(owner=employee) | Q(plan__customer__in=team_customer_ids(employee))
        rows = rows.filter(mine_too)
    dated: QuerySet[Any, Any] = rows.select_related("plan__customer", "owner").annotate(
        due_at=F("due_on")
    )
    return dated
