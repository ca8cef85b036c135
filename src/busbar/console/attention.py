"""What needs a person, from the registers and the latest bills: ranked, counted, read on by kind.

Every list is a page read by index and keyset; nothing here compares bills (see billing.findings).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.arrears import queries as arrears_queries
from busbar.billing import insights
from busbar.billing.insights import Scope
from busbar.billing.models import FindingKind
from busbar.console import work_items
from busbar.console.alarm_items import ALARMS, count_alarms, list_alarms
from busbar.console.desk_items import DESK, count_desk, list_desk
from busbar.console.looking import Key, Look, WorkPage, read_day, read_moment, read_weight
from busbar.console.plan_items import count_plans, list_plan_items
from busbar.console.term_items import TERMS, count_terms, list_terms
from busbar.console.work_kinds import WorkItem, WorkKind
from busbar.imports import queries as imports_queries
from busbar.kit.periods import Period
from busbar.supply import expiry as supply_expiry

FINDINGS = {
    WorkKind.DATA: FindingKind.CURVE_GAPS,
    WorkKind.SWINGS: FindingKind.SWING,
    WorkKind.DEMAND: FindingKind.DEMAND,
    WorkKind.POWER_FACTOR: FindingKind.POWER_FACTOR,
}
PLANS = (WorkKind.SERVICES, WorkKind.MEASURES)


def look(viewer: Viewer, *, scope: Scope, at: dt.datetime) -> Look:
    """What is looked at: the registers as they are and the newest billed month."""
    return Look(viewer, scope, at, insights.get_latest_month())


def list_work(seen: Look, *, each: int, kinds: Iterable[WorkKind] = WorkKind) -> list[WorkItem]:
    """The weightiest `each` of every kind, most urgent first; as many queries as there are kinds.

    Whoever has counted names the `kinds` that are there.
    """
    items = [item for kind in kinds for item in _list(seen, kind, None, each)]
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
        viewer, period=_expiry(seen), mine=scope.mine, customer_id=scope.customer_id
    )
    counts[WorkKind.DUNNING] = arrears_queries.count_due(
        viewer,
        before=seen.until(seen.notice.dunning),
        mine=scope.mine,
        customer_id=scope.customer_id,
    )
    counts |= count_desk(viewer, at=seen.at, scope=seen.due_scope)
    counts |= count_plans(viewer, on=seen.today, scope=seen.due_scope)
    counts |= count_alarms(seen)
    counts |= count_terms(seen)
    if _may_read_imports(seen):
        counts[WorkKind.IMPORTS] = imports_queries.count_runs_with_refusals(
            viewer, since=seen.until(-seen.notice.imports)
        )
    if month is not None:
        counts[WorkKind.REFUSED] = insights.count_refused_accounts(viewer, month=month, scope=scope)
        found = insights.count_findings(viewer, month=month, scope=scope)
        counts |= {kind: found.get(finding, 0) for kind, finding in FINDINGS.items()}
    return {kind: count for kind, count in counts.items() if count}


def _list(seen: Look, kind: WorkKind, after: Key | None, limit: int) -> list[WorkItem]:
    if kind in ALARMS:
        return list_alarms(seen, kind, after=after, limit=limit)
    if kind in TERMS:
        return list_terms(seen, kind, after=after, limit=limit)
    if kind in PLANS or kind in DESK:
        return _due(seen, kind, after, limit)
    if kind in _OWN:
        return _OWN[kind](seen, after, limit)
    if seen.month is None:
        return []
    if kind == WorkKind.REFUSED:
        return _refusals(seen, seen.month, after, limit)
    return _findings(seen, seen.month, kind, after, limit)


def _due(seen: Look, kind: WorkKind, after: Key | None, limit: int) -> list[WorkItem]:
    viewer, scope = seen.viewer, seen.due_scope
    if kind in DESK:
        return list_desk(viewer, kind, at=seen.at, scope=scope, after=after, limit=limit)
    key = read_day(after)
    return list_plan_items(viewer, kind, on=seen.today, scope=scope, after=key, limit=limit)


def _expiry(seen: Look) -> Period:
    """In which days an agreement's end is news."""
    return seen.notice.around(seen.today, seen.notice.agreement)


def _agreements(seen: Look, after: Key | None, limit: int) -> list[WorkItem]:
    ending = supply_expiry.list_ending_agreements(
        seen.viewer,
        period=_expiry(seen),
        mine=seen.scope.mine,
        customer_id=seen.scope.customer_id,
        after=read_day(after),
        limit=limit,
    )
    return [work_items.of_agreement(agreement, seen.today, seen.notice) for agreement in ending]


def _cases(seen: Look, after: Key | None, limit: int) -> list[WorkItem]:
    cases = arrears_queries.list_due(
        seen.viewer,
        before=seen.until(seen.notice.dunning),
        mine=seen.scope.mine,
        customer_id=seen.scope.customer_id,
        after=read_moment(after),
        limit=limit,
    )
    debts = arrears_queries.debt_of([case.account_id for case in cases], on=seen.today)
    return [work_items.of_case(case, debts.get(case.account_id), seen.at) for case in cases]


def _may_read_imports(seen: Look) -> bool:
    """Nobody is led to a page that would be refused."""
    return seen.is_whole and seen.viewer.may(Permission.IMPORT_FILES)


def _imports(seen: Look, after: Key | None, limit: int) -> list[WorkItem]:
    if not _may_read_imports(seen):
        return []
    runs = imports_queries.list_runs_with_refusals(
        seen.viewer,
        since=seen.until(-seen.notice.imports),
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
        after=read_weight(after),
        limit=limit,
    )
    return [work_items.of_finding(finding) for finding in found]


_OWN: dict[WorkKind, Callable[[Look, Key | None, int], list[WorkItem]]] = {
    WorkKind.AGREEMENTS: _agreements,
    WorkKind.DUNNING: _cases,
    WorkKind.IMPORTS: _imports,
}
