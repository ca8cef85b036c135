"""Every list by keyset is served in its order by an index, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.visibility import SYSTEM_VIEWER as ALL
from busbar.billing import release
from busbar.console.cutting import cut_after
from busbar.key_accounts import queries as key_queries
from busbar.key_accounts.models import RecognitionRun, Segmentation
from busbar.key_accounts.queries import closeness, segments
from busbar.service_desk import queries as desk_queries
from busbar.service_desk.models import Survey

pytestmark = pytest.mark.django_db
RUN, SEGMENTATION, SURVEY = RecognitionRun(pk=1), Segmentation(pk=1), Survey(pk=1)
MOMENT = "2026-03-09T01:00:00+00:00"
LISTS = [
    (segments.list_segment(ALL, SEGMENTATION), "segment_revenue", "100.00_7"),
    (closeness.list_warned(ALL, RUN, warned=False), "stage_warned", "2_100.00_7"),
    (closeness.list_warned(ALL, RUN, stage="mid", warned=False), "stage_stage", "2_100.00_7"),
    (closeness.list_values(ALL, RUN), "customer_value_rank", "-5.00_7"),
    (closeness.list_values(ALL, RUN, lowest=True), "customer_value_rank", "-5.00_7"),
    (key_queries.list_opportunities(ALL), "opportunity_found", f"{MOMENT}_7"),
    (key_queries.list_opportunities(ALL, stage="found"), "opportunity_stage", f"{MOMENT}_7"),
    (key_queries.list_dues(ALL, state="open"), "service_due_state", "2026-03-09_7"),
    (key_queries.list_plans(ALL), "account_plan_year", "2026_7"),
    (desk_queries.list_complaints(ALL), "complaint_received", f"{MOMENT}_7"),
    (desk_queries.list_promises(ALL), "promise_made", f"{MOMENT}_7"),
    (desk_queries.list_promises(ALL, state="open"), "promise_state", f"{MOMENT}_7"),
    (desk_queries.list_scores(ALL), "satisfaction_lowest", "61.50_7"),
    (desk_queries.list_invitations(ALL, SURVEY), "survey_invitation_state", "waiting_7"),
    (release.list_to_review(ALL, month="2026-03"), "bill_finding_stake", "9000.00_7"),
]


def plan_of(rows: Any, after: str) -> str:
    """How the database would read a page, were the table large."""
    with CaptureQueriesContext(connection) as seen:
        cut_after(rows, after=after, size=50)
    (query,) = [one["sql"] for one in seen]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {query}")
            return "\n".join(str(row[3]) for row in cursor.fetchall())
        # Rolled-back tests leave dead rows, by whose number it would choose among like indexes.
        cursor.execute(f"TRUNCATE {rows.model._meta.db_table} CASCADE")
        for way in ("seqscan", "bitmapscan", "sort"):  # what it would take for a handful of rows
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {query}")
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize("is_first", [True, False], ids=["first page", "further page"])
@pytest.mark.parametrize(("rows", "index", "after"), LISTS, ids=[name for _, name, _ in LISTS])
def test_a_page_is_read_by_its_index_and_never_sorted(
    rows: Any, index: str, after: str, *, is_first: bool
) -> None:
    plan = plan_of(rows.all(), "" if is_first else after)

    assert index in plan
    assert "ORDER BY" not in plan  # SQLite's way to say that it sorts
    assert "Sort" not in plan
