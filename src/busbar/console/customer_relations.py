"""The customer's tab of relations: satisfaction with its reasons, promises kept, talks, complaints.

And the merged timeline. Both are tabs of the customer's page (customer_page.py).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from busbar.access.permissions import Permission
from busbar.console.requests import StaffRequest
from busbar.console.timeline import SOURCES, read_key, read_timeline
from busbar.customers.queries import CustomerFile
from busbar.key_accounts import queries as key_queries
from busbar.kit.periods import local_date
from busbar.service_desk import queries

SHOWN = 10
PIECES = 60
TIMELINE_PAGE = 30


def relations(request: StaffRequest, file: CustomerFile, at: dt.datetime) -> dict[str, Any]:
    """What stands between the customer and us."""
    viewer, customer = request.viewer, file.customer
    explained = _explained(file, at) if file.is_whole else None
    course = queries.list_course(viewer, customer.pk)
    promises = queries.list_promises(viewer, customer_id=customer.pk)[:SHOWN]
    may_keep = viewer.may(Permission.KEEP_RELATIONS)
    return {
        "explained": explained,
        "pieces": explained.pieces[:PIECES] if explained else [],
        "parts": explained.names() if explained else [],
        "course": [
            {"day": f"{local_date(row.at)}", "score": float(row.score),
             "low": float(row.low), "high": float(row.high)}
            for row in course
        ],
        "rate": queries.kept_rate(viewer, at=at, customer_id=customer.pk),
        "promises": [(row, row.is_late(at)) for row in promises],
        "talks": queries.list_interactions(viewer, customer_id=customer.pk)[:SHOWN],
        "complaints": queries.list_complaints(viewer, customer_id=customer.pk)[:SHOWN],
        "may_keep": may_keep,
        "may_publish": may_keep and file.is_whole,
        "publications": queries.list_publications(viewer, customer.pk, at=at),
        "may_handle": viewer.may(Permission.HANDLE_COMPLAINTS),
    }  # fmt: skip


def _explained(file: CustomerFile, at: dt.datetime) -> queries.ExplainedIndex | None:
    """The index with its reasons; None where no rules are in force to reckon it by."""
    try:
        return queries.explain_customer(file.customer.pk, file.customer.kind, at=at)
    except queries.NoSuchRule:
        return None


def plans(request: StaffRequest, file: CustomerFile, at: dt.datetime) -> dict[str, Any]:
    """The customer's plans, basic services, chances and solutions."""
    viewer, pk = request.viewer, file.customer.pk
    return {
        "plans": key_queries.list_plans(viewer, customer_id=pk)[:SHOWN],
        "dues": key_queries.list_dues(viewer, customer_id=pk, state="open")[:PIECES],
        "offers": key_queries.list_opportunities(viewer, customer_id=pk)[:SHOWN],
        "solutions": key_queries.list_solutions(viewer, customer_id=pk)[:SHOWN],
    }


def timeline(request: StaffRequest, file: CustomerFile, at: dt.datetime) -> dict[str, Any]:
    """Everything that happened with the customer, the newest first, as far as the viewer sees."""
    only = request.GET.get("only", "")
    only = only if only in SOURCES else ""
    page = read_timeline(
        request.viewer,
        file.customer.pk,
        only=only,
        before=read_key(request.GET.get("until", "")),
        limit=TIMELINE_PAGE,
    )
    return {
        "happened": page.entries,
        "next_key": page.next_before,
        "only": only,
        "sources": SOURCES,
    }
