"""今日: basic services and measures of plans that are due, in words, with the rule behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.console.refusals import said
from busbar.console.work_kinds import Rank, WorkItem, WorkKind
from busbar.key_accounts import queries
from busbar.key_accounts.models import PlanMeasure, ServiceDue
from busbar.service_desk.queries import DueScope

Key = tuple[dt.date, int]


def count_plans(viewer: Viewer, *, on: dt.date, scope: DueScope) -> dict[WorkKind, int]:
    """How many of each kind; one query a kind."""
    return {kind: _rows(viewer, kind, on, scope).count() for kind in _KINDS}


def list_plan_items(
    viewer: Viewer,
    kind: WorkKind,
    *,
    on: dt.date,
    scope: DueScope,
    after: Key | None,
    limit: int,
) -> list[WorkItem]:
    """A page of one kind, the earliest due first."""
    rows = _rows(viewer, kind, on, scope)
    if after is not None:
        rows = rows.filter(beyond(("due_on", "id"), after))
    words: Callable[[Any, dt.date], WorkItem] = (
        _of_service if kind == WorkKind.SERVICES else _of_measure
    )
    return [words(row, on) for row in rows.order_by("due_on", "pk")[:limit]]


def _rows(viewer: Viewer, kind: WorkKind, on: dt.date, scope: DueScope) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = _KINDS[kind](
        viewer,
        on=on,
        mine=scope.mine,
        customer_id=scope.customer_id,
        ahead_days=scope.ahead_days,
    )
    return found


def _of_service(row: ServiceDue, on: dt.date) -> WorkItem:
    late = row.due_on < on
    reason = _("%(due)s 前办理：%(cause)s（%(source)s）") % {
        "due": f"{row.due_on}",
        "cause": said(row.cause),
        "source": row.service.source,
    }
    return WorkItem(
        kind=WorkKind.SERVICES,
        rank=Rank.NOW if late else Rank.LOOK,
        title=(_("基本业务超期：%(name)s") if late else _("基本业务到期：%(name)s"))
        % {"name": row.service.name},
        reason=reason,
        action=_("登记办理"),
        url=reverse("service_due", args=[row.pk]),
        customer=row.customer,
        due_on=row.due_on,
        key=(f"{row.due_on}", row.pk),
    )


def _of_measure(row: PlanMeasure, on: dt.date) -> WorkItem:
    late = row.due_on < on
    reason = _("%(plan)s 计划，%(due)s 到期，进度 %(percent)s%%，%(owner)s 负责") % {
        "plan": row.plan,
        "due": f"{row.due_on}",
        "percent": row.progress_percent,
        "owner": row.owner.name,
    }
    return WorkItem(
        kind=WorkKind.MEASURES,
        rank=Rank.NOW if late else Rank.LOOK,
        title=(_("措施超期：%(text)s") if late else _("措施到期：%(text)s")) % {"text": row.text},
        reason=reason,
        action=_("报进度"),
        url=reverse("plan", args=[row.plan_id]),
        customer=row.plan.customer,
        due_on=row.due_on,
        key=(f"{row.due_on}", row.pk),
    )


_KINDS: dict[WorkKind, Callable[..., QuerySet[Any, Any]]] = {
    WorkKind.SERVICES: queries.list_due_services,
    WorkKind.MEASURES: queries.list_due_measures,
}
