"""What needs a person, from the registers and the latest bills: ranked, counted, read on by kind.

Every list is a page read by index and keyset; nothing here compares bills (see billing.findings).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from busbar.access.visibility import Viewer
from busbar.arrears import queries as arrears_queries
from busbar.billing import insights
from busbar.billing.insights import Scope
from busbar.billing.models import FindingKind
from busbar.console import work_items
from busbar.console.cutting import read_place
from busbar.console.desk_items import count_desk, list_desk, read_due_key
from busbar.console.plan_items import count_plans, list_plan_items
from busbar.console.work_items import LOOK_AHEAD_DAYS, WorkItem, WorkKind
from busbar.imports import queries as imports_queries
from busbar.kit.money import round_half_up
from busbar.kit.periods import Period, local_date
from busbar.service_desk.queries import DueScope
from busbar.supply import expiry as supply_expiry

LOOK_BACK_DAYS = 30
"""An agreement that ran out is shown for so long; then it is no news."""
IMPORT_DAYS = 30
DUNNING_DAYS = 7
"""So many days ahead a case's next step is listed."""
_MOST_WEIGHT = Decimal(10) ** 12
"""No finding weighs as much: a key beyond it is nobody's."""
FINDINGS = {
    WorkKind.DATA: FindingKind.CURVE_GAPS,
    WorkKind.SWINGS: FindingKind.SWING,
    WorkKind.DEMAND: FindingKind.DEMAND,
    WorkKind.POWER_FACTOR: FindingKind.POWER_FACTOR,
}
PLANS = (WorkKind.SERVICES, WorkKind.MEASURES)
DESK = (WorkKind.COMPLAINTS, WorkKind.IMPROVEMENTS, WorkKind.PROMISES, WorkKind.VISITS)

Key = tuple[str, int]
"""What a list is read on from: the last item's value and id."""


@dataclass(frozen=True)
class Look:
    """Who looks at what, when: shared by all kinds. `month` is the newest billed, if any."""

    viewer: Viewer
    scope: Scope
    at: dt.datetime
    month: str | None

    @property
    def today(self) -> dt.date:
        """The civil day."""
        return local_date(self.at)

    @property
    def expiry(self) -> Period:
        """In which days an agreement's end is news."""
        return Period(
            self.today - dt.timedelta(days=LOOK_BACK_DAYS),
            self.today + dt.timedelta(days=LOOK_AHEAD_DAYS + 1),
        )

    @property
    def dunning_before(self) -> dt.datetime:
        """Until when a dunning case's next step is news."""
        return self.at + dt.timedelta(days=DUNNING_DAYS)

    @property
    def due_scope(self) -> DueScope:
        """Whose matters of the service desk, and which customer's."""
        return DueScope(mine=self.scope.mine, customer_id=self.scope.customer_id)

    @property
    def imports_since(self) -> dt.datetime:
        """From when on imports are news."""
        return self.at - dt.timedelta(days=IMPORT_DAYS)


@dataclass(frozen=True)
class WorkPage:
    """A page of one kind, and where the next begins."""

    items: list[WorkItem]
    next_after: Key | None


def look(viewer: Viewer, *, scope: Scope, at: dt.datetime) -> Look:
    """What is looked at: the registers as they are and the newest billed month."""
    return Look(viewer, scope, at, insights.get_latest_month())


def list_work(seen: Look, *, each: int) -> list[WorkItem]:
    """The weightiest `each` of every kind, most urgent first. Constant number of queries."""
    items = [item for kind in WorkKind for item in _list(seen, kind, None, each)]
    return sorted(items, key=lambda item: item.order)


def list_kind(seen: Look, kind: WorkKind, *, after: Key | None = None, limit: int) -> WorkPage:
    """A page of one kind, the weightiest first, by keyset."""
    items = _list(seen, kind, after, limit + 1)
    more = len(items) > limit
    return WorkPage(items[:limit], items[limit - 1].key if more else None)


def count_work(seen: Look) -> Mapping[WorkKind, int]:
    """How many things of each kind there are; kinds without any are left out."""
    viewer, scope, month = seen.viewer, seen.scope, seen.month
    counts = dict.fromkeys(WorkKind, 0)
    counts[WorkKind.AGREEMENTS] = supply_expiry.count_ending_agreements(
        viewer, period=seen.expiry, mine=scope.mine, customer_id=scope.customer_id
    )
    counts[WorkKind.DUNNING] = arrears_queries.count_due(
        viewer, before=seen.dunning_before, mine=scope.mine, customer_id=scope.customer_id
    )
    counts |= count_desk(viewer, at=seen.at, scope=seen.due_scope)
    counts |= count_plans(viewer, on=seen.today, scope=seen.due_scope)
    if scope.customer_id is None:
        counts[WorkKind.IMPORTS] = imports_queries.count_runs_with_refusals(
            viewer, since=seen.imports_since
        )
    if month is not None:
        counts[WorkKind.REFUSED] = insights.count_refused_accounts(viewer, month=month, scope=scope)
        found = insights.count_findings(viewer, month=month, scope=scope)
        counts |= {kind: found.get(finding, 0) for kind, finding in FINDINGS.items()}
    return {kind: count for kind, count in counts.items() if count}


def _list(seen: Look, kind: WorkKind, after: Key | None, limit: int) -> list[WorkItem]:
    if kind == WorkKind.AGREEMENTS:
        return _agreements(seen, after, limit)
    if kind == WorkKind.IMPORTS:
        return _imports(seen, after, limit)
    if kind == WorkKind.DUNNING:
        return _cases(seen, after, limit)
    if kind in PLANS:
        return list_plan_items(
            seen.viewer,
            kind,
            on=seen.today,
            scope=seen.due_scope,
            after=_day_key(after),
            limit=limit,
        )
    if kind in DESK:
        return list_desk(
            seen.viewer,
            kind,
            at=seen.at,
            scope=seen.due_scope,
            after=read_due_key(after),
            limit=limit,
        )
    if seen.month is None:
        return []
    if kind == WorkKind.REFUSED:
        return _refusals(seen, seen.month, after, limit)
    return _findings(seen, seen.month, kind, after, limit)


def _agreements(seen: Look, after: Key | None, limit: int) -> list[WorkItem]:
    ending = supply_expiry.list_ending_agreements(
        seen.viewer,
        period=seen.expiry,
        mine=seen.scope.mine,
        customer_id=seen.scope.customer_id,
        after=_day_key(after),
        limit=limit,
    )
    return [work_items.of_agreement(agreement, seen.today) for agreement in ending]


def _cases(seen: Look, after: Key | None, limit: int) -> list[WorkItem]:
    cases = arrears_queries.list_due(
        seen.viewer,
        before=seen.dunning_before,
        mine=seen.scope.mine,
        customer_id=seen.scope.customer_id,
        after=_moment_key(after),
        limit=limit,
    )
    debts = arrears_queries.debt_of([case.account_id for case in cases], on=seen.today)
    return [work_items.of_case(case, debts.get(case.account_id), seen.at) for case in cases]


def _imports(seen: Look, after: Key | None, limit: int) -> list[WorkItem]:
    if seen.scope.customer_id is not None:
        return []
    runs = imports_queries.list_runs_with_refusals(
        seen.viewer,
        since=seen.imports_since,
        before_id=after[1] if after else None,
        limit=limit,
    )
    return [work_items.of_import(run, refused) for run, refused in runs]


def _refusals(seen: Look, month: str, after: Key | None, limit: int) -> list[WorkItem]:
    refused = insights.list_refused_accounts(
        seen.viewer,
        month=month,
        scope=seen.scope,
        after_id=after[1] if after else 0,
        limit=limit,
    )
    return [work_items.of_refusal(refusal, month) for refusal in refused]


def _findings(
    seen: Look, month: str, kind: WorkKind, after: Key | None, limit: int
) -> list[WorkItem]:
    found = insights.list_findings(
        seen.viewer,
        month=month,
        kind=FINDINGS[kind],
        scope=seen.scope,
        after=_weight_key(after),
        limit=limit,
    )
    return [work_items.of_finding(finding) for finding in found]


def _day_key(after: Key | None) -> tuple[dt.date, int] | None:
    try:
        return (dt.date.fromisoformat(after[0]), after[1]) if after else None
    except ValueError:
        return None


def _moment_key(after: Key | None) -> tuple[dt.datetime, int] | None:
    place = read_place(f"{after[0]}_{after[1]}") if after else None
    if place is None or not isinstance(place[0], dt.datetime):
        return None
    return place[0], place[1]


def _weight_key(after: Key | None) -> tuple[Decimal, int] | None:
    try:
        weight = Decimal(after[0]) if after else Decimal(-1)
    except InvalidOperation:
        return None
    if not after or not weight.is_finite() or not 0 <= weight < _MOST_WEIGHT:
        return None
    return round_half_up(weight, 6), after[1]
