"""Satisfaction by the clock, and at once when something happened that speaks for or against it."""

from __future__ import annotations

import datetime as dt

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import Bill
from busbar.journal.models import Entry
from busbar.outages.models import AffectedPoint
from busbar.service_desk import operations, queries

PREFIXES = (
    "service_desk.complaint.",
    "service_desk.promise.kept",
    "service_desk.survey.answered",
    "outages.stop.begun",
    "billing.bill.released",
    "clocks.clock.stopped",
    "clocks.clock.escalated",
)
"""What may move a customer's index the moment it happens (R70)."""


def score_all() -> str:
    """The day's round over every customer; safe to run at any time and twice."""
    done = operations.score_all(by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC))
    return f"满意度 {done.reckoned} 户，变动 {done.moved} 户，新开整改 {done.opened} 件"


def score_touched(entry: Entry) -> None:
    """The customers whom the entry is about, as their evidence stands now."""
    touched = _customers_of(entry)
    if touched and queries.list_parameters():  # an office that keeps no rules has no index
        operations.score_customers(
            customer_ids=touched, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC)
        )


def _customers_of(entry: Entry) -> list[int]:
    """Of bills only corrections count at once: ten thousand right ones wait for the day's round."""
    if entry.event == "billing.bill.released":
        bills = Bill.objects.filter(pk=entry.subject_id, revision__gt=0)
        return list(bills.values_list("account__customer_id", flat=True))
    if entry.subject_type == "outages.outage":
        rows = AffectedPoint.objects.filter(outage=entry.subject_id)
        return list(rows.values_list("account__customer_id", flat=True).distinct())
    return [entry.customer_id] if entry.customer_id is not None else []
