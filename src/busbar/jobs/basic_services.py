"""Basic services that fall due by the calendar, or upon what happened below (R78, R79)."""

from __future__ import annotations

import datetime as dt

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.journal.models import Entry
from busbar.key_accounts import operations
from busbar.kit.phrases import as_typed
from busbar.outages.models import AffectedPoint

PREFIXES = (
    "arrears.case.reminded",
    "outages.stop.announced",
    "service_desk.complaint.verified",
)
"""Events upon which a basic service may be due; which are is dated data."""


def raise_due() -> str:
    """The day's round; safe to run at any time and twice."""
    at = dt.datetime.now(dt.UTC)
    return f"新到期基本业务 {operations.raise_due_services(by=SYSTEM_VIEWER, at=at)} 项"


def raise_upon(entry: Entry) -> None:
    """What the entry makes due, for each key customer that it is about."""
    for customer_id in _customers_of(entry):
        operations.raise_service_upon(
            event=entry.event,
            customer_id=customer_id,
            cause=as_typed(entry.subject_label),
            key=f"{entry.subject_type}:{entry.subject_id}:{customer_id}",
            by=SYSTEM_VIEWER,
            at=entry.occurred_at,
        )


def _customers_of(entry: Entry) -> list[int]:
    if entry.customer_id is not None:
        return [entry.customer_id]
    rows = AffectedPoint.objects.filter(outage=entry.subject_id)
    return list(rows.values_list("account__customer_id", flat=True).distinct())
