"""Basic services in force, and what of them is due."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from busbar.access.visibility import Viewer, team_customer_ids
from busbar.key_accounts.models import BasicService, DueState, ServiceDue

Dues = QuerySet[ServiceDue, ServiceDue]


def services_in_force(*, on: dt.date) -> list[BasicService]:
    """The newest version of each service on the day; one query."""
    until = Q(valid_until__isnull=True) | Q(valid_until__gt=on)
    rows = BasicService.objects.filter(until, valid_from__lte=on).order_by("valid_from")
    return sorted({row.code: row for row in rows}.values(), key=lambda row: row.pk)


def list_dues(
    viewer: Viewer, *, state: str = "", code: str = "", mine: bool = False,
    customer_id: int | None = None,
) -> Dues:  # fmt: skip
    """Visible dues, the earliest first."""
    rows: Dues = ServiceDue.objects.visible_to(viewer)
    if state:
        rows = rows.filter(state=state)
    if code:
        rows = rows.filter(service__code=code)
    if mine:
        rows = rows.filter(owner=viewer.employee_id)
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    return rows.select_related("service", "customer", "owner", "interaction").order_by(
        "due_on", "id"
    )


def get_due(viewer: Viewer, due_id: int) -> ServiceDue:
    """ServiceDue.DoesNotExist where there is none that the viewer sees."""
    found: ServiceDue = list_dues(viewer).get(pk=due_id)
    return found


def list_due_services(
    viewer: Viewer,
    *,
    on: dt.date,
    mine: bool = False,
    customer_id: int | None = None,
    ahead_days: int = 7,
) -> QuerySet[Any, Any]:
    """Open dues within the days ahead or late, with `due_at`, for 今日 (U4)."""
    rows = ServiceDue.objects.visible_to(viewer).filter(
        state=DueState.OPEN, due_on__lt=on + dt.timedelta(days=ahead_days)
    )
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    if mine:
        employee = viewer.employee_id or 0
        rows = rows.filter(Q(owner=employee) | Q(customer__in=team_customer_ids(employee)))
    dated: QuerySet[Any, Any] = rows.select_related("service", "customer", "owner").annotate(
        due_at=F("due_on")
    )
    return dated


def coverage(viewer: Viewer, *, on: dt.date) -> list[tuple[str, dict[str, int]]]:
    """By service how many are open, late, done and waived; one query (考核)."""
    rows = ServiceDue.objects.visible_to(viewer).order_by().values("service__name")
    is_open = Q(state=DueState.OPEN)
    counted = rows.annotate(
        open=Count("id", filter=is_open),
        late=Count("id", filter=is_open & Q(due_on__lt=on)),
        done=Count("id", filter=Q(state=DueState.DONE)),
        in_time=Count("id", filter=Q(state=DueState.DONE, done_on__lte=F("due_on"))),
        skipped=Count("id", filter=Q(state=DueState.SKIPPED)),
    )
    names = ("open", "late", "done", "in_time", "skipped")
    return [(row["service__name"], {n: row[n] for n in names}) for row in counted]
