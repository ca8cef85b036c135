"""Evaluating customers by the clock and on request; safe to run twice."""

from __future__ import annotations

import datetime as dt

from busbar.access import queries as access_queries
from busbar.access.models import User
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.billing.models import BillRun, BillRunState
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.queries import segments as segments_queries
from busbar.kit.periods import Month


def evaluate(month: str, user_id: int) -> str:
    """Evaluate the month in the name of the person who asked; the sentence is the result."""
    viewer = access_queries.get_viewer(User.objects.get(pk=user_id))
    return _evaluate(Month.parse(month), viewer)


def run_day() -> str:
    """Overrides end; the newest billed month is evaluated where no round has finished it yet."""
    now = dt.datetime.now(dt.UTC)
    ended = key_accounts_operations.end_overrides(by=SYSTEM_VIEWER, at=now)
    told = f"到期的人工认定 {ended} 项"
    billed = BillRun.objects.filter(state=BillRunState.FINISHED).order_by("-month").first()
    # Segments are made last: a round that was killed before is done again.
    latest = segments_queries.get_latest_segmentation()
    if billed is None or (latest is not None and latest.month >= billed.month):
        return told
    return f"{told}；{_evaluate(Month.parse(billed.month), SYSTEM_VIEWER)}"


def renew_assessments() -> str:
    """Stage and warnings of everybody by what is known today."""
    return renew_assessments_at(dt.datetime.now(dt.UTC))


def renew_assessments_at(at: dt.datetime) -> str:
    """Run `renew_assessments` at a moment; the sentence is the result."""
    try:
        changed = key_accounts_operations.renew_assessments(by=SYSTEM_VIEWER, at=at)
    except key_accounts_operations.UnableToEvaluate as refusal:
        return str(refusal)
    return f"关系阶段或预警有变 {changed} 户"


def _evaluate(month: Month, viewer: Viewer) -> str:
    at = dt.datetime.now(dt.UTC)
    run = key_accounts_operations.evaluate_month(month=month, by=viewer, at=at)
    key_accounts_operations.assess_month(month=month, by=viewer, at=at)
    key_accounts_operations.segment_month(month=month, by=viewer, at=at)
    key_accounts_operations.renew_assessments(by=viewer, at=at)
    return f"{month}：评定 {run.customers} 户，列入 {run.entered} 项，退出 {run.left} 项"
