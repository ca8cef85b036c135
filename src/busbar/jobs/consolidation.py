"""The comparison of an archive as queued work, safe to run twice."""

from __future__ import annotations

import datetime as dt

from busbar.access import queries as access_queries
from busbar.access.models import User
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.consolidation.backends import choose_backend
from busbar.customers.models import ConsolidationRun, RunState


def run_consolidation(run_id: int) -> str:
    """Run it as the person who started it; the sentence is the task's result."""
    run = ConsolidationRun.objects.get(pk=run_id)
    if run.state not in {RunState.FINISHED, RunState.REFUSED}:
        run = customers_operations.run_consolidation(
            run_id=run_id,
            by=_viewer_of(run),
            at=dt.datetime.now(dt.UTC),
            backend=choose_backend(run.engine),
        )
    return f"比对 {run.customers} 户：自动归并 {run.joined} 户，待复核 {run.asked} 对"


def _viewer_of(run: ConsolidationRun) -> Viewer:
    if run.created_by_id is None:
        return SYSTEM_VIEWER
    return access_queries.get_viewer(User.objects.get(pk=run.created_by_id))
